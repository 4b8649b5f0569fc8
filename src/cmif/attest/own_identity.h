// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_ATTEST_OWN_IDENTITY_H_
#define CMIF_ATTEST_OWN_IDENTITY_H_

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "cmif/base/status.h"
#include "cmif/crypto/sha256.h"
#include "cmif/crypto/tls_key.h"
#include "cmif/platform/attester.h"
#include "cmif/wire/tls.h"

namespace cmif::attest {

struct AttestedOptions {
  // Of a certificate; a new one with new evidence is made when half of it is
  // over.
  std::chrono::seconds lifetime{6 * 3600};
  // Gets a line when a certificate could not be renewed, from another thread.
  std::function<void(const std::string&)> log{};
};

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
  // The same with evidence of the machine in the certificate, renewed by a
  // thread of the object's. The key stays. Errors of the attester, and of
  // tee::WriteEvidenceExtensions.
  static Result<std::shared_ptr<OwnIdentity>> MakeAttested(
      std::unique_ptr<platform::Attester> attester,
      const AttestedOptions& options = {});
  ~OwnIdentity();
  OwnIdentity(const OwnIdentity&) = delete;
  OwnIdentity& operator=(const OwnIdentity&) = delete;

  // Of the SubjectPublicKeyInfo in DER: what a peer pins.
  const crypto::Digest& key_sha256() const { return key_sha256_; }
  const wire::TlsIdentity& tls() const { return *tls_; }
  // What is shown now, PEM.
  std::string certificate() const;

  // Whether Collect() has a machine to ask, and what it is: "snp", ...
  bool attests() const { return attester_ != nullptr; }
  std::string_view platform() const {
    return attester_ ? attester_->platform() : "none";
  }
  // Fresh evidence with these bytes; one caller at a time asks the machine.
  // FAILED_PRECONDITION without an attester.
  Result<std::vector<uint8_t>> Collect(const platform::ReportData& data);
  // A new certificate with new evidence, for connections made a second later
  // or after.
  Result<void> Renew();

 private:
  explicit OwnIdentity(crypto::TlsKey key)
      : key_(std::move(key)), key_sha256_(key_.sha256()) {}
  // Once, before anyone connects.
  Result<void> Show(std::string_view certificates);
  Result<std::string> NewCertificate();
  void RenewInTime(const AttestedOptions& options);

  const crypto::TlsKey key_;
  const crypto::Digest key_sha256_;
  std::unique_ptr<wire::TlsIdentity> tls_;
  std::chrono::seconds lifetime_{};
  std::mutex attester_mutex_;
  std::unique_ptr<platform::Attester> attester_;
  mutable std::mutex mutex_;  // guards what follows
  std::string certificate_;
  std::condition_variable wake_;
  bool ends_ = false;
  std::thread renewer_;
};

}  // namespace cmif::attest

#endif  // CMIF_ATTEST_OWN_IDENTITY_H_
