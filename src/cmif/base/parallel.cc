// SPDX-License-Identifier: Apache-2.0
#include "cmif/base/parallel.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

namespace cmif {

int HardwareThreads() {
  return static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
}

void ParallelFor(size_t count, int threads,
                 const std::function<void(size_t)>& body,
                 const ProgressFn& progress) {
  std::atomic<size_t> next = 0;
  const auto work = [&](bool reports) {
    while (true) {
      const size_t index = next.fetch_add(1);
      if (index >= count) return;
      body(index);
      if (reports && progress) {
        progress(static_cast<double>(index + 1) / static_cast<double>(count));
      }
    }
  };
  std::vector<std::jthread> helpers;
  for (int i = 1; i < threads && static_cast<size_t>(i) < count; ++i) {
    helpers.emplace_back(work, false);
  }
  work(true);
  helpers.clear();  // joins
  if (progress) progress(1.0);
}

}  // namespace cmif
