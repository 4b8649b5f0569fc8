// SPDX-License-Identifier: Apache-2.0
#include "cmif/crypto/testing/test_ca.h"

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <cstdlib>

#include "cmif/crypto/openssl-inl.h"

namespace cmif::crypto::testing {
namespace {

void Must(bool good) {
  if (!good) std::abort();
}

void Add(X509* x509, int kind, const std::string& text) {
  if (text.empty()) return;
  const Owned<X509_EXTENSION, X509_EXTENSION_free> extension(
      X509V3_EXT_conf_nid(nullptr, nullptr, kind, text.c_str()));
  Must(extension != nullptr);
  Must(X509_add_ext(x509, extension.get(), -1) == 1);
}

void SetName(X509_NAME* name, const std::string& text) {
  Must(X509_NAME_add_entry_by_txt(
           name, "CN", MBSTRING_UTF8,
           reinterpret_cast<const unsigned char*>(text.data()),
           static_cast<int>(text.size()), -1, 0) == 1);
}

std::string Sign(X509* x509, const TlsKey& key) {
  Must(X509_sign(x509, key.handle(), EVP_sha256()) > 0);
  const Owned<BIO, BIO_free_all> bio(BIO_new(BIO_s_mem()));
  Must(PEM_write_bio_X509(bio.get(), x509) == 1);
  return TextOf(bio.get());
}

Owned<X509, X509_free> NewX509(const TlsKey& key, const std::string& subject,
                               const std::string& issuer,
                               const IssueSpec& spec) {
  Owned<X509, X509_free> x509(X509_new());
  Must(X509_set_version(x509.get(), X509_VERSION_3) == 1);
  static int64_t serial = 0;
  Must(ASN1_INTEGER_set_int64(X509_get_serialNumber(x509.get()), ++serial) ==
       1);
  ASN1_TIME_set(X509_getm_notBefore(x509.get()), spec.not_before);
  ASN1_TIME_set(X509_getm_notAfter(x509.get()), spec.not_after);
  SetName(X509_get_subject_name(x509.get()), subject);
  SetName(X509_get_issuer_name(x509.get()), issuer);
  Must(X509_set_pubkey(x509.get(), key.handle()) == 1);
  return x509;
}

}  // namespace

TestCa::TestCa(const std::string& name) : name_(name) {
  const auto x509 = NewX509(key_, name_, name_, {});
  Add(x509.get(), NID_basic_constraints, "critical,CA:TRUE");
  pem_ = Sign(x509.get(), key_);
}

std::string TestCa::Issue(const TlsKey& key, const IssueSpec& spec) const {
  const auto x509 = NewX509(key, "a test's host", name_, spec);
  Add(x509.get(), NID_subject_alt_name, spec.names);
  Add(x509.get(), NID_ext_key_usage, spec.extended_key_usage);
  return Sign(x509.get(), key_);
}

}  // namespace cmif::crypto::testing
