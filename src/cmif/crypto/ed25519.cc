// SPDX-License-Identifier: Apache-2.0
#include "cmif/crypto/ed25519.h"

#include <openssl/evp.h>
#include <openssl/pem.h>

#include <cstdlib>
#include <string>
#include <utility>

#include "cmif/base/byte_reader.h"
#include "cmif/crypto/openssl-inl.h"

namespace cmif::crypto {
namespace {

using Pkey = Owned<EVP_PKEY, EVP_PKEY_free>;
using Context = Owned<EVP_MD_CTX, EVP_MD_CTX_free>;

// Also forgets what OpenSSL noted of a key that it could not read: others of
// the process would find it.
bool IsEd25519(const Pkey& key) {
  ERR_clear_error();
  return key != nullptr && EVP_PKEY_is_a(key.get(), "ED25519") == 1;
}

Ed25519PublicKey RawPublicKey(EVP_PKEY* key) {
  Ed25519PublicKey raw{};
  size_t size = raw.size();
  if (EVP_PKEY_get_raw_public_key(key, raw.data(), &size) != 1 ||
      size != raw.size()) {
    std::abort();  // an Ed25519 key has one
  }
  return raw;
}

}  // namespace

struct Ed25519Signer::Key {
  Pkey pkey;
};

Ed25519Signer::Ed25519Signer(std::unique_ptr<Key> key) : key_(std::move(key)) {}
Ed25519Signer::~Ed25519Signer() = default;
Ed25519Signer::Ed25519Signer(Ed25519Signer&&) noexcept = default;
Ed25519Signer& Ed25519Signer::operator=(Ed25519Signer&&) noexcept = default;

Result<Ed25519Signer> Ed25519Signer::FromPem(std::string_view pem) {
  Pkey key = ReadPrivateKey(pem);
  if (!IsEd25519(key)) {
    return InvalidArgument(
        "this is no unencrypted Ed25519 private key in PEM; make one with: "
        "openssl genpkey -algorithm ed25519 -out owner.key");
  }
  return Ed25519Signer(std::make_unique<Key>(std::move(key)));
}

Ed25519Signer Ed25519Signer::Generate() {
  Pkey key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  if (key == nullptr) std::abort();  // no randomness, no keys
  return Ed25519Signer(std::make_unique<Key>(std::move(key)));
}

Ed25519PublicKey Ed25519Signer::public_key() const {
  return RawPublicKey(key_->pkey.get());
}

Ed25519Signature Ed25519Signer::Sign(std::span<const uint8_t> message) const {
  Ed25519Signature signature{};
  size_t size = signature.size();
  const Context context(EVP_MD_CTX_new());
  if (EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr,
                         key_->pkey.get()) != 1 ||
      EVP_DigestSign(context.get(), signature.data(), &size, message.data(),
                     message.size()) != 1) {
    std::abort();  // out of memory
  }
  return signature;
}

Result<Ed25519PublicKey> Ed25519PublicKeyFromPem(std::string_view pem) {
  Pkey key;
  if (pem.size() <= kMaxKeyPemBytes) {
    const auto bio = ReadOnlyBio(AsBytes(pem));
    key.reset(PEM_read_bio_PUBKEY(bio.get(), nullptr, NoPassword, nullptr));
  }
  if (!IsEd25519(key)) {
    return InvalidArgument(
        "this is no Ed25519 public key in PEM; write one with: openssl pkey "
        "-in owner.key -pubout -out owner.pub");
  }
  return RawPublicKey(key.get());
}

bool VerifyEd25519(const Ed25519PublicKey& key,
                   std::span<const uint8_t> message,
                   const Ed25519Signature& signature) {
  const Pkey pkey(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr,
                                              key.data(), key.size()));
  const Context context(EVP_MD_CTX_new());
  const bool good =
      pkey != nullptr && context != nullptr &&
      EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr,
                           pkey.get()) == 1 &&
      EVP_DigestVerify(context.get(), signature.data(), signature.size(),
                       message.data(), message.size()) == 1;
  ERR_clear_error();
  return good;
}

}  // namespace cmif::crypto
