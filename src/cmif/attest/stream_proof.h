// SPDX-License-Identifier: Apache-2.0
// The exchange in front of the rows of a stream, for both sides:
//
//   client -> server  nonce (if the client demands evidence, else none)
//   server -> client  evidence for it; a nonce if the server demands evidence
//   client -> server  evidence for that
//
// It is repeated while a stream lives. A stream of which neither side demands
// anything has none.
#ifndef CMIF_ATTEST_STREAM_PROOF_H_
#define CMIF_ATTEST_STREAM_PROOF_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "cmif/attest/challenge.h"
#include "cmif/attest/evidence_judge.h"
#include "cmif/attest/own_identity.h"
#include "cmif/base/status.h"

namespace cmif::attest {

// What one side says in the exchange.
struct ProofMessage {
  std::string nonce = {};     // 32 bytes, or none
  std::string evidence = {};  // for the other side's nonce, or none
  // Of the server with a nonce: for so long rows are taken after a proof.
  uint32_t valid_seconds = 0;
};

// What one side brings along to all its streams.
struct Party {
  std::shared_ptr<OwnIdentity> identity;       // null: no TLS, no exchange
  std::shared_ptr<const EvidenceJudge> peers;  // null: demands no evidence
};

using ProofClock = std::chrono::steady_clock;

// The server's side of one stream. Not thread-safe.
class ServerProof {
 public:
  // `client_certificate`: the leaf of the stream's connection, PEM.
  ServerProof(Party party, std::string context, std::string client_certificate)
      : party_(std::move(party)),
        context_(std::move(context)),
        client_certificate_(std::move(client_certificate)) {}

  // Takes what the client says; gives what is to be said, if anything.
  // INVALID_ARGUMENT: no such message; FAILED_PRECONDITION: evidence is asked
  // of a server that has none; RESOURCE_EXHAUSTED: two rounds within a second,
  // or the machine gives no evidence now; UNAUTHENTICATED: the client's is
  // refused. The call must end then.
  Result<std::optional<ProofMessage>> Take(const ProofMessage& message,
                                           ProofClock::time_point now);
  // UNAUTHENTICATED: the client has not proven what it must, or too long ago.
  Result<void> MayTakeRows(ProofClock::time_point now) const;

  // After a proof.
  static constexpr std::chrono::seconds kValid{600};

 private:
  Result<ProofMessage> Begin(const ProofMessage& message,
                             ProofClock::time_point now);
  Result<void> Finish(const ProofMessage& message, ProofClock::time_point now);

  Party party_;
  std::string context_;
  std::string client_certificate_;
  std::optional<Nonce> asked_;  // each nonce is good for one answer
  std::optional<ProofClock::time_point> begun_at_;
  std::optional<ProofClock::time_point> proven_at_;
};

// The client's side of one stream. Not thread-safe.
class ClientProof {
 public:
  // `server_demands`: as its Hello says.
  ClientProof(Party party, std::string context, bool server_demands)
      : party_(std::move(party)),
        context_(std::move(context)),
        server_demands_(server_demands) {}

  // Whether a round must pass before more rows may be sent.
  bool Due(ProofClock::time_point now) const;
  // The first message of a round.
  ProofMessage Begin();
  // Takes the server's answer; gives the last message, if one is due.
  // `server_certificate`: the leaf of the stream's connection, PEM.
  // UNAUTHENTICATED: the server's evidence is refused; FAILED_PRECONDITION: the
  // server asks for evidence that this client has not. The call must end then.
  Result<std::optional<ProofMessage>> Answer(
      const ProofMessage& message, std::string_view server_certificate,
      ProofClock::time_point now);

  // Between two rounds; less where the server asks for more.
  static constexpr std::chrono::seconds kInterval{300};

 private:
  Party party_;
  std::string context_;
  bool server_demands_;
  std::optional<Nonce> asked_;
  std::optional<ProofClock::time_point> passed_at_;
  std::chrono::seconds interval_ = kInterval;
};

}  // namespace cmif::attest

#endif  // CMIF_ATTEST_STREAM_PROOF_H_
