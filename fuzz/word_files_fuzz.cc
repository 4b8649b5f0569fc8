// SPDX-License-Identifier: Apache-2.0
// The files about words that users give. The first byte names the parser: l
// (list), p (pairs), c (counts), v (vectors). Whatever parses holds what its
// header promises.
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string_view>

#include "cmif/base/file.h"
#include "cmif/client/units.h"
#include "cmif/client/word_files.h"
#include "cmif/client/word_vectors.h"
#include "cmif/model/testing/tiny_models.h"
#include "cmif/text/words.h"

namespace {

using cmif::client::UnitTable;

void Require(bool holds) {
  if (!holds) std::abort();
}

void RequireWord(const std::string& word) {
  Require(!word.empty() && cmif::text::IsUtf8(word));
}

UnitTable TinyUnits() {
  const auto path = std::filesystem::temp_directory_path() /
                    ("cmif-word-files-fuzz-" + std::to_string(getpid()));
  Require(cmif::model::testing::WriteTinyBert(path, {.layers = 1}).has_value());
  const auto file = cmif::MappedFile::Open(path);
  std::filesystem::remove(path);
  return UnitTable::Create(
      cmif::model::Tokenizer::Create(file->bytes()).value());
}

void Counts(std::string_view text) {
  const auto counts = cmif::client::ParseWordCounts(text);
  if (!counts) return;
  Require(
      std::ranges::any_of(*counts, [](const auto& c) { return c.second > 0; }));
  for (const auto& [word, count] : *counts) {
    Require(std::isfinite(count) && count >= 0);
  }
}

void Vectors(std::string_view text) {
  static const UnitTable kUnits = TinyUnits();
  const auto vectors = cmif::client::ParseWordVectors(text, kUnits);
  if (!vectors) return;
  Require(!vectors->ids.empty() && vectors->rows.rows == kUnits.size());
  for (const float value : vectors->rows.values) Require(std::isfinite(value));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 1),
                              size - 1);
  if (data[0] == 'l') {
    if (const auto words = cmif::client::ParseWordList(text)) {
      std::ranges::for_each(*words, RequireWord);
    }
  } else if (data[0] == 'p') {
    if (const auto pairs = cmif::client::ParseWordPairs(text)) {
      for (const auto& [one, two] : *pairs) {
        RequireWord(one);
        RequireWord(two);
      }
    }
  } else if (data[0] == 'v') {
    Vectors(text);
  } else {
    Counts(text);
  }
  return 0;
}
