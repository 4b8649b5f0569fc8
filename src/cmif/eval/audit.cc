// SPDX-License-Identifier: Apache-2.0
#include "cmif/eval/audit.h"

#include <algorithm>

#include "cmif/eval/choose_pairs.h"
#include "cmif/eval/own_sentences.h"
#include "cmif/eval/repeated_attack.h"
#include "cmif/eval/text_baselines.h"
#include "cmif/eval/text_units.h"
#include "cmif/privacy/sampler.h"

namespace cmif::eval {
namespace {

constexpr int kChosenPairs = 8;
constexpr int kRandomPairs = 8;
constexpr int kRounds = 20;  // draws of each word of the text
constexpr int kRepeatTrials = 4000;
constexpr size_t kNearestWords = 300;
constexpr double kAddToCounts = 1e-3;  // a word never seen is not impossible

class Run {
 public:
  Run(client::ClientModel& model, const privacy::Channel& channel,
      const AuditOptions& options, const AuditProgressFn& progress)
      : model_(model),
        channel_(channel),
        rows_(channel),
        options_(options),
        progress_(progress),
        audit_{.channel = channel.spec(),
               .labels = options.labels,
               .model_id = model.facts().model_id,
               .insecure_seed = options.insecure_seed} {}

  Result<Audit> All() {
    CMIF_TRY(ReadTexts());
    CMIF_ASSIGN(audit_.exact, AuditExactly(rows_, prior_, {}));
    for (const WordFigures& word : audit_.exact.worst_words) {
      audit_.worst_written.push_back(model_.units().Written(word.id));
    }
    CMIF_ASSIGN(const privacy::Sampler sampler,
                privacy::Sampler::Create(channel_));
    CMIF_TRY(BlackBox(sampler));
    CMIF_TRY(Bayes(sampler));
    Repeated(sampler);
    CMIF_TRY(NearestRows(sampler));
    CMIF_TRY(Context(sampler));
    CMIF_ASSIGN(const privacy::RowMatrix* const table, model_.Rows());
    CMIF_ASSIGN(audit_.baselines,
                MeasureBaselines(model_.units(), *table, texts_,
                                 channel_.epsilon().value()));
    SweepOptions sweep = options_.sweep;
    sweep.insecure_seed = options_.insecure_seed;
    CMIF_ASSIGN(audit_.sweep,
                SweepMechanisms(channel_.clustering(), *table, sweep,
                                Step("mechanisms compared")));
    return std::move(audit_);
  }

 private:
  ProgressFn Step(std::string_view name) const {
    if (!progress_) return {};
    return [this, name](double share) { progress_(name, share); };
  }

  Result<void> ReadTexts() {
    audit_.text.own_sentences = options_.texts.empty();
    CMIF_ASSIGN(texts_, UnitsOf(model_, channel_.clustering(),
                                options_.texts.empty() ? OwnSentences()
                                                       : options_.texts));
    audit_.text.texts = texts_.size();
    for (const UnitText& text : texts_) {
      for (const UnitWord& word : text.words) {
        const bool sensitive = channel_.clustering().cluster_of(word.unit) >= 0;
        ++(sensitive ? audit_.text.words : audit_.text.words_public);
        if (!word.exact) ++audit_.text.words_inexact;
        if (sensitive) words_.push_back(word.unit);
      }
    }
    if (words_.empty()) {
      return InvalidArgument("the text has no word that the channel protects");
    }
    const int size = channel_.clustering().vocabulary_size();
    audit_.text.prior_of_these_texts = options_.prior_texts.empty();
    if (options_.prior_texts.empty()) {
      prior_ = UnigramPrior(texts_, size, kAddToCounts);
      return {};
    }
    CMIF_ASSIGN(const std::vector<UnitText> others,
                UnitsOf(model_, channel_.clustering(), options_.prior_texts));
    prior_ = UnigramPrior(others, size, kAddToCounts);
    return {};
  }

  Result<void> BlackBox(const privacy::Sampler& sampler) {
    InsecureSeededRandom random(options_.insecure_seed);
    const std::vector<WordPair> pairs =
        ChoosePairs(rows_, kChosenPairs, kRandomPairs, options_.draws, random);
    if (pairs.empty()) {
      return InvalidArgument(
          "each word stands alone in its cluster: there is nothing to audit");
    }
    CMIF_ASSIGN(audit_.black_box, AuditByDraws(
                                      rows_,
                                      [&](int32_t id, RandomSource& source) {
                                        return sampler.Draw(id, source);
                                      },
                                      pairs,
                                      {.draws = options_.draws,
                                       .alpha = options_.alpha,
                                       .insecure_seed = options_.insecure_seed},
                                      Step("draws from the sampler counted")));
    return {};
  }

  Result<void> Bayes(const privacy::Sampler& sampler) {
    InsecureSeededRandom random(options_.insecure_seed);
    CMIF_ASSIGN(const BayesAttacker uniform, BayesAttacker::Create(rows_, {}));
    CMIF_ASSIGN(const BayesAttacker unigram,
                BayesAttacker::Create(rows_, prior_));
    audit_.attacks.push_back(AttackWords("Bayes-optimal, uniform prior",
                                         uniform, rows_, sampler, words_, {},
                                         kRounds, random));
    audit_.attacks.push_back(AttackWords("Bayes-optimal, unigram prior",
                                         unigram, rows_, sampler, words_,
                                         prior_, kRounds, random));
    return {};
  }

  void Repeated(const privacy::Sampler& sampler) {
    InsecureSeededRandom random(options_.insecure_seed);
    // Words of the vocabulary, each as likely: the uniform prior is the truth.
    std::vector<int32_t> words;
    for (const auto& ids : channel_.clustering().clusters()) {
      words.insert(words.end(), ids.begin(), ids.end());
    }
    for (const int occurrences : {1, 5, 20}) {
      audit_.repeated.push_back(AttackRepeatedWords(
          "n = " + std::to_string(occurrences), rows_, sampler, words, {},
          occurrences, kRepeatTrials, random));
    }
  }

  Result<void> NearestRows(const privacy::Sampler& sampler) {
    InsecureSeededRandom random(options_.insecure_seed);
    CMIF_ASSIGN(const privacy::RowMatrix* const table, model_.Rows());
    std::vector<int32_t> words;
    std::vector<int32_t> sent;
    for (size_t i = 0; i < kNearestWords; ++i) {
      words.push_back(words_[random.Next32() % words_.size()]);
      sent.push_back(sampler.Draw(words.back(), random));
    }
    if (progress_) progress_("nearest rows", 0);
    audit_.nearest_raw = AttackByNearestRow(*table, words, words, 0);
    audit_.nearest_sanitized = AttackByNearestRow(*table, words, sent, 0);
    if (progress_) progress_("nearest rows", 1);
    return {};
  }

  Result<void> Context(const privacy::Sampler& sampler) {
    if (options_.language_model == nullptr) return {};
    const auto texts = std::span(texts_).first(
        std::min(options_.context_texts, texts_.size()));
    const std::pair<ContextKind, const char*> kinds[] = {
        {ContextKind::kSanitizedText, "language model, sanitized text before"},
        {ContextKind::kTrueText, "language model, TRUE text before"}};
    for (const auto& [kind, name] : kinds) {
      InsecureSeededRandom random(options_.insecure_seed);
      CMIF_ASSIGN(
          AttackResult result,
          AttackByContext(name, *options_.language_model, kind, model_.units(),
                          rows_, sampler, texts, random, Step(name)));
      audit_.attacks.push_back(std::move(result));
    }
    return {};
  }

  client::ClientModel& model_;
  const privacy::Channel& channel_;
  const DeployedRows rows_;
  const AuditOptions& options_;
  const AuditProgressFn& progress_;
  Audit audit_;
  std::vector<UnitText> texts_;
  std::vector<int32_t> words_;  // sensitive ones, in order
  std::vector<double> prior_;
};

}  // namespace

Result<Audit> RunAudit(client::ClientModel& model,
                       const privacy::Channel& channel,
                       const AuditOptions& options,
                       const AuditProgressFn& progress) {
  return Run(model, channel, options, progress).All();
}

}  // namespace cmif::eval
