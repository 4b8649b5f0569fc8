// SPDX-License-Identifier: Apache-2.0
// Hostile CBOR, and the extensions of certificates that hold it: every string
// is a view of the bytes, and no more is read than there is.
#include <cstdint>
#include <cstdlib>
#include <span>

#include "cmif/tee/cbor.h"
#include "cmif/tee/evidence_certificate.h"

namespace {

using cmif::tee::CborItem;

size_t Check(const CborItem& item, std::span<const uint8_t> whole) {
  if (!item.bytes.empty() &&
      (item.bytes.data() < whole.data() ||
       item.bytes.data() + item.bytes.size() > whole.data() + whole.size())) {
    std::abort();
  }
  size_t count = 1;
  for (const CborItem& inner : item.items) count += Check(inner, whole);
  for (const auto& [key, value] : item.members) {
    count += Check(key, whole) + Check(value, whole);
  }
  return count;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cmif::tee;
  const std::span<const uint8_t> bytes(data, size);
  if (const auto item = ReadCbor(bytes)) {
    if (Check(*item, bytes) > size) std::abort();
  }
  for (const auto& read :
       {ReadRaTlsExtension(bytes), ReadCmwExtension(bytes)}) {
    if (read && read->evidence.size() + read->claims.size() > size) {
      std::abort();
    }
  }
  return 0;
}
