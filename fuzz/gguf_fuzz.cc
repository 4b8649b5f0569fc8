// SPDX-License-Identifier: Apache-2.0
// Hostile GGUF bytes, through all that reads them: the file, the checks of a
// model to split, and llama.cpp's tokenizer. Nothing may crash; what is
// accepted must hang together.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "cmif/base/file.h"
#include "cmif/model/gguf_file.h"
#include "cmif/model/gguf_writer.h"
#include "cmif/model/tokenizer.h"

namespace {

using cmif::model::GgufFile;
using cmif::model::Tokenizer;

void Require(bool holds) {
  if (!holds) std::abort();
}

// Every value by every reader.
void ReadAll(const GgufFile& file) {
  for (const std::string& key : file.Keys()) {
    (void)file.String(key);
    (void)file.Int(key);
    (void)file.Float(key);
    (void)file.ArrayLength(key);
    (void)file.Strings(key);
    (void)file.Floats(key);
  }
  for (const auto& tensor : file.tensors()) {
    const auto* begin = file.bytes().data();
    Require(tensor.data.empty() || (tensor.data.data() >= begin &&
                                    tensor.data.data() + tensor.data.size() <=
                                        begin + file.bytes().size()));
    Require(!tensor.shape.empty());
  }
}

void UseTokenizer(std::span<const uint8_t> bytes) {
  const auto tokenizer = Tokenizer::Create(bytes);
  if (!tokenizer) return;
  for (int32_t id = 0; id < tokenizer->size(); ++id) {
    (void)tokenizer->Form(id);
    (void)tokenizer->Piece(id);
    (void)tokenizer->TokenKindOf(id);
    (void)tokenizer->IsUnknown(id);
  }
  (void)tokenizer->EndTokens();
  for (const char* text : {"", "bada kilo, 42!", "\xE2\x82\xAC \xFF", "[SEP]",
                           "<0x41> </s>\n\t"}) {
    for (const bool special : {false, true}) {
      const auto ids = tokenizer->Encode(text, special);
      if (!ids) continue;
      for (const int32_t id : *ids) Require(id >= 0 && id < tokenizer->size());
    }
    (void)tokenizer->EncodeWord(text);
  }
  const std::vector<cmif::model::ChatMessage> chat = {{"system", "a"},
                                                      {"user", "b"}};
  if (const auto parts = tokenizer->ApplyChatTemplate(chat)) {
    const auto prompt = tokenizer->EncodePrompt(*parts);
    Require(!prompt || prompt->ids.size() == prompt->of_user.size());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::span<const uint8_t> bytes(data, size);
  const auto file = GgufFile::Parse(bytes);
  if (!file) return 0;
  ReadAll(*file);
  cmif::model::GgufWriter writer;
  writer.CopyKeys(*file);
  for (const auto& tensor : file->tensors()) {
    (void)writer.AddTensor(tensor.name, tensor.type, tensor.shape, tensor.data);
  }
  (void)writer.Header();
  UseTokenizer(bytes);
  return 0;
}
