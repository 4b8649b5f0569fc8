// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_PRIVACY_TESTING_RANDOM_UTILITIES_H_
#define CMIF_PRIVACY_TESTING_RANDOM_UTILITIES_H_

#include <cstddef>
#include <vector>

#include "cmif/base/random.h"
#include "cmif/privacy/utilities.h"

namespace cmif::privacy {

// Uniform in [0, 1).
inline double RandomUnit(RandomSource& random) {
  return random.Next32() / 4294967296.0;
}

// Utilities as clusters have them: 1 on the diagonal, a 0 in each row.
inline ClusterUtilities RandomUtilities(int k, RandomSource& random) {
  const auto size = static_cast<size_t>(k);
  ClusterUtilities utilities{k, std::vector<double>(size * size)};
  for (double& u : utilities.values) u = RandomUnit(random);
  for (size_t x = 0; x < size; ++x) {
    utilities.values[x * size + x] = 1;
    utilities.values[x * size + (x + 1) % size] = 0;
  }
  return utilities;
}

// With many ties: values of {0, 1/3, 2/3, 1}, a word or two twice.
inline ClusterUtilities TiedUtilities(int k, RandomSource& random) {
  ClusterUtilities utilities = RandomUtilities(k, random);
  const auto size = static_cast<size_t>(k);
  for (double& u : utilities.values) u = static_cast<int>(u * 3.99) / 3.0;
  for (size_t x = 1; x < size; x += 3) {
    for (size_t y = 0; y < size; ++y) {
      utilities.values[x * size + y] = utilities.values[(x - 1) * size + y];
    }
  }
  return utilities;
}

// k shares, the largest about a thousand times the least.
inline std::vector<double> RandomPrior(int k, RandomSource& random) {
  std::vector<double> prior(static_cast<size_t>(k));
  for (double& share : prior) share = 1.0 / (1 + random.Next32() % 1000);
  return prior;
}

}  // namespace cmif::privacy

#endif  // CMIF_PRIVACY_TESTING_RANDOM_UTILITIES_H_
