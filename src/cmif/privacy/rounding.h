// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_PRIVACY_ROUNDING_H_
#define CMIF_PRIVACY_ROUNDING_H_

#include <cstdint>
#include <span>

namespace cmif::privacy {

// Rounds one row of probabilities to positive integers of sum exactly 2^32:
// largest remainder, ties to the lower index, minimum 1 (what that takes comes
// off the largest). Equal inputs give equal outputs. Preconditions: 2 to 256
// finite values >= 0 with a positive sum (which need not be 1), equal sizes.
void RoundToWeights(std::span<const double> probabilities,
                    std::span<uint32_t> weights);

}  // namespace cmif::privacy

#endif  // CMIF_PRIVACY_ROUNDING_H_
