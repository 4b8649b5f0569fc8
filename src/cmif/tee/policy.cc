// SPDX-License-Identifier: Apache-2.0
#include "cmif/tee/policy.h"

#include <fmt/format.h>

#include <algorithm>

#include "cmif/base/byte_reader.h"
#include "cmif/tee/public_key.h"
#include "cmif/tee/strict_json-inl.h"

namespace cmif::tee {

using nlohmann::json;

constexpr std::string_view kKind = "cmif-attestation-policy";
constexpr std::string_view kInspectionText =
    R"({"kind":"cmif-attestation-policy","name":"inspection","version":1,)"
    R"("base":"inspection","snp":{}})";

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
    inspection_ = base == "inspection";
    policy_.base_ =
        inspection_ ? PolicyBase::kInspection : PolicyBase::kDeployment;
    policy_.signature_ = signature;
    policy_.allow_unsigned_ =
        Relaxation(fields, "allow_unsigned_policy", false);
    policy_.allow_any_measurement_ =
        Relaxation(fields, "allow_any_measurement", inspection_);
    if (const json* snp = fields.Find("snp")) CMIF_TRY(ReadSnp(*snp));
    CMIF_TRY(fields.DoneStrictly());
    return std::move(policy_);
  }

 private:
  // A key that allows more; those that are set are listed.
  bool Relaxation(JsonReader& fields, const char* key, bool otherwise,
                  std::string_view place = "") {
    const bool set = fields.Flag(key, otherwise);
    if (set) policy_.relaxations_.push_back(fmt::format("{}{}", place, key));
    return set;
  }

  Result<void> ReadSnp(const json& object) {
    JsonReader fields(object, "snp");
    SnpRules rules;
    rules.measurements = fields.HexList("measurements", 48);
    rules.host_data = fields.HexList("host_data", 32);
    rules.id_key_digests = fields.HexList("id_key_digests", 48);
    rules.chip_ids = fields.HexList("chip_ids", 64);
    ReadVmpl(fields, rules);
    if (const json* minimum = fields.Find("minimum_tcb")) {
      CMIF_TRY(ReadMinimum(*minimum, rules));
    }
    rules.minimum_report_version =
        static_cast<uint32_t>(fields.NumberOr("minimum_report_version", 5, 2));
    if (rules.minimum_report_version < 2) {
      fields.Bad("minimum_report_version", "2 to 5");
    }
    rules.require_single_socket = fields.Flag("require_single_socket", false);
    rules.require_smt_off = fields.Flag("require_smt_off", false);
    rules.require_ciphertext_hiding =
        fields.Flag("require_ciphertext_hiding", false);
    rules.require_committed_tcb = fields.Flag("require_committed_tcb", false);
    rules.allow_absent_crl =
        Relaxation(fields, "allow_absent_crl", inspection_, "snp.");
    rules.allow_absent_alias_check_in_version_2 = Relaxation(
        fields, "allow_absent_alias_check_in_version_2", inspection_, "snp.");
    CMIF_TRY(fields.DoneStrictly());
    if (rules.measurements.empty() && !policy_.allow_any_measurement_) {
      return FailedPrecondition(
          "snp.measurements is empty: list what may run, or leave snp out");
    }
    policy_.snp_ = std::move(rules);
    return {};
  }

  void ReadVmpl(JsonReader& fields, SnpRules& rules) {
    rules.vmpl.clear();
    for (const json& level : fields.Array("vmpl")) {
      if (!level.is_number_unsigned() || level.get<uint64_t>() > 3) {
        fields.Bad("vmpl", "a list of levels from 0 to 3");
        return;
      }
      rules.vmpl.push_back(level.get<uint32_t>());
    }
    if (!fields.Has("vmpl")) {
      rules.vmpl =
          inspection_ ? std::vector<uint32_t>{0, 1} : std::vector<uint32_t>{0};
    }
    for (const uint32_t level : rules.vmpl) {
      if (level == 0) continue;
      policy_.relaxations_.push_back(fmt::format("snp.vmpl {}", level));
    }
  }

  static Result<void> ReadMinimum(const json& object, SnpRules& rules) {
    JsonReader fields(object, "snp.minimum_tcb");
    for (const SnpProduct product :
         {SnpProduct::kMilan, SnpProduct::kGenoa, SnpProduct::kTurin}) {
      const std::string name(SnpProductName(product));
      const json* one = fields.Find(name.c_str());
      if (one == nullptr) continue;
      JsonReader levels(*one, "snp.minimum_tcb." + name);
      const auto level = [&](const char* key) {
        return static_cast<uint8_t>(levels.NumberOr(key, 255, 0));
      };
      rules.minimum_tcb[product] = {
          .fmc = product == SnpProduct::kTurin ? level("fmc") : uint8_t{0},
          .bootloader = level("bootloader"),
          .tee = level("tee"),
          .snp = level("snp"),
          .microcode = level("microcode")};
      CMIF_TRY(levels.DoneStrictly());
    }
    return fields.DoneStrictly();
  }

  Policy policy_;
  bool inspection_ = false;
};

namespace {

Result<Policy::Signature> CheckSignature(
    std::string_view text, std::optional<std::string_view> signature,
    std::optional<std::string_view> owner_key) {
  if (!owner_key) return Policy::Signature::kNone;
  CMIF_ASSIGN(const PublicKey key, PublicKey::Ed25519FromPem(*owner_key));
  return signature && key.VerifiesEd25519(AsBytes(text), AsBytes(*signature))
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

}  // namespace cmif::tee
