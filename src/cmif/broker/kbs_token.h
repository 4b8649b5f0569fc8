// SPDX-License-Identifier: Apache-2.0
// What a key broker signs for its clients: tokens, and its time. JWTs by ES256
// (crypto/jwt.h); these are their claims.
#ifndef CMIF_BROKER_KBS_TOKEN_H_
#define CMIF_BROKER_KBS_TOKEN_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "cmif/base/status.h"
#include "cmif/crypto/p256.h"
#include "cmif/crypto/sha256.h"

namespace cmif::broker {

// For how long keys may be used, and how much may be given away with them.
struct Lease {
  std::string id;
  uint64_t seconds = 0;   // from `iat`; 1 to a year
  uint64_t max_rows = 0;  // distinct rows that may leave the client
};

// Times are seconds since 1970-01-01T00:00:00Z by the broker's clock: a client
// counts from the moment a token came, since its own clock is its host's.
struct TokenClaims {
  std::string issuer;
  int64_t issued_at = 0;   // iat, and nbf
  int64_t expires_at = 0;  // exp
  std::string id;          // jti
  std::string tee_pubkey;  // the attested key, a JWK in canonical form
  std::string platform;    // "snp", ...
  bool simulated = false;
  crypto::Digest evidence_sha256{};
  // Of the BoundConfiguration that the evidence proves; none: any is allowed.
  std::optional<crypto::Digest> configuration_sha256 = {};
  uint64_t policy_version = 0;
  crypto::Digest policy_sha256{};
  Lease lease;
  crypto::Digest log_head{};  // of the release log
};

std::string SignToken(const crypto::P256Key& key, const TokenClaims& claims);
// Errors of crypto::VerifyJwt; DATA_LOSS: claims that are missing or wrong, or
// another verdict than "accepted". Times are the caller's to judge.
Result<TokenClaims> VerifyToken(const crypto::P256PublicKey& key,
                                std::string_view token);

// GET /cmif/v1/time.
std::string SignTime(const crypto::P256Key& key, int64_t now);
Result<int64_t> VerifyTime(const crypto::P256PublicKey& key,
                           std::string_view token);

// What a resource's JWE says of the token that it was given for.
std::string TokenBinding(std::string_view token);

}  // namespace cmif::broker

#endif  // CMIF_BROKER_KBS_TOKEN_H_
