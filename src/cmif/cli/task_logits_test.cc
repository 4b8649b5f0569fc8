// SPDX-License-Identifier: Apache-2.0
#include "cmif/cli/task_logits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cmif/base/file.h"
#include "cmif/client/testing/tiny_split.h"
#include "cmif/engine/testing/plain_llama.h"

namespace cmif::cli {
namespace {

using client::testing::Kind;
using client::testing::TempFolder;
using client::testing::WriteTiny;
using ::testing::HasSubstr;

TEST(TaskLogitsTest, EveryTokenHasTheMeanOfTheWholeModelsTwoAnswers) {
  const TempFolder folder;
  ASSERT_TRUE(WriteTiny(Kind::kBert, folder / "m").has_value());
  const auto logits = ComputeTaskLogits(folder / "m", {});
  ASSERT_TRUE(logits.has_value()) << logits.error().message();
  EXPECT_EQ(logits->labels, 2);
  const auto file = MappedFile::Open(folder / "m").value();
  const auto tokenizer = model::Tokenizer::Create(file.bytes()).value();
  ASSERT_EQ(logits->values.size(), 2 * static_cast<size_t>(tokenizer.size()));
  const auto plain = engine::testing::PlainLlama::Load(
                         folder / "m", {.context = 512, .classifier = true})
                         .value();
  const auto words = model::testing::TinyWords();
  ASSERT_GE(words.size(), 2U);
  for (const std::string& word : words) {
    const auto ids = tokenizer.Encode(word, false).value();
    ASSERT_EQ(ids.size(), 1U);
    std::vector<float> sum(2, 0.0F);
    for (const std::string& text : {word, "it is " + word + " ."}) {
      const auto tokens = tokenizer.Encode(text, true).value();
      const auto found = plain->Classify({tokens});
      for (size_t l = 0; l < 2; ++l) sum[l] += found[l] / 2;
    }
    for (size_t l = 0; l < 2; ++l) {
      // Other shapes of calls than ours: measured 2e-4 apart, not bit for bit.
      EXPECT_NEAR(logits->values[2 * static_cast<size_t>(ids[0]) + l], sum[l],
                  1e-3);
    }
  }
}

TEST(TaskLogitsTest, ModelsThatDoNotClassifyAreRefusedByName) {
  const TempFolder folder;
  ASSERT_TRUE(WriteTiny(Kind::kLlama, folder / "m").has_value());
  const auto logits = ComputeTaskLogits(folder / "m", {});
  ASSERT_FALSE(logits.has_value());
  EXPECT_EQ(logits.error().code(), Code::kUnimplemented);
  EXPECT_THAT(logits.error().message(), HasSubstr("llama"));
}

TEST(TaskLogitsTest, MissingModelIsNotFound) {
  EXPECT_EQ(ComputeTaskLogits("/nowhere", {}).error().code(), Code::kNotFound);
}

}  // namespace
}  // namespace cmif::cli
