// SPDX-License-Identifier: Apache-2.0
#include "cmif/tee/pck.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>

#include "cmif/tee/der.h"

namespace cmif::tee {
namespace {

constexpr size_t kMaxFields = 64;

// Fields by the end of their OID: SEQUENCE OF SEQUENCE {OID, value}.
using Fields = std::map<std::string, DerElement>;

Result<Fields> ReadFields(std::span<const uint8_t> content,
                          std::string_view parent) {
  CMIF_ASSIGN(const auto entries, ReadDer(content, kMaxFields));
  Fields fields;
  for (const DerElement& entry : entries) {
    if (entry.tag != DerElement::kSequence) {
      return DataLoss("a PCK certificate's extension has a field of no pair");
    }
    CMIF_ASSIGN(const auto pair, ReadDer(entry.content, 2));
    if (pair.size() != 2) {
      return DataLoss("a PCK certificate's extension has a field of no pair");
    }
    CMIF_ASSIGN(const std::string oid, pair[0].ObjectId());
    if (!oid.starts_with(parent)) continue;
    if (!fields.emplace(oid.substr(parent.size()), pair[1]).second) {
      return DataLoss("a PCK certificate's extension has a field twice");
    }
  }
  return fields;
}

Result<DerElement> Find(const Fields& fields, const std::string& name,
                        int tag) {
  const auto found = fields.find(name);
  if (found == fields.end() || found->second.tag != tag) {
    return DataLoss(
        fmt::format("a PCK certificate's extension lacks its field {}", name));
  }
  return found->second;
}

template <size_t kSize>
Result<std::array<uint8_t, kSize>> Octets(const Fields& fields,
                                          const std::string& name) {
  CMIF_ASSIGN(const DerElement element,
              Find(fields, name, DerElement::kOctetString));
  std::array<uint8_t, kSize> bytes;
  if (element.content.size() != kSize) {
    return DataLoss(fmt::format(
        "a PCK certificate's extension has a field {} of a wrong length",
        name));
  }
  std::ranges::copy(element.content, bytes.begin());
  return bytes;
}

Result<uint32_t> Number(const Fields& fields, const std::string& name,
                        uint32_t most) {
  CMIF_ASSIGN(const DerElement element,
              Find(fields, name, DerElement::kInteger));
  CMIF_ASSIGN(const uint32_t number, element.Number());
  if (number > most) {
    return DataLoss("a PCK certificate's extension has too large a number");
  }
  return number;
}

Result<void> ReadTcb(const Fields& fields, PckExtension& pck) {
  CMIF_ASSIGN(const DerElement tcb, Find(fields, "2", DerElement::kSequence));
  CMIF_ASSIGN(const Fields levels,
              ReadFields(tcb.content, fmt::format("{}.2.", kPckExtensionOid)));
  for (size_t i = 0; i < pck.component_svn.size(); ++i) {
    CMIF_ASSIGN(const uint32_t svn,
                Number(levels, std::to_string(i + 1), UINT8_MAX));
    pck.component_svn[i] = static_cast<uint8_t>(svn);
  }
  CMIF_ASSIGN(const uint32_t pce_svn, Number(levels, "17", UINT16_MAX));
  pck.pce_svn = static_cast<uint16_t>(pce_svn);
  return {};
}

}  // namespace

Result<PckExtension> PckExtension::Parse(std::span<const uint8_t> value) {
  CMIF_ASSIGN(const DerElement whole, ReadOneDer(value));
  if (whole.tag != DerElement::kSequence) {
    return DataLoss("a PCK certificate's extension is no sequence");
  }
  CMIF_ASSIGN(const Fields fields,
              ReadFields(whole.content, fmt::format("{}.", kPckExtensionOid)));
  PckExtension pck{};
  CMIF_ASSIGN(pck.ppid, Octets<16>(fields, "1"));
  CMIF_TRY(ReadTcb(fields, pck));
  CMIF_ASSIGN(pck.pce_id, Octets<2>(fields, "3"));
  CMIF_ASSIGN(pck.fmspc, Octets<6>(fields, "4"));
  if (fields.contains("6")) {
    CMIF_ASSIGN(pck.platform_instance_id, Octets<16>(fields, "6"));
  }
  return pck;
}

}  // namespace cmif::tee
