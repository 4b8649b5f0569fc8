// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_CLI_BENCH_TIMING_H_
#define CMIF_CLI_BENCH_TIMING_H_

#include <cstdint>
#include <span>

#include "cmif/privacy/sampler.h"

namespace cmif::cli {

// Welch's t of the times of 10^6 draws between two disjoint random halves of
// `ids`, in turn by a random bit (Reparaz, Balasch, Verbauwhede 2017,
// "dudect"); times above the 99th percentile of all (interrupts) are dropped.
// |t| < 4.5: no difference seen. With `leaky` the second half draws twice: what
// the test must see. The cache holds rows of both halves alike, so it says
// nothing of what a watcher of the cache sees.
double DrawTimingT(const privacy::Sampler& sampler,
                   std::span<const int32_t> ids, bool leaky);

}  // namespace cmif::cli

#endif  // CMIF_CLI_BENCH_TIMING_H_
