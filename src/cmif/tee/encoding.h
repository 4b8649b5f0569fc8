// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_TEE_ENCODING_H_
#define CMIF_TEE_ENCODING_H_

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "cmif/base/status.h"

namespace cmif::tee {

// What every block of PEM begins with.
constexpr std::string_view kPemBegin = "-----BEGIN ";

// Whether the first character that is no white space is a brace.
bool LooksLikeJson(std::span<const uint8_t> file);

// Base64 (RFC 4648), with the plain or the URL alphabet, with or without
// padding; white space is passed over. INVALID_ARGUMENT: anything else.
Result<std::vector<uint8_t>> FromBase64(std::string_view text);

// The bytes of a file that may be text: hex or base64 as a whole is decoded,
// everything else (JSON, PEM, binary) comes back as it is.
std::vector<uint8_t> Unwrapped(std::span<const uint8_t> file);

}  // namespace cmif::tee

#endif  // CMIF_TEE_ENCODING_H_
