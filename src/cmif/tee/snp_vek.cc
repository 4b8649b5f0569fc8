// SPDX-License-Identifier: Apache-2.0
#include "cmif/tee/snp_vek.h"

#include <fmt/format.h>

#include <algorithm>

#include "cmif/base/byte_reader.h"
#include "cmif/tee/der.h"

namespace cmif::tee {
namespace {

constexpr std::string_view kVcekSubject = "SEV-VCEK";
constexpr std::string_view kVlekSubject = "SEV-VLEK";

std::optional<std::vector<uint8_t>> Find(const Certificate& certificate,
                                         std::string_view last) {
  return certificate.Extension(fmt::format("1.3.6.1.4.1.3704.1.{}", last));
}

Result<uint8_t> Level(const Certificate& certificate, std::string_view last) {
  const auto value = Find(certificate, last);
  if (!value) {
    return DataLoss(fmt::format("a VEK lacks AMD's extension {}", last));
  }
  CMIF_ASSIGN(const DerElement element, ReadOneDer(*value));
  CMIF_ASSIGN(const uint32_t number, element.Number());
  if (number > 0xFF) return DataLoss("a VEK has a patch level above 255");
  return static_cast<uint8_t>(number);
}

Result<std::string> Text(std::span<const uint8_t> der) {
  CMIF_ASSIGN(const DerElement element, ReadOneDer(der));
  if (element.tag != DerElement::kIa5String || element.content.size() > 128) {
    return DataLoss("a VEK has a name that is no IA5String");
  }
  return std::string(AsText(element.content));
}

// "Milan-B0", "Genoa": the product line stands before the stepping, which AMD
// is known to get wrong.
Result<SnpProduct> Product(const Certificate& certificate) {
  const auto value = Find(certificate, "2");
  if (!value) return DataLoss("a VEK names no product");
  CMIF_ASSIGN(const std::string name, Text(*value));
  const std::string_view line =
      std::string_view(name).substr(0, name.find('-'));
  for (const SnpProduct product :
       {SnpProduct::kMilan, SnpProduct::kGenoa, SnpProduct::kTurin}) {
    if (line == SnpProductName(product)) return product;
  }
  return DataLoss("a VEK is of a product that this program does not know");
}

// 64 bytes, or Turin's 8, bare or as an OCTET STRING.
Result<std::array<uint8_t, 64>> ChipId(std::span<const uint8_t> value,
                                       SnpProduct product) {
  const size_t size = product == SnpProduct::kTurin ? 8 : 64;
  if (value.size() != size) {
    CMIF_ASSIGN(const DerElement element, ReadOneDer(value));
    if (element.tag != DerElement::kOctetString ||
        element.content.size() != size) {
      return DataLoss("a VCEK has a chip id of a wrong length");
    }
    value = element.content;
  }
  std::array<uint8_t, 64> id{};
  std::ranges::copy(value, id.begin());
  return id;
}

Result<SnpTcb> Tcb(const Certificate& certificate, SnpProduct product) {
  SnpTcb tcb;
  if (product == SnpProduct::kTurin) {
    CMIF_ASSIGN(tcb.fmc, Level(certificate, "3.9"));
  }
  CMIF_ASSIGN(tcb.bootloader, Level(certificate, "3.1"));
  CMIF_ASSIGN(tcb.tee, Level(certificate, "3.2"));
  CMIF_ASSIGN(tcb.snp, Level(certificate, "3.3"));
  CMIF_ASSIGN(tcb.microcode, Level(certificate, "3.8"));
  return tcb;
}

}  // namespace

bool IsSnpVek(const Certificate& certificate) {
  return certificate.subject() == kVcekSubject ||
         certificate.subject() == kVlekSubject;
}

Result<SnpVek> SnpVek::Parse(const Certificate& certificate) {
  if (!IsSnpVek(certificate)) {
    return DataLoss("a certificate is neither SEV-VCEK nor SEV-VLEK");
  }
  SnpVek vek{};
  vek.signer = certificate.subject() == kVcekSubject ? SnpSigner::kVcek
                                                     : SnpSigner::kVlek;
  CMIF_ASSIGN(vek.product, Product(certificate));
  CMIF_ASSIGN(vek.tcb, Tcb(certificate, vek.product));
  const auto chip = Find(certificate, "4");
  const auto provider = Find(certificate, "5");
  const bool is_vcek = vek.signer == SnpSigner::kVcek;
  if (chip.has_value() != is_vcek || provider.has_value() == is_vcek) {
    return DataLoss(
        "a VCEK must name a chip and no provider, a VLEK a provider and no "
        "chip");
  }
  if (is_vcek) {
    CMIF_ASSIGN(vek.chip_id, ChipId(*chip, vek.product));
  } else {
    CMIF_ASSIGN(vek.csp_id, Text(*provider));
  }
  return vek;
}

}  // namespace cmif::tee
