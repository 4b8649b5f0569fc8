// SPDX-License-Identifier: Apache-2.0
#include "cmif/crypto/sha256.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <cstdlib>

namespace cmif::crypto {
namespace {

// Every OpenSSL call here returns 1; see the class comment for the rest.
void Require(bool worked) {
  if (!worked) std::abort();
}

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

struct Sha256::Context {
  Context() : md(EVP_MD_CTX_new()) {
    Require(md != nullptr);
    Start();
  }
  ~Context() { EVP_MD_CTX_free(md); }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  void Start() { Require(EVP_DigestInit_ex(md, EVP_sha256(), nullptr) == 1); }

  EVP_MD_CTX* const md;
};

Sha256::Sha256() : context_(std::make_unique<Context>()) {}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::Update(std::span<const uint8_t> bytes) {
  Require(EVP_DigestUpdate(context_->md, bytes.data(), bytes.size()) == 1);
}

Digest Sha256::Finish() {
  Digest digest;
  Require(EVP_DigestFinal_ex(context_->md, digest.data(), nullptr) == 1);
  context_->Start();
  return digest;
}

Digest Sha256Of(std::span<const uint8_t> bytes) {
  Sha256 hash;
  hash.Update(bytes);
  return hash.Finish();
}

std::string ToHex(std::span<const uint8_t> bytes) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  hex.reserve(2 * bytes.size());
  for (const uint8_t byte : bytes) {
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 15];
  }
  return hex;
}

Result<std::vector<uint8_t>> FromHex(std::string_view hex) {
  if (hex.size() % 2 != 0) {
    return InvalidArgument(fmt::format(
        "a hexadecimal text of {} characters: their number must be even",
        hex.size()));
  }
  std::vector<uint8_t> bytes;
  bytes.reserve(hex.size() / 2);
  for (size_t i = 0; i < hex.size(); i += 2) {
    const int high = HexValue(hex[i]);
    const int low = HexValue(hex[i + 1]);
    if (high < 0 || low < 0) {
      return InvalidArgument(fmt::format("no hexadecimal digit at character {}",
                                         high < 0 ? i : i + 1));
    }
    bytes.push_back(static_cast<uint8_t>(high << 4 | low));
  }
  return bytes;
}

}  // namespace cmif::crypto
