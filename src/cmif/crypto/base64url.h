// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_CRYPTO_BASE64URL_H_
#define CMIF_CRYPTO_BASE64URL_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cmif/base/status.h"

namespace cmif::crypto {

// Base64 (RFC 4648) with the plain alphabet and padding.
std::string ToBase64(std::span<const uint8_t> bytes);

// Base64 as JOSE writes it (RFC 7515, section 2): URL alphabet, no padding.
std::string ToBase64Url(std::span<const uint8_t> bytes);

// INVALID_ARGUMENT: other characters, padding, white space, or a last digit
// whose unused bits are not zero: each byte string has one spelling alone.
Result<std::vector<uint8_t>> FromBase64Url(std::string_view text);

}  // namespace cmif::crypto

#endif  // CMIF_CRYPTO_BASE64URL_H_
