// SPDX-License-Identifier: Apache-2.0
// What a user leaves public, and which words get a budget of their own. All of
// it is fixed lists: what is public, and which epsilon a word has, never
// depends on anyone's text.
#ifndef CMIF_CLIENT_POLICY_H_
#define CMIF_CLIENT_POLICY_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cmif/base/status.h"
#include "cmif/client/client_model.h"
#include "cmif/client/word_files.h"
#include "cmif/privacy/clustering.h"
#include "cmif/privacy/epsilon.h"
#include "cmif/privacy/row_matrix.h"

namespace cmif::client {

// As written on a command line.
struct PolicyOptions {
  // none, stopwords, frequent=FRACTION (0 < FRACTION < 1), or a file of words,
  // one a line (a file of one of those names: ./none).
  std::string public_set = "none";
  // NAME=FILE:EPSILON, or NAME=digitsN:EPSILON for the digits of length N.
  std::vector<std::string> kinds = {};
  std::string counts = {};  // a file for ReadWordCounts(); empty: none
};

// Words that form a class of their own, with an epsilon of their own.
struct Kind {
  std::string name;                // a-z, 0-9 and '-', 1 to 32 characters
  std::vector<std::string> words;  // lower-cased; empty for digits
  size_t digits = 0;               // 1 to 64: of this length; 0: words
  privacy::Epsilon epsilon;
};

struct PrivacyPolicy {
  enum class Public { kNone, kStopWords, kWords, kFrequent };
  Public public_set = Public::kNone;
  std::vector<std::string> public_words = {};  // kWords: lower-cased
  double frequent = 0;                         // kFrequent: in (0, 1)
  std::vector<Kind> kinds = {};
  std::optional<WordCounts> counts = std::nullopt;

  // Whether clusters stay as the bundle has them.
  bool ChangesNothing() const {
    return public_set == Public::kNone && kinds.empty();
  }
};

// Reads and checks what is named. INVALID_ARGUMENT with the option in front,
// and the errors of the files.
Result<PrivacyPolicy> LoadPolicy(const PolicyOptions& options);

// What became of a kind.
struct AppliedKind {
  std::string name;
  privacy::Epsilon epsilon;
  size_t units = 0;
  // Words of its list that are no unit: in a text their nearest unit stands
  // for them, with the epsilon of that unit.
  size_t words_without_unit = 0;
};

// A policy for one model. Vectors have one entry per cluster.
struct AppliedPolicy {
  std::shared_ptr<const privacy::Clustering> clustering;
  // The class of units.h, or privacy::kFirstKindClass and above for kinds.
  std::vector<int32_t> class_of_cluster;
  std::vector<uint64_t> epsilon_micro_of_cluster;  // 0: the default epsilon
  std::vector<int32_t> kind_of_cluster;            // index of kinds, or -1
  std::vector<AppliedKind> kinds;
  size_t public_words = 0;  // units of kWordClass that pass unchanged
  size_t public_words_without_unit = 0;  // of kWords: stay protected
  size_t units_alone = 0;  // in clusters of one: revealed, not protected
  // "frequent" without counts: the rank is the order of the token ids.
  bool rank_by_id = false;
};

// Public are the units of kWordClass whose lower-cased written form is listed
// (kFrequent: the floor(FRACTION n) units of kWordClass with the highest
// counts, ties to the lower id, never one whose count is 0; without counts
// those of the lowest ids). Kinds hold the units of kWordClass whose form is
// listed, or all units of so many digits. A unit of a kind and of the public
// set belongs to the kind; one of several kinds to that of the smallest
// epsilon (of equals the first). Each class loses its public units and forms
// new clusters by privacy::Regroup with the bundle's K. INVALID_ARGUMENT: a
// public set or a kind that no unit of the vocabulary belongs to; else the
// errors of ClientModel::Rows().
Result<AppliedPolicy> ApplyPolicy(ClientModel& model,
                                  const PrivacyPolicy& policy);

// The same for parts of a model. `rows` is asked for only if clusters change.
// max_size: K, 2 to 256; 0 for the usual size of the clusters.
Result<AppliedPolicy> ApplyPolicy(
    const UnitTable& units,
    const std::shared_ptr<const privacy::Clustering>& base, int max_size,
    const std::function<Result<const privacy::RowMatrix*>()>& rows,
    const PrivacyPolicy& policy);

}  // namespace cmif::client

#endif  // CMIF_CLIENT_POLICY_H_
