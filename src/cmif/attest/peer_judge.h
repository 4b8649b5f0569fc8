// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_ATTEST_PEER_JUDGE_H_
#define CMIF_ATTEST_PEER_JUDGE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "cmif/attest/evidence_judge.h"
#include "cmif/attest/role.h"
#include "cmif/base/status.h"
#include "cmif/crypto/sha256.h"
#include "cmif/crypto/tls_certificate.h"
#include "cmif/wire/tls.h"

namespace cmif::attest {

// What a peer must prove in the handshake; all that is given is demanded.
struct PeerDemands {
  // Certificates of the authority that issued the peer's, PEM; empty: any.
  std::string authority = {};
  // With an authority: the DNS name or IP address that stands in the
  // certificate; empty: any.
  std::string host = {};
  // The SHA-256 of the keys that a peer may have; empty: any.
  std::vector<crypto::Digest> keys = {};
  // Judges the evidence in the peer's certificate, and later its answers to
  // challenges; null: none is demanded.
  std::shared_ptr<EvidenceJudge> evidence = nullptr;

  bool Any() const { return !authority.empty() || !keys.empty() || evidence; }
};

// Judges the peers of connections. Thread-safe.
class PeerJudge {
 public:
  // INVALID_ARGUMENT: nothing is demanded; DATA_LOSS: the authority is none.
  // `peer` is what the peers are.
  static Result<std::shared_ptr<PeerJudge>> Create(PeerDemands demands,
                                                   Role peer);

  // UNAUTHENTICATED, with what to do.
  Result<void> Judge(const wire::TlsPeer& peer, int64_t now);
  // The same for now, as gRPC's credentials take it; keeps the object alive.
  static wire::JudgePeer Callback(std::shared_ptr<PeerJudge> judge);

  // Why the last peer that was judged was refused; none if it was not, or none
  // was judged.
  std::optional<Status> last_refusal() const;
  // Null: no evidence is demanded.
  const std::shared_ptr<EvidenceJudge>& evidence() const {
    return demands_.evidence;
  }
  // Called with each refusal, from gRPC's threads; set before the first.
  void OnRefusal(std::function<void(const Status&)> call) {
    on_refusal_ = std::move(call);
  }

 private:
  PeerJudge(PeerDemands demands, Role peer)
      : demands_(std::move(demands)), peer_(peer) {}
  Result<void> Check(const wire::TlsPeer& peer, int64_t now) const;
  Result<void> CheckIssuer(const crypto::TlsCertificate& certificate,
                           int64_t now) const;

  const PeerDemands demands_;
  const Role peer_;
  std::function<void(const Status&)> on_refusal_;
  mutable std::mutex mutex_;
  std::optional<Status> last_refusal_;
};

}  // namespace cmif::attest

#endif  // CMIF_ATTEST_PEER_JUDGE_H_
