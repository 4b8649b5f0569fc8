// SPDX-License-Identifier: Apache-2.0
#include "cmif/tee/testing/signing_key.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <cstdlib>

#include "cmif/crypto/openssl-inl.h"

namespace cmif::tee::testing {
namespace {

void Must(bool good) {
  if (!good) std::abort();
}

// Whether a key is P-384; else it is P-256.
bool IsP384(EVP_PKEY* key) { return EVP_PKEY_get_bits(key) == 384; }

std::vector<uint8_t> DerToPair(std::span<const uint8_t> der, int half) {
  const uint8_t* at = der.data();
  const crypto::Owned<ECDSA_SIG, ECDSA_SIG_free> pair(
      d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
  Must(pair != nullptr);
  std::vector<uint8_t> raw(static_cast<size_t>(half) * 2);
  Must(BN_bn2binpad(ECDSA_SIG_get0_r(pair.get()), raw.data(), half) == half);
  Must(BN_bn2binpad(ECDSA_SIG_get0_s(pair.get()), raw.data() + half, half) ==
       half);
  return raw;
}

}  // namespace

SigningKey::SigningKey(evp_pkey_st* key) : key_(key, EVP_PKEY_free) {
  Must(key != nullptr);
}

SigningKey SigningKey::Ed25519() {
  return SigningKey(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
}

SigningKey SigningKey::Ec(Ecdsa kind) {
  return SigningKey(EVP_EC_gen(kind == Ecdsa::kP256Sha256 ? "P-256" : "P-384"));
}

std::vector<uint8_t> SigningKey::Sign(std::span<const uint8_t> data) const {
  const bool ec = EVP_PKEY_is_a(handle(), "EC") == 1;
  const EVP_MD* hash = !ec                ? nullptr
                       : IsP384(handle()) ? EVP_sha384()
                                          : EVP_sha256();
  const crypto::Owned<EVP_MD_CTX, EVP_MD_CTX_free> context(EVP_MD_CTX_new());
  size_t size = 256;
  std::vector<uint8_t> signature(size);
  Must(EVP_DigestSignInit(context.get(), nullptr, hash, nullptr, handle()) ==
           1 &&
       EVP_DigestSign(context.get(), signature.data(), &size, data.data(),
                      data.size()) == 1);
  signature.resize(size);
  return ec ? DerToPair(signature, IsP384(handle()) ? 48 : 32) : signature;
}

std::string SigningKey::PublicPem() const {
  const crypto::Owned<BIO, BIO_free_all> bio(BIO_new(BIO_s_mem()));
  Must(PEM_write_bio_PUBKEY(bio.get(), handle()) == 1);
  return crypto::TextOf(bio.get());
}

std::vector<uint8_t> SigningKey::PublicPoint() const {
  uint8_t point[256];
  size_t size = 0;
  Must(EVP_PKEY_get_octet_string_param(handle(), OSSL_PKEY_PARAM_PUB_KEY, point,
                                       sizeof(point), &size) == 1 &&
       point[0] == 0x04);
  return {point + 1, point + size};
}

}  // namespace cmif::tee::testing
