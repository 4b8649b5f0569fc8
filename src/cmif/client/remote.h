// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_CLIENT_REMOTE_H_
#define CMIF_CLIENT_REMOTE_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "cmif/attest/own_identity.h"
#include "cmif/attest/peer_judge.h"
#include "cmif/base/status.h"
#include "cmif/model/manifest.h"

namespace cmif::client {

struct RemoteOptions {
  std::string address = "127.0.0.1:7070";
  // Allows an address that is not loopback although the connection is neither
  // encrypted nor authenticated.
  bool insecure = false;
  // TLS 1.3 with what the server must prove; none: no TLS.
  std::optional<attest::PeerDemands> server = std::nullopt;
  // With TLS: what is shown to a server that asks; null: a fresh key.
  std::shared_ptr<attest::OwnIdentity> identity = nullptr;
  std::chrono::seconds connect_timeout{4};  // until the server has said Hello
};

// What a server said of itself, checked against the client's half.
struct RemoteFacts {
  uint32_t max_tokens = 0;     // positions a prompt or a sentence may take
  uint32_t max_sentences = 0;  // sentences a batch
  uint32_t max_slots = 0;
  uint32_t labels = 0;
};

// A connection to a cmif server that holds the other half of the same model.
// Thread-safe.
class Remote {
 public:
  // UNAVAILABLE when nobody answers within the timeout, FAILED_PRECONDITION
  // for another protocol version or the body of another model,
  // PERMISSION_DENIED for an address beyond loopback without TLS or `insecure`,
  // UNAUTHENTICATED for a server that does not prove what it must.
  static Result<std::unique_ptr<Remote>> Connect(
      const RemoteOptions& options, const model::ModelFacts& expected);
  ~Remote();

  const RemoteFacts& facts() const { return facts_; }

  // gRPC's own words for a connection that breaks say nothing to a user; this
  // says what happened and what to do. What the server or gRPC says stands at
  // the end, as the reason given.
  Status Explained(const Status& status) const;

  struct Impl;  // remote-inl.h
  Impl& impl() { return *impl_; }

 private:
  Remote();
  std::unique_ptr<Impl> impl_;
  RemoteFacts facts_;
};

}  // namespace cmif::client

#endif  // CMIF_CLIENT_REMOTE_H_
