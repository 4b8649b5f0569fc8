// SPDX-License-Identifier: Apache-2.0
#include "cmif/tee/der.h"

#include <openssl/asn1.h>
#include <openssl/objects.h>

#include "cmif/crypto/openssl-inl.h"

namespace cmif::tee {

Result<uint32_t> DerElement::Number() const {
  // A first byte of zero is there where the next has its top bit set.
  const bool longer =
      content.size() > 5 || (content.size() == 5 && content[0] != 0);
  if (tag != kInteger || content.empty() || content[0] >= 0x80 || longer) {
    return DataLoss("a field is no whole number below 2^32");
  }
  uint32_t value = 0;
  for (const uint8_t byte : content) value = value << 8 | byte;
  return value;
}

Result<std::string> DerElement::ObjectId() const {
  if (tag != kObjectId || content.empty() || content.size() > 64) {
    return DataLoss("a field is no object identifier");
  }
  std::vector<uint8_t> der = {kObjectId, static_cast<uint8_t>(content.size())};
  der.insert(der.end(), content.begin(), content.end());
  const uint8_t* at = der.data();
  const crypto::Owned<ASN1_OBJECT, ASN1_OBJECT_free> object(
      d2i_ASN1_OBJECT(nullptr, &at, static_cast<long>(der.size())));
  char text[256] = {};
  const int size = object == nullptr ? -1
                                     : OBJ_obj2txt(text, sizeof(text),
                                                   object.get(), /*no_name=*/1);
  ERR_clear_error();
  if (size <= 0 || static_cast<size_t>(size) >= sizeof(text)) {
    return DataLoss("a field is no object identifier");
  }
  return std::string(text);
}

Result<std::vector<DerElement>> ReadDer(std::span<const uint8_t> bytes,
                                        size_t limit) {
  std::vector<DerElement> elements;
  const uint8_t* at = bytes.data();
  const uint8_t* const end = at + bytes.size();
  while (at != end) {
    long size = 0;
    int tag = 0;
    int tag_class = 0;
    const int kind = ASN1_get_object(&at, &size, &tag, &tag_class, end - at);
    // 0x80: an error; 0x01: an indefinite length.
    if ((kind & 0x81) != 0 || tag_class != V_ASN1_UNIVERSAL || size < 0 ||
        size > end - at) {
      ERR_clear_error();
      return DataLoss("a structure is not DER");
    }
    if (elements.size() == limit) {
      return ResourceExhausted("a structure has too many fields");
    }
    elements.push_back({tag, {at, static_cast<size_t>(size)}});
    at += size;
  }
  return elements;
}

Result<DerElement> ReadOneDer(std::span<const uint8_t> bytes) {
  CMIF_ASSIGN(const std::vector<DerElement> elements, ReadDer(bytes, 1));
  if (elements.empty()) return DataLoss("a structure is empty");
  return elements[0];
}

}  // namespace cmif::tee
