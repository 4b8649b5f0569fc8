// SPDX-License-Identifier: Apache-2.0
// What synonyms and antonyms do to a clustering.
#ifndef CMIF_PRIVACY_WORD_PAIRS_H_
#define CMIF_PRIVACY_WORD_PAIRS_H_

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "cmif/base/status.h"
#include "cmif/privacy/clustering.h"
#include "cmif/privacy/row_matrix.h"

namespace cmif::privacy {

using IdPair = std::pair<int32_t, int32_t>;

// Draws the rows of synonyms together: 10 rounds of retrofitting (Faruqui et
// al., NAACL 2015, eq. 1 with alpha = 1, beta = 1 / degree), then unit norm
// again. Words without a pair keep their rows. INVALID_ARGUMENT: an id out of
// range. Pairs may repeat and have any order; a word with itself counts not.
Result<RowMatrix> AttractSynonyms(const RowMatrix& rows,
                                  std::span<const IdPair> synonyms);

// Unordered pairs of different ids, each counted once, that share a cluster.
size_t PairsTogether(const Clustering& clustering,
                     std::span<const IdPair> pairs);

// The clustering with antonyms apart: as long as a pair shares a cluster, one
// of both changes places with a word of another cluster of its class, the one
// that costs the least of the sum over clusters of |sum of rows|^2 among the
// nearest clusters where neither of the two meets an antonym. Pairs for which
// there is none stay (PairsTogether() counts them). Sizes stay; deterministic.
// INVALID_ARGUMENT: an id out of range, or class_of or rows of another size.
Result<Clustering> SeparateAntonyms(const RowMatrix& rows,
                                    std::span<const int32_t> class_of,
                                    std::span<const IdPair> antonyms,
                                    const Clustering& clustering);

}  // namespace cmif::privacy

#endif  // CMIF_PRIVACY_WORD_PAIRS_H_
