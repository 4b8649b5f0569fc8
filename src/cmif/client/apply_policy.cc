// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "cmif/client/policy.h"
#include "cmif/client/stop_words.h"
#include "cmif/privacy/regroup.h"

namespace cmif::client {
namespace {

using privacy::Clustering;
using Ids = std::vector<int32_t>;

// The units of listed forms, ascending; how many forms have none.
Ids UnitsOf(const WordsByForm& forms, std::span<const std::string> words,
            size_t* without_unit) {
  Ids ids;
  for (const std::string& word : words) {
    const auto found = forms.find(word);
    if (found == forms.end()) {
      if (without_unit != nullptr) ++*without_unit;
      continue;
    }
    ids.insert(ids.end(), found->second.begin(), found->second.end());
  }
  std::ranges::sort(ids);
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return ids;
}

// Units by rank, the most frequent first; those of no count left out.
Result<Ids> Ranked(const UnitTable& units, const PrivacyPolicy& policy) {
  Ids ranked = units.words();
  if (!policy.counts) return ranked;
  const auto counts = CountsOfUnits(units, *policy.counts);
  if (!counts) return std::unexpected(counts.error().At("--counts"));
  const auto count = [&](int32_t id) {
    return (*counts)[static_cast<size_t>(id)];
  };
  std::erase_if(ranked, [&](int32_t id) { return count(id) <= 0; });
  std::ranges::stable_sort(
      ranked, [&](int32_t a, int32_t b) { return count(a) > count(b); });
  return ranked;
}

Result<Ids> PublicUnits(const UnitTable& units, const WordsByForm& forms,
                        const PrivacyPolicy& policy, size_t& missing) {
  using Public = PrivacyPolicy::Public;
  Ids ids;
  missing = 0;
  switch (policy.public_set) {
    case Public::kNone:
      return ids;
    case Public::kStopWords: {
      const std::vector<std::string> words(StopWords().begin(),
                                           StopWords().end());
      ids = UnitsOf(forms, words, nullptr);
      break;
    }
    case Public::kWords:
      ids = UnitsOf(forms, policy.public_words, &missing);
      break;
    case Public::kFrequent: {
      if (!(policy.frequent > 0 && policy.frequent < 1)) {
        return InvalidArgument("the frequent fraction is above 0 and below 1");
      }
      CMIF_ASSIGN(ids, Ranked(units, policy));
      const auto count = static_cast<size_t>(
          policy.frequent * static_cast<double>(units.words().size()));
      ids.resize(std::min(ids.size(), count));
      std::ranges::sort(ids);
    }
  }
  if (ids.empty()) {
    return InvalidArgument(
        "no word of the public set is a word of the vocabulary (only words of "
        "one token can be public); --public none leaves nothing public");
  }
  return ids;
}

Ids UnitsOfDigits(const UnitTable& units, size_t digits) {
  Ids ids;
  for (int32_t id = 0; id < units.size(); ++id) {
    const int32_t its_class = units.class_of()[static_cast<size_t>(id)];
    if (its_class == DigitsClass(digits, false) ||
        its_class == DigitsClass(digits, true)) {
      ids.push_back(id);
    }
  }
  return ids;
}

// The units of every kind, disjoint; fills `applied`.
Result<std::vector<Ids>> KindUnits(const UnitTable& units,
                                   const WordsByForm& forms,
                                   const PrivacyPolicy& policy,
                                   std::vector<AppliedKind>& applied) {
  std::vector<Ids> kinds;
  for (const Kind& kind : policy.kinds) {
    AppliedKind& result =
        applied.emplace_back(AppliedKind{kind.name, kind.epsilon});
    kinds.push_back(kind.digits > 0 ? UnitsOfDigits(units, kind.digits)
                                    : UnitsOf(forms, kind.words,
                                              &result.words_without_unit));
    if (kinds.back().empty()) {
      return InvalidArgument(fmt::format(
          "no token of the vocabulary belongs to the kind {}", kind.name));
    }
  }
  // Who comes first keeps a unit that several have.
  std::vector<size_t> order(kinds.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, [&](size_t a, size_t b) {
    return policy.kinds[a].epsilon.micro() < policy.kinds[b].epsilon.micro();
  });
  std::vector<bool> taken(static_cast<size_t>(units.size()), false);
  for (const size_t k : order) {
    std::erase_if(kinds[k], [&](int32_t id) {
      const bool had = taken[static_cast<size_t>(id)];
      taken[static_cast<size_t>(id)] = true;
      return had;
    });
    applied[k].units = kinds[k].size();
  }
  return kinds;
}

// The usual size of the clusters: the upper median, which for even sizes is K
// wherever the classes are large.
int UsualSize(const Clustering& base) {
  std::vector<size_t> sizes;
  for (const auto& ids : base.clusters()) sizes.push_back(ids.size());
  if (sizes.empty()) return 2;
  const auto middle =
      sizes.begin() + static_cast<std::ptrdiff_t>(sizes.size() / 2);
  std::nth_element(sizes.begin(), middle, sizes.end());
  return std::max(2, static_cast<int>(*middle));
}

void FillClusters(const PrivacyPolicy& policy, const Clustering& clustering,
                  AppliedPolicy& applied) {
  for (size_t c = 0; c < clustering.clusters().size(); ++c) {
    const int32_t kind = applied.kind_of_cluster[c];
    applied.epsilon_micro_of_cluster.push_back(
        kind < 0 ? 0 : policy.kinds[static_cast<size_t>(kind)].epsilon.micro());
    if (clustering.clusters()[c].size() == 1) ++applied.units_alone;
  }
}

AppliedPolicy Unchanged(const UnitTable& units,
                        const std::shared_ptr<const Clustering>& base) {
  AppliedPolicy applied;
  applied.clustering = base;
  applied.class_of_cluster = ClassesOf(units, *base);
  applied.kind_of_cluster.assign(base->clusters().size(), -1);
  return applied;
}

}  // namespace

Result<AppliedPolicy> ApplyPolicy(
    const UnitTable& units, const std::shared_ptr<const Clustering>& base,
    int max_size,
    const std::function<Result<const privacy::RowMatrix*>()>& rows,
    const PrivacyPolicy& policy) {
  if (policy.ChangesNothing()) {
    AppliedPolicy applied = Unchanged(units, base);
    FillClusters(policy, *base, applied);
    return applied;
  }
  AppliedPolicy applied;
  const WordsByForm forms = WordsByLowerCase(units);
  CMIF_ASSIGN(Ids public_ids, PublicUnits(units, forms, policy,
                                          applied.public_words_without_unit));
  CMIF_ASSIGN(const std::vector<Ids> kinds,
              KindUnits(units, forms, policy, applied.kinds));
  for (const Ids& kind : kinds) {
    std::erase_if(public_ids, [&](int32_t id) {
      return std::ranges::binary_search(kind, id);
    });
  }
  CMIF_ASSIGN(const privacy::RowMatrix* const matrix, rows());
  if (max_size == 0) max_size = UsualSize(*base);
  CMIF_ASSIGN(privacy::Regrouped regrouped,
              privacy::Regroup(*base, *matrix,
                               {.class_of = units.class_of(),
                                .public_ids = public_ids,
                                .kinds = kinds,
                                .max_size = max_size}));
  applied.class_of_cluster = std::move(regrouped.class_of_cluster);
  applied.kind_of_cluster = std::move(regrouped.kind_of_cluster);
  applied.public_words = public_ids.size();
  applied.rank_by_id =
      policy.public_set == PrivacyPolicy::Public::kFrequent && !policy.counts;
  FillClusters(policy, regrouped.clustering, applied);
  applied.clustering =
      std::make_shared<const Clustering>(std::move(regrouped.clustering));
  return applied;
}

Result<AppliedPolicy> ApplyPolicy(ClientModel& model,
                                  const PrivacyPolicy& policy) {
  return ApplyPolicy(
      model.units(), model.clustering(),
      static_cast<int>(model.facts().cluster_size),
      [&] { return model.Rows(); }, policy);
}

}  // namespace cmif::client
