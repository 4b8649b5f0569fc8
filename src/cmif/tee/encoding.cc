// SPDX-License-Identifier: Apache-2.0
#include "cmif/tee/encoding.h"

#include <openssl/evp.h>

#include <algorithm>
#include <string>

#include "cmif/base/byte_reader.h"
#include "cmif/crypto/sha256.h"

namespace cmif::tee {
namespace {

constexpr size_t kMaxBase64 = 64 << 20;

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

bool IsBase64(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
         (c >= '0' && c <= '9') || c == '+' || c == '/';
}

}  // namespace

bool LooksLikeJson(std::span<const uint8_t> file) {
  const auto* const first =
      std::ranges::find_if_not(AsText(file), [](char c) { return IsSpace(c); });
  return first != AsText(file).end() && *first == '{';
}

Result<std::vector<uint8_t>> FromBase64(std::string_view text) {
  std::string digits;
  for (const char c : text) {
    if (!IsSpace(c)) digits += c == '-' ? '+' : c == '_' ? '/' : c;
  }
  size_t padding = 0;
  while (padding < 2 && digits.ends_with('=')) {
    digits.pop_back();
    ++padding;
  }
  // One digit alone holds no byte.
  if (digits.size() % 4 == 1 || digits.size() > kMaxBase64 ||
      !std::ranges::all_of(digits, IsBase64) ||
      (padding > 0 && (digits.size() + padding) % 4 != 0)) {
    return InvalidArgument("a text is not base64");
  }
  const size_t missing = (4 - digits.size() % 4) % 4;
  digits.append(missing, '=');
  std::vector<uint8_t> bytes(digits.size() / 4 * 3);
  EVP_DecodeBlock(bytes.data(), reinterpret_cast<const uint8_t*>(digits.data()),
                  static_cast<int>(digits.size()));
  bytes.resize(bytes.size() - missing);
  return bytes;
}

std::vector<uint8_t> Unwrapped(std::span<const uint8_t> file) {
  // The alphabet for URLs has '-', so that PEM could pass for base64.
  const bool pem = AsText(file).find(kPemBegin) != std::string_view::npos;
  std::string text;
  for (const char c : pem ? "" : AsText(file)) {
    if (!IsSpace(c)) text += c;
  }
  if (!text.empty()) {
    if (auto bytes = crypto::FromHex(text)) return *std::move(bytes);
    if (auto bytes = FromBase64(text)) return *std::move(bytes);
  }
  return {file.begin(), file.end()};
}

}  // namespace cmif::tee
