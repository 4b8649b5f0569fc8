// SPDX-License-Identifier: Apache-2.0
#include "cmif/cli/policy_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>

namespace cmif::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(PolicyOptionsTest, FlagsFillTheOptions) {
  CLI::App app;
  client::PolicyOptions options;
  AddPolicyOptions(app, options);
  app.parse(
      "--public frequent=0.1 --kind a=x:1 --kind b=digits4:0.5 --counts c");
  EXPECT_EQ(options.public_set, "frequent=0.1");
  EXPECT_THAT(options.kinds, ElementsAre("a=x:1", "b=digits4:0.5"));
  EXPECT_EQ(options.counts, "c");
}

TEST(PolicyOptionsTest, NothingAskedIsNothingSaid) {
  const client::AppliedPolicy none;
  EXPECT_THAT(PolicyLines(none), IsEmpty());
}

TEST(PolicyOptionsTest, WhatWasDoneIsSaid) {
  client::AppliedPolicy policy;
  policy.public_words = 170;
  policy.rank_by_id = true;
  policy.units_alone = 1;
  policy.kinds.push_back(
      {"names", privacy::Epsilon::Create(0.5).value(), 40, 3});
  EXPECT_THAT(PolicyLines(policy),
              ElementsAre(HasSubstr("ranked by token id"),
                          HasSubstr("epsilon 0.5, 40 units"),
                          HasSubstr("NOT protected")));
}

}  // namespace
}  // namespace cmif::cli
