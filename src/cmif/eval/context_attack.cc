// SPDX-License-Identifier: Apache-2.0
#include "cmif/eval/context_attack.h"

#include <algorithm>
#include <map>

#include "cmif/client/classifier.h"

namespace cmif::eval {
namespace {

class Attack {
 public:
  Attack(NextWordModel& language_model, const client::UnitTable& units,
         const DeployedRows& rows)
      : language_model_(language_model), units_(units), rows_(rows) {}

  Result<void> Guess(std::string_view before, int32_t word, int32_t output,
                     AttackResult& result) {
    const Group& group =
        rows_.groups()[static_cast<size_t>(rows_.GroupOf(word))];
    const Candidates& candidates = CandidatesOf(group);
    CMIF_ASSIGN(const std::vector<double> scores,
                language_model_.ScoreWords(before, candidates.written));
    const std::vector<double> prior = client::Softmax(scores);
    size_t best = 0;
    double most = -1;
    for (size_t x = 0; x < prior.size(); ++x) {
      const double joint =
          prior[x] * rows_.Probability(output, candidates.ids[x]);
      if (joint > most) {
        most = joint;
        best = x;
      }
    }
    ++result.trials;
    if (candidates.ids[client::Likeliest(prior)] == word) ++by_public_;
    if (candidates.ids[best] == word) ++result.hits;
    bounds_ += PosteriorBound(std::ranges::max(prior), group.loss);
    return {};
  }

  double bounds() const { return bounds_; }
  double by_public() const { return by_public_; }

 private:
  struct Candidates {
    std::vector<int32_t> ids;
    std::vector<std::string> written;
  };

  // Kept: a class has thousands.
  const Candidates& CandidatesOf(const Group& group) {
    Candidates& kept = candidates_[&group];
    if (!kept.ids.empty()) return kept;
    kept.ids = rows_.WordsOf(group);
    for (const int32_t id : kept.ids)
      kept.written.push_back(units_.Written(id));
    return kept;
  }

  NextWordModel& language_model_;
  const client::UnitTable& units_;
  const DeployedRows& rows_;
  std::map<const Group*, Candidates> candidates_;
  double bounds_ = 0;
  double by_public_ = 0;
};

// The user's own text up to the word, without the space in front of it.
std::string_view TrueBefore(const UnitText& text, const UnitWord& word) {
  std::string_view before = std::string_view(text.text).substr(0, word.offset);
  while (before.ends_with(' ')) before.remove_suffix(1);
  return before;
}

}  // namespace

Result<AttackResult> AttackByContext(
    const std::string& name, NextWordModel& language_model, ContextKind context,
    const client::UnitTable& units, const DeployedRows& rows,
    const privacy::Sampler& sampler, std::span<const UnitText> texts,
    InsecureSeededRandom& random, const ProgressFn& progress) {
  Attack attack(language_model, units, rows);
  AttackResult result{.name = name, .interval = {}};
  for (size_t i = 0; i < texts.size(); ++i) {
    std::string sent;  // the units' forms, one space between
    for (const UnitWord& word : texts[i].words) {
      const int32_t output = sampler.Draw(word.unit, random);
      if (!sampler.IsPublic(word.unit)) {
        CMIF_TRY(attack.Guess(context == ContextKind::kTrueText
                                  ? TrueBefore(texts[i], word)
                                  : std::string_view(sent),
                              word.unit, output, result));
      }
      if (!sent.empty()) sent += ' ';
      sent += units.Written(output);
    }
    if (progress) {
      progress(static_cast<double>(i + 1) / static_cast<double>(texts.size()));
    }
  }
  result.interval = ClopperPearson(result.hits, result.trials, 0.05);
  if (result.trials == 0) return result;
  const auto trials = static_cast<double>(result.trials);
  result.bound = attack.bounds() / trials;
  result.by_public_alone = attack.by_public() / trials;
  return result;
}

}  // namespace cmif::eval
