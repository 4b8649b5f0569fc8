// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_MODEL_TOKENIZER_H_
#define CMIF_MODEL_TOKENIZER_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cmif/base/status.h"

namespace cmif::model {

// A stretch of a prompt. Template text is public and may contain special
// tokens; what a user wrote is never parsed for them.
struct PromptPart {
  std::string text;
  bool is_template = false;
};

// Tokens of a prompt, and of each whether it is text of parts that are no
// template's: all of it but for a space before it, and more than that space.
struct PromptTokens {
  std::vector<int32_t> ids;
  std::vector<bool> of_user;  // as many as ids
};

struct ChatMessage {
  std::string role;  // "system", "user", "assistant"
  std::string content;
};

// How a token is written in text, without the mark that says whether it begins
// a word. `text` may be invalid UTF-8 (byte tokens, parts of characters).
struct TokenForm {
  std::string text;
  bool begins_word = false;
};

// What the model's file says about a token.
enum class TokenKind { kNormal, kSpecial, kUnused, kByte };

// A model's own tokenizer, run by llama.cpp on the vocabulary alone. Immutable;
// thread-safe.
class Tokenizer {
 public:
  enum class Kind { kSentencePiece, kBytePair, kWordPiece };

  // `gguf`: a GGUF without tensors (or with: they are not read), loaded from
  // memory; nothing is written to a disk. DATA_LOSS for a vocabulary that is
  // inconsistent, UNIMPLEMENTED for a tokenizer that is none of the kinds.
  static Result<Tokenizer> Create(std::span<const uint8_t> gguf);

  Tokenizer(Tokenizer&&) noexcept;
  Tokenizer& operator=(Tokenizer&&) noexcept;
  ~Tokenizer();

  Kind kind() const { return kind_; }
  int size() const { return size_; }

  // Tokens of a whole text; special tokens in it stay plain text. `add_special`
  // adds what the model wants around a text (BOS, [CLS] .. [SEP]).
  Result<std::vector<int32_t>> Encode(std::string_view text,
                                      bool add_special) const;

  // Tokens of a prompt of template and user parts, as if the whole were
  // tokenized at once with only the template's special tokens parsed. Where
  // tokens do not write their text byte by byte (WordPiece drops accents), none
  // behind the last special one counts as the user's.
  Result<PromptTokens> EncodePrompt(std::span<const PromptPart> parts) const;

  // The tokens of one word on its own, at the start of a word.
  Result<std::vector<int32_t>> EncodeWord(std::string_view word) const;

  // The model's chat template around the messages, followed by the start of
  // the assistant's turn. FAILED_PRECONDITION when the model has none,
  // UNIMPLEMENTED when llama.cpp does not know it.
  Result<std::vector<PromptPart>> ApplyChatTemplate(
      std::span<const ChatMessage> messages) const;

  TokenForm Form(int32_t id) const;
  TokenKind TokenKindOf(int32_t id) const;
  // The text of a generated token: bytes, may end inside a character; special
  // tokens give "".
  std::string Piece(int32_t id) const;
  // Tokens that end a turn.
  std::vector<int32_t> EndTokens() const;
  bool IsUnknown(int32_t id) const;

 private:
  struct Impl;
  Tokenizer();
  Result<std::vector<int32_t>> Run(std::string_view text,
                                   bool add_special) const;
  void LoadSpecialTexts();
  struct PlainText;  // of any part, without special tokens
  Result<void> EncodePlain(const PlainText& plain, PromptTokens& tokens) const;
  size_t SpecialAt(std::string_view text) const;

  std::unique_ptr<Impl> impl_;
  Kind kind_ = Kind::kSentencePiece;
  int size_ = 0;
};

}  // namespace cmif::model

#endif  // CMIF_MODEL_TOKENIZER_H_
