// SPDX-License-Identifier: Apache-2.0
#include "cmif/model/tokenizer_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <unordered_set>

namespace cmif::model {
namespace {

constexpr size_t kMaxTokens = 4'000'000;
constexpr size_t kMaxTokenBytes = 4096;

Result<void> CheckTokens(const std::vector<std::string>& tokens) {
  if (tokens.empty() || tokens.size() > kMaxTokens) {
    return DataLoss(fmt::format("the vocabulary has {} tokens; 1 to {} work",
                                tokens.size(), kMaxTokens));
  }
  std::unordered_set<std::string> seen;
  for (size_t i = 0; i < tokens.size(); ++i) {
    if (tokens[i].size() > kMaxTokenBytes) {
      return DataLoss(
          fmt::format("token {} of the vocabulary is longer than "
                      "{} bytes",
                      i, kMaxTokenBytes));
    }
    // llama.cpp renames empty tokens this way.
    const std::string name =
        tokens[i].empty() ? fmt::format("[EMPTY_{}]", i) : tokens[i];
    if (!seen.insert(name).second) {
      return DataLoss(
          fmt::format("token {} of the vocabulary stands there twice", i));
    }
  }
  return {};
}

Result<void> CheckLengths(const GgufFile& file, size_t tokens) {
  for (const char* name : {"scores", "token_type"}) {
    const auto length = file.ArrayLength(std::string("tokenizer.ggml.") + name);
    if (length && *length != tokens) {
      return DataLoss(
          fmt::format("tokenizer.ggml.{} has {} entries for {} "
                      "tokens",
                      name, *length, tokens));
    }
  }
  return {};
}

// llama.cpp falls back to fixed ids when a key is absent; they must exist.
Result<void> CheckDefaultIds(const std::string& kind, size_t tokens) {
  const size_t needed = kind == "bert" ? 104 : kind == "gpt2" ? 12 : 3;
  if (tokens >= needed) return {};
  return DataLoss(
      fmt::format("a vocabulary of {} tokens is too small for a "
                  "{} tokenizer",
                  tokens, kind));
}

// llama.cpp aborts on a WordPiece token that is marked as a byte.
Result<void> CheckNoBytes(const GgufFile& file) {
  constexpr int32_t kByteType = 6;  // LLAMA_TOKEN_TYPE_BYTE
  const auto types = file.Ints("tokenizer.ggml.token_type");
  if (!types || std::ranges::find(*types, kByteType) == types->end()) return {};
  return DataLoss("the vocabulary marks a WordPiece token as a byte");
}

}  // namespace

Result<void> CheckTokenizerKeys(const GgufFile& file) {
  const auto kind = file.String("tokenizer.ggml.model");
  if (!kind) {
    return DataLoss("the file has no tokenizer (tokenizer.ggml.model)");
  }
  if (*kind != "llama" && *kind != "gpt2" && *kind != "bert") {
    return Unimplemented(
        fmt::format("tokenizer '{}' is not supported; supported: llama "
                    "(SentencePiece), gpt2 (byte pairs), bert (WordPiece)",
                    kind->substr(0, 32)));
  }
  const auto tokens = file.Strings("tokenizer.ggml.tokens");
  if (!tokens) return DataLoss("the file has no list of tokens");
  CMIF_TRY(CheckTokens(*tokens));
  CMIF_TRY(CheckDefaultIds(*kind, tokens->size()));
  if (*kind == "gpt2" && !file.Strings("tokenizer.ggml.merges")) {
    return DataLoss("the file has no list of merges for its tokenizer");
  }
  if (*kind == "bert") CMIF_TRY(CheckNoBytes(file));
  return CheckLengths(file, tokens->size());
}

}  // namespace cmif::model
