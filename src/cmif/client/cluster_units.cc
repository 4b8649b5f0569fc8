// SPDX-License-Identifier: Apache-2.0
#include "cmif/client/cluster_units.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "cmif/base/file.h"
#include "cmif/client/cluster_report.h"
#include "cmif/client/word_files.h"
#include "cmif/client/word_vectors.h"
#include "cmif/privacy/balanced.h"
#include "cmif/privacy/cluster_size.h"
#include "cmif/privacy/extended_rows.h"
#include "cmif/privacy/neighbours.h"
#include "cmif/privacy/repair.h"
#include "cmif/privacy/word_pairs.h"

namespace cmif::client {
namespace {

namespace fs = std::filesystem;
using privacy::Clustering;
using privacy::Clusters;
using privacy::IdPair;
using privacy::RowMatrix;

constexpr uint64_t kMaxClustersFileBytes = 256U << 20;
// Classes of words with a vector while they are clustered: the usual class
// plus this, so that they and the others stay apart.
constexpr int32_t kVectorClassOffset = 1 << 20;

Result<Clusters> ReadClusters(const fs::path& path, int max_size) {
  CMIF_ASSIGN(const std::string text, ReadFile(path, kMaxClustersFileBytes));
  const auto parsed = nlohmann::json::parse(text, nullptr, false);
  const auto wrong = InvalidArgument(
      path.string() + " is not a JSON list of lists of token ids");
  if (!parsed.is_array()) return wrong;
  Clusters clusters;
  for (const auto& list : parsed) {
    if (!list.is_array()) return wrong;
    clusters.emplace_back();
    for (const auto& id : list) {
      if (!id.is_number_unsigned() || id.get<uint64_t>() > INT32_MAX) {
        return wrong;
      }
      clusters.back().push_back(id.get<int32_t>());
    }
    if (clusters.back().size() > static_cast<size_t>(max_size)) {
      return InvalidArgument(fmt::format(
          "{}: list {} has {} ids; with this cluster size (--cluster-size) a "
          "cluster has {} at most",
          path.string(), clusters.size() - 1, clusters.back().size(),
          max_size));
    }
  }
  return clusters;
}

// Pairs of units of kWordClass whose lower-cased forms are listed.
Result<std::vector<IdPair>> ReadIdPairs(const std::optional<fs::path>& path,
                                        const WordsByForm& forms) {
  std::vector<IdPair> ids;
  if (!path) return ids;
  CMIF_ASSIGN(const auto words, ReadWordPairs(*path));
  for (const auto& [one, two] : words) {
    const auto first = forms.find(one);
    const auto second = forms.find(two);
    if (first == forms.end() || second == forms.end() || first == second) {
      continue;
    }
    for (const int32_t a : first->second) {
      for (const int32_t b : second->second) {
        ids.emplace_back(std::min(a, b), std::max(a, b));
      }
    }
  }
  std::ranges::sort(ids);
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return ids;
}

// All that files give.
struct Inputs {
  Clusters fixed;
  std::optional<WordCounts> counts;
  std::vector<double> counts_of_id;
  WordVectors vectors;  // no ids where none are given
  std::vector<IdPair> synonyms;
  std::vector<IdPair> antonyms;
};

Result<Inputs> ReadInputs(const ClusterOptions& options,
                          const UnitTable& units) {
  Inputs inputs;
  if (options.clusters_file) {
    CMIF_ASSIGN(inputs.fixed,
                ReadClusters(*options.clusters_file, options.size));
  }
  if (options.counts_file) {
    CMIF_ASSIGN(inputs.counts, ReadWordCounts(*options.counts_file));
    CMIF_ASSIGN(inputs.counts_of_id, CountsOfUnits(units, *inputs.counts));
  }
  if (options.word_vectors_file) {
    CMIF_ASSIGN(inputs.vectors,
                ReadWordVectors(*options.word_vectors_file, units));
  }
  if (options.synonyms_file || options.antonyms_file) {
    const WordsByForm forms = WordsByLowerCase(units);
    CMIF_ASSIGN(inputs.synonyms, ReadIdPairs(options.synonyms_file, forms));
    CMIF_ASSIGN(inputs.antonyms, ReadIdPairs(options.antonyms_file, forms));
  }
  return inputs;
}

class Clusterer {
 public:
  Clusterer(const ClusterOptions& options, const UnitTable& units,
            const RowMatrix& rows, Inputs inputs)
      : options_(options),
        units_(units),
        rows_(rows),
        inputs_(std::move(inputs)) {}

  Result<Clustering> Run(const ProgressFn& progress) {
    std::vector<int32_t> class_of = units_.class_of();
    Clusters fixed = inputs_.fixed;
    if (!inputs_.vectors.ids.empty()) {
      MarkWordsWithVectors(fixed, class_of);
      CMIF_TRY(AddClustersByVectors(class_of, fixed));
    }
    CMIF_ASSIGN(const RowMatrix rows, ShapedRows(rows_));
    CMIF_ASSIGN(Clustering clustering,
                By(rows, units_.class_of(), fixed, progress));
    antonyms_unconstrained_ +=
        privacy::PairsTogether(clustering, inputs_.antonyms);
    if (!inputs_.antonyms.empty()) {
      CMIF_ASSIGN(clustering,
                  privacy::SeparateAntonyms(rows, class_of, inputs_.antonyms,
                                            clustering));
    }
    if (vector_words_ == 0) return clustering;
    return Repaired(clustering);
  }

  const Inputs& inputs() const { return inputs_; }
  size_t vector_words() const { return vector_words_; }
  size_t antonyms_unconstrained() const { return antonyms_unconstrained_; }

 private:
  // Rows as the clusters shall see them: with synonyms drawn together, with
  // what the task makes of a word.
  Result<RowMatrix> ShapedRows(const RowMatrix& plain) const {
    RowMatrix rows = plain;
    if (!inputs_.synonyms.empty()) {
      CMIF_ASSIGN(rows, privacy::AttractSynonyms(rows, inputs_.synonyms));
    }
    if (options_.kind != "task") return rows;
    std::vector<int32_t> sensitive;
    for (int32_t id = 0; id < units_.size(); ++id) {
      if (units_.class_of()[static_cast<size_t>(id)] == kWordClass) {
        sensitive.push_back(id);
      }
    }
    return privacy::ExtendRows(rows, options_.task_logits.values,
                               options_.task_logits.labels, sensitive,
                               options_.task_weight);
  }

  Result<Clustering> By(const RowMatrix& rows,
                        const std::vector<int32_t>& class_of,
                        const Clusters& fixed,
                        const ProgressFn& progress) const {
    privacy::BalancedOptions options;
    options.max_size = options_.size;
    options.threads = HardwareThreads();
    if (options_.kind != "greedy") {
      return privacy::BalancedClusters(rows, class_of, fixed, options,
                                       progress);
    }
    options.counts = inputs_.counts_of_id;
    return privacy::GreedyClusters(rows, class_of, fixed, options, progress);
  }

  // Those outside the fixed clusters, if they are enough for a cluster.
  void MarkWordsWithVectors(const Clusters& fixed,
                            std::vector<int32_t>& class_of) {
    std::vector<bool> taken(class_of.size(), false);
    for (const auto& ids : fixed) {
      for (const int32_t id : ids) {
        if (id >= 0 && id < units_.size())
          taken[static_cast<size_t>(id)] = true;
      }
    }
    std::vector<int32_t> free = inputs_.vectors.ids;
    std::erase_if(free,
                  [&](int32_t id) { return taken[static_cast<size_t>(id)]; });
    if (free.size() < privacy::MinClusterSize(options_.size)) return;
    vector_words_ = free.size();
    for (const int32_t id : free) {
      class_of[static_cast<size_t>(id)] += kVectorClassOffset;
    }
  }

  Result<void> AddClustersByVectors(const std::vector<int32_t>& class_of,
                                    Clusters& fixed) {
    if (vector_words_ == 0) return {};
    std::vector<int32_t> only(class_of.size(), -1);
    for (size_t id = 0; id < class_of.size(); ++id) {
      if (class_of[id] >= kVectorClassOffset) only[id] = class_of[id];
    }
    CMIF_ASSIGN(const RowMatrix rows, ShapedRows(inputs_.vectors.rows));
    CMIF_ASSIGN(Clustering by_vectors, By(rows, only, {}, {}));
    if (!inputs_.antonyms.empty()) {
      const size_t before =
          privacy::PairsTogether(by_vectors, inputs_.antonyms);
      CMIF_ASSIGN(by_vectors, privacy::SeparateAntonyms(
                                  rows, only, inputs_.antonyms, by_vectors));
      antonyms_unconstrained_ +=
          before - privacy::PairsTogether(by_vectors, inputs_.antonyms);
    }
    std::ranges::copy(by_vectors.clusters(), std::back_inserter(fixed));
    return {};
  }

  // The words without a vector may be too few for a cluster of their own.
  Result<Clustering> Repaired(const Clustering& clustering) const {
    Clusters words;
    Clusters others = inputs_.fixed;
    for (size_t c = others.size(); c < clustering.clusters().size(); ++c) {
      const auto& ids = clustering.clusters()[c];
      const bool is_word =
          units_.class_of()[static_cast<size_t>(ids[0])] == kWordClass;
      (is_word ? words : others).push_back(ids);
    }
    std::ranges::copy(
        privacy::RepairSmall(rows_, options_.size, std::move(words)),
        std::back_inserter(others));
    return Clustering::Create(clustering.vocabulary_size(), std::move(others));
  }

  const ClusterOptions& options_;
  const UnitTable& units_;
  const RowMatrix& rows_;
  const Inputs inputs_;
  size_t vector_words_ = 0;
  size_t antonyms_unconstrained_ = 0;
};

std::string KindOf(const ClusterOptions& options) {
  if (!options.clusters_file) return options.kind;
  return options.kind == "file" ? "file" : "file+" + options.kind;
}

Result<double> GreedyCosine(const ClusterOptions& options,
                            const UnitTable& units, const RowMatrix& rows,
                            const std::vector<double>& counts) {
  privacy::BalancedOptions greedy;
  greedy.max_size = options.size;
  greedy.counts = counts;
  CMIF_ASSIGN(const Clustering clusters,
              privacy::GreedyClusters(rows, units.class_of(), {}, greedy));
  return privacy::MeanWithinClusterCosine(rows, clusters);
}

// Pairs whose words are both protected.
size_t SensitivePairs(const Clustering& clustering,
                      const std::vector<IdPair>& pairs) {
  return static_cast<size_t>(std::ranges::count_if(pairs, [&](const auto& p) {
    return clustering.cluster_of(p.first) >= 0 &&
           clustering.cluster_of(p.second) >= 0;
  }));
}

}  // namespace

Result<void> CheckClusterOptions(const ClusterOptions& options) {
  if (options.kind == "neighbours") {
    return InvalidArgument(std::string(privacy::kNeighboursRefusal));
  }
  const bool task = options.kind == "task";
  if (!task && options.kind != "balanced" && options.kind != "greedy" &&
      options.kind != "file") {
    return InvalidArgument("the clustering is balanced, greedy, task or file");
  }
  if (options.kind == "file" && !options.clusters_file) {
    return InvalidArgument("the clustering file needs a file of clusters");
  }
  if (options.size < 2 || options.size > privacy::kMaxClusterSize) {
    return InvalidArgument(
        fmt::format("clusters of {} words; 2 to {} are "
                    "possible",
                    options.size, privacy::kMaxClusterSize));
  }
  if (task && options.task_logits.labels < 2) {
    return InvalidArgument(
        "task clusters need a classifier of two labels or more");
  }
  if (options.clusters_file && options.antonyms_file) {
    return InvalidArgument(
        "antonyms would change the clusters of the file: give one of both");
  }
  return {};
}

Result<ClusteredUnits> ClusterUnits(const ClusterOptions& options,
                                    const model::Tokenizer& tokenizer,
                                    const UnitTable& units,
                                    const privacy::RowMatrix& rows,
                                    const ProgressFn& progress) {
  CMIF_TRY(CheckClusterOptions(options));
  CMIF_ASSIGN(Inputs inputs, ReadInputs(options, units));
  Clusterer clusterer(options, units, rows, std::move(inputs));
  auto made = clusterer.Run(progress);
  if (!made) {
    if (!options.clusters_file) return std::unexpected(made.error());
    return std::unexpected(made.error().At(options.clusters_file->string()));
  }
  Clustering clustering = *std::move(made);
  const Inputs& read = clusterer.inputs();
  if (auto checked = CheckClusters(units, clustering); !checked) {
    if (!options.clusters_file) return std::unexpected(checked.error());
    return InvalidArgument(fmt::format(
        "{}: {} (clusters {} and above are what the file leaves over): give it "
        "company, or leave it to the rest",
        options.clusters_file->string(), checked.error().message(),
        read.fixed.size()));
  }
  ClusterReport report;
  report.kind = KindOf(options);
  report.size = options.size;
  AddSizes(clustering, report);
  report.mean_cosine = privacy::MeanWithinClusterCosine(rows, clustering);
  if (options.compare_greedy) {
    CMIF_ASSIGN(report.greedy_mean_cosine,
                GreedyCosine(options, units, rows, read.counts_of_id));
  }
  report.units_with_vector = clusterer.vector_words();
  report.antonyms = SensitivePairs(clustering, read.antonyms);
  report.antonyms_unconstrained = clusterer.antonyms_unconstrained();
  report.antonyms_together = privacy::PairsTogether(clustering, read.antonyms);
  CMIF_TRY(AddClassShares(tokenizer, units, clustering,
                          read.counts ? &*read.counts : nullptr, report));
  return ClusteredUnits{std::move(clustering), std::move(report)};
}

}  // namespace cmif::client
