// SPDX-License-Identifier: Apache-2.0
#include "cmif/cli/layer_wise.h"

#include <gtest/gtest.h>

#include "cmif/cli/echo_process.h"
#include "cmif/client/testing/tiny_split.h"

namespace cmif::cli {
namespace {

// Worked by hand: width 10, 3 heads, feed-forward 7, 5 positions, f32.
TEST(LayerWiseTest, TwoLayersByHand) {
  const std::vector<Crossing> expected = {
      {40, 40}, {60, 60}, {40, 40}, {56, 28},  //
      {40, 40}, {60, 60}, {40, 40}, {56, 28},  //
      {40, 40}};
  EXPECT_EQ(LayerWiseCrossings(
                {.layers = 2, .width = 10, .heads = 3, .feed_forward = 7}, 5),
            expected);
}

TEST(LayerWiseTest, ShapeOfAModel) {
  const client::testing::TempFolder folder;
  ASSERT_TRUE(WriteTiny(client::testing::Kind::kLlama, folder / "m"));
  const auto shape = BlockShape::Of(folder / "m");
  ASSERT_TRUE(shape) << shape.error().message();
  EXPECT_EQ(shape->layers, 1);
  EXPECT_GT(shape->heads, 0);
  EXPECT_GT(shape->width, shape->heads);
  EXPECT_GT(shape->feed_forward, 0);
}

TEST(EchoProcessTest, BytesGoThereAndBack) {
  auto echo = EchoProcess::Start();
  ASSERT_TRUE(echo) << echo.error().message();
  for (const Crossing& one : {Crossing{1, 1}, {100'000, 3}, {3, 300'000}}) {
    const auto seconds = echo->RoundTrip(one.in_bytes, one.out_bytes);
    ASSERT_TRUE(seconds) << seconds.error().message();
    EXPECT_GT(*seconds, 0);
  }
}

}  // namespace
}  // namespace cmif::cli
