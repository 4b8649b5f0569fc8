// SPDX-License-Identifier: Apache-2.0
#include "cmif/eval/context_attack.h"

#include <algorithm>

#include "cmif/client/classifier.h"

namespace cmif::eval {
namespace {

struct Place {
  size_t cluster;
  int32_t word;
  int32_t output;
};

class Attack {
 public:
  Attack(NextWordModel& language_model, const client::UnitTable& units,
         const privacy::Channel& channel)
      : language_model_(language_model), units_(units), channel_(channel) {}

  Result<void> Guess(std::string_view before, const Place& place,
                     AttackResult& result) {
    const auto& ids = channel_.clustering().clusters()[place.cluster];
    const size_t k = ids.size();
    std::vector<std::string> candidates;
    for (const int32_t id : ids) candidates.push_back(units_.Written(id));
    CMIF_ASSIGN(const std::vector<double> scores,
                language_model_.ScoreWords(before, candidates));
    const std::vector<double> prior = client::Softmax(scores);
    const auto& table = channel_.tables()[place.cluster];
    const auto y = static_cast<size_t>(
        channel_.clustering().position_in_cluster(place.output));
    size_t best = 0;
    const auto joint = [&](size_t x) {
      return prior[x] * (k == 1 ? 1 : table.weights[x * k + y] * 0x1p-32);
    };
    for (size_t x = 1; x < k; ++x) {
      if (joint(x) > joint(best)) best = x;
    }
    ++result.trials;
    if (ids[client::Likeliest(prior)] == place.word) ++by_cluster_;
    if (ids[best] == place.word) ++result.hits;
    bounds_ += PosteriorBound(std::ranges::max(prior),
                              static_cast<double>(table.loss_micro) / 1e6);
    return {};
  }

  double bounds() const { return bounds_; }
  double by_cluster() const { return by_cluster_; }

 private:
  NextWordModel& language_model_;
  const client::UnitTable& units_;
  const privacy::Channel& channel_;
  double bounds_ = 0;
  double by_cluster_ = 0;
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
    const client::UnitTable& units, const privacy::Channel& channel,
    const privacy::Sampler& sampler, std::span<const UnitText> texts,
    InsecureSeededRandom& random, const ProgressFn& progress) {
  if (channel.spec().adjacency != privacy::Adjacency::kCluster) {
    return Unimplemented("attacks know channels of adjacency cluster alone");
  }
  Attack attack(language_model, units, channel);
  AttackResult result{.name = name, .interval = {}};
  for (size_t i = 0; i < texts.size(); ++i) {
    std::string sent;  // the units' forms, one space between
    for (const UnitWord& word : texts[i].words) {
      const int32_t output = sampler.Draw(word.unit, random);
      const int cluster = channel.clustering().cluster_of(word.unit);
      if (cluster >= 0) {
        CMIF_TRY(attack.Guess(
            context == ContextKind::kTrueText ? TrueBefore(texts[i], word)
                                              : std::string_view(sent),
            {static_cast<size_t>(cluster), word.unit, output}, result));
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
  result.by_cluster_alone = attack.by_cluster() / trials;
  return result;
}

}  // namespace cmif::eval
