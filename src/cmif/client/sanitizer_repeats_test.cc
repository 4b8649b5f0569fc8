// SPDX-License-Identifier: Apache-2.0
// Repeated words and history that is sent again, through the whole sanitizer.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "cmif/client/channel_store.h"
#include "cmif/client/sanitizer.h"
#include "cmif/client/testing/tiny_bert_test.h"
#include "cmif/privacy/testing/eps.h"

namespace cmif::client {
namespace {

constexpr std::string_view kText = "bada kilo domu 42 bada, bada kilo nesa!";
constexpr MessageId kMessage{Role::kUser, 1};

using privacy::testing::Eps;

class SanitizerRepeatsTest : public testing::TinyBertTest {
 protected:
  static Sanitizer Make(Repeats repeats, double epsilon = 1) {
    auto channel =
        OpenChannel(*model_, {.spec = {.epsilon = Eps(epsilon)}}, {}).value();
    return Sanitizer::Create(model_, std::move(channel), repeats).value();
  }

  OsRandom random_;
};

TEST_F(SanitizerRepeatsTest, HistorySentAgainIsTheSameAndCostsNothing) {
  for (const Repeats repeats : {Repeats::kFresh, Repeats::kLinked}) {
    Sanitizer sanitizer = Make(repeats);
    Conversation conversation = sanitizer.StartConversation(random_);
    const auto first = sanitizer.Sanitize(kText, conversation, kMessage);
    ASSERT_TRUE(first) << first.error().message();
    const uint64_t drawn = first->words_charged + first->words_repeated;
    EXPECT_EQ(drawn, 9U);  // seven words, two digits
    for (int i = 0; i < 20; ++i) {
      const auto again = sanitizer.Sanitize(kText, conversation, kMessage);
      ASSERT_TRUE(again);
      EXPECT_EQ(again->text, first->text);
      EXPECT_EQ(again->words_charged, 0U);
      EXPECT_EQ(again->words_repeated, drawn);
      EXPECT_EQ(again->charges, privacy::Charges{});
    }
    EXPECT_EQ(conversation.charges(), first->charges);
  }
}

TEST_F(SanitizerRepeatsTest, ALongerChatPaysForWhatIsNewAlone) {
  Sanitizer sanitizer = Make(Repeats::kFresh);
  Conversation conversation = sanitizer.StartConversation(random_);
  std::vector<std::string> history;
  for (uint32_t turn = 0; turn < 5; ++turn) {
    for (uint32_t old = 0; old < turn; ++old) {
      const auto again =
          sanitizer.Sanitize(kText, conversation, {Role::kUser, old});
      EXPECT_EQ(again->text, history[old]);
      EXPECT_EQ(again->words_charged, 0U);
    }
    const auto added =
        sanitizer.Sanitize(kText, conversation, {Role::kUser, turn});
    EXPECT_EQ(added->words_charged, 9U);
    history.push_back(added->text);
  }
  EXPECT_EQ(conversation.charges().draws(), 45U);
  EXPECT_GT(std::set(history.begin(), history.end()).size(), 1U);
}

TEST_F(SanitizerRepeatsTest, OneMessageCannotBeAveraged) {
  Sanitizer sanitizer = Make(Repeats::kFresh);
  Conversation conversation = sanitizer.StartConversation(random_);
  std::set<std::string> stable;
  std::set<std::string> other;  // the same attack on conversations of one text
  for (int i = 0; i < 500; ++i) {
    stable.insert(sanitizer.Sanitize("bada", conversation, kMessage)->text);
    other.insert(sanitizer.Sanitize("bada", random_)->text);
  }
  EXPECT_EQ(stable.size(), 1U);
  EXPECT_GT(other.size(), 5U);
}

TEST_F(SanitizerRepeatsTest, AnEditIsChargedAndLeavesTheRestAsItWas) {
  Sanitizer sanitizer = Make(Repeats::kFresh);
  Conversation conversation = sanitizer.StartConversation(random_);
  const auto before =
      sanitizer.Sanitize("bada kilo domu 42 nesa", conversation, kMessage);
  const auto after =
      sanitizer.Sanitize("bada kilo pito 427, nesa", conversation, kMessage);
  ASSERT_TRUE(before && after);
  // pito; of 427 at least the third digit (one digit a token in this model).
  EXPECT_GE(after->words_charged, 2U);
  EXPECT_LE(after->words_charged, 4U);
  for (const size_t same : {0U, 1U, 4U}) {
    EXPECT_EQ(after->words[same].after, before->words[same].after);
  }
  EXPECT_EQ(conversation.charges().draws(),
            before->words_charged + after->words_charged);
}

TEST_F(SanitizerRepeatsTest, FreshDrawsEveryOccurrence) {
  Sanitizer sanitizer = Make(Repeats::kFresh);
  int differ = 0;
  for (int i = 0; i < 100; ++i) {
    const auto result = sanitizer.Sanitize("bada bada", random_);
    EXPECT_EQ(result->words_charged, 2U);
    EXPECT_EQ(result->words_repeated, 0U);
    differ += result->words[0].after != result->words[1].after ? 1 : 0;
  }
  // Independent draws of a cluster of 10 or more at eps = 1 agree with
  // probability below e / 10: 20 or fewer of 100 differ with less than 1e-25.
  EXPECT_GT(differ, 20);
}

TEST_F(SanitizerRepeatsTest, LinkedDrawsAUnitOnceAndShowsWhereItStands) {
  Sanitizer sanitizer = Make(Repeats::kLinked);
  for (int i = 0; i < 50; ++i) {
    Conversation conversation = sanitizer.StartConversation(random_);
    const auto result = sanitizer.Sanitize(kText, conversation, kMessage);
    ASSERT_TRUE(result);
    for (size_t a = 0; a < result->words.size(); ++a) {
      for (size_t b = 0; b < a; ++b) {
        if (result->words[a].before != result->words[b].before) continue;
        EXPECT_EQ(result->words[a].after, result->words[b].after);
      }
    }
    EXPECT_EQ(result->words_charged, 6U);  // bada kilo domu nesa, 4 and 2
    EXPECT_EQ(result->words_repeated, 3U);
    const auto later =
        sanitizer.Sanitize("domu pito", conversation, {Role::kUser, 3});
    EXPECT_EQ(later->words_charged, 1U);
    EXPECT_EQ(later->words[0].after, result->words[2].after);
  }
}

TEST_F(SanitizerRepeatsTest, ATextThatFailsChargesNothing) {
  Sanitizer sanitizer = Make(Repeats::kFresh);
  Conversation conversation = sanitizer.StartConversation(random_);
  for (const std::string& text : {std::string("bada kilo \xFF"),
                                  std::string("ba\0da", 5), std::string(" ")}) {
    EXPECT_FALSE(sanitizer.Sanitize(text, conversation, kMessage));
  }
  EXPECT_EQ(conversation.charges(), privacy::Charges{});
}

TEST_F(SanitizerRepeatsTest, AConversationOverAnotherChannelIsRefused) {
  Sanitizer one = Make(Repeats::kFresh, 1);
  Sanitizer three = Make(Repeats::kFresh, 3);
  Conversation conversation = one.StartConversation(random_);
  EXPECT_TRUE(one.Sanitize(kText, conversation, kMessage));
  EXPECT_TRUE(Make(Repeats::kLinked, 1).Sanitize(kText, conversation, kMessage))
      << "the same tables, made again";
  const auto refused = three.Sanitize(kText, conversation, kMessage);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::kFailedPrecondition);
  EXPECT_EQ(conversation.charges().draws(), 9U);
}

TEST_F(SanitizerRepeatsTest, LossOfADocumentIsBelowTheSum) {
  Sanitizer sanitizer = Make(Repeats::kFresh);
  std::string text;
  for (int i = 0; i < 30; ++i) text += kText;
  const auto result = sanitizer.Sanitize(text, random_);
  ASSERT_TRUE(result);
  const auto loss =
      sanitizer.LossOf(result->charges, privacy::Delta::Default()).value();
  const uint64_t total = privacy::TotalMicro(
      result->words_charged, sanitizer.channel()->epsilon_certified_micro());
  EXPECT_LE(loss.naive_micro, total);
  EXPECT_LT(loss.document_micro, loss.naive_micro);
  EXPECT_GT(loss.document_micro, 0U);
}

TEST_F(SanitizerRepeatsTest, TheHashOfAnOpenedChannelIsTaken) {
  const auto opened =
      OpenChannelWithHash(*model_, {.spec = {.epsilon = Eps(1)}}, {}).value();
  Sanitizer given =
      Sanitizer::Create(model_, opened.channel, Repeats::kFresh, opened.sha256)
          .value();
  EXPECT_EQ(given.StartConversation(random_).channel(), opened.sha256);
  // The one that hashes the tables itself goes on with its conversations.
  Conversation conversation = given.StartConversation(random_);
  const auto first = given.Sanitize(kText, conversation, kMessage);
  const auto again =
      Make(Repeats::kFresh).Sanitize(kText, conversation, kMessage);
  ASSERT_TRUE(first && again);
  EXPECT_EQ(first->text, again->text);
}

TEST_F(SanitizerRepeatsTest, TheIdentityKeepsTextsAndHasNoLoss) {
  Sanitizer identity = Sanitizer::Create(model_, nullptr).value();
  Conversation conversation = identity.StartConversation(random_);
  const auto result = identity.Sanitize(kText, conversation, kMessage);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->text, kText);
  EXPECT_EQ(result->words_unprotected, result->words.size());
  EXPECT_EQ(conversation.charges(), privacy::Charges{});
  EXPECT_EQ(identity.LossOf({}, privacy::Delta::Default()).error().code(),
            Code::kFailedPrecondition);
}

}  // namespace
}  // namespace cmif::client
