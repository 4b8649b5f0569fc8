// SPDX-License-Identifier: Apache-2.0
#include "cmif/attest/peer_judge.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "cmif/attest/clock.h"
#include "cmif/crypto/tls_certificate.h"

namespace cmif::attest {

Result<std::shared_ptr<PeerJudge>> PeerJudge::Create(PeerDemands demands,
                                                     Role peer) {
  if (!demands.Any()) {
    return InvalidArgument(
        "nothing is demanded of the other side of TLS: anyone could be there");
  }
  if (!demands.authority.empty()) {
    CMIF_TRY(crypto::TlsCertificate::FromPem(demands.authority));
  }
  return std::shared_ptr<PeerJudge>(new PeerJudge(std::move(demands), peer));
}

Result<void> PeerJudge::Judge(const wire::TlsPeer& peer, int64_t now) {
  Result<void> good = Check(peer, now);
  {
    const std::lock_guard lock(mutex_);
    last_refusal_.reset();
    if (!good) last_refusal_ = good.error();
  }
  if (!good && on_refusal_) on_refusal_(good.error());
  return good;
}

wire::JudgePeer PeerJudge::Callback(std::shared_ptr<PeerJudge> judge) {
  return [judge = std::move(judge)](const wire::TlsPeer& peer) {
    return judge->Judge(peer, Now());
  };
}

std::optional<Status> PeerJudge::last_refusal() const {
  const std::lock_guard lock(mutex_);
  return last_refusal_;
}

Result<void> PeerJudge::Check(const wire::TlsPeer& peer, int64_t now) const {
  const auto certificate =
      crypto::TlsCertificate::FromPem(peer.leaf, peer.chain);
  if (!certificate) {
    return Fail(Code::kUnauthenticated,
                "the peer's certificate cannot be read: " +
                    certificate.error().message());
  }
  const crypto::Digest key = certificate->key_sha256();
  if (!demands_.keys.empty() &&
      std::ranges::find(demands_.keys, key) == demands_.keys.end()) {
    return Fail(Code::kUnauthenticated,
                fmt::format("the peer's key has the hash {}, which is not the "
                            "one that was pinned; it is another machine, or "
                            "its key has changed: ask its operator",
                            crypto::ToHex(key)));
  }
  CMIF_TRY(certificate->CheckTime(now));
  if (!demands_.authority.empty()) CMIF_TRY(CheckIssuer(*certificate, now));
  if (!demands_.evidence) return {};
  return demands_.evidence->JudgeCertificate(certificate->Der(), now);
}

Result<void> PeerJudge::CheckIssuer(const crypto::TlsCertificate& certificate,
                                    int64_t now) const {
  CMIF_TRY(certificate.CheckIssuer(demands_.authority,
                                   peer_ == Role::kServer
                                       ? crypto::TlsCertificate::Use::kServer
                                       : crypto::TlsCertificate::Use::kClient,
                                   now));
  if (!demands_.host.empty()) {
    CMIF_TRY(certificate.CheckHost(demands_.host));
  }
  return {};
}

}  // namespace cmif::attest
