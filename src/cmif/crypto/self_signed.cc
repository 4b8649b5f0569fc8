// SPDX-License-Identifier: Apache-2.0
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <ctime>

#include "cmif/crypto/openssl-inl.h"
#include "cmif/crypto/tls_certificate.h"

namespace cmif::crypto {
namespace {

using OwnedX509 = Owned<X509, X509_free>;

// A positive number of 127 bits, so that no two certificates of a name have
// the same one.
bool SetSerial(X509* x509) {
  const Owned<BIGNUM, BN_free> number(BN_new());
  return number != nullptr &&
         BN_rand(number.get(), 127, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
         BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(x509)) !=
             nullptr;
}

bool SetTime(ASN1_TIME* time, int64_t seconds) {
  // Of OpenSSL's own choice between the two kinds of RFC 5280.
  return ASN1_TIME_set(time, static_cast<std::time_t>(seconds)) != nullptr;
}

bool SetNames(X509* x509, const std::string& common_name) {
  X509_NAME* name = X509_get_subject_name(x509);
  return X509_NAME_add_entry_by_NID(
             name, NID_commonName, MBSTRING_UTF8,
             reinterpret_cast<const unsigned char*>(common_name.data()),
             static_cast<int>(common_name.size()), -1, 0) == 1 &&
         X509_set_issuer_name(x509, name) == 1;
}

bool AddExtension(X509* x509, const std::string& oid,
                  const std::vector<uint8_t>& value) {
  const Owned<ASN1_OBJECT, ASN1_OBJECT_free> object(
      OBJ_txt2obj(oid.c_str(), /*no_name=*/1));
  const Owned<ASN1_OCTET_STRING, ASN1_OCTET_STRING_free> octets(
      ASN1_OCTET_STRING_new());
  if (object == nullptr || octets == nullptr ||
      ASN1_OCTET_STRING_set(octets.get(), value.data(),
                            static_cast<int>(value.size())) != 1) {
    return false;
  }
  const Owned<X509_EXTENSION, X509_EXTENSION_free> extension(
      X509_EXTENSION_create_by_OBJ(nullptr, object.get(), /*crit=*/0,
                                   octets.get()));
  return extension != nullptr && X509_add_ext(x509, extension.get(), -1) == 1;
}

bool Fill(X509* x509, const TlsKey& key, const SelfSignedSpec& spec) {
  if (X509_set_version(x509, X509_VERSION_3) != 1 || !SetSerial(x509) ||
      !SetTime(X509_getm_notBefore(x509), spec.not_before) ||
      !SetTime(X509_getm_notAfter(x509), spec.not_after) ||
      !SetNames(x509, spec.common_name) ||
      X509_set_pubkey(x509, key.handle()) != 1) {
    return false;
  }
  for (const auto& [oid, value] : spec.extensions) {
    if (!AddExtension(x509, oid, value)) return false;
  }
  return true;
}

// The hash that goes with a key; none for Ed25519, which has its own.
const EVP_MD* HashFor(const TlsKey& key) {
  if (EVP_PKEY_is_a(key.handle(), "EC") != 1) return nullptr;
  return EVP_PKEY_get_bits(key.handle()) == 384 ? EVP_sha384() : EVP_sha256();
}

}  // namespace

Result<std::string> MakeSelfSigned(const TlsKey& key,
                                   const SelfSignedSpec& spec) {
  const OwnedX509 x509(X509_new());
  const Owned<BIO, BIO_free_all> bio(BIO_new(BIO_s_mem()));
  const bool good = x509 != nullptr && bio != nullptr &&
                    spec.not_before < spec.not_after &&
                    Fill(x509.get(), key, spec) &&
                    X509_sign(x509.get(), key.handle(), HashFor(key)) > 0 &&
                    PEM_write_bio_X509(bio.get(), x509.get()) == 1;
  ERR_clear_error();
  if (!good) {
    return InvalidArgument(
        "a certificate cannot be made of this name, these times and these "
        "extensions");
  }
  return TextOf(bio.get());
}

}  // namespace cmif::crypto
