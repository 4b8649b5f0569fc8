// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_CLIENT_PROVE_INL_H_
#define CMIF_CLIENT_PROVE_INL_H_

#include <grpcpp/grpcpp.h>

#include "cmif/attest/proof_wire.h"
#include "cmif/attest/stream_proof.h"
#include "cmif/wire/tls.h"

namespace cmif::client {

// One round of the exchange on a stream on which nothing else is under way.
// After an error the stream must end. `broken` says why it broke.
template <typename Request, typename Reply, typename Broken>
Result<void> Prove(grpc::ClientReaderWriter<Request, Reply>& stream,
                   grpc::ClientContext& context, attest::ClientProof& proof,
                   const Broken& broken) {
  Request request;
  attest::WriteProof(proof.Begin(), request.mutable_attest());
  Reply reply;
  if (!stream.Write(request) || !stream.Read(&reply)) return broken();
  if (!reply.has_attest()) {
    return Internal("the server answers a challenge with something else");
  }
  CMIF_ASSIGN(const auto last,
              proof.Answer(attest::ReadProof(reply.attest()),
                           wire::PeerCertificate(*context.auth_context()),
                           attest::ProofClock::now()));
  if (!last) return {};
  attest::WriteProof(*last, request.mutable_attest());
  if (!stream.Write(request)) return broken();
  return {};
}

}  // namespace cmif::client

#endif  // CMIF_CLIENT_PROVE_INL_H_
