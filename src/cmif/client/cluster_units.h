// SPDX-License-Identifier: Apache-2.0
// Which clusters a split gives the vocabulary, and what is told about them.
#ifndef CMIF_CLIENT_CLUSTER_UNITS_H_
#define CMIF_CLIENT_CLUSTER_UNITS_H_

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cmif/base/parallel.h"
#include "cmif/base/status.h"
#include "cmif/client/units.h"
#include "cmif/model/tokenizer.h"
#include "cmif/privacy/clustering.h"
#include "cmif/privacy/row_matrix.h"

namespace cmif::client {

// What a classifier makes of each token alone; computed where the model runs.
struct TaskLogits {
  int labels = 0;
  std::vector<float> values;  // labels per token id
};

struct ClusterOptions {
  // balanced, greedy (CUSTEXT's), task (by task_logits too) or file. With a
  // clusters_file, the kind of what that leaves out ("file": balanced).
  std::string kind = "balanced";
  int size = 20;  // K, 2 to 256: see privacy/cluster_size.h
  // A JSON list of lists of token ids, kept as they are.
  std::optional<std::filesystem::path> clusters_file = std::nullopt;
  // ReadWordCounts(): who chooses first in greedy clusters (else the lower
  // id), and the running words of the report.
  std::optional<std::filesystem::path> counts_file = std::nullopt;
  // ReadWordVectors(): words with a vector are clustered by it among
  // themselves, the others and all other classes by the table's rows. Where
  // fewer have one than a cluster needs, all by rows.
  std::optional<std::filesystem::path> word_vectors_file = std::nullopt;
  // ReadWordPairs(): privacy::AttractSynonyms, privacy::SeparateAntonyms.
  std::optional<std::filesystem::path> synonyms_file = std::nullopt;
  std::optional<std::filesystem::path> antonyms_file = std::nullopt;
  TaskLogits task_logits = {};
  double task_weight = 1;       // l of reference/privacy.md C12
  bool compare_greedy = false;  // fills greedy_mean_cosine
};

struct ClassShare {
  std::string name;  // ClassName()
  size_t units = 0;
  size_t clusters = 0;
  // Of the running words of the counts; without counts, of the vocabulary's
  // units that are not public.
  double share = 0;
};

struct ClusterReport {
  std::string kind;  // e.g. "balanced", "file", "file+greedy"
  int size = 0;      // K as asked
  size_t clusters = 0;
  double cluster_bits = 0;
  double mean_cosine = 0;  // within clusters, of the table's centred rows
  std::optional<double> greedy_mean_cosine;  // of greedy clusters of this K
  size_t smallest_cluster = 0;
  size_t units_alone = 0;  // in clusters of one: revealed, not protected
  size_t units_with_vector = 0;
  // Listed antonyms that are both protected, those that would share a cluster
  // without the constraint, and those that do.
  size_t antonyms = 0;
  size_t antonyms_unconstrained = 0;
  size_t antonyms_together = 0;
  bool shares_by_counts = false;
  std::vector<ClassShare> classes;  // ascending numbers of classes
};

// INVALID_ARGUMENT for a kind that is not known (`neighbours` is no
// clustering: the message says where it can be used) or that does not go with
// the other options. Cheap: no file is read.
Result<void> CheckClusterOptions(const ClusterOptions& options);

struct ClusteredUnits {
  privacy::Clustering clustering;
  ClusterReport report;
};

// `rows`: CentredRows() of the table. Every file that is named is read and
// checked before anything is computed. The result passes CheckClusters().
Result<ClusteredUnits> ClusterUnits(const ClusterOptions& options,
                                    const model::Tokenizer& tokenizer,
                                    const UnitTable& units,
                                    const privacy::RowMatrix& rows,
                                    const ProgressFn& progress);

}  // namespace cmif::client

#endif  // CMIF_CLIENT_CLUSTER_UNITS_H_
