// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_EVAL_AUDIT_H_
#define CMIF_EVAL_AUDIT_H_

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "cmif/base/status.h"
#include "cmif/client/client_model.h"
#include "cmif/client/policy.h"
#include "cmif/eval/bayes_attack.h"
#include "cmif/eval/black_box.h"
#include "cmif/eval/context_attack.h"
#include "cmif/eval/exact_audit.h"
#include "cmif/eval/nearest_row_attack.h"
#include "cmif/eval/sweep.h"
#include "cmif/eval/text_baselines.h"
#include "cmif/privacy/channel.h"

namespace cmif::eval {

// What the audited channel is called, beyond what it says of itself.
struct ChannelLabels {
  std::string sha256;               // of its bytes, hex; "" where unknown
  std::string prior = "uniform";    // or the SHA-256 of its weights
  std::string public_set = "none";  // as asked: PolicyOptions::public_set
  std::vector<client::AppliedKind> kinds = {};
};

struct AuditOptions {
  ChannelLabels labels;
  uint64_t draws = 1'000'000;  // per input of the black box
  double alpha = 0.01;
  uint64_t insecure_seed = 1;
  // Empty: OwnSentences(). Never written anywhere, only counted.
  std::vector<std::string> texts;
  // Texts for the attacker's unigram prior; empty: the attacked ones
  // themselves, which is more than any attacker has.
  std::vector<std::string> prior_texts;
  SweepOptions sweep;
  // nullptr: no contextual attack. At most `context_texts` texts.
  NextWordModel* language_model = nullptr;
  size_t context_texts = 20;
};

struct TextFacts {
  bool own_sentences = false;
  size_t texts = 0;
  uint64_t words = 0;          // units that go through the channel
  uint64_t words_public = 0;   // that do not
  uint64_t words_inexact = 0;  // whose unit is only the nearest
  bool prior_of_these_texts = true;
};

struct Audit {
  privacy::ChannelSpec channel;
  ChannelLabels labels = {};
  std::string model_id = {};
  uint64_t insecure_seed = 0;
  ExactAudit exact = {};
  std::vector<std::string> worst_written = {};  // of exact.worst_words
  BlackBoxAudit black_box = {};
  TextFacts text = {};
  std::vector<AttackResult> attacks = {};  // Bayes, contextual
  std::vector<AttackResult> repeated = {};
  NearestRowResult nearest_raw = {};        // rows of the words themselves
  NearestRowResult nearest_sanitized = {};  // of what the channel sends
  std::vector<BaselineFigures> baselines = {};
  Sweep sweep = {};  // of adjacency kCluster, whatever the channel's
};

// Called with what is being done and the share done of it.
using AuditProgressFn = std::function<void(std::string_view step, double)>;

// All of it, exact parts first. Deterministic for one seed. INVALID_ARGUMENT
// for texts or options that cannot be used. At most about three minutes with
// the defaults.
Result<Audit> RunAudit(client::ClientModel& model,
                       const privacy::Channel& channel,
                       const AuditOptions& options,
                       const AuditProgressFn& progress = {});

}  // namespace cmif::eval

#endif  // CMIF_EVAL_AUDIT_H_
