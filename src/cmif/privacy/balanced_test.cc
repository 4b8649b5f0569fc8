// SPDX-License-Identifier: Apache-2.0
#include "cmif/privacy/balanced.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "cmif/base/random.h"
#include "cmif/privacy/refine.h"

namespace cmif::privacy {
namespace {

using ::testing::HasSubstr;

// Rows around `centres` random directions.
RowMatrix ClusteredRows(int rows, int width, int centres, uint64_t seed) {
  InsecureSeededRandom random(seed);
  const auto value = [&] {
    return static_cast<float>(random.Next32() / 2147483648.0 - 1);
  };
  std::vector<float> middle(static_cast<size_t>(centres * width));
  for (float& m : middle) m = value();
  std::vector<float> raw;
  for (int i = 0; i < rows; ++i) {
    const size_t centre = random.Next32() % static_cast<uint32_t>(centres);
    for (size_t k = 0; k < static_cast<size_t>(width); ++k) {
      raw.push_back(middle[centre * static_cast<size_t>(width) + k] + value());
    }
  }
  return CentredUnitRows(rows, width, raw, {}).value();
}

// Ids 0..9 public, then three classes of 700, 45 and 1 ids (745 and above).
std::vector<int32_t> TestClasses() {
  std::vector<int32_t> classes(756, 0);
  std::fill_n(classes.begin(), 10, -1);
  std::fill_n(classes.begin() + 710, 45, 7);
  classes[755] = 3;
  return classes;
}

TEST(BalancedTest, EveryIdIsInOneClusterOfItsClassOfEvenSize) {
  const RowMatrix rows = ClusteredRows(756, 16, 40, 1);
  const auto classes = TestClasses();
  for (const bool balanced : {false, true}) {
    const auto clustering =
        balanced ? BalancedClusters(rows, classes, {}, {}).value()
                 : GreedyClusters(rows, classes, {}, {}).value();
    std::map<int32_t, std::vector<size_t>> sizes;
    for (const auto& cluster : clustering.clusters()) {
      EXPECT_TRUE(std::is_sorted(cluster.begin(), cluster.end()));
      for (const int32_t id : cluster) {
        EXPECT_EQ(classes[static_cast<size_t>(id)],
                  classes[static_cast<size_t>(cluster[0])]);
      }
      sizes[classes[static_cast<size_t>(cluster[0])]].push_back(cluster.size());
    }
    EXPECT_EQ(sizes[0], std::vector<size_t>(35, 20));
    EXPECT_EQ(sizes[7], std::vector<size_t>(3, 15));
    EXPECT_EQ(sizes[3], std::vector<size_t>(1, 1));
    for (int32_t id = 0; id < 756; ++id) {
      EXPECT_EQ(clustering.cluster_of(id) == -1, id < 10);
    }
  }
}

TEST(BalancedTest, GreedyTakesTheNearestOfTheFirst) {
  // Directions at 0, 90, 10, 100, 20, 110 degrees: id 0 takes 2, then 1 takes
  // 3, then 4 takes 5 (left over).
  RowMatrix rows{6, 2, {}};
  for (const double degrees : {0, 90, 10, 100, 20, 110}) {
    rows.values.push_back(static_cast<float>(std::cos(degrees * 0.0174533)));
    rows.values.push_back(static_cast<float>(std::sin(degrees * 0.0174533)));
  }
  const std::vector<int32_t> classes(6, 0);
  const auto clustering = GreedyClusters(rows, classes, {}, {.max_size = 2});
  EXPECT_EQ(clustering->clusters(),
            (std::vector<std::vector<int32_t>>{{0, 2}, {1, 3}, {4, 5}}));
}

TEST(BalancedTest, SwapsRaiseTheMeanCosine) {
  const RowMatrix rows = ClusteredRows(2'000, 24, 100, 2);
  const std::vector<int32_t> classes(2'000, 0);
  const auto greedy = GreedyClusters(rows, classes, {}, {}).value();
  const auto balanced = BalancedClusters(rows, classes, {}, {}).value();
  EXPECT_GT(MeanWithinClusterCosine(rows, balanced),
            1.2 * MeanWithinClusterCosine(rows, greedy));
}

TEST(BalancedTest, ThreadsDoNotChangeIt) {
  const RowMatrix rows = ClusteredRows(1'700, 16, 60, 3);
  const std::vector<int32_t> classes(1'700, 0);
  const auto one = BalancedClusters(rows, classes, {}, {.threads = 1}).value();
  const auto four = BalancedClusters(rows, classes, {}, {.threads = 4}).value();
  EXPECT_EQ(one.clusters(), four.clusters());
}

TEST(BalancedTest, RefinementAloneNeverLowersTheObjective) {
  // One sweep is below the two that annealing needs: it only climbs.
  const RowMatrix rows = ClusteredRows(300, 8, 10, 4);
  std::vector<int32_t> ids(300);
  std::iota(ids.begin(), ids.end(), 0);
  Clusters clusters = FillGreedily(rows, ids, 20, 1, {});
  double last =
      MeanWithinClusterCosine(rows, Clustering::Create(300, clusters).value());
  for (int i = 0; i < 5; ++i) {
    RefineBySwaps(rows, 1, 1, clusters, {});
    const double now = MeanWithinClusterCosine(
        rows, Clustering::Create(300, clusters).value());
    EXPECT_GE(now, last - 1e-9);
    last = now;
  }
}

TEST(BalancedTest, GivenClustersStayAsTheyAre) {
  const RowMatrix rows = ClusteredRows(756, 8, 20, 5);
  std::vector<int32_t> wide(256);
  std::iota(wide.begin(), wide.end(), 20);
  const Clusters fixed = {{700, 11, 600}, wide, {755}};
  const auto clustering =
      BalancedClusters(rows, TestClasses(), fixed, {}).value();
  for (size_t i = 0; i < fixed.size(); ++i) {
    EXPECT_EQ(clustering.clusters()[i], fixed[i]);
  }
  for (int32_t id = 10; id < 756; ++id) EXPECT_GE(clustering.cluster_of(id), 0);
}

TEST(BalancedTest, BadGivenClustersAreNamed) {
  const RowMatrix rows = ClusteredRows(756, 4, 3, 6);
  std::vector<int32_t> large(257);
  std::iota(large.begin(), large.end(), 10);
  for (const auto& [fixed, text] :
       {std::pair{Clusters{{10}, {}}, "cluster 1 is empty"},
        {Clusters{large}, "cluster 0 has over 256"},
        {Clusters{{10}, {11, 756}}, "cluster 1 has an id outside"},
        {Clusters{{-1}}, "cluster 0 has an id outside"},
        {Clusters{{10}, {11}, {12, 10}}, "cluster 2 repeats"},
        {Clusters{{10, 9}}, "cluster 0 has a public id"},
        {Clusters{{10, 720}}, "cluster 0 mixes"}}) {
    const auto clustering = BalancedClusters(rows, TestClasses(), fixed, {});
    ASSERT_FALSE(clustering.has_value());
    EXPECT_EQ(clustering.error().code(), Code::kInvalidArgument);
    EXPECT_THAT(clustering.error().message(), HasSubstr(text));
  }
}

TEST(BalancedTest, BadOptionsAreRefused) {
  const RowMatrix rows = ClusteredRows(756, 4, 3, 7);
  for (const int max_size : {-1, 0, 1, 257}) {
    EXPECT_FALSE(
        BalancedClusters(rows, TestClasses(), {}, {.max_size = max_size}));
  }
  const std::vector<int32_t> short_classes(755, 0);
  EXPECT_FALSE(BalancedClusters(rows, short_classes, {}, {}));
  EXPECT_FALSE(BalancedClusters(RowMatrix{}, {}, {}, {}));
}

TEST(BalancedTest, EqualAndZeroRowsAreAccepted) {
  RowMatrix rows{50, 4, std::vector<float>(200, 0.0F)};
  for (size_t i = 0; i < 30; ++i) rows.values[i * 4] = 1;
  const std::vector<int32_t> classes(50, 0);
  const auto clustering = BalancedClusters(rows, classes, {}, {});
  ASSERT_TRUE(clustering);
  EXPECT_EQ(clustering->clusters().size(), 3U);
}

TEST(BalancedTest, AllPublicGivesNoClusters) {
  const RowMatrix rows = ClusteredRows(5, 4, 3, 8);
  const std::vector<int32_t> classes(5, -1);
  double last = 0;
  const auto clustering = BalancedClusters(rows, classes, {}, {},
                                           [&](double share) { last = share; });
  ASSERT_TRUE(clustering);
  EXPECT_TRUE(clustering->clusters().empty());
  EXPECT_EQ(last, 1.0);
}

TEST(BalancedTest, ProgressNeverGoesBack) {
  const RowMatrix rows = ClusteredRows(756, 4, 3, 9);
  double last = 0;
  ASSERT_TRUE(BalancedClusters(rows, TestClasses(), {}, {}, [&](double share) {
    EXPECT_GE(share, last - 1e-12);
    last = share;
  }));
  EXPECT_EQ(last, 1.0);
}

}  // namespace
}  // namespace cmif::privacy
