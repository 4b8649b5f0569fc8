// SPDX-License-Identifier: Apache-2.0
#include "cmif/tee/testing/test_der.h"

#include <openssl/objects.h>

#include "cmif/base/byte_reader.h"
#include "cmif/crypto/openssl-inl.h"

namespace cmif::tee::testing {

Bytes Der(uint8_t tag, std::span<const uint8_t> content) {
  const auto size = static_cast<uint16_t>(content.size());
  Bytes der = {tag};
  if (size >= 0x80) {
    der.push_back(0x82);
    der.push_back(static_cast<uint8_t>(size >> 8));
  }
  der.push_back(static_cast<uint8_t>(size));
  der.insert(der.end(), content.begin(), content.end());
  return der;
}

Bytes DerNumber(uint32_t number) {
  Bytes content;
  for (int shift = 24; shift >= 0; shift -= 8) {
    const auto byte = static_cast<uint8_t>(number >> shift);
    if (content.empty() && byte == 0 && shift > 0) continue;
    if (content.empty() && byte >= 0x80) content.push_back(0);
    content.push_back(byte);
  }
  return Der(0x02, content);
}

Bytes DerText(const std::string& ia5) { return Der(0x16, AsBytes(ia5)); }

Bytes DerOctets(std::span<const uint8_t> bytes) { return Der(0x04, bytes); }

Bytes DerObjectId(const std::string& dotted) {
  const crypto::Owned<ASN1_OBJECT, ASN1_OBJECT_free> object(
      OBJ_txt2obj(dotted.c_str(), 1));
  return crypto::ToDer(i2d_ASN1_OBJECT, object.get());
}

Bytes DerSequence(const std::vector<Bytes>& elements) {
  Bytes content;
  for (const Bytes& element : elements) {
    content.insert(content.end(), element.begin(), element.end());
  }
  return Der(0x30, content);
}

}  // namespace cmif::tee::testing
