// SPDX-License-Identifier: Apache-2.0
#include "cmif/tee/policy.h"

#include <fmt/format.h>

#include <algorithm>

#include "cmif/base/byte_reader.h"
#include "cmif/crypto/ed25519.h"
#include "cmif/tee/policy_rules-inl.h"

namespace cmif::tee {

using nlohmann::json;

constexpr std::string_view kKind = "cmif-attestation-policy";
constexpr std::string_view kInspectionText =
    R"({"kind":"cmif-attestation-policy","name":"inspection","version":1,)"
    R"("base":"inspection","snp":{},"tdx":{},"sgx":{}})";

// Fills a Policy from its JSON form.
class PolicyReader {
 public:
  explicit PolicyReader(std::string_view text) {
    policy_.sha256_ = crypto::Sha256Of(AsBytes(text));
  }

  Result<Policy> Read(const json& object, Policy::Signature signature) {
    JsonReader fields(object, "");
    if (fields.Text("kind") != kKind) {
      fields.Bad("kind", fmt::format("'{}'", kKind));
    }
    policy_.name_ = fields.Text("name");
    if (policy_.name_.size() > 64) fields.Bad("name", "at most 64 bytes long");
    policy_.version_ = fields.Number("version", 1ULL << 53);
    const std::string base = fields.Text("base");
    if (base != "deployment" && base != "inspection") {
      fields.Bad("base", "'deployment' or 'inspection'");
    }
    const bool inspection = base == "inspection";
    policy_.base_ =
        inspection ? PolicyBase::kInspection : PolicyBase::kDeployment;
    policy_.signature_ = signature;
    RuleContext context{inspection, false, policy_.relaxations_};
    policy_.allow_unsigned_ =
        context.Relaxation(fields, "", "allow_unsigned_policy", false);
    context.any_measurement =
        context.Relaxation(fields, "", "allow_any_measurement", inspection);
    policy_.allow_any_measurement_ = context.any_measurement;
    policy_.allow_simulated_ =
        context.Relaxation(fields, "", "allow_simulated", false);
    CMIF_TRY(ReadPlatforms(fields, context));
    CMIF_TRY(fields.DoneStrictly());
    return std::move(policy_);
  }

 private:
  Result<void> ReadPlatforms(JsonReader& fields, RuleContext& context) {
    if (const json* snp = fields.Find("snp")) {
      CMIF_ASSIGN(policy_.snp_, ReadSnpRules(*snp, context));
    }
    if (const json* tdx = fields.Find("tdx")) {
      CMIF_ASSIGN(policy_.tdx_, ReadTdxRules(*tdx, context));
    }
    if (const json* sgx = fields.Find("sgx")) {
      CMIF_ASSIGN(policy_.sgx_, ReadSgxRules(*sgx, context));
    }
    if (const json* simulated = fields.Find("simulated")) {
      CMIF_ASSIGN(policy_.simulated_, ReadSimulatedRules(*simulated, context));
    }
    if (const json* intel = fields.Find("intel")) {
      CMIF_ASSIGN(policy_.intel_, ReadIntelRules(*intel, context));
    }
    return {};
  }

  Policy policy_;
};

namespace {

Result<Policy::Signature> CheckSignature(
    std::string_view text, std::optional<std::string_view> signature,
    std::optional<std::string_view> owner_key) {
  if (!owner_key) return Policy::Signature::kNone;
  CMIF_ASSIGN(const crypto::Ed25519PublicKey key,
              crypto::Ed25519PublicKeyFromPem(*owner_key));
  crypto::Ed25519Signature bytes{};
  if (!signature || signature->size() != bytes.size()) {
    return Policy::Signature::kBad;
  }
  std::ranges::copy(AsBytes(*signature), bytes.begin());
  return crypto::VerifyEd25519(key, AsBytes(text), bytes)
             ? Policy::Signature::kGood
             : Policy::Signature::kBad;
}

Result<Policy> ReadAs(std::string_view text, Policy::Signature signature) {
  CMIF_ASSIGN(const json object, ParseStrictJson(text));
  return PolicyReader(text).Read(object, signature);
}

}  // namespace

const Policy& Policy::Inspection() {
  // The text is ours: a test proves that it can be read.
  static const Policy policy = *ReadAs(kInspectionText, Signature::kCompiledIn);
  return policy;
}

Result<Policy> Policy::Read(std::string_view text,
                            std::optional<std::string_view> signature,
                            std::optional<std::string_view> owner_key) {
  CMIF_ASSIGN(const Signature state,
              CheckSignature(text, signature, owner_key));
  return ReadAs(text, state);
}

Result<Policy> Policy::ReadPart(std::string_view text, Signature of_document) {
  return ReadAs(text, of_document);
}

}  // namespace cmif::tee
