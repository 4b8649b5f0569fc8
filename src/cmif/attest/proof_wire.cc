// SPDX-License-Identifier: Apache-2.0
#include "cmif/attest/proof_wire.h"

#include "cmif/wire/cmif.pb.h"

namespace cmif::attest {

void WriteProof(const ProofMessage& message, v1::Attest* wire) {
  wire->set_nonce(message.nonce);
  wire->set_evidence(message.evidence);
  wire->set_valid_seconds(message.valid_seconds);
}

ProofMessage ReadProof(const v1::Attest& wire) {
  return {.nonce = wire.nonce(),
          .evidence = wire.evidence(),
          .valid_seconds = wire.valid_seconds()};
}

}  // namespace cmif::attest
