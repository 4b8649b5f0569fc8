// SPDX-License-Identifier: Apache-2.0
#include "cmif/crypto/tls_key.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <array>
#include <cstdlib>

#include "cmif/base/byte_reader.h"
#include "cmif/crypto/openssl-inl.h"

namespace cmif::crypto {
namespace {

bool IsUsable(const EVP_PKEY* key) {
  if (key == nullptr) return false;
  if (EVP_PKEY_is_a(key, "ED25519") == 1) return true;
  std::array<char, 32> group{};
  size_t size = 0;
  if (EVP_PKEY_is_a(key, "EC") != 1 ||
      EVP_PKEY_get_group_name(key, group.data(), group.size(), &size) != 1) {
    return false;
  }
  const std::string_view name(group.data(), size);
  return name == "prime256v1" || name == "P-256" || name == "secp384r1" ||
         name == "P-384";
}

}  // namespace

Result<TlsKey> TlsKey::FromPem(std::string_view pem) {
  std::shared_ptr<EVP_PKEY> key = ReadPrivateKey(pem);
  const bool usable = IsUsable(key.get());
  ERR_clear_error();
  if (!usable) {
    return InvalidArgument(
        "this is no unencrypted private key for TLS in PEM (ECDSA P-256 or "
        "P-384, or Ed25519); make one with: openssl genpkey -algorithm EC "
        "-pkeyopt ec_paramgen_curve:P-256 -out tls.key");
  }
  return TlsKey(std::move(key));
}

TlsKey TlsKey::Generate() {
  std::shared_ptr<EVP_PKEY> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  if (key == nullptr) std::abort();  // no randomness, no keys
  return TlsKey(std::move(key));
}

std::string TlsKey::ToPem() const {
  const Owned<BIO, BIO_free_all> bio(BIO_new(BIO_s_secmem()));
  if (bio == nullptr ||
      PEM_write_bio_PKCS8PrivateKey(bio.get(), key_.get(), nullptr, nullptr, 0,
                                    nullptr, nullptr) != 1) {
    std::abort();  // out of memory
  }
  return TextOf(bio.get());
}

std::vector<uint8_t> TlsKey::PublicKeyInfo() const {
  return ToDer(i2d_PUBKEY, key_.get());
}

}  // namespace cmif::crypto
