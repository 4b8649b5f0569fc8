// SPDX-License-Identifier: Apache-2.0
// Tiny random models that tests write themselves: same seed, same file.
#ifndef CMIF_MODEL_TESTING_TINY_MODELS_H_
#define CMIF_MODEL_TESTING_TINY_MODELS_H_

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "cmif/base/status.h"

namespace cmif::model::testing {

struct TinyModelOptions {
  std::string table_type = "f32";  // f32 f16 bf16 q8_0 q4_0 q4_K ...
  bool tied = false;               // llama only: no output.weight
  int width = 64;                  // a multiple of 32 (256 for q4_K)
  int layers = 2;
  int context = 512;
  uint64_t seed = 1;
};

// Llama architecture with a SentencePiece-style tokenizer of made-up words
// ("bada", "kilo", ...), byte tokens and a ChatML template with
// <|im_start|> / <|im_end|>. Vocabulary: TinyVocabulary(true).size().
Result<void> WriteTinyLlama(const std::filesystem::path& path,
                            const TinyModelOptions& options);

// BERT encoder with pooler and two-way head (labels "negative", "positive"),
// WordPiece tokenizer over the same words. Context is the number of positions.
Result<void> WriteTinyBert(const std::filesystem::path& path,
                           const TinyModelOptions& options);

// The tokens as stored in the GGUF, in id order.
std::vector<std::string> TinyVocabulary(bool llama);

// Some ordinary words that both tiny tokenizers hold as single tokens.
std::vector<std::string> TinyWords();

}  // namespace cmif::model::testing

#endif  // CMIF_MODEL_TESTING_TINY_MODELS_H_
