// SPDX-License-Identifier: Apache-2.0
#include "cmif/eval/audit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "cmif/base/file.h"
#include "cmif/client/channel_store.h"
#include "cmif/client/testing/tiny_split.h"
#include "cmif/eval/audit_report.h"

namespace cmif::eval {
namespace {

using client::testing::Kind;
using client::testing::SplitTiny;
using client::testing::TempFolder;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

// Reads the last letter of what stands before, so that context matters.
class FakeLanguageModel final : public NextWordModel {
 public:
  Result<std::vector<double>> ScoreWords(
      std::string_view before,
      std::span<const std::string> candidates) override {
    ++calls;
    if (fails) return Unavailable("the model is gone");
    std::vector<double> scores(candidates.size(), 0.0);
    scores[before.size() % scores.size()] = 1;
    return scores;
  }
  int calls = 0;
  bool fails = false;
};

class AuditTest : public ::testing::Test {
 protected:
  void SetUp() override {
    model_ = SplitTiny(Kind::kBert, folder_).value();
    const privacy::ChannelSpec spec{.epsilon =
                                        privacy::Epsilon::Create(1).value()};
    channel_ = client::OpenChannel(*model_, {.spec = spec}, {}).value();
    options_.draws = 2000;
    options_.texts = {"bada kilo, domu 42!", "se bada lo"};
    options_.sweep.epsilons = {1, 2};
    options_.sweep.clusters = 3;
  }

  TempFolder folder_;
  std::shared_ptr<client::ClientModel> model_;
  std::shared_ptr<const privacy::Channel> channel_;
  AuditOptions options_;
};

TEST_F(AuditTest, AllPartsAreThere) {
  const Audit audit = RunAudit(*model_, *channel_, options_).value();
  EXPECT_EQ(audit.channel.mechanism, "rnm-laplace");
  EXPECT_LE(audit.exact.epsilon_recomputed, audit.exact.epsilon_certified);
  EXPECT_FALSE(audit.black_box.Refutes(audit.exact.epsilon_certified));
  EXPECT_FALSE(audit.black_box.pairs.empty());
  EXPECT_EQ(audit.attacks.size(), 2U);
  EXPECT_EQ(audit.repeated.size(), 3U);
  EXPECT_EQ(audit.nearest_raw.first, audit.nearest_raw.trials);
  EXPECT_EQ(audit.worst_written.size(), audit.exact.worst_words.size());
  EXPECT_EQ(audit.text.texts, 2U);
  EXPECT_FALSE(audit.text.own_sentences);
  EXPECT_EQ(audit.baselines.size(), 4U);
  EXPECT_EQ(audit.sweep.points.size() % 2, 0U);
}

TEST_F(AuditTest, OneSeedGivesOneReport) {
  const Audit a = RunAudit(*model_, *channel_, options_).value();
  const Audit b = RunAudit(*model_, *channel_, options_).value();
  EXPECT_EQ(AuditJson(a), AuditJson(b));
  options_.insecure_seed = 2;
  const Audit c = RunAudit(*model_, *channel_, options_).value();
  EXPECT_NE(AuditJson(a), AuditJson(c));
}

TEST_F(AuditTest, TheReportHoldsNoText) {
  options_.texts = {"bada zyxwvuty kilo"};
  const Audit audit = RunAudit(*model_, *channel_, options_).value();
  for (const std::string& report :
       {AuditJson(audit), AuditMarkdown(audit, "command")}) {
    EXPECT_THAT(report, Not(HasSubstr("zyxwvuty")));
    EXPECT_THAT(report, Not(HasSubstr("bada z")));
  }
}

TEST_F(AuditTest, EveryFileIsWritten) {
  const Audit audit = RunAudit(*model_, *channel_, options_).value();
  ASSERT_TRUE(WriteAuditReport(audit, "cmif audit", folder_ / "out"));
  EXPECT_THAT(folder_.Names("out"),
              UnorderedElementsAre("report.md", "report.json", "utility.svg",
                                   "attack.svg", "losses.svg"));
  const auto json = nlohmann::json::parse(
      ReadFile(folder_ / "out" / "report.json", 1 << 20).value());
  EXPECT_EQ(json.at("insecure_seed"), 1);
  EXPECT_EQ(json.at("sweep").at("adjacency"), "cluster");
  const std::string text =
      ReadFile(folder_ / "out" / "report.md", 1 << 20).value();
  EXPECT_THAT(text, HasSubstr("cluster itself is not hidden"));
  EXPECT_THAT(text, Not(HasSubstr("REFUTED")));
}

TEST_F(AuditTest, ARefutedEpsilonIsSaid) {
  Audit audit = RunAudit(*model_, *channel_, options_).value();
  audit.black_box.epsilon_lower = 2;
  EXPECT_THAT(AuditMarkdown(audit, ""), HasSubstr("IS REFUTED"));
}

TEST_F(AuditTest, ContextIsUsedWhereALanguageModelIsGiven) {
  FakeLanguageModel language_model;
  options_.language_model = &language_model;
  const Audit audit = RunAudit(*model_, *channel_, options_).value();
  ASSERT_EQ(audit.attacks.size(), 4U);
  EXPECT_GT(language_model.calls, 0);
  EXPECT_EQ(audit.attacks[2].trials, audit.text.words);
  EXPECT_LE(audit.attacks[2].bound, 1);
  language_model.fails = true;
  EXPECT_EQ(RunAudit(*model_, *channel_, options_).error().code(),
            Code::kUnavailable);
}

TEST_F(AuditTest, TextsOfTheAttackersPriorAreNotAttacked) {
  options_.prior_texts = {"kilo kilo kilo"};
  const Audit audit = RunAudit(*model_, *channel_, options_).value();
  EXPECT_FALSE(audit.text.prior_of_these_texts);
  EXPECT_EQ(audit.text.texts, 2U);
}

TEST_F(AuditTest, WithoutTextsOurOwnSentencesAreUsed) {
  options_.texts.clear();
  const Audit audit = RunAudit(*model_, *channel_, options_).value();
  EXPECT_TRUE(audit.text.own_sentences);
  EXPECT_EQ(audit.text.texts, 20U);
}

TEST_F(AuditTest, BadInputIsRefused) {
  options_.texts = {"bada", "b\xff"};
  EXPECT_FALSE(RunAudit(*model_, *channel_, options_));
  options_.texts = {"!!"};
  EXPECT_EQ(RunAudit(*model_, *channel_, options_).error().code(),
            Code::kInvalidArgument);
  options_.texts = {"bada"};
  options_.draws = 1;
  EXPECT_FALSE(RunAudit(*model_, *channel_, options_));
}

TEST_F(AuditTest, ReportsSayWhichChannelItIs) {
  options_.labels = {
      .sha256 = "abcd",
      .prior = "12ef",
      .public_set = "stopwords",
      .kinds = {{"names", privacy::Epsilon::Create(0.5).value(), 7, 2}}};
  const Audit audit = RunAudit(*model_, *channel_, options_).value();
  const auto json = nlohmann::json::parse(AuditJson(audit)).at("channel");
  EXPECT_EQ(json.at("mechanism"), "rnm-laplace");
  EXPECT_EQ(json.at("adjacency"), "cluster");
  EXPECT_TRUE(json.at("epsilon_cluster").is_null());
  EXPECT_NEAR(json.at("epsilon_certified").get<double>(), 1, 1e-3);
  EXPECT_EQ(json.at("hub_cap"), true);
  EXPECT_EQ(json.at("prior"), "12ef");
  EXPECT_EQ(json.at("public_set"), "stopwords");
  EXPECT_EQ(json.at("kinds").at(0).at("name"), "names");
  EXPECT_EQ(json.at("kinds").at(0).at("epsilon"), 0.5);
  EXPECT_EQ(json.at("sha256"), "abcd");
  const std::string text = AuditMarkdown(audit, "");
  for (const char* said :
       {"| hub cap (`optimal` alone) | on |", "`12ef`", "`stopwords`",
        "`names` (epsilon 0.5, 7 words)", "`abcd`"}) {
    EXPECT_THAT(text, HasSubstr(said));
  }
}

TEST_F(AuditTest, AdjacenciesBeyondTheClusterAreAuditedOverTheClass) {
  FakeLanguageModel language_model;
  options_.language_model = &language_model;
  privacy::ChannelSpec spec{.epsilon = privacy::Epsilon::Create(2).value(),
                            .adjacency = privacy::Adjacency::kMixture};
  for (const double epsilon_cluster : {0.0, 1.0}) {
    if (epsilon_cluster > 0) {
      spec.adjacency = privacy::Adjacency::kTwoLevel;
      spec.epsilon_cluster = privacy::Epsilon::Create(epsilon_cluster).value();
    }
    const auto channel = client::OpenChannel(*model_, {.spec = spec}, {});
    ASSERT_TRUE(channel) << channel.error().message();
    const Audit audit = RunAudit(*model_, **channel, options_).value();
    EXPECT_LE(audit.exact.epsilon_recomputed,
              audit.exact.epsilon_certified + 1e-9);
    EXPECT_GE(audit.exact.epsilon_recomputed,
              audit.exact.epsilon_certified - 2e-6);
    EXPECT_LT(audit.exact.groups, audit.exact.clusters);
    EXPECT_FALSE(audit.black_box.Refutes(audit.exact.epsilon_certified));
    EXPECT_EQ(audit.attacks.size(), 4U);
    const auto json = nlohmann::json::parse(AuditJson(audit));
    EXPECT_EQ(json.at("channel").at("adjacency"),
              privacy::AdjacencyName(spec.adjacency));
    EXPECT_EQ(json.at("sweep").at("adjacency"), "cluster");
    const std::string text = AuditMarkdown(audit, "");
    EXPECT_THAT(text, HasSubstr("The class itself is not hidden"));
    EXPECT_THAT(text, HasSubstr("This section is about adjacency cluster"));
  }
}

}  // namespace
}  // namespace cmif::eval
