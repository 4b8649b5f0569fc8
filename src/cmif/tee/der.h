// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_TEE_DER_H_
#define CMIF_TEE_DER_H_

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "cmif/base/status.h"

namespace cmif::tee {

// One element of DER (X.690). `content` is a view.
struct DerElement {
  int tag;  // universal tags only, as 2 for INTEGER and 16 for SEQUENCE
  std::span<const uint8_t> content;

  static constexpr int kInteger = 2;
  static constexpr int kOctetString = 4;
  static constexpr int kObjectId = 6;
  static constexpr int kEnumerated = 10;
  static constexpr int kUtf8String = 12;
  static constexpr int kSequence = 16;
  static constexpr int kIa5String = 22;

  // INTEGER, not negative, below 2^32; DATA_LOSS else.
  Result<uint32_t> Number() const;
  // OBJECT IDENTIFIER in dotted form; DATA_LOSS else.
  Result<std::string> ObjectId() const;
};

// The elements that stand in `bytes` one after another, at most `limit`.
// DATA_LOSS: no DER (indefinite lengths too), RESOURCE_EXHAUSTED: more.
Result<std::vector<DerElement>> ReadDer(std::span<const uint8_t> bytes,
                                        size_t limit);

// The one element of `bytes`.
Result<DerElement> ReadOneDer(std::span<const uint8_t> bytes);

}  // namespace cmif::tee

#endif  // CMIF_TEE_DER_H_
