// SPDX-License-Identifier: Apache-2.0
// The nonce challenge: fresh evidence of the key of a connection, on the stream
// that then carries rows. docs/protocol.md describes it.
#ifndef CMIF_ATTEST_CHALLENGE_H_
#define CMIF_ATTEST_CHALLENGE_H_

#include <array>
#include <cstdint>
#include <string_view>

#include "cmif/attest/role.h"
#include "cmif/crypto/sha256.h"

namespace cmif::attest {

using Nonce = std::array<uint8_t, 32>;

// By the operating system's generator.
Nonce FreshNonce();

// What an answer is bound to besides the nonce: who answers to whom over which
// keys, and what for. Keys are SHA-256 of SubjectPublicKeyInfo.
struct Binding {
  Role attester = Role::kServer;
  crypto::Digest attester_key{};
  crypto::Digest verifier_key{};
  std::string_view context;  // the call and the body it is about
};

// The REPORT_DATA of an answer: SHA-512 over "cmif-attest-v1", the role
// ("server" or "client"), the nonce, both keys and the context, each with its
// length in front (4 bytes, little-endian).
std::array<uint8_t, 64> AnswerReportData(const Nonce& nonce,
                                         const Binding& binding);

}  // namespace cmif::attest

#endif  // CMIF_ATTEST_CHALLENGE_H_
