// SPDX-License-Identifier: Apache-2.0
// The proof of a split: rows through this engine on the body give the very bits
// that token ids give on the whole model, for equal batch shapes.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>

#include "cmif/base/testing/temp_folder.h"
#include "cmif/engine/body_info.h"
#include "cmif/engine/llama_runner.h"
#include "cmif/engine/testing/plain_llama.h"
#include "cmif/model/source_model.h"
#include "cmif/model/testing/tiny_models.h"

namespace cmif::engine {
namespace {

namespace fs = std::filesystem;
using model::testing::TinyModelOptions;
using testing::PlainLlama;
using testing::TableRows;

struct Case {
  std::string type;
  bool tied;
};

std::string CaseName(const ::testing::TestParamInfo<Case>& info) {
  return info.param.type + (info.param.tied ? "Tied" : "Untied");
}

class EqualityTest : public ::testing::TestWithParam<Case> {
 protected:
  TinyModelOptions Options() const {
    return {.table_type = GetParam().type,
            .tied = GetParam().tied,
            .width = GetParam().type == "q4_K" ? 256 : 64};
  }
  fs::path WriteBody(bool head_on_client) {
    auto source = model::SourceModel::Open(folder_ / "whole", head_on_client);
    EXPECT_TRUE(source) << source.error().message();
    source->Identify({});
    EXPECT_TRUE(source->WriteBody(folder_ / "body", {}));
    return folder_ / "body";
  }
  std::unique_ptr<LlamaRunner> Load(const fs::path& path,
                                    RunnerOptions options) {
    options.threads = 2;
    auto runner = LlamaRunner::Load(path, options);
    EXPECT_TRUE(runner) << runner.error().message();
    return *std::move(runner);
  }
  static std::vector<int32_t> Tokens(int count, int seed) {
    std::vector<int32_t> tokens;
    tokens.reserve(static_cast<size_t>(count));
    for (int i = 0; i < count; ++i) tokens.push_back((i * 37 + seed) % 400);
    return tokens;
  }
  static std::vector<float> Copy(std::span<const float> values) {
    return {values.begin(), values.end()};
  }
  const cmif::testing::TempFolder folder_;
};

TEST_P(EqualityTest, LogitsOfPromptAndStepsAreTheSameBits) {
  ASSERT_TRUE(model::testing::WriteTinyLlama(folder_ / "whole", Options()));
  const auto rows = TableRows::Open(folder_ / "whole");
  const auto plain =
      PlainLlama::Load(folder_ / "whole", {.threads = 2, .context = 512});
  const auto runner = Load(WriteBody(false), {.sequence_tokens = 512});
  const auto prompt = Tokens(100, 5);
  const auto expected = plain.value()->Append(prompt);
  const auto prompt_rows = rows->Expand(prompt);
  const SequencePart part{.rows = prompt_rows};
  ASSERT_TRUE(runner->Decode({&part, 1}));
  ASSERT_EQ(Copy(runner->Logits(0)), expected);
  for (int i = 0; i < 8; ++i) {
    const std::vector<int32_t> token = {(i * 91 + 7) % 400};
    const auto row = rows->Expand(token);
    const SequencePart step{.first_position = 100 + i, .rows = row};
    ASSERT_TRUE(runner->Decode({&step, 1}));
    ASSERT_EQ(Copy(runner->Logits(0)), plain.value()->Append(token)) << i;
  }
}

TEST_P(EqualityTest, HiddenStatesOfTheHeadlessBodyAreTheSameBits) {
  ASSERT_TRUE(model::testing::WriteTinyLlama(folder_ / "whole", Options()));
  const auto rows = TableRows::Open(folder_ / "whole");
  const auto plain = PlainLlama::Load(
      folder_ / "whole", {.threads = 2, .context = 512, .hidden_states = true});
  const auto runner =
      Load(WriteBody(true), {.sequence_tokens = 512, .hidden_states = true});
  ASSERT_EQ(runner->vocabulary(), 1U);
  const auto prompt = Tokens(60, 3);
  const auto prompt_rows = rows->Expand(prompt);
  const SequencePart part{.rows = prompt_rows};
  ASSERT_TRUE(runner->Decode({&part, 1}));
  EXPECT_EQ(Copy(runner->HiddenState(0)), plain.value()->Append(prompt));
  const auto row = rows->Expand(Tokens(1, 9));
  const SequencePart step{.first_position = 60, .rows = row};
  ASSERT_TRUE(runner->Decode({&step, 1}));
  EXPECT_EQ(Copy(runner->HiddenState(0)), plain.value()->Append(Tokens(1, 9)));
}

// BERT has no head that could be tied.
class BertEqualityTest : public EqualityTest {};

TEST_P(BertEqualityTest, ClassifierLogitsAreTheSameBits) {
  ASSERT_TRUE(model::testing::WriteTinyBert(folder_ / "whole", Options()));
  const auto rows = TableRows::Open(folder_ / "whole");
  const auto plain = PlainLlama::Load(
      folder_ / "whole", {.threads = 2, .sequences = 16, .classifier = true});
  const auto runner =
      Load(WriteBody(false), {.sequences = 16, .classifier = true});
  const std::vector<std::vector<int32_t>> sentences = {
      Tokens(12, 1), Tokens(40, 2), Tokens(1, 3), Tokens(25, 4)};
  std::vector<std::vector<float>> expanded;
  std::vector<std::span<const float>> views;
  expanded.reserve(sentences.size());
  for (const auto& tokens : sentences) expanded.push_back(rows->Expand(tokens));
  views.assign(expanded.begin(), expanded.end());
  const auto logits = runner->Classify(views);
  ASSERT_TRUE(logits) << logits.error().message();
  EXPECT_EQ(*logits, plain.value()->Classify(sentences));
  ASSERT_EQ(logits->size(), 8U);
}

INSTANTIATE_TEST_SUITE_P(
    Tables, EqualityTest,
    ::testing::Values(Case{"f32", false}, Case{"f16", false},
                      Case{"bf16", false}, Case{"q8_0", false},
                      Case{"q4_0", false}, Case{"q4_K", false},
                      Case{"f32", true}, Case{"f16", true}, Case{"bf16", true},
                      Case{"q8_0", true}, Case{"q4_0", true},
                      Case{"q4_K", true}),
    CaseName);
INSTANTIATE_TEST_SUITE_P(
    Tables, BertEqualityTest,
    ::testing::Values(Case{"f32", false}, Case{"f16", false},
                      Case{"bf16", false}, Case{"q8_0", false},
                      Case{"q4_0", false}, Case{"q4_K", false}),
    CaseName);

}  // namespace
}  // namespace cmif::engine
