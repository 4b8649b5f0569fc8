// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "cmif/base/file.h"
#include "cmif/base/random.h"
#include "cmif/client/channel_store.h"
#include "cmif/client/policy.h"
#include "cmif/client/sanitizer.h"
#include "cmif/client/stop_words.h"
#include "cmif/client/testing/tiny_split.h"
#include "cmif/model/source_model.h"
#include "cmif/privacy/balanced.h"
#include "cmif/privacy/regroup.h"
#include "cmif/privacy/testing/eps.h"
#include "cmif/text/lower_case.h"

namespace cmif::client {
namespace {

using Public = PrivacyPolicy::Public;

using privacy::testing::Eps;

class ApplyPolicyTest : public ::testing::Test {
 protected:
  void SetUp() override {
    model_ = testing::SplitTiny(testing::Kind::kBert, folder_).value();
  }
  const UnitTable& Units() const { return model_->units(); }
  std::vector<std::string> Words(size_t from, size_t count) const {
    std::vector<std::string> words;
    for (size_t i = from; i < from + count; ++i) {
      words.push_back(text::LowerCase(Units().Written(Units().words().at(i))));
    }
    return words;
  }
  AppliedPolicy Apply(const PrivacyPolicy& policy) const {
    auto applied = ApplyPolicy(*model_, policy);
    EXPECT_TRUE(applied.has_value()) << applied.error().message();
    return *std::move(applied);
  }
  testing::TempFolder folder_;
  std::shared_ptr<ClientModel> model_;
};

TEST_F(ApplyPolicyTest, NothingToDoKeepsTheBundlesClusters) {
  const AppliedPolicy applied = Apply({});
  EXPECT_EQ(applied.clustering, model_->clustering());
  EXPECT_EQ(applied.public_words, 0U);
  const size_t clusters = applied.clustering->clusters().size();
  EXPECT_EQ(applied.epsilon_micro_of_cluster,
            std::vector<uint64_t>(clusters, 0));
  ASSERT_EQ(applied.class_of_cluster.size(), clusters);
  for (size_t c = 0; c < clusters; ++c) {
    const int32_t first = applied.clustering->clusters()[c][0];
    EXPECT_EQ(applied.class_of_cluster[c],
              Units().class_of()[static_cast<size_t>(first)]);
  }
}

TEST_F(ApplyPolicyTest, ListedWordsLeaveTheirClustersOthersStayCovered) {
  const AppliedPolicy applied =
      Apply({.public_set = Public::kWords, .public_words = Words(2, 7)});
  EXPECT_EQ(applied.public_words, 7U);
  EXPECT_EQ(applied.public_words_without_unit, 0U);
  for (int32_t id = 0; id < Units().size(); ++id) {
    const int32_t its_class = Units().class_of()[static_cast<size_t>(id)];
    const auto& words = Units().words();
    const bool listed = std::find(words.begin() + 2, words.begin() + 9, id) !=
                        words.begin() + 9;
    EXPECT_EQ(applied.clustering->cluster_of(id) >= 0,
              its_class != kPublicClass && !listed)
        << id;
  }
}

// The tokenizer has no token for the added characters: what is left of the word
// is a public word, but the whole of it is not.
TEST_F(ApplyPolicyTest, AWordWithUnknownPartsIsNotThePublicWordInIt) {
  const std::string word = Words(2, 1)[0];
  const AppliedPolicy applied =
      Apply({.public_set = Public::kWords, .public_words = {word}});
  const auto channel =
      OpenChannel(*model_,
                  {.spec = {.epsilon = Eps(1)},
                   .domain = {.clustering = applied.clustering,
                              .class_of_cluster = applied.class_of_cluster}},
                  {})
          .value();
  Sanitizer sanitizer = Sanitizer::Create(model_, channel).value();
  InsecureSeededRandom random(1);
  const auto plain = sanitizer.Sanitize(word, random);
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->words_public, 1U);
  std::string capital = word;
  capital[0] = static_cast<char>(capital[0] - 'a' + 'A');
  EXPECT_EQ(sanitizer.Sanitize(capital, random)->words_public, 1U);
  for (const std::string& text :
       {word + "\u9f98\u9f98", "\u9f98" + word + "\u9f98"}) {
    const auto ids = model_->tokenizer().EncodeWord(text).value();
    ASSERT_GT(
        std::ranges::count_if(
            ids, [&](int32_t id) { return model_->tokenizer().IsUnknown(id); }),
        0);
    const auto result = sanitizer.Sanitize(text, random);
    ASSERT_TRUE(result);
    EXPECT_EQ(result->words_public, 0U);
    EXPECT_EQ(result->words_charged, 1U);
  }
}

TEST_F(ApplyPolicyTest, KindsHaveTheirOwnEpsilonAndClusters) {
  PrivacyPolicy policy;
  policy.kinds.push_back({"names", Words(0, 12), 0, Eps(0.5)});
  policy.kinds.back().words.emplace_back("nosuchword");
  policy.kinds.push_back({"digits", {}, 1, Eps(2)});
  const AppliedPolicy applied = Apply(policy);
  EXPECT_EQ(applied.kinds[0].units, 12U);
  EXPECT_EQ(applied.kinds[0].words_without_unit, 1U);
  std::map<int32_t, size_t> units;
  for (size_t c = 0; c < applied.clustering->clusters().size(); ++c) {
    const int32_t kind = applied.kind_of_cluster[c];
    const uint64_t expected = kind < 0 ? 0 : kind == 0 ? 500'000 : 2'000'000;
    EXPECT_EQ(applied.epsilon_micro_of_cluster[c], expected);
    EXPECT_EQ(applied.class_of_cluster[c] >= privacy::kFirstKindClass,
              kind >= 0);
    units[kind] += applied.clustering->clusters()[c].size();
  }
  EXPECT_EQ(units[0], 12U);
  EXPECT_EQ(units[1], applied.kinds[1].units);
  EXPECT_GT(units[1], 0U);
}

TEST_F(ApplyPolicyTest, AUnitOfAKindIsNeverPublic) {
  PrivacyPolicy policy;
  policy.public_set = Public::kWords;
  policy.public_words = Words(0, 6);
  policy.kinds.push_back({"names", Words(4, 4), 0, Eps(1)});
  const AppliedPolicy applied = Apply(policy);
  EXPECT_EQ(applied.public_words, 4U);
  EXPECT_EQ(applied.kinds[0].units, 4U);
}

TEST_F(ApplyPolicyTest, AUnitOfSeveralKindsHasTheSmallestEpsilon) {
  PrivacyPolicy policy;
  policy.kinds.push_back({"places", Words(0, 5), 0, Eps(2)});
  policy.kinds.push_back({"names", Words(3, 5), 0, Eps(1)});
  const AppliedPolicy applied = Apply(policy);
  EXPECT_EQ(applied.kinds[0].units, 3U);
  EXPECT_EQ(applied.kinds[1].units, 5U);
}

TEST_F(ApplyPolicyTest, FrequentTakesTheHighestCounts) {
  PrivacyPolicy policy;
  policy.public_set = Public::kFrequent;
  policy.frequent = 3.5 / static_cast<double>(Units().words().size());
  policy.counts.emplace();
  const std::vector<size_t> rare = {9, 30, 11, 40};
  for (size_t i = 0; i < rare.size(); ++i) {
    (*policy.counts)[Units().Written(Units().words()[rare[i]])] =
        static_cast<double>(10 - i);
  }
  const AppliedPolicy applied = Apply(policy);
  EXPECT_FALSE(applied.rank_by_id);
  EXPECT_EQ(applied.public_words, 3U);
  for (const size_t i : {9, 30, 11}) {
    EXPECT_EQ(applied.clustering->cluster_of(Units().words()[i]), -1);
  }
}

TEST_F(ApplyPolicyTest, WordsNeverCountedAreNotFrequent) {
  PrivacyPolicy policy;
  policy.public_set = Public::kFrequent;
  policy.frequent = 0.9;
  policy.counts.emplace();
  (*policy.counts)[Words(5, 1)[0]] = 1;
  EXPECT_EQ(Apply(policy).public_words, 1U);
}

TEST_F(ApplyPolicyTest, WithoutCountsTheLowestIdsAreFrequent) {
  PrivacyPolicy policy;
  policy.public_set = Public::kFrequent;
  policy.frequent = 0.1;
  const AppliedPolicy applied = Apply(policy);
  EXPECT_TRUE(applied.rank_by_id);
  EXPECT_EQ(applied.public_words, Units().words().size() / 10);
  EXPECT_EQ(applied.clustering->cluster_of(Units().words()[0]), -1);
}

// Public set and kinds are in the channel's hash: in its clusters, classes and
// epsilons.
TEST_F(ApplyPolicyTest, EachPolicyHasAChannelOfItsOwn) {
  const auto path = [&](const PrivacyPolicy& policy) {
    const AppliedPolicy applied = Apply(policy);
    return ChannelPath(*model_,
                       {.spec = {.epsilon = Eps(1)},
                        .domain = {applied.clustering, applied.class_of_cluster,
                                   applied.epsilon_micro_of_cluster}});
  };
  std::set<std::filesystem::path> paths = {path({})};
  for (const size_t count : {3, 4}) {
    PrivacyPolicy policy;
    policy.public_set = Public::kWords;
    policy.public_words = Words(0, count);
    EXPECT_TRUE(paths.insert(path(policy)).second);
    policy.kinds.push_back({"n", Words(20, 3), 0, Eps(1)});
    EXPECT_TRUE(paths.insert(path(policy)).second);
    EXPECT_EQ(path(policy), path(policy));
    policy.kinds[0].epsilon = Eps(1.5);
    EXPECT_TRUE(paths.insert(path(policy)).second);
  }
}

TEST_F(ApplyPolicyTest, ListsWithoutAnyUnitAreRefused) {
  for (const auto& policy :
       {PrivacyPolicy{.public_set = Public::kWords,
                      .public_words = {"nosuchword"}},
        PrivacyPolicy{.kinds = {{"names", {"nosuchword"}, 0, Eps(1)}}},
        PrivacyPolicy{.kinds = {{"numbers", {}, 64, Eps(1)}}},
        PrivacyPolicy{.public_set = Public::kFrequent, .frequent = 0},
        PrivacyPolicy{.public_set = Public::kFrequent, .frequent = 1}}) {
    const auto applied = ApplyPolicy(*model_, policy);
    ASSERT_FALSE(applied.has_value());
    EXPECT_EQ(applied.error().code(), Code::kInvalidArgument);
  }
}

// The embedded classifier, clustered without refinement to save time.
class ApplyPolicyRealTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto path = std::filesystem::path(CMIF_SOURCE_DIR) /
                      "models/sst2-minilm-sanitized-q8_0.gguf";
    if (!std::filesystem::exists(path)) {
      GTEST_SKIP() << "SKIPPED, no model at " << path;
    }
    const auto source = model::SourceModel::Open(path, false).value();
    const auto tokenizer =
        model::Tokenizer::Create(source.TokenizerGguf()).value();
    units_ = UnitTable::Create(tokenizer);
    rows_ = CentredRows(source.Table().value()).value();
    base_ = std::make_shared<const privacy::Clustering>(
        privacy::GreedyClusters(rows_, units_->class_of(), {}, {}).value());
  }
  AppliedPolicy Apply(const PrivacyPolicy& policy) const {
    return ApplyPolicy(
               *units_, base_, 20,
               [&] { return Result<const privacy::RowMatrix*>(&rows_); },
               policy)
        .value();
  }
  // All units but the public ones are covered; no cluster of words is small.
  void ExpectCovered(const AppliedPolicy& applied) const {
    size_t covered = 0;
    for (const auto& ids : applied.clustering->clusters()) {
      covered += ids.size();
      if (units_->class_of()[static_cast<size_t>(ids[0])] == kWordClass) {
        EXPECT_GE(ids.size(), 10U);
      }
    }
    size_t before = 0;
    for (const auto& ids : base_->clusters()) before += ids.size();
    EXPECT_EQ(covered, before - applied.public_words);
  }
  std::optional<UnitTable> units_;
  privacy::RowMatrix rows_;
  std::shared_ptr<const privacy::Clustering> base_;
};

TEST_F(ApplyPolicyRealTest, StopWords) {
  const AppliedPolicy applied = Apply({.public_set = Public::kStopWords});
  // An uncased vocabulary: a stop word is one unit or none.
  EXPECT_GT(applied.public_words, StopWords().size() * 9 / 10);
  EXPECT_LE(applied.public_words, StopWords().size());
  EXPECT_EQ(applied.clustering->cluster_of(units_->FindWord("the")), -1);
  EXPECT_GE(applied.clustering->cluster_of(units_->FindWord("film")), 0);
  ExpectCovered(applied);
}

TEST_F(ApplyPolicyRealTest, HalfOfTheWords) {
  const AppliedPolicy applied =
      Apply({.public_set = Public::kFrequent, .frequent = 0.5});
  EXPECT_EQ(applied.public_words, units_->words().size() / 2);
  ExpectCovered(applied);
}

TEST_F(ApplyPolicyRealTest, YearsAndNamesHaveTheirOwnBudget) {
  PrivacyPolicy policy;
  policy.public_set = Public::kStopWords;
  policy.kinds.push_back({"years", {}, 4, Eps(2)});
  policy.kinds.push_back(
      {"names", {"anna", "will", "james", "maria"}, 0, Eps(0.5)});
  const AppliedPolicy applied = Apply(policy);
  EXPECT_GT(applied.kinds[0].units, 100U);  // bert-base-uncased has 403
  EXPECT_EQ(applied.kinds[1].units, 4U);
  // "will" is a stop word too: the kind has it.
  const int cluster = applied.clustering->cluster_of(units_->FindWord("will"));
  ASSERT_GE(cluster, 0);
  EXPECT_EQ(applied.epsilon_micro_of_cluster[static_cast<size_t>(cluster)],
            500'000U);
}

}  // namespace
}  // namespace cmif::client
