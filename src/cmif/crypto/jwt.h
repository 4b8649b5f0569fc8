// SPDX-License-Identifier: Apache-2.0
// JSON Web Tokens (RFC 7519) signed by ES256, in the compact form.
#ifndef CMIF_CRYPTO_JWT_H_
#define CMIF_CRYPTO_JWT_H_

#include <string>
#include <string_view>

#include "cmif/base/status.h"
#include "cmif/crypto/p256.h"

namespace cmif::crypto {

inline constexpr size_t kMaxJwtBytes = 65536;

// `claims`: a JSON object. The header names ES256, JWT, and as "kid" the key's
// thumbprint.
std::string SignJwt(const P256Key& key, std::string_view claims);

// The claims of a token that `key` signed. What they say (exp, nbf) is the
// caller's to check. INVALID_ARGUMENT: no such token; UNAUTHENTICATED: a
// signature of another key.
Result<std::string> VerifyJwt(const P256PublicKey& key, std::string_view token);

}  // namespace cmif::crypto

#endif  // CMIF_CRYPTO_JWT_H_
