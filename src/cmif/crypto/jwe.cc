// SPDX-License-Identifier: Apache-2.0
#include "cmif/crypto/jwe.h"

#include <fmt/format.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "cmif/base/byte_reader.h"
#include "cmif/crypto/base64url.h"
#include "cmif/crypto/openssl-inl.h"

namespace cmif::crypto {
namespace {

using nlohmann::json;
using CipherContext = Owned<EVP_CIPHER_CTX, EVP_CIPHER_CTX_free>;

constexpr uint32_t kKeyBits = 256;
constexpr const char* kBinding = "cmif-binding";
constexpr size_t kKeyBytes = 32;
constexpr size_t kWrappedBytes = kKeyBytes + 8;  // RFC 3394
constexpr size_t kIvBytes = 12;
constexpr size_t kTagBytes = 16;

// A length in 32 bits, big-endian, and the text.
void AppendCounted(std::vector<uint8_t>& out, std::string_view text) {
  const auto size = static_cast<uint32_t>(text.size());
  for (int shift = 24; shift >= 0; shift -= 8) {
    out.push_back(static_cast<uint8_t>(size >> shift));
  }
  out.insert(out.end(), text.begin(), text.end());
}

CipherContext NewContext() {
  CipherContext context(EVP_CIPHER_CTX_new());
  if (context == nullptr) std::abort();  // out of memory
  EVP_CIPHER_CTX_set_flags(context.get(), EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
  return context;
}

std::vector<uint8_t> WrapKey(std::span<const uint8_t> wrapping,
                             std::span<const uint8_t> key) {
  const CipherContext context = NewContext();
  std::vector<uint8_t> out(kWrappedBytes);
  int size = 0;
  if (EVP_EncryptInit_ex(context.get(), EVP_aes_256_wrap(), nullptr,
                         wrapping.data(), nullptr) != 1 ||
      EVP_EncryptUpdate(context.get(), out.data(), &size, key.data(),
                        static_cast<int>(key.size())) != 1 ||
      size != static_cast<int>(out.size())) {
    std::abort();
  }
  return out;
}

bool UnwrapKey(std::span<const uint8_t> wrapping,
               std::span<const uint8_t> wrapped, std::span<uint8_t> out) {
  const CipherContext context = NewContext();
  int size = 0;
  const bool good =
      EVP_DecryptInit_ex(context.get(), EVP_aes_256_wrap(), nullptr,
                         wrapping.data(), nullptr) == 1 &&
      EVP_DecryptUpdate(context.get(), out.data(), &size, wrapped.data(),
                        static_cast<int>(wrapped.size())) == 1 &&
      size == static_cast<int>(kKeyBytes);
  ERR_clear_error();
  return good;
}

// The parts of a JWE, decoded.
struct Parts {
  std::string header_text;  // base64url: what is authenticated
  json header;
  std::vector<uint8_t> wrapped_key;
  std::vector<uint8_t> iv;
  std::vector<uint8_t> cipher;
  std::vector<uint8_t> tag;
};

bool Member(const json& jwe, const char* name, std::vector<uint8_t>& out) {
  const auto found = jwe.find(name);
  if (found == jwe.end() || !found->is_string()) return false;
  auto bytes = FromBase64Url(found->get_ref<const std::string&>());
  if (!bytes) return false;
  out = *std::move(bytes);
  return true;
}

// Without a copy: what is nested deeply would be copied by recursion.
bool Says(const json& object, const char* name, std::string_view text) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() &&
         found->get_ref<const std::string&>() == text;
}

Result<Parts> ReadParts(std::string_view text) {
  const json jwe = text.size() <= kMaxJweBytes
                       ? json::parse(text, nullptr, /*allow_exceptions=*/false)
                       : json();
  Parts parts;
  std::vector<uint8_t> header;
  const bool whole =
      jwe.is_object() && Member(jwe, "protected", header) &&
      Member(jwe, "encrypted_key", parts.wrapped_key) &&
      Member(jwe, "iv", parts.iv) && Member(jwe, "ciphertext", parts.cipher) &&
      Member(jwe, "tag", parts.tag) &&
      parts.wrapped_key.size() == kWrappedBytes &&
      parts.iv.size() == kIvBytes && parts.tag.size() == kTagBytes;
  if (whole) {
    parts.header_text = jwe["protected"].get<std::string>();
    parts.header = json::parse(header, nullptr, /*allow_exceptions=*/false);
  }
  // A critical extension that is not understood must be refused (RFC 7515,
  // section 4.1.11); apu and apv are of no use here.
  if (!whole || !parts.header.is_object() ||
      !Says(parts.header, "alg", kJweAlgorithm) ||
      !Says(parts.header, "enc", "A256GCM") || !parts.header.contains("epk") ||
      !parts.header["epk"].is_object() || parts.header.contains("crit") ||
      parts.header.contains("apu") || parts.header.contains("apv") ||
      parts.header.contains("zip")) {
    return InvalidArgument(
        "this is no flattened JWE of ECDH-ES+A256KW and A256GCM");
  }
  return parts;
}

// Of its four members alone: what else stands there may be nested so deep that
// writing it out would overflow the stack.
Result<P256PublicKey> SenderKey(const json& epk) {
  json key;
  for (const char* name : {"crv", "kty", "x", "y"}) {
    if (epk.contains(name) && epk[name].is_string()) key[name] = epk[name];
  }
  return P256PublicKey::FromJwk(
      key.dump(-1, ' ', false, json::error_handler_t::replace));
}

Result<SecretBytes> WrappingKey(const P256Key& own, const P256PublicKey& peer) {
  CMIF_ASSIGN(const SecretBytes secret, own.Agree(peer));
  return ConcatKdf(secret.bytes(), kJweAlgorithm, "", "", kKeyBits);
}

}  // namespace

SecretBytes ConcatKdf(std::span<const uint8_t> secret,
                      std::string_view algorithm, std::string_view party_u,
                      std::string_view party_v, uint32_t bits) {
  std::vector<uint8_t> info;
  AppendCounted(info, algorithm);
  AppendCounted(info, party_u);
  AppendCounted(info, party_v);
  for (int shift = 24; shift >= 0; shift -= 8) {
    info.push_back(static_cast<uint8_t>(bits >> shift));
  }
  std::string hash = "SHA256";
  const std::array<OSSL_PARAM, 4> parameters = {
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, hash.data(), 0),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY,
                                        const_cast<uint8_t*>(secret.data()),
                                        secret.size()),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info.data(),
                                        info.size()),
      OSSL_PARAM_construct_end()};
  const Owned<EVP_KDF, EVP_KDF_free> kdf(
      EVP_KDF_fetch(nullptr, "SSKDF", nullptr));
  const Owned<EVP_KDF_CTX, EVP_KDF_CTX_free> context(
      kdf == nullptr ? nullptr : EVP_KDF_CTX_new(kdf.get()));
  SecretBytes key(bits / 8);
  if (context == nullptr ||
      EVP_KDF_derive(context.get(), key.bytes().data(), key.size(),
                     parameters.data()) != 1) {
    std::abort();  // no provider, no memory
  }
  return key;
}

std::string EncryptJwe(const P256PublicKey& recipient,
                       std::span<const uint8_t> plain,
                       std::string_view binding) {
  const P256Key own = P256Key::Generate();
  const auto wrapping = WrappingKey(own, recipient);
  SecretBytes key(kKeyBytes);
  std::array<uint8_t, kIvBytes> iv{};
  if (!wrapping || plain.size() > kMaxJweBytes / 2 ||
      RAND_priv_bytes(key.bytes().data(), kKeyBytes) != 1 ||
      RAND_bytes(iv.data(), kIvBytes) != 1) {
    std::abort();
  }
  const std::string header = ToBase64Url(AsBytes(fmt::format(
      R"({{"alg":"{}","enc":"A256GCM","epk":{}{}}})", kJweAlgorithm,
      own.public_key().ToJwk(),
      binding.empty() ? "" : fmt::format(R"(,"{}":"{}")", kBinding, binding))));
  const CipherContext context = NewContext();
  std::vector<uint8_t> cipher(plain.size());
  std::array<uint8_t, kTagBytes> tag{};
  int size = 0;
  int rest = 0;
  if (EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr,
                         key.bytes().data(), iv.data()) != 1 ||
      EVP_EncryptUpdate(context.get(), nullptr, &size, AsBytes(header).data(),
                        static_cast<int>(header.size())) != 1 ||
      EVP_EncryptUpdate(context.get(), cipher.data(), &size, plain.data(),
                        static_cast<int>(plain.size())) != 1 ||
      EVP_EncryptFinal_ex(context.get(), cipher.data() + size, &rest) != 1 ||
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, kTagBytes,
                          tag.data()) != 1) {
    std::abort();
  }
  return json{
      {"protected", header},
      {"encrypted_key", ToBase64Url(WrapKey(wrapping->bytes(), key.bytes()))},
      {"iv", ToBase64Url(iv)},
      {"ciphertext", ToBase64Url(cipher)},
      {"tag", ToBase64Url(tag)}}
      .dump();
}

Result<SecretBytes> DecryptJwe(const P256Key& key, std::string_view text,
                               std::string_view binding) {
  CMIF_ASSIGN(Parts parts, ReadParts(text));
  if (!binding.empty() && !Says(parts.header, kBinding, binding)) {
    return DataLoss("a JWE was made for something else than was asked for");
  }
  CMIF_ASSIGN(const P256PublicKey peer, SenderKey(parts.header["epk"]));
  CMIF_ASSIGN(const SecretBytes wrapping, WrappingKey(key, peer));
  SecretBytes content_key(kKeyBytes + 8);  // OpenSSL may write a block more
  const CipherContext context = NewContext();
  SecretBytes plain(parts.cipher.size());
  int size = 0;
  int rest = 0;
  const bool good =
      UnwrapKey(wrapping.bytes(), parts.wrapped_key, content_key.bytes()) &&
      EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr,
                         content_key.bytes().data(), parts.iv.data()) == 1 &&
      EVP_DecryptUpdate(context.get(), nullptr, &size,
                        AsBytes(parts.header_text).data(),
                        static_cast<int>(parts.header_text.size())) == 1 &&
      EVP_DecryptUpdate(context.get(), plain.bytes().data(), &size,
                        parts.cipher.data(),
                        static_cast<int>(parts.cipher.size())) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, kTagBytes,
                          parts.tag.data()) == 1 &&
      EVP_DecryptFinal_ex(context.get(), plain.bytes().data() + size, &rest) ==
          1;
  ERR_clear_error();
  if (!good) {
    return DataLoss("a JWE is of another key, or was changed on the way");
  }
  return plain;
}

}  // namespace cmif::crypto
