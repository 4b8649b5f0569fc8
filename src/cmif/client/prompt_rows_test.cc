// SPDX-License-Identifier: Apache-2.0
#include "cmif/client/prompt_rows.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <map>

#include "cmif/client/channel_store.h"
#include "cmif/client/policy.h"
#include "cmif/client/testing/tiny_split.h"
#include "cmif/model/row_format.h"
#include "cmif/wire/row_sender.h"
#include "cmif/wire/row_table.h"

namespace cmif::client {
namespace {

using testing::Kind;
using Bytes = std::vector<uint8_t>;

Bytes Copy(const PromptRow& row) {
  return {row.bytes.begin(), row.bytes.end()};
}

class PromptRowsTest : public ::testing::TestWithParam<Kind> {
 protected:
  void SetUp() override {
    model_ = testing::SplitTiny(GetParam(), folder_).value();
  }
  Sanitizer Private(const std::string& mechanism = "rnm-laplace",
                    privacy::ChannelDomain domain = {}) {
    const ChannelOptions options = {
        .spec = {.mechanism = mechanism,
                 .epsilon = privacy::Epsilon::Create(1).value()},
        .domain = std::move(domain)};
    return Sanitizer::Create(model_, OpenChannel(*model_, options, {}).value())
        .value();
  }
  static PromptRows Means(const Sanitizer& sanitizer) {
    return PromptRows::Create(sanitizer, {}, RowKind::kPosteriorRaw).value();
  }
  std::vector<int32_t> Encode(std::string_view text) const {
    return model_->tokenizer().Encode(text, true).value();
  }
  // Texts of the tokens that got another row than their own.
  std::vector<std::string> Replaced(const model::PromptTokens& prompt,
                                    PromptRows& rows) const {
    const auto found = rows.Of(prompt).value();
    EXPECT_EQ(found.size(), prompt.ids.size());
    std::vector<std::string> words;
    for (size_t i = 0; i < found.size(); ++i) {
      const PromptRow plain = PlainRow(*model_, prompt.ids[i]);
      if (found[i].key != plain.key) {
        EXPECT_NE(Copy(found[i]), Copy(plain));
        words.push_back(model_->units().Written(prompt.ids[i]));
      } else {
        EXPECT_EQ(found[i].bytes.data(), plain.bytes.data());
      }
    }
    return words;
  }
  std::vector<std::string> Replaced(std::string_view text,
                                    PromptRows& rows) const {
    const std::vector<int32_t> ids = Encode(text);
    return Replaced({ids, std::vector<bool>(ids.size(), true)}, rows);
  }

  testing::TempFolder folder_;
  std::shared_ptr<ClientModel> model_;
  InsecureSeededRandom random_{7};
};

INSTANTIATE_TEST_SUITE_P(Tiny, PromptRowsTest,
                         ::testing::Values(Kind::kLlama, Kind::kBert),
                         [](const auto& kind) {
                           return kind.param == Kind::kLlama ? "Llama" : "Bert";
                         });

using Words = std::vector<std::string>;

TEST_P(PromptRowsTest, DrawnWordsAndDigitsGetMeansAllElseDoesNot) {
  const Sanitizer sanitizer = Private();
  PromptRows rows = Means(sanitizer);
  EXPECT_EQ(Replaced("bada, kini!", rows), (Words{"bada", "kini"}));
  EXPECT_EQ(Replaced("?! ...", rows), Words{});
  // Not the rest of a longer word, nor what begins one.
  EXPECT_EQ(Replaced("badagi kini", rows).back(), "kini");
  EXPECT_EQ(Replaced("badagi kini", rows).size(), 1U);
  for (const std::string& part : Replaced("kini 42", rows)) {
    EXPECT_TRUE(part == "kini" || part == "4" || part == "2" || part == "42")
        << part;
  }
  EXPECT_GE(Replaced("kini 42", rows).size(), 2U);
}

TEST_P(PromptRowsTest, PlainKindAndIdentitySendTheTokensOwnRows) {
  PromptRows plain = PromptRows::Create(Private(), {}, RowKind::kPlain).value();
  EXPECT_EQ(Replaced("bada kini 42", plain), Words{});
  PromptRows identity = Means(Sanitizer::Create(model_, nullptr).value());
  EXPECT_EQ(Replaced("bada kini 42", identity), Words{});
  EXPECT_EQ(identity.kind(), RowKind::kPlain);
}

TEST_P(PromptRowsTest, TemplatesKeepTheirRows) {
  const std::vector<model::PromptPart> parts = {
      {"bada kini", true}, {" bada domo", false}, {" kini", true}};
  model::PromptTokens prompt = model_->tokenizer().EncodePrompt(parts).value();
  const Sanitizer sanitizer = Private();
  PromptRows rows = Means(sanitizer);
  EXPECT_EQ(Replaced(prompt, rows), (Words{"bada", "domo"}));
  prompt.of_user.assign(prompt.ids.size(), false);
  EXPECT_EQ(Replaced(prompt, rows), Words{});
}

TEST_P(PromptRowsTest, PublicWordsKeepTheirRows) {
  const AppliedPolicy applied =
      ApplyPolicy(*model_, {.public_set = PrivacyPolicy::Public::kWords,
                            .public_words = {"bada"}})
          .value();
  const Sanitizer sanitizer =
      Private("rnm-laplace", {applied.clustering, applied.class_of_cluster,
                              applied.epsilon_micro_of_cluster});
  PromptRows rows = Means(sanitizer);
  EXPECT_EQ(Replaced("bada kini bada", rows), Words{"kini"});
}

// Two words that become the same one leave the same bytes: with a constant
// mechanism all words of a cluster do.
TEST_P(PromptRowsTest, RowsAreAFunctionOfTheSanitizedText) {
  Sanitizer sanitizer = Private("medoid");
  const auto& cluster = model_->clustering()->clusters()[static_cast<size_t>(
      model_->clustering()->cluster_of(model_->units().FindWord("bada")))];
  ASSERT_GT(cluster.size(), 5U);
  std::vector<Bytes> first;
  for (const int32_t id : cluster) {
    const std::string text = "kini " + model_->units().Written(id) + ", domo";
    PromptRows rows = Means(sanitizer);
    ASSERT_TRUE(rows.OfText(Encode(text)));  // what it saw before: no matter
    const auto sanitized = sanitizer.Sanitize(text, random_);
    ASSERT_TRUE(sanitized);
    std::vector<Bytes> sent;
    const auto found = rows.OfText(Encode(sanitized->text)).value();
    std::ranges::transform(found, std::back_inserter(sent), Copy);
    if (first.empty()) first = sent;
    EXPECT_EQ(sent, first) << model_->units().Written(id);
  }
}

TEST_P(PromptRowsTest, AllDrawnWordsOfAnOrdinaryTextAreFound) {
  Sanitizer sanitizer = Private();
  PromptRows rows = Means(sanitizer);
  const std::string text = "bada kini domo, gi bada (rela) tipi";
  for (int i = 0; i < 20; ++i) {
    const Sanitized sanitized = sanitizer.Sanitize(text, random_).value();
    Words drawn;
    for (const WordChange& word : sanitized.words) drawn.push_back(word.after);
    if (GetParam() == Kind::kLlama)
      drawn.erase(drawn.end() - 2);  // "(": no space
    EXPECT_EQ(Replaced(sanitized.text, rows), drawn) << sanitized.text;
  }
}

// A stream's slots: a word's mean row, its own row (as the model generates it)
// and both again.
TEST_P(PromptRowsTest, ATokensTwoRowsDoNotMixInAStream) {
  const Sanitizer sanitizer = Private();
  PromptRows rows = Means(sanitizer);
  const int32_t id = model_->units().FindWord("kini");
  const PromptRow mean = rows.OfText({id}).value()[0];
  const PromptRow own = PlainRow(*model_, id);
  const model::RowFormat& format = model_->table().format();
  wire::RowSender sender(format.row_bytes(), 16);
  std::vector<uint32_t> slots;
  for (const PromptRow& row : {mean, own, mean, own}) {
    slots.push_back(sender.SlotOf(row.key, row.bytes).value());
  }
  wire::RowTable table =
      wire::RowTable::Create(
          {.row_bytes = format.row_bytes(),
           .width = format.width(),
           .max_slots = 16,
           .expand = [&](auto row, auto out) { format.Expand(row, out); }})
          .value();
  const std::string sent = sender.TakeNewRows();
  ASSERT_TRUE(table.Append(
      {reinterpret_cast<const uint8_t*>(sent.data()), sent.size()}));
  const std::vector<float> got = table.Expand(slots).value();
  for (size_t i = 0; i < 4; ++i) {
    std::vector<float> wanted(format.width());
    format.Expand(i % 2 == 0 ? mean.bytes : own.bytes, wanted);
    EXPECT_TRUE(std::equal(
        wanted.begin(), wanted.end(),
        got.begin() + static_cast<std::ptrdiff_t>(i * format.width())))
        << i;
  }
}

// The copies of --oblivious outlive the call, and each other.
TEST_P(PromptRowsTest, ObliviousRowsAreTheTablesOwn) {
  const auto oblivious =
      ClientModel::Open(model_->folder(), {}, RowFetch::kOblivious).value();
  const std::vector<int32_t> ids = Encode("bada kini domo, kini");
  const auto copies = PlainRows(*oblivious, ids);
  const PromptRow one = PlainRow(*oblivious, ids.back());
  ASSERT_EQ(copies.size(), ids.size());
  for (size_t i = 0; i < ids.size(); ++i) {
    const PromptRow own = PlainRow(*model_, ids[i]);
    EXPECT_EQ(copies[i].key, own.key);
    EXPECT_EQ(Copy(copies[i]), Copy(own));
    EXPECT_NE(copies[i].bytes.data(), oblivious->table().Row(ids[i]).data());
  }
  EXPECT_EQ(Copy(one), Copy(copies.back()));
}

TEST(RowKindTest, NamesComeBack) {
  for (const RowKind kind :
       {RowKind::kPlain, RowKind::kPosteriorRaw, RowKind::kPosteriorOwnNorm,
        RowKind::kPosteriorMeanNorm}) {
    EXPECT_EQ(ParseRowKind(RowKindName(kind), {}), kind);
  }
  EXPECT_FALSE(ParseRowKind("mean", {}));
  model::ModelFacts facts;
  for (const auto& labels : {std::vector<std::string>{}, {"bad", "good"}}) {
    facts.labels = labels;
    const auto best = ParseRowKind("posterior", facts);
    ASSERT_TRUE(best);
    EXPECT_NE(*best, RowKind::kPlain);
  }
}

}  // namespace
}  // namespace cmif::client
