// SPDX-License-Identifier: Apache-2.0
// What a key broker and its clients say to each other: a part of Trustee's KBS
// protocol 0.4.0 (docs/broker.md). Both directions; whatever is read may be
// hostile. Readers fail with DATA_LOSS (no such message, a key that is missing,
// unknown or wrong) and RESOURCE_EXHAUSTED (beyond kMaxKbsBytes).
#ifndef CMIF_BROKER_KBS_MESSAGES_H_
#define CMIF_BROKER_KBS_MESSAGES_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "cmif/base/status.h"
#include "cmif/tee/evidence.h"

namespace cmif::broker {

inline constexpr std::string_view kKbsVersion = "0.4.0";
inline constexpr size_t kMaxKbsBytes = 256 << 10;
inline constexpr std::string_view kSessionCookie = "kbs-session-id";
// Paths; a resource's are made by ResourcePath().
inline constexpr std::string_view kAuthPath = "/kbs/v0/auth";
inline constexpr std::string_view kAttestPath = "/kbs/v0/attest";
inline constexpr std::string_view kResourcePath = "/kbs/v0/resource/";
inline constexpr std::string_view kPolicyPath = "/cmif/v1/policy";
inline constexpr std::string_view kLogPath = "/cmif/v1/log";
inline constexpr std::string_view kTimePath = "/cmif/v1/time";

// What a client says it runs in. A sample is Trustee's for trying things out.
enum class Tee { kSnp, kTdx, kSgx, kSample, kSimulated };
std::string_view TeeName(Tee tee);  // "snp", "tdx", "sgx", ...
Tee TeeOf(tee::Evidence::Platform platform);

// A bundle's key: "model/MODEL_ID/VERSION".
struct Resource {
  std::string model_id;  // 64 hex digits, lower case
  std::string
      version;  // 1 to 64 letters, digits, '.', '_', '-'; no leading '.'
  bool operator==(const Resource&) const = default;
};
bool IsResource(const Resource& resource);
std::string ResourcePath(const Resource& resource);
// Of a request's path. NOT_FOUND: no such path.
Result<Resource> ReadResourcePath(std::string_view path);

// POST /kbs/v0/auth.
struct AuthRequest {
  Tee tee = Tee::kSnp;
  std::optional<std::string> lease = {};  // the one to renew
  // What the lease is for; none: what the first rule that fits gives.
  std::optional<Resource> resource = {};
};
std::string WriteAuthRequest(const AuthRequest& request);
// UNIMPLEMENTED: another version, another platform, or hashes without SHA-384.
Result<AuthRequest> ReadAuthRequest(std::string_view json);

using KbsNonce = std::array<uint8_t, 32>;

// The answer to it.
std::string WriteChallenge(const KbsNonce& nonce);
Result<KbsNonce> ReadChallenge(std::string_view json);

// POST /kbs/v0/attest.
struct AttestRequest {
  KbsNonce nonce{};
  std::string tee_pubkey;  // a JWK, in canonical form
  std::string evidence;    // primary_evidence: a JSON object
  // The text of a BoundConfiguration.
  std::optional<std::string> configuration = {};
};
std::string WriteAttestRequest(const AttestRequest& request);
Result<AttestRequest> ReadAttestRequest(std::string_view json);

// What an attester gave, as primary_evidence. INVALID_ARGUMENT: evidence inside
// of something else (a certificate, an HCL blob).
Result<std::string> WriteEvidence(const tee::Evidence& evidence);

// What evidence must carry: the SHA-384 of the canonical JSON of nonce and key
// (a JWK), and zeros. Where a configuration is sent the JSON holds its SHA-384
// too ("init-data", hex): so the measured code vouches that it runs with it,
// besides the field that whoever starts the machine sets. DATA_LOSS: the key is
// no JSON.
Result<std::array<uint8_t, 64>> KbsReportData(
    const KbsNonce& nonce, std::string_view tee_pubkey,
    const std::optional<std::string>& configuration = {});

// The answer to it: a JWT (kbs_token.h).
std::string WriteTokenAnswer(std::string_view token);
Result<std::string> ReadTokenAnswer(std::string_view json);

// RFC 7807. `type` is a short name in front of which the reader puts nothing:
// docs/broker.md lists them.
struct Problem {
  std::string type;
  std::string detail;
};
std::string WriteProblem(const Problem& problem);
Result<Problem> ReadProblem(std::string_view json);

}  // namespace cmif::broker

#endif  // CMIF_BROKER_KBS_MESSAGES_H_
