// SPDX-License-Identifier: Apache-2.0
// What classifier.cc and generator.cc need of a connection.
#ifndef CMIF_CLIENT_REMOTE_INL_H_
#define CMIF_CLIENT_REMOTE_INL_H_

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <memory>
#include <string>

#include "cmif/attest/stream_proof.h"
#include "cmif/client/remote.h"
#include "cmif/wire/address.h"
#include "cmif/wire/cmif.grpc.pb.h"

namespace cmif::client {

struct Remote::Impl {
  // Both null without TLS; outlive the channel.
  std::shared_ptr<attest::OwnIdentity> identity;
  std::shared_ptr<attest::PeerJudge> judge;
  std::shared_ptr<grpc::Channel> channel;
  std::unique_ptr<v1::Inference::Stub> stub;

  // What must pass on a stream of this call before rows are sent.
  attest::ClientProof NewProof(const char* call) const {
    return {{identity, judge ? judge->evidence() : nullptr},
            call + (" " + body_sha256),
            server_demands};
  }
  bool CanProve() const { return identity && identity->attests(); }
  std::string body_sha256;
  bool server_demands = false;

  // remote.cc:
  Result<void> Open(const RemoteOptions& options, const wire::Address& address);
  // Until the server has taken the connection, or a reason why it will not.
  Result<void> Wait(const RemoteOptions& options,
                    std::chrono::system_clock::time_point deadline);
};

}  // namespace cmif::client

#endif  // CMIF_CLIENT_REMOTE_INL_H_
