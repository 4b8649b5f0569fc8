// SPDX-License-Identifier: Apache-2.0
#include "cmif/cli/split_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cmif::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

client::ClusterReport Report() {
  client::ClusterReport report;
  report.kind = "balanced";
  report.size = 20;
  report.clusters = 3;
  report.mean_cosine = 0.25;
  report.smallest_cluster = 4;
  report.classes = {{"words", 50, 2, 0.997}, {"bytes", 4, 1, 0.003}};
  return report;
}

TEST(SplitReportTest, JsonHasEveryClass) {
  nlohmann::ordered_json json;
  AddClusterJson(Report(), json);
  EXPECT_EQ(json["clustering"], "balanced");
  EXPECT_EQ(json["smallest_cluster"], 4);
  EXPECT_EQ(json["shares"], "units of the vocabulary");
  EXPECT_EQ(json["classes"].size(), 2U);
  EXPECT_FALSE(json.contains("greedy_mean_cosine"));
  EXPECT_FALSE(json.contains("antonym_pairs"));
}

TEST(SplitReportTest, TextPutsSmallClassesTogether) {
  const std::string text = ClusterText(Report());
  EXPECT_THAT(text, HasSubstr("mean cosine 0.250, smallest 4\n"));
  EXPECT_THAT(text, HasSubstr("words 99.7 %, other classes 0.3 %\n"));
  EXPECT_THAT(text, Not(HasSubstr("greedy")));
  EXPECT_THAT(text, Not(HasSubstr("NOT protected")));
}

TEST(SplitReportTest, WhatIsAskedForIsAdded) {
  client::ClusterReport report = Report();
  report.greedy_mean_cosine = 0.2;
  report.antonyms = 9;
  report.antonyms_unconstrained = 5;
  report.units_alone = 1;
  report.shares_by_counts = true;
  const std::string text = ClusterText(report);
  EXPECT_THAT(text, HasSubstr("0.200"));
  EXPECT_THAT(text, HasSubstr("0 of 9 pairs of antonyms"));
  EXPECT_THAT(text, HasSubstr("1 units stand alone"));
  EXPECT_THAT(text, HasSubstr("share of running words"));
  nlohmann::ordered_json json;
  AddClusterJson(report, json);
  EXPECT_EQ(json["antonym_pairs_unconstrained"], 5);
  EXPECT_EQ(json["shares"], "running words");
}

}  // namespace
}  // namespace cmif::cli
