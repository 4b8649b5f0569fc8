// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_EVAL_CHOOSE_PAIRS_H_
#define CMIF_EVAL_CHOOSE_PAIRS_H_

#include <cstdint>
#include <vector>

#include "cmif/base/random.h"
#include "cmif/eval/black_box.h"
#include "cmif/eval/deployed_rows.h"

namespace cmif::eval {

// Pairs worth drawing for: `most` pairs whose bound after `draws` draws an
// auditor may expect to be largest (half of them those where it is, half
// chosen at random), of one cluster or of two clusters of a group; and
// `random_pairs` pairs of any kind.
std::vector<WordPair> ChoosePairs(const DeployedRows& rows, int most,
                                  int random_pairs, uint64_t draws,
                                  InsecureSeededRandom& random);

}  // namespace cmif::eval

#endif  // CMIF_EVAL_CHOOSE_PAIRS_H_
