// SPDX-License-Identifier: Apache-2.0
#include "cmif/attest/own_identity.h"

#include <string>

#include "cmif/attest/clock.h"
#include "cmif/base/secret_bytes.h"
#include "cmif/crypto/tls_certificate.h"

namespace cmif::attest {
namespace {

// The key ends with the process and is known by its hash: the dates say
// nothing, but certificates have some.
constexpr int64_t kBeforeSeconds = 3600;
constexpr int64_t kAfterSeconds = 10LL * 365 * 86400;

}  // namespace

Result<std::shared_ptr<OwnIdentity>> OwnIdentity::FromPem(
    std::string_view certificates, std::string_view key) {
  CMIF_ASSIGN(const auto parsed, crypto::TlsKey::FromPem(key));
  CMIF_ASSIGN(const auto certificate,
              crypto::TlsCertificate::FromPem(certificates));
  if (!certificate.IsOf(parsed)) {
    return FailedPrecondition(
        "the private key does not belong to the certificate; give the key that "
        "the certificate was issued for (the certificate comes first in its "
        "file)");
  }
  std::shared_ptr<OwnIdentity> identity(new OwnIdentity());
  identity->key_sha256_ = parsed.sha256();
  CMIF_ASSIGN(identity->tls_, wire::TlsIdentity::Create(key, certificates));
  return identity;
}

Result<std::shared_ptr<OwnIdentity>> OwnIdentity::Make() {
  const auto key = crypto::TlsKey::Generate();
  const int64_t now = Now();
  CMIF_ASSIGN(const std::string certificate,
              crypto::MakeSelfSigned(key, {.common_name = "cmif",
                                           .not_before = now - kBeforeSeconds,
                                           .not_after = now + kAfterSeconds}));
  std::string pem = key.ToPem();
  auto identity = FromPem(certificate, pem);
  SecureWipe(pem.data(), pem.size());
  return identity;
}

}  // namespace cmif::attest
