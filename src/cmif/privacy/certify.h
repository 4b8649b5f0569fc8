// SPDX-License-Identifier: Apache-2.0
// The one place that decides whether a table may be released. Exact integer
// arithmetic only; every release path (building, loading, sampling) calls it.
// Pure functions: thread-safe.
#ifndef CMIF_PRIVACY_CERTIFY_H_
#define CMIF_PRIVACY_CERTIFY_H_

#include <cstdint>
#include <limits>
#include <span>

#include "cmif/base/status.h"
#include "cmif/privacy/epsilon.h"

namespace cmif::privacy {

// The sum of every row of weights: P(y|x) = weight / kRowSum.
inline constexpr uint64_t kRowSum = 1ULL << 32;

// `weights` is k x k, row-major, row x the distribution of the output given x.
// Succeeds only if 2 <= k <= 256, every weight is at least 1, every row sums
// to exactly 2^32 and, for every column, max <= e^eps * min; the last by
// comparison with a rational lower bound of e^eps, so that success implies the
// real inequality. INVALID_ARGUMENT for a wrong shape, FAILED_PRECONDITION for
// a table that does not hold, naming the row or column.
Result<void> CertifyTable(std::span<const uint32_t> weights, int k,
                          Epsilon epsilon);

// What LossMicro() says of tables that no Epsilon certifies.
inline constexpr uint64_t kLossBeyondLimit =
    std::numeric_limits<uint64_t>::max();

// The table's eps* = max ln w(y|x) / w(y|x'), rounded up: the smallest
// micro-eps whose lower bound of e^eps covers every column; kLossBeyondLimit
// above 16. Looks at ratios alone: row sums are CertifyTable()'s. Precondition:
// k x k weights, none of them 0.
uint64_t LossMicro(std::span<const uint32_t> weights, int k);

__extension__ using WideUint = unsigned __int128;

// An upper bound of ln(max / min), exact but for at most one micro-eps: the
// smallest micro-eps whose lower bound of e^eps covers the ratio, 0 where max
// <= min, kLossBeyondLimit above 16 or for min = 0. For probabilities that are
// products of weights (class_level.h). Precondition: max < 2^127.
uint64_t RatioLossMicro(WideUint max, WideUint min);

}  // namespace cmif::privacy

#endif  // CMIF_PRIVACY_CERTIFY_H_
