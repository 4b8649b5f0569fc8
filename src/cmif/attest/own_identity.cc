// SPDX-License-Identifier: Apache-2.0
#include "cmif/attest/own_identity.h"

#include <algorithm>
#include <utility>

#include "cmif/attest/clock.h"
#include "cmif/base/secret_bytes.h"
#include "cmif/crypto/tls_certificate.h"
#include "cmif/tee/evidence_extension.h"

namespace cmif::attest {
namespace {

constexpr int64_t kClockSkewSeconds = 3600;
// A key that ends with the process and is known by its hash: the dates say
// nothing, but certificates have some.
constexpr int64_t kPlainSeconds = 10LL * 365 * 86400;
constexpr std::chrono::seconds kShortestPause{1};

Result<std::string> SignItself(
    const crypto::TlsKey& key, int64_t lifetime_seconds,
    std::vector<std::pair<std::string, std::vector<uint8_t>>> extensions) {
  const int64_t now = Now();
  return crypto::MakeSelfSigned(key, {.common_name = "cmif",
                                      .not_before = now - kClockSkewSeconds,
                                      .not_after = now + lifetime_seconds,
                                      .extensions = std::move(extensions)});
}

}  // namespace

Result<std::shared_ptr<OwnIdentity>> OwnIdentity::FromPem(
    std::string_view certificates, std::string_view key) {
  CMIF_ASSIGN(auto parsed, crypto::TlsKey::FromPem(key));
  CMIF_ASSIGN(const auto certificate,
              crypto::TlsCertificate::FromPem(certificates));
  if (!certificate.IsOf(parsed)) {
    return FailedPrecondition(
        "the private key does not belong to the certificate; give the key that "
        "the certificate was issued for (the certificate comes first in its "
        "file)");
  }
  std::shared_ptr<OwnIdentity> identity(new OwnIdentity(std::move(parsed)));
  CMIF_TRY(identity->Show(certificates));
  return identity;
}

Result<std::shared_ptr<OwnIdentity>> OwnIdentity::Make() {
  std::shared_ptr<OwnIdentity> identity(
      new OwnIdentity(crypto::TlsKey::Generate()));
  CMIF_ASSIGN(const std::string certificate,
              SignItself(identity->key_, kPlainSeconds, {}));
  CMIF_TRY(identity->Show(certificate));
  return identity;
}

Result<std::shared_ptr<OwnIdentity>> OwnIdentity::MakeAttested(
    std::unique_ptr<platform::Attester> attester,
    const AttestedOptions& options) {
  std::shared_ptr<OwnIdentity> identity(
      new OwnIdentity(crypto::TlsKey::Generate()));
  identity->attester_ = std::move(attester);
  identity->lifetime_ = options.lifetime;
  CMIF_ASSIGN(const std::string certificate, identity->NewCertificate());
  CMIF_TRY(identity->Show(certificate));
  identity->renewer_ = std::thread(
      [raw = identity.get(), options] { raw->RenewInTime(options); });
  return identity;
}

Result<void> OwnIdentity::Show(std::string_view certificates) {
  std::string pem = key_.ToPem();
  auto tls = wire::TlsIdentity::Create(pem, certificates);
  SecureWipe(pem.data(), pem.size());
  if (!tls) return std::unexpected(tls.error());
  tls_ = *std::move(tls);
  certificate_ = certificates;
  return {};
}

OwnIdentity::~OwnIdentity() {
  {
    const std::lock_guard lock(mutex_);
    ends_ = true;
  }
  wake_.notify_one();
  if (renewer_.joinable()) renewer_.join();
}

Result<std::vector<uint8_t>> OwnIdentity::Collect(
    const platform::ReportData& data) {
  if (!attester_) {
    return FailedPrecondition(
        "this process has no machine to ask for evidence");
  }
  const std::lock_guard lock(attester_mutex_);
  return attester_->Collect(data);
}

Result<std::string> OwnIdentity::NewCertificate() {
  const std::vector<uint8_t> claims = tee::KeyClaims(key_sha256_);
  CMIF_ASSIGN(const auto evidence, Collect(tee::ReportDataOf(claims)));
  CMIF_ASSIGN(auto extensions, tee::WriteEvidenceExtensions(evidence, claims));
  return SignItself(key_, lifetime_.count(), std::move(extensions));
}

Result<void> OwnIdentity::Renew() {
  CMIF_ASSIGN(const std::string certificate, NewCertificate());
  CMIF_TRY(tls_->Replace(certificate));
  const std::lock_guard lock(mutex_);
  certificate_ = certificate;
  return {};
}

std::string OwnIdentity::certificate() const {
  const std::lock_guard lock(mutex_);
  return certificate_;
}

void OwnIdentity::RenewInTime(const AttestedOptions& options) {
  const auto usual = std::max<std::chrono::milliseconds>(
      std::chrono::milliseconds(options.lifetime) / 2, kShortestPause);
  auto pause = usual;
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, pause, [this] { return ends_; })) {
    lock.unlock();
    const Result<void> renewed = Renew();
    // Often enough to succeed before the old one expires.
    pause = renewed ? usual
                    : std::max<std::chrono::milliseconds>(usual / 20,
                                                          kShortestPause);
    if (!renewed && options.log) {
      options.log("the certificate is not renewed yet: " +
                  renewed.error().message());
    }
    lock.lock();
  }
}

}  // namespace cmif::attest
