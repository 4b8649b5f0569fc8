// SPDX-License-Identifier: Apache-2.0
#include "cmif/privacy/cluster_size.h"

#include <gtest/gtest.h>

namespace cmif::privacy {
namespace {

TEST(ClusterSizeTest, EvenSizesNeverFallBelowTheLeast) {
  for (int k = 2; k <= 256; ++k) {
    for (size_t ids = 1; ids <= 1'000; ++ids) {
      const size_t count = ClusterCount(ids, k);
      const size_t smallest = ids / count;
      ASSERT_GE(smallest, std::min(ids, MinClusterSize(k))) << k << " " << ids;
    }
  }
}

TEST(ClusterSizeTest, EvenSizesExceedKOnlyWhereDocumented) {
  for (int k = 2; k <= 256; ++k) {
    size_t most = 0;
    for (size_t ids = 1; ids <= 1'000; ++ids) {
      const size_t count = ClusterCount(ids, k);
      most = std::max(most, (ids + count - 1) / count);
    }
    const auto limit = static_cast<size_t>(k);
    const size_t expected = k == 2               ? 3
                            : k >= 10 && k <= 18 ? size_t{19}
                                                 : limit;
    EXPECT_EQ(most, expected) << k;
  }
}

TEST(ClusterSizeTest, TheUsualSizeGivesTheUsualCounts) {
  EXPECT_EQ(ClusterCount(0, 20), 0U);
  EXPECT_EQ(ClusterCount(1, 20), 1U);
  EXPECT_EQ(ClusterCount(20, 20), 1U);
  EXPECT_EQ(ClusterCount(21, 20), 2U);
  EXPECT_EQ(ClusterCount(21'719, 20), 1'086U);  // reference/privacy.md C12
}

TEST(ClusterSizeTest, LeastSizeFollowsK) {
  EXPECT_EQ(MinClusterSize(256), 10U);
  EXPECT_EQ(MinClusterSize(10), 10U);
  EXPECT_EQ(MinClusterSize(9), 5U);
  EXPECT_EQ(MinClusterSize(2), 2U);
}

}  // namespace
}  // namespace cmif::privacy
