// SPDX-License-Identifier: Apache-2.0
#include "cmif/broker/judge_release.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "cmif/base/byte_reader.h"
#include "cmif/broker/bound_configuration.h"
#include "cmif/crypto/sha512.h"
#include "cmif/tee/verify.h"

namespace cmif::broker {
namespace {

// A platform instance id is a new one after a reset; a PPID stays.
std::vector<std::string> PlatformIds(const tee::Verdict& verdict) {
  std::vector<std::string> ids;
  for (const char* name :
       {"chip_id", "ppid", "platform_instance_id", "platform_id"}) {
    std::string id = TextClaim(verdict, name);
    if (!id.empty()) ids.push_back(std::move(id));
  }
  return ids;
}

bool IsZeroHex(std::string_view hex) {
  return hex.find_first_not_of('0') == hex.npos;
}

// The hash of the configuration that the evidence vouches for, if it does for
// one. FAILED_PRECONDITION: the client sent another one.
Result<std::optional<crypto::Digest>> ProvenConfiguration(
    const Presented& presented, const tee::Verdict& verdict) {
  std::optional<crypto::Digest> sent;
  if (presented.configuration) {
    sent = crypto::Sha256Of(AsBytes(*presented.configuration));
  }
  if (verdict.platform == "sgx") return sent;  // REPORT_DATA covers it
  if (verdict.platform == "tdx") {
    if (!presented.configuration) return sent;
    const auto hash = crypto::Sha384Of(AsBytes(*presented.configuration));
    if (TextClaim(verdict, "mr_config_id") == crypto::ToHex(hash)) return sent;
    return FailedPrecondition(
        "MRCONFIGID is not the hash of the configuration that was sent");
  }
  const std::string host_data = TextClaim(verdict, "host_data");
  if (sent && host_data != crypto::ToHex(*sent)) {
    return FailedPrecondition(
        "HOST_DATA is not the hash of the configuration that was sent");
  }
  const auto bytes = crypto::FromHex(host_data);
  if (!bytes || bytes->size() != 32 || IsZeroHex(host_data)) {
    return std::optional<crypto::Digest>();
  }
  std::ranges::copy(*bytes, sent.emplace().begin());
  return sent;
}

// A configuration that was sent is one, and of the rule's model.
Result<void> CheckSent(const Presented& presented, const ReleaseRule& rule) {
  if (!presented.configuration) return {};
  const auto read = BoundConfiguration::Read(*presented.configuration);
  if (!read) return std::unexpected(read.error().At("the configuration"));
  if (read->text() != *presented.configuration) {
    return FailedPrecondition("the configuration is not in canonical form");
  }
  if (read->settings().model_id == rule.resource.model_id) return {};
  return FailedPrecondition("the configuration is for another model");
}

Result<void> CheckConfiguration(const Presented& presented,
                                RuleDecision& decision) {
  CMIF_ASSIGN(decision.configuration_sha256,
              ProvenConfiguration(presented, decision.verdict));
  CMIF_TRY(CheckSent(presented, *decision.rule));
  const auto& allowed = decision.rule->configurations;
  if (allowed.empty()) return {};
  // A host may put a listed hash into HOST_DATA and start a client without the
  // configuration: one that runs with it sends it.
  if (!presented.configuration || !decision.configuration_sha256) {
    return FailedPrecondition(
        "the client shows no configuration, but the rule lists those that it "
        "allows");
  }
  if (std::ranges::find(allowed, *decision.configuration_sha256) !=
      allowed.end()) {
    return {};
  }
  return FailedPrecondition(
      fmt::format("configuration {} is not listed",
                  crypto::ToHex(*decision.configuration_sha256)));
}

Result<void> CheckRule(const ReleasePolicy& policy, const Presented& presented,
                       tee::Time now, RuleDecision& decision) {
  if (presented.evidence.runtime_claims || presented.evidence.carrier) {
    return PermissionDenied(
        "evidence inside of an HCL blob or a certificate is given no key");
  }
  if (!decision.verdict.accepted) {
    return PermissionDenied(
        fmt::format("the evidence ({}) fails {}", decision.verdict.platform,
                    fmt::join(decision.verdict.Failures(), ", ")));
  }
  // Twice safe: only a policy for simulated platforms lets any pass.
  if ((decision.verdict.platform == "simulated") != decision.rule->simulated) {
    return PermissionDenied("the evidence is simulated, or the rule is");
  }
  if (const auto end = policy.not_after(); end && *end < now) {
    return PermissionDenied("the release policy ended on " +
                            tee::FormatTime(*end));
  }
  for (const std::string& id : decision.platform_ids) {
    if (policy.RevokesPlatform(id)) {
      return PermissionDenied("the release policy revokes this platform");
    }
  }
  return CheckConfiguration(presented, decision);
}

}  // namespace

std::string TextClaim(const tee::Verdict& verdict, const std::string& name) {
  for (const tee::Claim& claim : verdict.claims) {
    if (claim.name != name) continue;
    const auto* text = std::get_if<std::string>(&claim.value);
    return text == nullptr ? std::string() : *text;
  }
  return {};
}

std::vector<RuleDecision> JudgeRelease(
    const ReleasePolicy& policy, const Presented& presented, tee::Time now,
    const std::optional<Resource>& resource) {
  std::vector<RuleDecision> decisions;
  for (const ReleaseRule& rule : policy.rules()) {
    if (resource && rule.resource != *resource) continue;
    RuleDecision decision;
    decision.rule = &rule;
    decision.verdict = tee::VerifyAgainst(
        presented.roots, presented.evidence, presented.endorsements,
        rule.platforms, {.report_data = presented.report_data}, now);
    decision.platform_ids = PlatformIds(decision.verdict);
    const auto checked = CheckRule(policy, presented, now, decision);
    decision.allowed = checked.has_value();
    if (!checked) decision.reason = checked.error().message();
    decisions.push_back(std::move(decision));
  }
  return decisions;
}

}  // namespace cmif::broker
