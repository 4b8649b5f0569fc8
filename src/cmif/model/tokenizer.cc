// SPDX-License-Identifier: Apache-2.0
#include "cmif/model/tokenizer.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <llama.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <utility>

#include "cmif/model/gguf_file.h"
#include "cmif/model/llama_log.h"
#include "cmif/model/tokenizer_check.h"

namespace cmif::model {
namespace {

constexpr std::string_view kWordMark = "\u2581";

std::string RawPiece(const llama_vocab* vocab, int32_t id, bool special) {
  std::string piece(32, '\0');
  int32_t size = llama_token_to_piece(
      vocab, id, piece.data(), static_cast<int32_t>(piece.size()), 0, special);
  if (size < 0) {
    piece.resize(static_cast<size_t>(-size));
    size = llama_token_to_piece(vocab, id, piece.data(), -size, 0, special);
  }
  piece.resize(static_cast<size_t>(std::max(size, 0)));
  return piece;
}

std::string_view Trimmed(std::string_view text) {
  constexpr std::string_view kSpaces = " \t\r\n\v\f";
  const size_t begin = text.find_first_not_of(kSpaces);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpaces) - begin + 1);
}

// Replaces each marker of `contents` in the filled template by the message.
Result<std::vector<PromptPart>> SplitAtMarkers(
    std::string_view text, std::span<const ChatMessage> messages,
    std::span<const std::string> contents) {
  std::vector<PromptPart> parts;
  for (size_t i = 0; i < messages.size(); ++i) {
    const std::string_view whole = contents[i];
    const std::string_view bare = Trimmed(whole);
    const bool trims = text.find(whole) == std::string_view::npos;
    const std::string_view marker = trims ? bare : whole;
    const size_t at = text.find(marker);
    if (at == std::string_view::npos) {
      return Unimplemented("this chat template drops messages of role '" +
                           messages[i].role + "'");
    }
    const std::string_view content = messages[i].content;
    parts.push_back({std::string(text.substr(0, at)), true});
    parts.push_back({std::string(trims ? Trimmed(content) : content), false});
    text.remove_prefix(at + marker.size());
  }
  parts.push_back({std::string(text), true});
  return parts;
}

// A sealed file in memory: llama.cpp wants a FILE, and nothing decrypted may
// touch a disk.
Result<FILE*> SealedMemoryFile(std::span<const uint8_t> bytes) {
  const int descriptor =
      memfd_create("cmif-tokenizer", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (descriptor < 0) return Internal("cannot create a file in memory");
  FILE* file = fdopen(descriptor, "w+b");
  if (file == nullptr) {
    close(descriptor);
    return Internal("cannot open a file in memory");
  }
  if (fwrite(bytes.data(), 1, bytes.size(), file) != bytes.size() ||
      fflush(file) != 0) {
    fclose(file);
    return ResourceExhausted("no memory for the tokenizer");
  }
  fcntl(descriptor, F_ADD_SEALS,
        F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
  if (fseek(file, 0, SEEK_SET) != 0) {
    fclose(file);
    return Internal("cannot read a file in memory");
  }
  return file;
}

}  // namespace

struct Tokenizer::Impl {
  ~Impl() { llama_model_free(model); }
  llama_model* model = nullptr;
  const llama_vocab* vocab = nullptr;
  // Texts of special tokens, longest first, as llama.cpp matches them.
  std::vector<std::pair<std::string, int32_t>> special_texts;
  // What makes a lone word the start of a word for this tokenizer.
  std::string word_prefix;
};

Tokenizer::Tokenizer() : impl_(std::make_unique<Impl>()) {}
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;
Tokenizer::~Tokenizer() = default;

Result<Tokenizer> Tokenizer::Create(std::span<const uint8_t> gguf) {
  CaptureLlamaLog();
  CMIF_ASSIGN(const GgufFile file, GgufFile::Parse(gguf));
  CMIF_TRY(CheckTokenizerKeys(file));
  CMIF_ASSIGN(FILE* const memory, SealedMemoryFile(gguf));
  llama_model_params params = llama_model_default_params();
  params.vocab_only = true;
  params.load_mode = LLAMA_LOAD_MODE_NONE;
  Tokenizer tokenizer;
  TakeLlamaError();
  tokenizer.impl_->model = llama_model_load_from_file_ptr(memory, params);
  fclose(memory);
  if (tokenizer.impl_->model == nullptr) {
    return DataLoss("llama.cpp refuses the tokenizer: " + TakeLlamaError());
  }
  const llama_vocab* vocab = llama_model_get_vocab(tokenizer.impl_->model);
  tokenizer.impl_->vocab = vocab;
  tokenizer.size_ = llama_vocab_n_tokens(vocab);
  switch (llama_vocab_type(vocab)) {
    case LLAMA_VOCAB_TYPE_SPM:
      tokenizer.kind_ = Kind::kSentencePiece;
      break;
    case LLAMA_VOCAB_TYPE_BPE:
      tokenizer.kind_ = Kind::kBytePair;
      break;
    default:
      tokenizer.kind_ = Kind::kWordPiece;
  }
  tokenizer.LoadSpecialTexts();
  CMIF_ASSIGN(const std::vector<int32_t> probe, tokenizer.Run("a", false));
  if (tokenizer.kind_ != Kind::kWordPiece && !probe.empty() &&
      !tokenizer.Form(probe[0]).begins_word) {
    tokenizer.impl_->word_prefix = " ";
  }
  return tokenizer;
}

void Tokenizer::LoadSpecialTexts() {
  for (int32_t id = 0; id < size_; ++id) {
    const auto attributes = llama_vocab_get_attr(impl_->vocab, id);
    if ((attributes & (LLAMA_TOKEN_ATTR_CONTROL | LLAMA_TOKEN_ATTR_UNKNOWN |
                       LLAMA_TOKEN_ATTR_USER_DEFINED)) == 0) {
      continue;
    }
    impl_->special_texts.emplace_back(llama_vocab_get_text(impl_->vocab, id),
                                      id);
  }
  std::ranges::stable_sort(impl_->special_texts, [](auto& a, auto& b) {
    return a.first.size() > b.first.size();
  });
}

Result<std::vector<int32_t>> Tokenizer::Run(std::string_view text,
                                            bool add_special) const {
  if (text.size() > INT32_MAX / 2) {
    return ResourceExhausted("the text is larger than 1 GiB");
  }
  std::vector<int32_t> ids(text.size() + 8);
  try {
    const int32_t count = llama_tokenize(
        impl_->vocab, text.data(), static_cast<int32_t>(text.size()),
        ids.data(), static_cast<int32_t>(ids.size()), add_special,
        /*parse_special=*/false);
    if (count < 0) return Internal("the tokenizer made more tokens than bytes");
    ids.resize(static_cast<size_t>(count));
  } catch (const std::exception&) {
    // What it says may quote the text: not passed on.
    return InvalidArgument("the model's tokenizer cannot write this text");
  }
  return ids;
}

Result<std::vector<int32_t>> Tokenizer::Encode(std::string_view text,
                                               bool add_special) const {
  return Run(text, add_special);
}

Result<std::vector<int32_t>> Tokenizer::EncodeWord(
    std::string_view word) const {
  return Run(impl_->word_prefix + std::string(word), false);
}

struct Tokenizer::PlainText {
  std::string text;
  std::vector<bool> of_user;  // per byte

  void Add(std::string_view more, bool is_user) {
    text += more;
    of_user.resize(text.size(), is_user);
  }
  bool IsOfUser(size_t begin, size_t end) const {
    for (size_t i = begin; i < end; ++i) {
      if (!of_user[i]) return false;
    }
    return begin < end;
  }
};

Result<void> Tokenizer::EncodePlain(const PlainText& plain,
                                    PromptTokens& tokens) const {
  if (plain.text.empty()) return {};
  CMIF_ASSIGN(const std::vector<int32_t> ids, Run(plain.text, false));
  std::string written;
  std::vector<size_t> ends;
  for (const int32_t id : ids) {
    written += RawPiece(impl_->vocab, id, true);
    ends.push_back(written.size());
  }
  // Some tokenizers put a space before a text.
  const size_t added = written.size() - plain.text.size() == 1 ? 1 : 0;
  const bool is_whole = written.starts_with(std::string(added, ' ')) &&
                        written.substr(added) == plain.text;
  tokens.ids.insert(tokens.ids.end(), ids.begin(), ids.end());
  size_t begin = 0;
  for (const size_t end : ends) {
    const size_t space = begin < end && written[begin] == ' ' ? 1 : 0;
    tokens.of_user.push_back(
        is_whole && begin + space >= added &&
        plain.IsOfUser(begin + space - added, end - added));
    begin = end;
  }
  return {};
}

// Which special text begins here; special_texts.size(): none.
size_t Tokenizer::SpecialAt(std::string_view text) const {
  const auto& known = impl_->special_texts;
  return static_cast<size_t>(
      std::ranges::find_if(known,
                           [&](const auto& special) {
                             return !special.first.empty() &&
                                    text.starts_with(special.first);
                           }) -
      known.begin());
}

Result<PromptTokens> Tokenizer::EncodePrompt(
    std::span<const PromptPart> parts) const {
  PromptTokens tokens;
  const int32_t bos = llama_vocab_bos(impl_->vocab);
  if (llama_vocab_get_add_bos(impl_->vocab)) {
    tokens.ids.push_back(bos);
    tokens.of_user.push_back(false);
  }
  PlainText plain;  // since the last special token
  for (const PromptPart& part : parts) {
    std::string_view text = part.text;
    while (part.is_template && !text.empty()) {
      const size_t special = SpecialAt(text);
      if (special == impl_->special_texts.size()) {
        plain.Add(text.substr(0, 1), false);
        text.remove_prefix(1);
        continue;
      }
      CMIF_TRY(EncodePlain(std::exchange(plain, {}), tokens));
      const auto& [special_text, id] = impl_->special_texts[special];
      // A template may write the BOS that was added already.
      if (!(tokens.ids.size() == 1 && id == tokens.ids[0] && id == bos)) {
        tokens.ids.push_back(id);
        tokens.of_user.push_back(false);
      }
      text.remove_prefix(special_text.size());
    }
    plain.Add(text, true);
  }
  CMIF_TRY(EncodePlain(plain, tokens));
  return tokens;
}

Result<std::vector<PromptPart>> Tokenizer::ApplyChatTemplate(
    std::span<const ChatMessage> messages) const {
  const char* chat_template = llama_model_chat_template(impl_->model, nullptr);
  if (chat_template == nullptr) {
    return FailedPrecondition(
        "this model has no chat template: it is not a chat model (cmif "
        "classify "
        "asks classifiers)");
  }
  // Contents are put in afterwards, so that no template can touch or quote
  // them: markers stand in their places, with a space on either side that
  // shows whether the template trims.
  constexpr std::string_view kMarker = "CMIFCONTENT";
  std::vector<std::string> contents;
  std::vector<llama_chat_message> chat;
  contents.reserve(messages.size());
  chat.reserve(messages.size());
  for (size_t i = 0; i < messages.size(); ++i) {
    contents.push_back(fmt::format(" {}{}X ", kMarker, i));
  }
  for (size_t i = 0; i < messages.size(); ++i) {
    chat.push_back({messages[i].role.c_str(), contents[i].c_str()});
  }
  std::string text(4096 + 256 * messages.size(), '\0');
  const int32_t size =
      llama_chat_apply_template(chat_template, chat.data(), chat.size(), true,
                                text.data(), static_cast<int32_t>(text.size()));
  if (size < 0 || static_cast<size_t>(size) > text.size()) {
    return Unimplemented(fmt::format(
        "the chat template of this model is not one that llama.cpp knows by "
        "name (it begins '{}')",
        std::string_view(chat_template).substr(0, 60)));
  }
  text.resize(static_cast<size_t>(size));
  return SplitAtMarkers(text, messages, contents);
}

TokenForm Tokenizer::Form(int32_t id) const {
  TokenForm form;
  if (kind_ == Kind::kWordPiece) {
    form.text = llama_vocab_get_text(impl_->vocab, id);
    form.begins_word = form.text.starts_with(kWordMark);
    if (form.begins_word) form.text.erase(0, kWordMark.size());
    return form;
  }
  form.text = RawPiece(impl_->vocab, id, true);
  form.begins_word = form.text.starts_with(' ');
  if (form.begins_word) form.text.erase(0, 1);
  return form;
}

TokenKind Tokenizer::TokenKindOf(int32_t id) const {
  const auto attributes = llama_vocab_get_attr(impl_->vocab, id);
  if ((attributes & LLAMA_TOKEN_ATTR_BYTE) != 0) return TokenKind::kByte;
  if ((attributes & LLAMA_TOKEN_ATTR_UNUSED) != 0) return TokenKind::kUnused;
  if ((attributes & (LLAMA_TOKEN_ATTR_CONTROL | LLAMA_TOKEN_ATTR_UNKNOWN)) !=
      0) {
    return TokenKind::kSpecial;
  }
  return TokenKind::kNormal;
}

std::string Tokenizer::Piece(int32_t id) const {
  return id >= 0 && id < size_ ? RawPiece(impl_->vocab, id, false) : "";
}

std::vector<int32_t> Tokenizer::EndTokens() const {
  std::vector<int32_t> ids;
  for (int32_t id = 0; id < size_; ++id) {
    if (llama_vocab_is_eog(impl_->vocab, id)) ids.push_back(id);
  }
  return ids;
}

bool Tokenizer::IsUnknown(int32_t id) const {
  return (llama_vocab_get_attr(impl_->vocab, id) & LLAMA_TOKEN_ATTR_UNKNOWN) !=
             0 ||
         (kind_ == Kind::kWordPiece && Form(id).text == "[UNK]");
}

}  // namespace cmif::model
