// SPDX-License-Identifier: Apache-2.0
#include "cmif/client/conversation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <set>
#include <type_traits>

namespace cmif::client {
namespace {

static_assert(!std::is_copy_constructible_v<Conversation>);
static_assert(std::is_nothrow_move_constructible_v<MessageNoise>);

crypto::Digest ChannelNumber(uint8_t number) {
  crypto::Digest digest{};
  digest.back() = number;
  return digest;
}

// A conversation under a fixed key.
Conversation Fixed(Repeats repeats, uint64_t key = 1, uint8_t channel = 0) {
  InsecureSeededRandom random(key);
  return {ChannelNumber(channel), repeats, random};
}

uint32_t FirstWord(const Conversation& conversation, MessageId message,
                   const WordDraw& draw) {
  return conversation.NoiseOf(message).For(draw).Next32();
}

// Chi-square of the joint distribution of the top four bits of the words of
// two sources over 65,536 units against independence and uniformity: 255
// degrees of freedom, the mean count of a cell 256.
double JointChiSquare(const std::function<uint32_t(int32_t)>& one,
                      const std::function<uint32_t(int32_t)>& two) {
  constexpr int32_t kUnits = 1 << 16;
  std::array<double, 256> counts{};
  for (int32_t unit = 0; unit < kUnits; ++unit) {
    counts[(one(unit) >> 28) * 16 + (two(unit) >> 28)] += 1;
  }
  double sum = 0;
  for (const double count : counts) {
    sum += (count - 256) * (count - 256) / 256;
  }
  return sum;
}

// The 1 - 1e-6 quantile for 255 degrees of freedom, by Wilson and Hilferty:
// 255 (1 - 2/2295 + 4.753 sqrt(2/2295))^3. The key is fixed, so an
// implementation passes always or never; a right one fails with 1e-6.
constexpr double kCritical = 377.4;

TEST(ConversationTest, WhateverDiffersGivesIndependentDraws) {
  const Conversation base = Fixed(Repeats::kFresh);
  const MessageId message{Role::kUser, 3};
  const auto draws = [](const Conversation& conversation, MessageId id,
                        uint32_t word, uint32_t part) {
    return [noise = std::make_shared<MessageNoise>(conversation.NoiseOf(id)),
            word, part](int32_t unit) {
      return noise->For({word, part, unit}).Next32();
    };
  };
  const auto one = draws(base, message, 5, 0);
  const Conversation other_key = Fixed(Repeats::kFresh, 2);
  const Conversation other_channel = Fixed(Repeats::kFresh, 1, 1);
  const Conversation linked = Fixed(Repeats::kLinked);
  EXPECT_LT(JointChiSquare(one, draws(other_key, message, 5, 0)), kCritical);
  EXPECT_LT(JointChiSquare(one, draws(other_channel, message, 5, 0)),
            kCritical);
  EXPECT_LT(JointChiSquare(one, draws(linked, message, 5, 0)), kCritical);
  EXPECT_LT(JointChiSquare(one, draws(base, {Role::kSystem, 3}, 5, 0)),
            kCritical);
  EXPECT_LT(JointChiSquare(one, draws(base, {Role::kUser, 4}, 5, 0)),
            kCritical);
  EXPECT_LT(JointChiSquare(one, draws(base, message, 6, 0)), kCritical);
  EXPECT_LT(JointChiSquare(one, draws(base, message, 5, 1)), kCritical);
  const auto next = draws(base, message, 5, 0);
  EXPECT_LT(JointChiSquare(one, [&](int32_t unit) { return next(unit + 1); }),
            kCritical);
  // The test can fail: the same source twice.
  EXPECT_GT(JointChiSquare(one, draws(base, message, 5, 0)), 1e5);
}

TEST(ConversationTest, TheSameDrawAgainIsTheSame) {
  for (const Repeats repeats : {Repeats::kFresh, Repeats::kLinked}) {
    const Conversation conversation = Fixed(repeats);
    const WordDraw draw{2, 1, 77, 5};
    const uint32_t word = FirstWord(conversation, {Role::kUser, 1}, draw);
    for (int i = 0; i < 100; ++i) {
      EXPECT_EQ(FirstWord(conversation, {Role::kUser, 1}, draw), word);
    }
    const WordDraw elsewhere{9, 0, 77, 5};
    EXPECT_EQ(FirstWord(conversation, {Role::kSystem, 8}, elsewhere) == word,
              repeats == Repeats::kLinked);
  }
}

TEST(ConversationTest, TwoConversationsHaveTwoKeys) {
  OsRandom random;
  std::set<uint32_t> seen;
  for (int i = 0; i < 100; ++i) {
    const Conversation conversation({}, Repeats::kLinked, random);
    seen.insert(FirstWord(conversation, {}, {0, 0, 1, 0}));
  }
  EXPECT_GT(seen.size(), 98U);  // two pairs meet with probability below 1e-11
}

TEST(ConversationTest, FreshChargesEveryPlaceOnce) {
  Conversation conversation = Fixed(Repeats::kFresh);
  const MessageId message{Role::kUser, 0};
  const std::vector<WordDraw> draws = {
      {1, 0, 7, 2}, {0, 0, 7, 2}, {2, 0, 9, 3}, {2, 1, 9, 3}};
  const privacy::Charges first = conversation.Charge(message, draws);
  EXPECT_EQ(first.draws(), 4U);
  EXPECT_EQ(first.by_cluster(), (std::map<int, uint64_t>{{2, 2}, {3, 2}}));
  EXPECT_EQ(conversation.Charge(message, draws).draws(), 0U);
  EXPECT_EQ(conversation.Charge({Role::kUser, 1}, draws).draws(), 4U);
  EXPECT_EQ(conversation.Charge({Role::kSystem, 0}, draws).draws(), 4U);
  EXPECT_EQ(conversation.charges().draws(), 12U);
}

TEST(ConversationTest, AnEditedPlaceIsChargedAndGoingBackIsFree) {
  Conversation conversation = Fixed(Repeats::kFresh);
  EXPECT_EQ(conversation.Charge({}, {{0, 0, 7, 2}, {1, 0, 8, 2}}).draws(), 2U);
  const privacy::Charges edited =
      conversation.Charge({}, {{0, 0, 7, 2}, {1, 0, 9, 3}});
  EXPECT_EQ(edited.by_cluster(), (std::map<int, uint64_t>{{3, 1}}));
  EXPECT_EQ(conversation.Charge({}, {{0, 0, 7, 2}, {1, 0, 8, 2}}).draws(), 0U);
}

TEST(ConversationTest, LinkedChargesEveryUnitOnce) {
  Conversation conversation = Fixed(Repeats::kLinked);
  const std::vector<WordDraw> draws = {
      {0, 0, 7, 2}, {1, 0, 7, 2}, {2, 0, 9, 3}};
  EXPECT_EQ(conversation.Charge({Role::kSystem, 0}, draws).draws(), 2U);
  EXPECT_EQ(conversation.Charge({Role::kUser, 1}, draws).draws(), 0U);
  EXPECT_EQ(conversation.Charge({Role::kUser, 2}, {{5, 0, 8, 2}}).draws(), 1U);
  EXPECT_EQ(conversation.charges().by_cluster(),
            (std::map<int, uint64_t>{{2, 2}, {3, 1}}));
}

TEST(ConversationTest, NothingDrawnIsNothingCharged) {
  for (const Repeats repeats : {Repeats::kFresh, Repeats::kLinked}) {
    Conversation conversation = Fixed(repeats);
    EXPECT_EQ(conversation.Charge({}, {}), privacy::Charges{});
  }
}

TEST(ConversationTest, NamesOfRepeatsGoBothWays) {
  for (const Repeats repeats : {Repeats::kFresh, Repeats::kLinked}) {
    EXPECT_EQ(ParseRepeats(RepeatsName(repeats)).value(), repeats);
  }
  for (const char* name : {"", "Fresh", "linked ", "once"}) {
    EXPECT_EQ(ParseRepeats(name).error().code(), Code::kInvalidArgument);
  }
}

}  // namespace
}  // namespace cmif::client
