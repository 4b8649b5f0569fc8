// SPDX-License-Identifier: Apache-2.0
#include "cmif/client/generator.h"

#include <gtest/gtest.h>

namespace cmif::client {
namespace {

TEST(GenerationTest, RateCountsTokensAfterTheFirst) {
  Generation generation;
  generation.tokens_out = 1;
  generation.decode_seconds = 1;
  EXPECT_EQ(generation.tokens_per_second(), 0);
  generation.tokens_out = 5;
  generation.decode_seconds = 2;
  EXPECT_EQ(generation.tokens_per_second(), 2);
  generation.decode_seconds = 0;
  EXPECT_EQ(generation.tokens_per_second(), 0);
}

}  // namespace
}  // namespace cmif::client
