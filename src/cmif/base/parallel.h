// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_BASE_PARALLEL_H_
#define CMIF_BASE_PARALLEL_H_

#include <cstddef>
#include <functional>

namespace cmif {

// Called now and then by long steps with the share done, in [0, 1], from the
// thread that started the step. May be empty.
using ProgressFn = std::function<void(double)>;

// Hardware threads, at least 1.
int HardwareThreads();

// Runs body(i) for i in [0, count) on at most `threads` threads, handing out
// indices one by one; returns when all are done. `progress` is called from the
// calling thread. The bodies must not throw.
void ParallelFor(size_t count, int threads,
                 const std::function<void(size_t)>& body,
                 const ProgressFn& progress = {});

}  // namespace cmif

#endif  // CMIF_BASE_PARALLEL_H_
