// SPDX-License-Identifier: Apache-2.0
#include "cmif/attest/evidence_judge.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "cmif/tee/evidence.h"
#include "cmif/tee/time.h"
#include "cmif/tee/verify.h"

namespace cmif::attest {
namespace {

constexpr int64_t kRememberSeconds = 3600;
constexpr size_t kMaxRemembered = 4096;

std::unexpected<Status> Refused(const std::string& why) {
  return Fail(Code::kUnauthenticated, why);
}

Result<tee::Evidence> Read(std::span<const uint8_t> bytes) {
  auto evidence = tee::ReadEvidence(bytes);
  if (evidence) return evidence;
  if (evidence.error().code() == Code::kNotFound) {
    return Refused(
        "the peer's certificate carries no evidence, but the policy demands "
        "some: is it started with --attester?");
  }
  return Refused("the peer's evidence cannot be read: " +
                 evidence.error().message());
}

Result<void> ToResult(const tee::Verdict& verdict) {
  if (verdict.accepted) return {};
  return Refused(
      fmt::format("the peer's evidence ({}) is refused by policy '{}': {}",
                  verdict.platform, verdict.policy.name,
                  fmt::join(verdict.Failures(), ", ")));
}

}  // namespace

Result<void> EvidenceJudge::JudgeCertificate(std::span<const uint8_t> der,
                                             int64_t now) {
  const crypto::Digest hash = crypto::Sha256Of(der);
  if (IsRemembered(hash, now)) return {};
  CMIF_ASSIGN(const tee::Evidence evidence, Read(der));
  if (!evidence.carrier) {
    return Refused("the peer's evidence is not in its certificate");
  }
  const tee::Verdict verdict = tee::VerifyAgainst(
      roots_, evidence, endorsements_, policy_, {}, tee::Time{now});
  CMIF_TRY(ToResult(verdict));
  int64_t until =
      std::min(now + kRememberSeconds, evidence.carrier->not_after().seconds);
  if (!verdict.tcb.collateral_until.empty()) {
    const auto end = tee::ParseTime(verdict.tcb.collateral_until);
    until = std::min(until, end ? end->seconds : now);
  }
  Remember(hash, until);
  return {};
}

Result<void> EvidenceJudge::JudgeAnswer(
    std::span<const uint8_t> evidence,
    const std::array<uint8_t, 64>& report_data, int64_t now) const {
  CMIF_ASSIGN(const tee::Evidence read, Read(evidence));
  if (read.carrier) {
    return Refused("the peer answered the challenge with a certificate");
  }
  return ToResult(tee::VerifyAgainst(roots_, read, endorsements_, policy_,
                                     {.report_data = report_data},
                                     tee::Time{now}));
}

uint64_t EvidenceJudge::certificates_judged() const {
  const std::lock_guard lock(mutex_);
  return judged_;
}

bool EvidenceJudge::IsRemembered(const crypto::Digest& certificate,
                                 int64_t now) const {
  const std::lock_guard lock(mutex_);
  const auto found = accepted_until_.find(certificate);
  return found != accepted_until_.end() && now <= found->second;
}

void EvidenceJudge::Remember(const crypto::Digest& certificate, int64_t until) {
  const std::lock_guard lock(mutex_);
  ++judged_;
  // All of them would be judged again, at worst.
  if (accepted_until_.size() >= kMaxRemembered) accepted_until_.clear();
  accepted_until_[certificate] = until;
}

}  // namespace cmif::attest
