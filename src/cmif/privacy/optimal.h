// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_PRIVACY_OPTIMAL_H_
#define CMIF_PRIVACY_OPTIMAL_H_

#include <span>
#include <vector>

#include "cmif/privacy/mechanism.h"

namespace cmif::privacy {

// The best channel there is for one cluster at the asked eps: the linear
// program of staircase_program.h, whose objective is the mean utility under the
// prior, with FillOptions::hub_cap also under sum_x prior(x) P(y|x) <= 2/k (two
// words: no cap, 2/k being 1). It has no noise scale: `calibrate` changes
// nothing, and eps* is below eps where the optimum does not need all of it.
class Optimal final : public Mechanism {
 public:
  std::string_view name() const override { return "optimal"; }
  // Mean utility within 1e-6 of the optimum. Cost: 1 to 2 ms for 20 words; tens
  // of seconds for 256. INTERNAL also where the program is not solved.
  Result<ClusterTable> Fill(const ClusterUtilities& utilities,
                            const FillOptions& options) const override;
};

// Rounds a k x k channel to weights of row sum 2^32 that certify for epsilon.
// Every column y gets integer limits, the least weight m_y = ceil of the
// smallest entry and floor(m_y e^epsilon); each row is rounded inside them, so
// that no entry moves by more than about k weights and none is 0. Empty where a
// row cannot be fitted; it can where the channel is certain for epsilon -
// 16 k / 2^32. Precondition: rows of values >= 0 with sum 1, 2 <= k <= 256.
std::vector<uint32_t> RoundInsideLimits(std::span<const double> channel, int k,
                                        Epsilon epsilon);

}  // namespace cmif::privacy

#endif  // CMIF_PRIVACY_OPTIMAL_H_
