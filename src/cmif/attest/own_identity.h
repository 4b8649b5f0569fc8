// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_ATTEST_OWN_IDENTITY_H_
#define CMIF_ATTEST_OWN_IDENTITY_H_

#include <memory>
#include <string_view>

#include "cmif/base/status.h"
#include "cmif/crypto/sha256.h"
#include "cmif/wire/tls.h"

namespace cmif::attest {

// What this process shows of itself in TLS. Thread-safe; outlives the
// connections that show it.
class OwnIdentity {
 public:
  // A key and its certificate (those of its issuers may follow), PEM.
  // INVALID_ARGUMENT: not a key, or not one for TLS; DATA_LOSS: no certificate;
  // FAILED_PRECONDITION: the certificate is of another key.
  static Result<std::shared_ptr<OwnIdentity>> FromPem(
      std::string_view certificates, std::string_view key);
  // A key made now that ends with the object, in a certificate signed by
  // itself: known to a peer by its hash alone.
  static Result<std::shared_ptr<OwnIdentity>> Make();

  // Of the SubjectPublicKeyInfo in DER: what a peer pins.
  const crypto::Digest& key_sha256() const { return key_sha256_; }
  const wire::TlsIdentity& tls() const { return *tls_; }

 private:
  OwnIdentity() = default;
  crypto::Digest key_sha256_{};
  std::unique_ptr<wire::TlsIdentity> tls_;
};

}  // namespace cmif::attest

#endif  // CMIF_ATTEST_OWN_IDENTITY_H_
