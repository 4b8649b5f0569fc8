// SPDX-License-Identifier: Apache-2.0
// Whatever the bytes: pieces join to the text, neighbours differ in kind, and
// text that the check passes has something besides white space.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "cmif/text/words.h"

namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using cmif::text::Piece;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::vector<Piece> pieces = cmif::text::SplitWords(text);
  size_t at = 0;
  for (size_t i = 0; i < pieces.size(); ++i) {
    Require(!pieces[i].text.empty());
    Require(pieces[i].text.data() == text.data() + at);
    Require(i == 0 || pieces[i - 1].kind != pieces[i].kind);
    at += pieces[i].text.size();
  }
  Require(at == text.size());
  if (cmif::text::CheckText(text)) {
    Require(std::ranges::any_of(
        pieces, [](const Piece& p) { return p.kind != Piece::kSpace; }));
  }
  return 0;
}
