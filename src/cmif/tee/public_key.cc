// SPDX-License-Identifier: Apache-2.0
#include "cmif/tee/public_key.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <string>
#include <vector>

#include "cmif/base/byte_reader.h"
#include "cmif/crypto/openssl-inl.h"

namespace cmif::tee {
namespace {

const char* CurveName(Ecdsa kind) {
  return kind == Ecdsa::kP256Sha256 ? "prime256v1" : "secp384r1";
}
size_t CoordinateBytes(Ecdsa kind) {
  return kind == Ecdsa::kP256Sha256 ? 32 : 48;
}

bool IsOnCurve(EVP_PKEY* key, Ecdsa kind) {
  char name[32] = {};
  return EVP_PKEY_is_a(key, "EC") == 1 &&
         EVP_PKEY_get_group_name(key, name, sizeof(name), nullptr) == 1 &&
         std::string_view(name) == CurveName(kind);
}

// r||s, big-endian, as the DER that OpenSSL takes; empty if it cannot be.
std::vector<uint8_t> SignatureToDer(std::span<const uint8_t> signature) {
  const crypto::Owned<ECDSA_SIG, ECDSA_SIG_free> pair(ECDSA_SIG_new());
  const int half = static_cast<int>(signature.size() / 2);
  BIGNUM* r = BN_bin2bn(signature.data(), half, nullptr);
  BIGNUM* s = BN_bin2bn(signature.data() + half, half, nullptr);
  if (pair == nullptr || r == nullptr || s == nullptr ||
      ECDSA_SIG_set0(pair.get(), r, s) != 1) {
    BN_free(r);
    BN_free(s);
    return {};
  }
  return crypto::ToDer(i2d_ECDSA_SIG, pair.get());
}

bool VerifyWith(EVP_PKEY* key, const EVP_MD* hash,
                std::span<const uint8_t> data,
                std::span<const uint8_t> signature) {
  const crypto::Owned<EVP_MD_CTX, EVP_MD_CTX_free> context(EVP_MD_CTX_new());
  const bool good =
      context != nullptr &&
      EVP_DigestVerifyInit(context.get(), nullptr, hash, nullptr, key) == 1 &&
      EVP_DigestVerify(context.get(), signature.data(), signature.size(),
                       data.data(), data.size()) == 1;
  ERR_clear_error();
  return good;
}

}  // namespace

Result<PublicKey> PublicKey::FromPoint(Ecdsa kind,
                                       std::span<const uint8_t> xy) {
  const auto failed = [] {
    ERR_clear_error();
    return DataLoss("a public key is no point of its curve");
  };
  if (xy.size() != 2 * CoordinateBytes(kind)) return failed();
  std::vector<uint8_t> point = {0x04};  // SEC 1, 2.3.3: uncompressed
  point.insert(point.end(), xy.begin(), xy.end());
  const crypto::Owned<EVP_PKEY_CTX, EVP_PKEY_CTX_free> context(
      EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  std::string curve = CurveName(kind);
  OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, curve.data(),
                                       0),
      OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                        point.size()),
      OSSL_PARAM_construct_end()};
  EVP_PKEY* key = nullptr;
  if (context == nullptr || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters) !=
          1) {
    return failed();
  }
  return PublicKey({key, EVP_PKEY_free});
}

bool PublicKey::Verifies(Ecdsa kind, std::span<const uint8_t> data,
                         std::span<const uint8_t> signature) const {
  if (signature.size() != 2 * CoordinateBytes(kind) ||
      !IsOnCurve(key_.get(), kind)) {
    return false;
  }
  const std::vector<uint8_t> der = SignatureToDer(signature);
  return !der.empty() &&
         VerifyWith(key_.get(),
                    kind == Ecdsa::kP256Sha256 ? EVP_sha256() : EVP_sha384(),
                    data, der);
}

}  // namespace cmif::tee
