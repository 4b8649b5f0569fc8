// SPDX-License-Identifier: Apache-2.0
#include "cmif/broker/kbs_messages.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "cmif/base/byte_reader.h"
#include "cmif/crypto/base64url.h"
#include "cmif/crypto/canonical_json.h"
#include "cmif/crypto/sha512.h"
#include "cmif/tee/encoding.h"
#include "cmif/tee/strict_json-inl.h"

namespace cmif::broker {
namespace {

using nlohmann::json;
using tee::JsonReader;

constexpr size_t kMaxTextBytes = 256;
constexpr std::string_view kConfigurationFormat = "cmif-config";
constexpr std::string_view kHash = "sha384";

constexpr std::array kTees = {
    std::pair{Tee::kSnp, "snp"}, std::pair{Tee::kTdx, "tdx"},
    std::pair{Tee::kSgx, "sgx"}, std::pair{Tee::kSample, "sample"},
    std::pair{Tee::kSimulated, "simulated"}};

// A strict object of at most kMaxKbsBytes.
Result<json> Parse(std::string_view text) {
  if (text.size() > kMaxKbsBytes) {
    return ResourceExhausted(
        fmt::format("a message of {} bytes: the limit is "
                    "{}",
                    text.size(), kMaxKbsBytes));
  }
  return tee::ParseStrictJson(text);
}

// Values that come from outside may not be UTF-8; what is written is JSON all
// the same.
std::string Dump(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

KbsNonce ReadNonce(JsonReader& fields) {
  KbsNonce nonce{};
  const auto bytes = tee::FromBase64(fields.Text("nonce"));
  if (bytes && bytes->size() == nonce.size()) {
    std::ranges::copy(*bytes, nonce.begin());
  } else {
    fields.Bad("nonce", "32 bytes in base64");
  }
  return nonce;
}

Result<Tee> ReadTee(std::string_view name) {
  for (const auto& [tee, known] : kTees) {
    if (name == known) return tee;
  }
  return Unimplemented(
      "this broker knows the platforms snp, tdx, sgx, sample and simulated");
}

// Trustee's clients list hashes there, and may say more.
Result<void> ReadExtraParameters(const json& object, AuthRequest& request) {
  if (object.is_string() && object.get_ref<const std::string&>().empty()) {
    return {};  // as older clients write it
  }
  JsonReader fields(object, "extra-params");
  if (fields.Has("lease")) {
    request.lease = fields.Text("lease");
    if (request.lease->size() > kMaxTextBytes) {
      fields.Bad("lease", "a lease's id");
    }
  }
  if (fields.Has("resource")) {
    const auto resource =
        ReadResourcePath(std::string(kResourcePath) + fields.Text("resource"));
    if (resource) request.resource = *resource;
    if (!resource) fields.Bad("resource", "model/MODEL_ID/VERSION");
  }
  const auto hashes = fields.Texts("supported-hash-algorithms");
  CMIF_TRY(fields.Done());
  if (!hashes.empty() && std::ranges::find(hashes, kHash) == hashes.end()) {
    return Unimplemented("this broker hashes with sha384 alone");
  }
  return {};
}

Result<std::string> ReadConfiguration(const json& object) {
  JsonReader fields(object, "init-data");
  if (fields.Text("format") != kConfigurationFormat) {
    fields.Bad("format", fmt::format("'{}'", kConfigurationFormat));
  }
  std::string body = fields.Text("body");
  CMIF_TRY(fields.DoneStrictly());
  return body;
}

Result<void> ReadRuntimeData(const json& object, AttestRequest& request) {
  JsonReader fields(object, "runtime-data");
  request.nonce = ReadNonce(fields);
  const json* key = fields.Find("tee-pubkey");
  if (key == nullptr || !key->is_object()) fields.Bad("tee-pubkey", "a JWK");
  CMIF_TRY(fields.DoneStrictly());
  auto canonical = crypto::CanonicalJson(Dump(*key));
  if (!canonical) return DataLoss("tee-pubkey: " + canonical.error().message());
  request.tee_pubkey = *std::move(canonical);
  return {};
}

Result<void> ReadTeeEvidence(const json& object, AttestRequest& request) {
  JsonReader fields(object, "tee-evidence");
  const json* evidence = fields.Find("primary_evidence");
  if (evidence == nullptr || !evidence->is_object()) {
    fields.Bad("primary_evidence", "an object");
  }
  // Of devices beside the processor; REPORT_DATA covers it.
  if (!fields.Text("additional_evidence").empty()) {
    fields.Bad("additional_evidence", "empty: this broker knows no devices");
  }
  CMIF_TRY(fields.DoneStrictly());
  request.evidence = Dump(*evidence);
  return {};
}

}  // namespace

std::string_view TeeName(Tee tee) {
  for (const auto& [known, name] : kTees) {
    if (known == tee) return name;
  }
  return "?";
}

Tee TeeOf(tee::Evidence::Platform platform) {
  using enum tee::Evidence::Platform;
  if (platform == kSnp) return Tee::kSnp;
  if (platform == kTdx) return Tee::kTdx;
  if (platform == kSgx) return Tee::kSgx;
  return Tee::kSimulated;
}

std::string WriteAuthRequest(const AuthRequest& request) {
  json extra = json::object();
  if (request.lease) extra["lease"] = *request.lease;
  if (request.resource) {
    extra["resource"] =
        ResourcePath(*request.resource).substr(kResourcePath.size());
  }
  extra["supported-hash-algorithms"] = json::array({kHash});
  return Dump({{"version", kKbsVersion},
               {"tee", TeeName(request.tee)},
               {"extra-params", extra}});
}

Result<AuthRequest> ReadAuthRequest(std::string_view text) {
  CMIF_ASSIGN(const json object, Parse(text));
  JsonReader fields(object, "");
  const std::string version = fields.Text("version");
  const std::string name = fields.Text("tee");
  const json* extra = fields.Find("extra-params");
  CMIF_TRY(fields.DoneStrictly());
  if (version != kKbsVersion) {
    return Unimplemented(fmt::format(
        "this broker speaks version {} of the protocol alone", kKbsVersion));
  }
  AuthRequest request;
  CMIF_ASSIGN(request.tee, ReadTee(name));
  if (extra != nullptr) CMIF_TRY(ReadExtraParameters(*extra, request));
  return request;
}

std::string WriteChallenge(const KbsNonce& nonce) {
  return Dump({{"nonce", crypto::ToBase64(nonce)},
               {"extra-params", {{"selected-hash-algorithm", kHash}}}});
}

Result<KbsNonce> ReadChallenge(std::string_view text) {
  CMIF_ASSIGN(const json object, Parse(text));
  JsonReader fields(object, "");
  const KbsNonce nonce = ReadNonce(fields);
  if (const json* extra = fields.Find("extra-params");
      extra != nullptr && extra->is_object() &&
      extra->value("selected-hash-algorithm", json(kHash)) != kHash) {
    return Unimplemented("a broker asks for another hash than sha384");
  }
  CMIF_TRY(fields.DoneStrictly());
  return nonce;
}

std::string WriteAttestRequest(const AttestRequest& request) {
  // Both are JSON of our own; what is none becomes null, and is refused.
  json object = {
      {"runtime-data",
       {{"nonce", crypto::ToBase64(request.nonce)},
        {"tee-pubkey", json::parse(request.tee_pubkey, nullptr, false)}}},
      {"tee-evidence",
       {{"primary_evidence", json::parse(request.evidence, nullptr, false)},
        {"additional_evidence", ""}}}};
  if (request.configuration) {
    object["init-data"] = {{"format", kConfigurationFormat},
                           {"body", *request.configuration}};
  }
  return Dump(object);
}

Result<AttestRequest> ReadAttestRequest(std::string_view text) {
  CMIF_ASSIGN(const json object, Parse(text));
  JsonReader fields(object, "");
  const json* runtime = fields.Find("runtime-data");
  const json* evidence = fields.Find("tee-evidence");
  const json* configuration = fields.Find("init-data");
  if (runtime == nullptr) fields.Bad("runtime-data", "an object");
  if (evidence == nullptr) fields.Bad("tee-evidence", "an object");
  CMIF_TRY(fields.DoneStrictly());
  AttestRequest request;
  CMIF_TRY(ReadRuntimeData(*runtime, request));
  CMIF_TRY(ReadTeeEvidence(*evidence, request));
  if (configuration != nullptr && !configuration->is_null()) {
    CMIF_ASSIGN(request.configuration, ReadConfiguration(*configuration));
  }
  return request;
}

Result<std::string> WriteEvidence(const tee::Evidence& evidence) {
  if (evidence.carrier || evidence.runtime_claims) {
    return InvalidArgument(
        "evidence inside of a certificate or an HCL blob cannot be sent to a "
        "key broker: its REPORT_DATA is not free");
  }
  const std::string bytes = crypto::ToBase64(evidence.bytes);
  if (evidence.platform == tee::Evidence::Platform::kTdx ||
      evidence.platform == tee::Evidence::Platform::kSgx) {
    return Dump({{"quote", bytes}});
  }
  json certificates = json::array();
  for (const tee::Certificate& one : evidence.certificates) {
    certificates.push_back(crypto::ToBase64(one.der()));
  }
  return Dump({{"report", bytes}, {"certs", certificates}});
}

Result<std::array<uint8_t, 64>> KbsReportData(
    const KbsNonce& nonce, std::string_view tee_pubkey,
    const std::optional<std::string>& configuration) {
  const json key = json::parse(tee_pubkey, nullptr, false);
  if (!key.is_object()) return DataLoss("tee-pubkey is not a JWK");
  json data = {{"additional-evidence", ""},
               {"nonce", crypto::ToBase64(nonce)},
               {"tee-pubkey", key}};
  if (configuration) {
    data["init-data"] =
        crypto::ToHex(crypto::Sha384Of(AsBytes(*configuration)));
  }
  auto canonical = crypto::CanonicalJson(Dump(data));
  if (!canonical) return DataLoss("tee-pubkey: " + canonical.error().message());
  std::array<uint8_t, 64> report_data{};
  std::ranges::copy(crypto::Sha384Of(AsBytes(*canonical)), report_data.begin());
  return report_data;
}

std::string WriteTokenAnswer(std::string_view token) {
  return Dump({{"token", token}});
}

Result<std::string> ReadTokenAnswer(std::string_view text) {
  CMIF_ASSIGN(const json object, Parse(text));
  JsonReader fields(object, "");
  std::string token = fields.Text("token");
  CMIF_TRY(fields.DoneStrictly());
  return token;
}

std::string WriteProblem(const Problem& problem) {
  return Dump({{"type", problem.type}, {"detail", problem.detail}});
}

Result<Problem> ReadProblem(std::string_view text) {
  CMIF_ASSIGN(const json object, Parse(text));
  JsonReader fields(object, "");
  Problem problem{fields.Text("type"), fields.Text("detail")};
  CMIF_TRY(fields.Done());
  return problem;
}

}  // namespace cmif::broker
