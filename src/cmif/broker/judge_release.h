// SPDX-License-Identifier: Apache-2.0
// Whether a release policy lets a client have a bundle's key: a pure function
// of policy, evidence, endorsements and time.
#ifndef CMIF_BROKER_JUDGE_RELEASE_H_
#define CMIF_BROKER_JUDGE_RELEASE_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cmif/broker/release_policy.h"
#include "cmif/tee/endorsements.h"
#include "cmif/tee/evidence.h"
#include "cmif/tee/roots.h"
#include "cmif/tee/verdict.h"

namespace cmif::broker {

// What a client showed, and what is known of its platform. All outlives it.
struct Presented {
  const tee::Roots& roots;
  const tee::Evidence& evidence;
  const tee::Endorsements& endorsements;
  // What REPORT_DATA must be; none: recorded evidence, which nothing was asked
  // of.
  std::optional<std::array<uint8_t, 64>> report_data = {};
  // The text of a BoundConfiguration.
  std::optional<std::string> configuration = {};
};

// What one rule says of it.
struct RuleDecision {
  const ReleaseRule* rule = nullptr;
  bool allowed = false;
  std::string reason;  // why not, for people; empty if allowed
  tee::Verdict verdict;
  // Of the platform, in hex, the one that its host cannot change first; empty:
  // masked or absent.
  std::vector<std::string> platform_ids = {};
  // Which the evidence proves.
  std::optional<crypto::Digest> configuration_sha256 = {};
};

// Every rule (for this resource, where one is named), in order. HCL blobs, and
// evidence inside of a certificate, are allowed by none; nothing is once the
// policy is over, or for a platform that it revokes. Thread-safe; a few
// milliseconds a rule.
std::vector<RuleDecision> JudgeRelease(
    const ReleasePolicy& policy, const Presented& presented, tee::Time now,
    const std::optional<Resource>& resource = {});

// A claim that is a text; empty if it is not there.
std::string TextClaim(const tee::Verdict& verdict, const std::string& name);

}  // namespace cmif::broker

#endif  // CMIF_BROKER_JUDGE_RELEASE_H_
