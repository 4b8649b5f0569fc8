// SPDX-License-Identifier: Apache-2.0
#include "cmif/cli/bench_timing.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <random>
#include <vector>

#include "cmif/base/random.h"

namespace cmif::cli {
namespace {

constexpr size_t kTimedDraws = 1'000'000;

struct Moments {
  double count = 0;
  double mean = 0;
  double squares = 0;  // sum of squared distances from the mean (Welford)

  void Add(double value) {
    ++count;
    const double before = value - mean;
    mean += before / count;
    squares += before * (value - mean);
  }
  double MeanVariance() const { return squares / (count - 1) / count; }
};

}  // namespace

double DrawTimingT(const privacy::Sampler& sampler,
                   std::span<const int32_t> ids, bool leaky) {
  using Clock = std::chrono::steady_clock;
  std::vector<int32_t> shuffled(ids.begin(), ids.end());
  std::mt19937_64 engine(7);
  std::ranges::shuffle(shuffled, engine);
  const size_t half = shuffled.size() / 2;
  OsRandom random;
  std::vector<double> times(kTimedDraws);
  std::vector<uint8_t> second(kTimedDraws);
  int64_t sum = 0;  // keeps the work alive
  for (size_t i = 0; i < kTimedDraws; ++i) {
    const uint64_t chance = engine();
    second[i] = chance & 1U;
    const int32_t id = shuffled[second[i] * half + (chance >> 1) % half];
    const auto start = Clock::now();
    sum += sampler.Draw(id, random);
    if (leaky && second[i] != 0) sum += sampler.Draw(id, random);
    times[i] =
        std::chrono::duration<double, std::nano>(Clock::now() - start).count();
  }
  std::vector<double> sorted = times;
  const auto cut =
      sorted.begin() + static_cast<std::ptrdiff_t>(kTimedDraws / 100 * 99);
  std::ranges::nth_element(sorted, cut);
  Moments sides[2];
  for (size_t i = 0; i < kTimedDraws; ++i) {
    if (times[i] <= *cut && sum != 42) sides[second[i]].Add(times[i]);
  }
  return (sides[0].mean - sides[1].mean) /
         std::sqrt(sides[0].MeanVariance() + sides[1].MeanVariance());
}

}  // namespace cmif::cli
