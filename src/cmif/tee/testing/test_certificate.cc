// SPDX-License-Identifier: Apache-2.0
#include "cmif/tee/testing/test_certificate.h"

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <cstdlib>

#include "cmif/crypto/openssl-inl.h"

namespace cmif::tee::testing {
namespace {

void Must(bool good) {
  if (!good) std::abort();
}

using OwnedX509 = crypto::Owned<X509, X509_free>;

OwnedX509 ToX509(const Certificate& certificate) {
  const uint8_t* at = certificate.der().data();
  OwnedX509 x509(
      d2i_X509(nullptr, &at, static_cast<long>(certificate.der().size())));
  Must(x509 != nullptr);
  return x509;
}

const EVP_MD* HashFor(const SigningKey& key) {
  return EVP_PKEY_get_bits(key.handle()) == 384 ? EVP_sha384() : EVP_sha256();
}

void AddExtension(X509* x509, const std::string& oid,
                  const std::vector<uint8_t>& value) {
  const crypto::Owned<ASN1_OBJECT, ASN1_OBJECT_free> object(
      OBJ_txt2obj(oid.c_str(), 1));
  const crypto::Owned<ASN1_OCTET_STRING, ASN1_OCTET_STRING_free> octets(
      ASN1_OCTET_STRING_new());
  Must(ASN1_OCTET_STRING_set(octets.get(), value.data(),
                             static_cast<int>(value.size())) == 1);
  const crypto::Owned<X509_EXTENSION, X509_EXTENSION_free> extension(
      X509_EXTENSION_create_by_OBJ(nullptr, object.get(), 0, octets.get()));
  Must(X509_add_ext(x509, extension.get(), -1) == 1);
}

void AddCa(X509* x509) {
  const crypto::Owned<X509_EXTENSION, X509_EXTENSION_free> extension(
      X509V3_EXT_conf_nid(nullptr, nullptr, NID_basic_constraints,
                          "critical,CA:TRUE"));
  Must(X509_add_ext(x509, extension.get(), -1) == 1);
}

}  // namespace

Identity MakeIdentity(const CertificateSpec& spec, const Identity* issuer,
                      const SigningKey& key) {
  const OwnedX509 x509(X509_new());
  Must(X509_set_version(x509.get(), X509_VERSION_3) == 1);
  Must(ASN1_INTEGER_set_int64(X509_get_serialNumber(x509.get()), spec.serial) ==
       1);
  X509_NAME* name = X509_get_subject_name(x509.get());
  Must(X509_NAME_add_entry_by_txt(
           name, "CN", MBSTRING_UTF8,
           reinterpret_cast<const uint8_t*>(spec.subject.data()),
           static_cast<int>(spec.subject.size()), -1, 0) == 1);
  const OwnedX509 parent =
      issuer != nullptr ? ToX509(issuer->certificate) : nullptr;
  Must(X509_set_issuer_name(
           x509.get(), parent ? X509_get_subject_name(parent.get()) : name) ==
       1);
  Must(ASN1_TIME_set(X509_getm_notBefore(x509.get()),
                     spec.not_before.seconds) != nullptr);
  Must(ASN1_TIME_set(X509_getm_notAfter(x509.get()), spec.not_after.seconds) !=
       nullptr);
  Must(X509_set_pubkey(x509.get(), key.handle()) == 1);
  if (spec.ca) AddCa(x509.get());
  for (const auto& [oid, value] : spec.extensions) {
    AddExtension(x509.get(), oid, value);
  }
  const SigningKey& signer = issuer != nullptr ? issuer->key : key;
  Must(X509_sign(x509.get(), signer.handle(), HashFor(signer)) > 0);
  return {key, *Certificate::FromDer(crypto::ToDer(i2d_X509, x509.get()))};
}

Identity MakeIdentity(const CertificateSpec& spec, const Identity* issuer) {
  return MakeIdentity(spec, issuer, SigningKey::Ec(spec.kind));
}

std::vector<uint8_t> MakeCrl(const Identity& issuer,
                             const std::vector<int64_t>& revoked,
                             Time this_update, Time next_update) {
  const crypto::Owned<X509_CRL, X509_CRL_free> crl(X509_CRL_new());
  const OwnedX509 x509 = ToX509(issuer.certificate);
  Must(X509_CRL_set_version(crl.get(), X509_CRL_VERSION_2) == 1);
  Must(X509_CRL_set_issuer_name(crl.get(), X509_get_subject_name(x509.get())) ==
       1);
  const crypto::Owned<ASN1_TIME, ASN1_TIME_free> last(
      ASN1_TIME_set(nullptr, this_update.seconds));
  const crypto::Owned<ASN1_TIME, ASN1_TIME_free> next(
      ASN1_TIME_set(nullptr, next_update.seconds));
  Must(X509_CRL_set1_lastUpdate(crl.get(), last.get()) == 1);
  Must(X509_CRL_set1_nextUpdate(crl.get(), next.get()) == 1);
  for (const int64_t serial : revoked) {
    const crypto::Owned<ASN1_INTEGER, ASN1_INTEGER_free> number(
        ASN1_INTEGER_new());
    Must(ASN1_INTEGER_set_int64(number.get(), serial) == 1);
    X509_REVOKED* entry = X509_REVOKED_new();
    Must(X509_REVOKED_set_serialNumber(entry, number.get()) == 1);
    Must(X509_REVOKED_set_revocationDate(entry, last.get()) == 1);
    Must(X509_CRL_add0_revoked(crl.get(), entry) == 1);
  }
  Must(X509_CRL_sort(crl.get()) == 1);
  Must(X509_CRL_sign(crl.get(), issuer.key.handle(), HashFor(issuer.key)) > 0);
  return crypto::ToDer(i2d_X509_CRL, crl.get());
}

std::string ToPem(const Certificate& certificate) {
  const crypto::Owned<BIO, BIO_free_all> bio(BIO_new(BIO_s_mem()));
  const OwnedX509 x509 = ToX509(certificate);
  Must(PEM_write_bio_X509(bio.get(), x509.get()) == 1);
  return crypto::TextOf(bio.get());
}

}  // namespace cmif::tee::testing
