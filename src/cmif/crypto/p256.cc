// SPDX-License-Identifier: Apache-2.0
#include "cmif/crypto/p256.h"

#include <fmt/format.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "cmif/base/byte_reader.h"
#include "cmif/crypto/base64url.h"
#include "cmif/crypto/openssl-inl.h"

namespace cmif::crypto {
namespace {

using nlohmann::json;
using PkeyContext = Owned<EVP_PKEY_CTX, EVP_PKEY_CTX_free>;
using HashContext = Owned<EVP_MD_CTX, EVP_MD_CTX_free>;
using Signature = Owned<ECDSA_SIG, ECDSA_SIG_free>;

constexpr size_t kMaxJsonBytes = 65536;

std::shared_ptr<EVP_PKEY> PublicFromPoint(std::span<const uint8_t> xy) {
  std::array<uint8_t, 65> point{4};  // uncompressed
  std::ranges::copy(xy, point.begin() + 1);
  std::string group = "P-256";
  const std::array<OSSL_PARAM, 3> parameters = {
      OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group.data(),
                                       0),
      OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                        point.size()),
      OSSL_PARAM_construct_end()};
  const PkeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  EVP_PKEY* key = nullptr;
  std::shared_ptr<EVP_PKEY> owned;
  if (context != nullptr && EVP_PKEY_fromdata_init(context.get()) == 1 &&
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY,
                        const_cast<OSSL_PARAM*>(parameters.data())) == 1) {
    owned = {key, EVP_PKEY_free};
    const PkeyContext check(EVP_PKEY_CTX_new(key, nullptr));
    if (check == nullptr || EVP_PKEY_public_check(check.get()) != 1) {
      owned.reset();
    }
  }
  ERR_clear_error();
  return owned;
}

// A coordinate of a JWK has exactly 32 bytes (RFC 7518, section 6.2.1.2).
bool Coordinate(const json& jwk, const char* name, std::span<uint8_t> out) {
  const auto found = jwk.find(name);
  if (found == jwk.end() || !found->is_string()) return false;
  const auto bytes = FromBase64Url(found->get_ref<const std::string&>());
  if (!bytes || bytes->size() != out.size()) return false;
  std::ranges::copy(*bytes, out.begin());
  return true;
}

bool Says(const json& jwk, const char* name, std::string_view value) {
  const auto found = jwk.find(name);
  return found != jwk.end() && found->is_string() &&
         found->get_ref<const std::string&>() == value;
}

}  // namespace

Result<P256PublicKey> P256PublicKey::FromPoint(std::span<const uint8_t> xy) {
  P256PublicKey key;
  if (xy.size() == key.point_.size()) key.key_ = PublicFromPoint(xy);
  if (key.key_ == nullptr) {
    return InvalidArgument("these bytes are no point of the curve P-256");
  }
  std::ranges::copy(xy, key.point_.begin());
  return key;
}

Result<P256PublicKey> P256PublicKey::FromJwk(std::string_view text) {
  const json jwk = text.size() <= kMaxJsonBytes
                       ? json::parse(text, nullptr, /*allow_exceptions=*/false)
                       : json();
  std::array<uint8_t, 64> point{};
  const std::span<uint8_t> xy(point);
  if (!jwk.is_object() || !Says(jwk, "kty", "EC") ||
      !Says(jwk, "crv", "P-256") || !Coordinate(jwk, "x", xy.first(32)) ||
      !Coordinate(jwk, "y", xy.last(32))) {
    return InvalidArgument(
        "this is no JSON Web Key of kty EC and crv P-256 with x and y");
  }
  return FromPoint(point);
}

std::string P256PublicKey::ToJwk(std::string_view alg) const {
  const std::span<const uint8_t> xy(point_);
  // base64url and names of algorithms need no escapes.
  return fmt::format(R"({{{}"crv":"P-256","kty":"EC","x":"{}","y":"{}"}})",
                     alg.empty() ? "" : fmt::format(R"("alg":"{}",)", alg),
                     ToBase64Url(xy.first(32)), ToBase64Url(xy.last(32)));
}

Digest P256PublicKey::Thumbprint() const { return Sha256Of(AsBytes(ToJwk())); }

bool P256PublicKey::Verifies(std::span<const uint8_t> message,
                             const Es256Signature& signature) const {
  const Signature parts(ECDSA_SIG_new());
  BIGNUM* r = BN_bin2bn(signature.data(), 32, nullptr);
  BIGNUM* s = BN_bin2bn(signature.data() + 32, 32, nullptr);
  if (parts == nullptr || ECDSA_SIG_set0(parts.get(), r, s) != 1) std::abort();
  const std::vector<uint8_t> der = ToDer(i2d_ECDSA_SIG, parts.get());
  const HashContext context(EVP_MD_CTX_new());
  const bool good = context != nullptr &&
                    EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(),
                                         nullptr, key_.get()) == 1 &&
                    EVP_DigestVerify(context.get(), der.data(), der.size(),
                                     message.data(), message.size()) == 1;
  ERR_clear_error();
  return good;
}

Result<P256Key> P256Key::FromHandle(std::shared_ptr<evp_pkey_st> key) {
  std::array<char, 32> group{};
  std::array<uint8_t, 65> point{};
  size_t size = 0;
  const bool good = key != nullptr && EVP_PKEY_is_a(key.get(), "EC") == 1 &&
                    EVP_PKEY_get_group_name(key.get(), group.data(),
                                            group.size(), &size) == 1 &&
                    std::string_view(group.data(), size) == "prime256v1" &&
                    EVP_PKEY_get_octet_string_param(
                        key.get(), OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY,
                        point.data(), point.size(), &size) == 1 &&
                    size == point.size() && point[0] == 4;
  ERR_clear_error();
  if (!good) {
    return InvalidArgument(
        "this is no unencrypted private key on the curve P-256 in PEM");
  }
  P256Key made;
  CMIF_ASSIGN(made.public_,
              P256PublicKey::FromPoint(std::span(point).subspan(1)));
  made.key_ = std::move(key);
  return made;
}

P256Key P256Key::Generate() {
  auto key = FromHandle({EVP_EC_gen("P-256"), EVP_PKEY_free});
  if (!key) std::abort();  // no randomness, no keys
  return *std::move(key);
}

Result<P256Key> P256Key::FromPem(std::string_view pem) {
  return FromHandle(ReadPrivateKey(pem));
}

Es256Signature P256Key::Sign(std::span<const uint8_t> message) const {
  std::array<uint8_t, 80> der{};
  size_t size = der.size();
  const HashContext context(EVP_MD_CTX_new());
  if (context == nullptr ||
      EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr,
                         key_.get()) != 1 ||
      EVP_DigestSign(context.get(), der.data(), &size, message.data(),
                     message.size()) != 1) {
    std::abort();  // out of memory
  }
  const uint8_t* in = der.data();
  const Signature parts(d2i_ECDSA_SIG(nullptr, &in, static_cast<long>(size)));
  Es256Signature signature{};
  if (parts == nullptr ||
      BN_bn2binpad(ECDSA_SIG_get0_r(parts.get()), signature.data(), 32) != 32 ||
      BN_bn2binpad(ECDSA_SIG_get0_s(parts.get()), signature.data() + 32, 32) !=
          32) {
    std::abort();
  }
  return signature;
}

Result<SecretBytes> P256Key::Agree(const P256PublicKey& peer) const {
  SecretBytes secret(32);
  size_t size = secret.size();
  const PkeyContext context(EVP_PKEY_CTX_new(key_.get(), nullptr));
  const bool good =
      context != nullptr && EVP_PKEY_derive_init(context.get()) == 1 &&
      EVP_PKEY_derive_set_peer(context.get(), peer.key_.get()) == 1 &&
      EVP_PKEY_derive(context.get(), secret.bytes().data(), &size) == 1 &&
      size == secret.size();
  ERR_clear_error();
  if (!good) return Internal("no key could be agreed on");
  return secret;
}

}  // namespace cmif::crypto
