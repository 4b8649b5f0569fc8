// SPDX-License-Identifier: Apache-2.0
// JSON Web Encryption (RFC 7516) in its flattened form, of the one kind that a
// key broker uses: ECDH-ES+A256KW on P-256, A256GCM.
#ifndef CMIF_CRYPTO_JWE_H_
#define CMIF_CRYPTO_JWE_H_

#include <span>
#include <string>
#include <string_view>

#include "cmif/base/secret_bytes.h"
#include "cmif/base/status.h"
#include "cmif/crypto/p256.h"

namespace cmif::crypto {

inline constexpr std::string_view kJweAlgorithm = "ECDH-ES+A256KW";
inline constexpr size_t kMaxJweBytes = 65536;

// The Concat KDF of RFC 7518, section 4.6.2, with SHA-256. `bits`: a multiple
// of 8, at most 256.
SecretBytes ConcatKdf(std::span<const uint8_t> secret,
                      std::string_view algorithm, std::string_view party_u,
                      std::string_view party_v, uint32_t bits);

// The flattened JSON form, for the holder of `recipient` alone. `binding`
// (letters, digits, '-', '_') stands in the protected header as "cmif-binding".
// A process that cannot encrypt ends.
std::string EncryptJwe(const P256PublicKey& recipient,
                       std::span<const uint8_t> plain,
                       std::string_view binding = {});

// What may be hostile. INVALID_ARGUMENT: no such JWE; DATA_LOSS: of another
// key, changed, or, where a binding is asked for, without this one.
Result<SecretBytes> DecryptJwe(const P256Key& key, std::string_view json,
                               std::string_view binding = {});

}  // namespace cmif::crypto

#endif  // CMIF_CRYPTO_JWE_H_
