// SPDX-License-Identifier: Apache-2.0
// The exchange as wire/cmif.proto has it.
#ifndef CMIF_ATTEST_PROOF_WIRE_H_
#define CMIF_ATTEST_PROOF_WIRE_H_

#include "cmif/attest/stream_proof.h"

namespace cmif::v1 {
class Attest;
}

namespace cmif::attest {

void WriteProof(const ProofMessage& message, v1::Attest* wire);
ProofMessage ReadProof(const v1::Attest& wire);

}  // namespace cmif::attest

#endif  // CMIF_ATTEST_PROOF_WIRE_H_
