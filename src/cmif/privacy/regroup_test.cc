// SPDX-License-Identifier: Apache-2.0
#include "cmif/privacy/regroup.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>

#include "cmif/base/random.h"
#include "cmif/privacy/balanced.h"
#include "cmif/privacy/cluster_size.h"
#include "cmif/privacy/refine.h"
#include "cmif/privacy/testing/random_rows.h"

namespace cmif::privacy {
namespace {

// A random vocabulary with its clusters and a random policy over it.
struct Case {
  std::vector<int32_t> class_of;
  std::vector<int32_t> public_ids;
  Clusters kinds;
  int max_size = 20;
  RowMatrix rows;
  Clustering base = Clustering::Create(1, {}).value();

  explicit Case(uint64_t seed) {
    InsecureSeededRandom random(seed);
    const auto below = [&](uint32_t n) {
      return static_cast<int32_t>(random.Next32() % n);
    };
    const int size = 1 + below(400);
    max_size = 2 + below(30);
    for (int i = 0; i < size; ++i) class_of.push_back(below(4) - 1);
    rows = RandomRows(size, 6, random);
    BalancedOptions options;
    options.max_size = max_size;
    options.sweeps = 1;
    options.threads = 1;
    base = BalancedClusters(rows, class_of, {}, options).value();
    const uint32_t public_of_ten = random.Next32() % 10;
    kinds.resize(random.Next32() % 3);
    for (int id = 0; id < size; ++id) {
      if (random.Next32() % 10 < public_of_ten) {
        public_ids.push_back(id);
      } else if (base.cluster_of(id) >= 0 && !kinds.empty() && below(5) == 0) {
        kinds[static_cast<size_t>(id) % kinds.size()].push_back(id);
      }
    }
  }
  RegroupRequest Request() const {
    return {.class_of = class_of,
            .public_ids = public_ids,
            .kinds = kinds,
            .max_size = max_size,
            .threads = 1};
  }
  bool ChangesNothing() const {
    return std::ranges::none_of(
               public_ids, [&](int id) { return base.cluster_of(id) >= 0; }) &&
           std::ranges::all_of(kinds,
                               [](const auto& ids) { return ids.empty(); });
  }
};

constexpr uint64_t kCases = 300;

TEST(RegroupTest, EverySensitiveIdIsInExactlyOneClusterAndNoPublicOneInAny) {
  for (uint64_t seed = 0; seed < kCases; ++seed) {
    const Case c(seed);
    const auto result = Regroup(c.base, c.rows, c.Request());
    ASSERT_TRUE(result) << seed << ": " << result.error().message();
    std::vector<bool> is_public(c.class_of.size(), false);
    for (const int32_t id : c.public_ids) {
      is_public[static_cast<size_t>(id)] = true;
    }
    for (int32_t id = 0; id < c.base.vocabulary_size(); ++id) {
      const bool sensitive =
          c.base.cluster_of(id) >= 0 && !is_public[static_cast<size_t>(id)];
      ASSERT_EQ(result->clustering.cluster_of(id) >= 0, sensitive) << seed;
    }
  }
}

TEST(RegroupTest, ClustersAreOfOneClassAndOneKind) {
  for (uint64_t seed = 0; seed < kCases; ++seed) {
    const Case c(seed);
    const auto result = Regroup(c.base, c.rows, c.Request()).value();
    const auto& clusters = result.clustering.clusters();
    ASSERT_EQ(result.class_of_cluster.size(), clusters.size());
    ASSERT_EQ(result.kind_of_cluster.size(), clusters.size());
    std::map<int32_t, std::pair<int32_t, int32_t>> meaning;
    for (size_t i = 0; i < clusters.size(); ++i) {
      const int32_t first = c.class_of[static_cast<size_t>(clusters[i][0])];
      const int32_t kind = result.kind_of_cluster[i];
      for (const int32_t id : clusters[i]) {
        ASSERT_EQ(c.class_of[static_cast<size_t>(id)], first);
        for (size_t k = 0; k < c.kinds.size(); ++k) {
          ASSERT_EQ(std::ranges::count(c.kinds[k], id) > 0,
                    kind == static_cast<int32_t>(k));
        }
      }
      // One class number for each pair of kind and class, and the reverse.
      const auto found =
          meaning.try_emplace(result.class_of_cluster[i], first, kind).first;
      ASSERT_EQ(found->second, std::pair(first, kind));
      ASSERT_EQ(result.class_of_cluster[i] >= kFirstKindClass, kind >= 0);
      if (kind < 0) {
        ASSERT_EQ(result.class_of_cluster[i], first);
      }
    }
  }
}

TEST(RegroupTest, NoClusterIsTooSmallForItsClass) {
  for (uint64_t seed = 0; seed < kCases; ++seed) {
    const Case c(seed);
    if (c.ChangesNothing()) continue;
    const auto result = Regroup(c.base, c.rows, c.Request()).value();
    std::map<int32_t, size_t> members;
    const auto& clusters = result.clustering.clusters();
    for (size_t i = 0; i < clusters.size(); ++i) {
      members[result.class_of_cluster[i]] += clusters[i].size();
    }
    const auto most = std::max<size_t>(static_cast<size_t>(c.max_size),
                                       2 * MinClusterSize(c.max_size) - 1);
    for (size_t i = 0; i < clusters.size(); ++i) {
      EXPECT_GE(clusters[i].size(),
                std::min(MinClusterSize(c.max_size),
                         members[result.class_of_cluster[i]]))
          << "seed " << seed << " K " << c.max_size;
      EXPECT_LE(clusters[i].size(), most);
    }
  }
}

TEST(RegroupTest, SameArgumentsGiveTheSameClusters) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const Case c(seed);
    RegroupRequest request = c.Request();
    const auto one = Regroup(c.base, c.rows, request).value();
    request.threads = 3;
    const auto two = Regroup(c.base, c.rows, request).value();
    EXPECT_EQ(one.clustering.ToBytes(), two.clustering.ToBytes());
    EXPECT_EQ(one.class_of_cluster, two.class_of_cluster);
  }
}

// 100 words in five clusters of 20.
class RegroupFiveTest : public ::testing::Test {
 protected:
  RegroupFiveTest() : rows_(RandomRows(100, 8, random_)) {
    base_ = BalancedClusters(rows_, class_of_, {}, {}).value();
  }
  InsecureSeededRandom random_{5};
  std::vector<int32_t> class_of_ = std::vector<int32_t>(100, 0);
  RowMatrix rows_;
  Clustering base_ = Clustering::Create(1, {}).value();
};

TEST_F(RegroupFiveTest, NothingToDoLeavesTheBase) {
  const auto result = Regroup(base_, rows_, {.class_of = class_of_}).value();
  EXPECT_EQ(result.clustering.clusters(), base_.clusters());
  EXPECT_EQ(result.class_of_cluster, std::vector<int32_t>(5, 0));
  EXPECT_EQ(result.kind_of_cluster, std::vector<int32_t>(5, -1));
}

TEST_F(RegroupFiveTest, ClustersThatStayLargeEnoughKeepTheirWords) {
  std::vector<int32_t> leaving(base_.clusters()[2].begin(),
                               base_.clusters()[2].begin() + 10);
  const auto result =
      Regroup(base_, rows_, {.class_of = class_of_, .public_ids = leaving})
          .value();
  ASSERT_EQ(result.clustering.clusters().size(), 5U);
  for (const size_t c : {0, 1, 3, 4}) {
    EXPECT_EQ(result.clustering.clusters()[c], base_.clusters()[c]);
  }
  EXPECT_EQ(result.clustering.clusters()[2].size(), 10U);
}

TEST_F(RegroupFiveTest, AClusterOfNineJoinsAnother) {
  std::vector<int32_t> leaving(base_.clusters()[2].begin(),
                               base_.clusters()[2].begin() + 11);
  const auto result =
      Regroup(base_, rows_, {.class_of = class_of_, .public_ids = leaving})
          .value();
  std::vector<size_t> sizes;
  for (const auto& ids : result.clustering.clusters()) {
    sizes.push_back(ids.size());
  }
  std::ranges::sort(sizes);
  // 9 and 20 make 15 and 14.
  EXPECT_EQ(sizes, (std::vector<size_t>{14, 15, 20, 20, 20}));
}

TEST_F(RegroupFiveTest, AllPublicLeavesNoCluster) {
  std::vector<int32_t> all(100);
  std::iota(all.begin(), all.end(), 0);
  const auto result =
      Regroup(base_, rows_, {.class_of = class_of_, .public_ids = all});
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->clustering.clusters().empty());
}

TEST_F(RegroupFiveTest, BadRequestsAreRefused) {
  const std::vector<int32_t> outside = {100};
  const std::vector<int32_t> negative = {-1};
  const std::vector<int32_t> three = {3};
  const Clusters repeated = {{3, 3}};
  const Clusters twice = {{3}, {4, 3}};
  const Clusters beyond = {{100}};
  const Clusters just_three = {{3}};
  const std::vector<int32_t> short_classes(99, 0);
  std::vector<int32_t> mixed(100, 0);
  mixed[50] = 1;
  for (const RegroupRequest& request : {
           RegroupRequest{.class_of = class_of_, .public_ids = outside},
           RegroupRequest{.class_of = class_of_, .public_ids = negative},
           RegroupRequest{.class_of = class_of_, .kinds = repeated},
           RegroupRequest{.class_of = class_of_, .kinds = twice},
           RegroupRequest{.class_of = class_of_, .kinds = beyond},
           RegroupRequest{
               .class_of = class_of_, .public_ids = three, .kinds = just_three},
           RegroupRequest{.class_of = short_classes},
           RegroupRequest{.class_of = mixed},
           RegroupRequest{.class_of = class_of_, .max_size = 1},
           RegroupRequest{.class_of = class_of_, .max_size = 257},
       }) {
    const auto result = Regroup(base_, rows_, request);
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().code(), Code::kInvalidArgument);
  }
}

}  // namespace
}  // namespace cmif::privacy
