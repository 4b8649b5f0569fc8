// SPDX-License-Identifier: Apache-2.0
#include "cmif/model/testing/tiny_models.h"

#include <fmt/format.h>
#include <ggml.h>

#include <algorithm>
#include <deque>
#include <random>

#include "cmif/model/gguf_writer.h"

namespace cmif::model::testing {
namespace {

constexpr const char* kChatMl =
    "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\\n' + "
    "message['content'] + '<|im_end|>' + '\\n'}}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

std::vector<std::string> Syllables() {
  std::vector<std::string> syllables;
  for (char consonant : std::string("bdfgklmnprst")) {
    for (char vowel : std::string("aeiou")) {
      syllables.push_back({consonant, vowel});
    }
  }
  return syllables;
}

// Weights of a matrix, random normal, in the asked type; keeps them alive.
class Weights {
 public:
  Weights(GgufWriter& writer, uint64_t seed) : writer_(writer), engine_(seed) {}

  Result<void> Add(const std::string& name, const std::string& type,
                   std::vector<int64_t> shape, float scale, float offset = 0) {
    int64_t count = 1;
    for (int64_t size : shape) count *= size;
    std::normal_distribution<float> normal(offset, scale);
    std::vector<float> values(static_cast<size_t>(count));
    for (float& value : values) value = normal(engine_);
    data_.push_back(Convert(values, type, shape[0]));
    return writer_.AddTensor(name, type, shape, data_.back());
  }

 private:
  static std::vector<uint8_t> Convert(const std::vector<float>& values,
                                      const std::string& type, int64_t width) {
    int id = 0;
    while (ggml_type_name(static_cast<ggml_type>(id)) != type) ++id;
    const auto ggml = static_cast<ggml_type>(id);
    const auto rows = static_cast<int64_t>(values.size()) / width;
    std::vector<uint8_t> out(ggml_row_size(ggml, width) *
                             static_cast<size_t>(rows));
    ggml_quantize_chunk(ggml, values.data(), out.data(), 0, rows, width,
                        nullptr);
    return out;
  }

  GgufWriter& writer_;
  std::mt19937_64 engine_;
  std::deque<std::vector<uint8_t>> data_;
};

void SetLlamaTokenizer(GgufWriter& writer) {
  const std::vector<std::string> tokens = TinyVocabulary(true);
  std::vector<float> scores;
  std::vector<int32_t> types;
  for (size_t i = 0; i < tokens.size(); ++i) {
    const bool control = i < 3 || tokens[i].starts_with("<|im_");
    const bool byte = tokens[i].starts_with("<0x");
    types.push_back(i == 0 ? 2 : control ? 3 : byte ? 6 : 1);
    scores.push_back(control || byte ? 0.0F
                                     : static_cast<float>(tokens[i].size()));
  }
  writer.Set("tokenizer.ggml.model", std::string("llama"));
  writer.Set("tokenizer.ggml.tokens", tokens);
  writer.Set("tokenizer.ggml.scores", scores);
  writer.Set("tokenizer.ggml.token_type", types);
  writer.Set("tokenizer.ggml.unknown_token_id", 0U);
  writer.Set("tokenizer.ggml.bos_token_id", 1U);
  writer.Set("tokenizer.ggml.eos_token_id",
             static_cast<uint32_t>(tokens.size() - 1));
  writer.Set("tokenizer.ggml.add_bos_token", true);
  writer.Set("tokenizer.ggml.add_eos_token", false);
  writer.Set("tokenizer.chat_template", std::string(kChatMl));
}

void SetBertTokenizer(GgufWriter& writer) {
  const std::vector<std::string> tokens = TinyVocabulary(false);
  std::vector<float> scores(tokens.size(), -1000.0F);
  std::vector<int32_t> types(tokens.size(), 1);
  for (int i = 0; i < 5; ++i) types[static_cast<size_t>(i)] = 3;
  writer.Set("tokenizer.ggml.model", std::string("bert"));
  writer.Set("tokenizer.ggml.tokens", tokens);
  writer.Set("tokenizer.ggml.scores", scores);
  writer.Set("tokenizer.ggml.token_type", types);
  writer.Set("tokenizer.ggml.token_type_count", 2U);
  writer.Set("tokenizer.ggml.padding_token_id", 0U);
  writer.Set("tokenizer.ggml.unknown_token_id", 1U);
  writer.Set("tokenizer.ggml.bos_token_id", 2U);
  writer.Set("tokenizer.ggml.eos_token_id", 3U);
  writer.Set("tokenizer.ggml.seperator_token_id", 3U);
  writer.Set("tokenizer.ggml.mask_token_id", 4U);
  writer.Set("tokenizer.ggml.cls_token_id", 2U);
}

void SetShape(GgufWriter& writer, const std::string& arch,
              const TinyModelOptions& options) {
  const auto width = static_cast<uint32_t>(options.width);
  writer.Set("general.architecture", arch);
  writer.Set("general.name", "tiny " + arch);
  writer.Set(arch + ".context_length", static_cast<uint32_t>(options.context));
  writer.Set(arch + ".embedding_length", width);
  writer.Set(arch + ".block_count", static_cast<uint32_t>(options.layers));
  writer.Set(arch + ".feed_forward_length", 2 * width);
  writer.Set(arch + ".attention.head_count", 2U);
}

Result<void> AddLlamaBlock(Weights& weights, int block, int64_t width) {
  const std::string p = fmt::format("blk.{}.", block);
  CMIF_TRY(weights.Add(p + "attn_norm.weight", "f32", {width}, 0.1F, 1));
  for (const char* name : {"attn_q", "attn_k", "attn_v", "attn_output"}) {
    CMIF_TRY(weights.Add(p + name + ".weight", "f32", {width, width}, 0.15F));
  }
  CMIF_TRY(weights.Add(p + "ffn_norm.weight", "f32", {width}, 0.1F, 1));
  for (const char* name : {"ffn_gate", "ffn_up"}) {
    CMIF_TRY(
        weights.Add(p + name + ".weight", "f32", {width, 2 * width}, 0.15F));
  }
  return weights.Add(p + "ffn_down.weight", "f32", {2 * width, width}, 0.15F);
}

Result<void> AddDense(Weights& weights, const std::string& name, int64_t in,
                      int64_t out) {
  CMIF_TRY(weights.Add(name + ".weight", "f32", {in, out}, 0.15F));
  return weights.Add(name + ".bias", "f32", {out}, 0.1F);
}

Result<void> AddNorm(Weights& weights, const std::string& name, int64_t width) {
  CMIF_TRY(weights.Add(name + ".weight", "f32", {width}, 0.1F, 1));
  return weights.Add(name + ".bias", "f32", {width}, 0.1F);
}

Result<void> AddBertBlock(Weights& weights, int block, int64_t width) {
  const std::string p = fmt::format("blk.{}.", block);
  for (const char* name : {"attn_q", "attn_k", "attn_v", "attn_output"}) {
    CMIF_TRY(AddDense(weights, p + name, width, width));
  }
  CMIF_TRY(AddNorm(weights, p + "attn_output_norm", width));
  CMIF_TRY(AddDense(weights, p + "ffn_up", width, 2 * width));
  CMIF_TRY(AddDense(weights, p + "ffn_down", 2 * width, width));
  return AddNorm(weights, p + "layer_output_norm", width);
}

}  // namespace

std::vector<std::string> TinyWords() {
  const std::vector<std::string> syllables = Syllables();
  std::vector<std::string> words;
  for (size_t i = 0; i < syllables.size(); ++i) {
    for (size_t j : {i * 7 + 3, i * 11 + 5, i * 13 + 1, i * 17 + 9}) {
      const std::string word = syllables[i] + syllables[j % syllables.size()];
      if (std::ranges::find(words, word) == words.end()) words.push_back(word);
    }
  }
  return words;
}

std::vector<std::string> TinyVocabulary(bool llama) {
  std::vector<std::string> tokens;
  if (llama) {
    tokens = {"<unk>", "<s>", "</s>"};
    for (int i = 0; i < 256; ++i)
      tokens.push_back(fmt::format("<0x{:02X}>", i));
    tokens.push_back("\u2581");
  } else {
    tokens = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "[unused0]"};
  }
  // WordPiece in GGUF marks word starts (U+2581) where the vocabulary file
  // marks continuations (##).
  const std::string start = "\u2581";
  for (char c : std::string("abcdefghijklmnopqrstuvwxyz0123456789.,!?'-()")) {
    tokens.push_back(std::string(1, c));
    if (!llama) tokens.push_back(start + c);
  }
  for (const std::string& syllable : Syllables()) {
    tokens.push_back(syllable);
    tokens.push_back(start + syllable);
  }
  if (llama) {
    for (char c : std::string("bdfgklmnprst")) tokens.push_back(start + c);
  }
  for (const std::string& word : TinyWords()) tokens.push_back(start + word);
  if (llama) {
    tokens.push_back("<|im_start|>");
    tokens.push_back("<|im_end|>");
  }
  return tokens;
}

Result<void> WriteTinyLlama(const std::filesystem::path& path,
                            const TinyModelOptions& options) {
  GgufWriter writer;
  SetShape(writer, "llama", options);
  writer.Set("llama.attention.head_count_kv", 2U);
  writer.Set("llama.attention.layer_norm_rms_epsilon", 1e-5F);
  writer.Set("llama.rope.dimension_count",
             static_cast<uint32_t>(options.width / 2));
  SetLlamaTokenizer(writer);
  Weights weights(writer, options.seed);
  const int64_t width = options.width;
  const auto vocabulary = static_cast<int64_t>(TinyVocabulary(true).size());
  CMIF_TRY(weights.Add("token_embd.weight", options.table_type,
                       {width, vocabulary}, 1));
  CMIF_TRY(weights.Add("output_norm.weight", "f32", {width}, 0.1F, 1));
  if (!options.tied) {
    CMIF_TRY(weights.Add("output.weight", "f32", {width, vocabulary}, 0.3F));
  }
  for (int block = 0; block < options.layers; ++block) {
    CMIF_TRY(AddLlamaBlock(weights, block, width));
  }
  return writer.Write(path);
}

Result<void> WriteTinyBert(const std::filesystem::path& path,
                           const TinyModelOptions& options) {
  GgufWriter writer;
  SetShape(writer, "bert", options);
  writer.Set("bert.attention.layer_norm_epsilon", 1e-12F);
  writer.Set("bert.attention.causal", false);
  writer.Set("bert.pooling_type", 4U);
  const std::vector<std::string> labels = {"negative", "positive"};
  writer.Set("bert.classifier.output_labels", labels);
  SetBertTokenizer(writer);
  Weights weights(writer, options.seed);
  const int64_t width = options.width;
  const auto vocabulary = static_cast<int64_t>(TinyVocabulary(false).size());
  CMIF_TRY(weights.Add("token_embd.weight", options.table_type,
                       {width, vocabulary}, 1));
  CMIF_TRY(weights.Add("token_types.weight", "f32", {width, 2}, 0.1F));
  CMIF_TRY(weights.Add("position_embd.weight", "f32", {width, options.context},
                       0.1F));
  CMIF_TRY(AddNorm(weights, "token_embd_norm", width));
  for (int block = 0; block < options.layers; ++block) {
    CMIF_TRY(AddBertBlock(weights, block, width));
  }
  CMIF_TRY(AddDense(weights, "cls", width, width));
  CMIF_TRY(AddDense(weights, "cls.output", width, 2));
  return writer.Write(path);
}

}  // namespace cmif::model::testing
