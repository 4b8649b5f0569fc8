// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_ATTEST_EVIDENCE_JUDGE_H_
#define CMIF_ATTEST_EVIDENCE_JUDGE_H_

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <span>

#include "cmif/base/status.h"
#include "cmif/crypto/sha256.h"
#include "cmif/tee/endorsements.h"
#include "cmif/tee/policy.h"
#include "cmif/tee/roots.h"
#include "cmif/tee/verdict.h"

namespace cmif::attest {

// Judges the evidence of peers by one policy, with endorsements that lie in
// memory: no network, no files, a few milliseconds. Thread-safe.
class EvidenceJudge {
 public:
  EvidenceJudge(tee::Policy policy, tee::Endorsements endorsements)
      : EvidenceJudge(std::move(policy), std::move(endorsements),
                      tee::VendorRoots()) {}
  // With roots of the caller's choice, which outlive it: for tests.
  EvidenceJudge(tee::Policy policy, tee::Endorsements endorsements,
                const tee::Roots& roots)
      : policy_(std::move(policy)),
        endorsements_(std::move(endorsements)),
        roots_(roots) {}

  // A certificate in DER with evidence of its own key. An accepted one is
  // judged once until something that its verdict rests on expires, and again
  // after an hour at the latest. UNAUTHENTICATED, naming the checks that
  // failed: refused, or without evidence.
  Result<void> JudgeCertificate(std::span<const uint8_t> der, int64_t now);

  // Evidence that must carry these 64 bytes. UNAUTHENTICATED likewise; evidence
  // inside a certificate is refused, as its REPORT_DATA is not free.
  Result<void> JudgeAnswer(std::span<const uint8_t> evidence,
                           const std::array<uint8_t, 64>& report_data,
                           int64_t now) const;

  // Verdicts that were reached, and not looked up: for tests.
  uint64_t certificates_judged() const;

 private:
  bool IsRemembered(const crypto::Digest& certificate, int64_t now) const;
  void Remember(const crypto::Digest& certificate, int64_t until);

  const tee::Policy policy_;
  const tee::Endorsements endorsements_;
  const tee::Roots& roots_;
  mutable std::mutex mutex_;  // guards what follows
  std::map<crypto::Digest, int64_t> accepted_until_;
  uint64_t judged_ = 0;
};

}  // namespace cmif::attest

#endif  // CMIF_ATTEST_EVIDENCE_JUDGE_H_
