// SPDX-License-Identifier: Apache-2.0
// What all mechanisms share when they fill a table. Pure functions.
#ifndef CMIF_PRIVACY_FILL_H_
#define CMIF_PRIVACY_FILL_H_

#include <cstddef>
#include <span>
#include <vector>

#include "cmif/base/status.h"
#include "cmif/privacy/mechanism.h"

namespace cmif::privacy {

// INVALID_ARGUMENT: not 2 to 256 words, not k x k utilities of [0, 1], or a
// prior that is not k finite values >= 0 with a positive sum.
Result<void> CheckFill(const ClusterUtilities& utilities,
                       const FillOptions& options);

// Equal rows, each as near uniform as integers come: eps* = 0.
ClusterTable UniformTable(size_t k);

// The table with its loss set, if CertifyTable() passes it; its error else.
Result<ClusterTable> Certified(ClusterTable table, int k, Epsilon epsilon);

// The prior with sum 1; the uniform one for an empty span.
std::vector<double> NormalisedPrior(size_t k, std::span<const double> prior);

}  // namespace cmif::privacy

#endif  // CMIF_PRIVACY_FILL_H_
