// SPDX-License-Identifier: Apache-2.0
// The privacy core alone: find_package(cmif COMPONENTS privacy). Takes four
// words' vectors, computes the best channel at epsilon 1, checks it, prints it.
#include <cmif/privacy/certify.h>
#include <cmif/privacy/mechanism.h>
#include <cmif/privacy/row_matrix.h>
#include <cmif/privacy/utilities.h>

#include <cstdio>
#include <vector>

namespace privacy = cmif::privacy;

int main() {
  const std::vector<float> vectors = {1, 0, .9F, .2F, 0, 1, -.3F, .8F};
  const std::vector<int32_t> cluster = {0, 1, 2, 3};
  const auto rows = privacy::CentredUnitRows(4, 2, vectors, {});
  const auto epsilon = privacy::Epsilon::Create(1.0);
  const auto mechanism = privacy::FindMechanism("optimal");
  if (!rows || !epsilon || !mechanism) return 1;
  const auto utilities = privacy::CosineUtilities(*rows, cluster);
  const auto table = (*mechanism)->Fill(utilities, {*epsilon});
  if (!table || !privacy::CertifyTable(table->weights, 4, *epsilon)) return 1;
  for (size_t x = 0; x < 4; ++x) {
    for (size_t y = 0; y < 4; ++y) {
      std::printf(" %.4f", table->weights[x * 4 + y] / 4294967296.0);
    }
    std::printf("\n");
  }
  std::printf("certified: eps* = %.6f\n",
              static_cast<double>(table->loss_micro) / 1e6);
  return 0;
}
