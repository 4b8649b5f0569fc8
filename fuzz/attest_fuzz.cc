// SPDX-License-Identifier: Apache-2.0
// Hostile messages of the exchange of evidence, as length (2 bytes,
// little-endian) and protobuf each: neither a server nor a client takes them
// for a proof.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <vector>

#include "cmif/attest/proof_wire.h"
#include "cmif/attest/stream_proof.h"
#include "cmif/platform/simulated_attester.h"
#include "cmif/wire/cmif.pb.h"

namespace {

using namespace cmif;
using namespace cmif::attest;

// A simulated machine, and a judge that accepts another one alone.
const Party& Side() {
  static const Party side = [] {
    auto identity =
        OwnIdentity::MakeAttested(std::make_unique<platform::SimulatedAttester>(
            crypto::Ed25519Signer::Generate(),
            platform::SimulatedAttester::Machine{}));
    auto policy = tee::Policy::Read(
        R"({"kind":"cmif-attestation-policy","name":"fuzz","version":1,)"
        R"("base":"inspection","allow_unsigned_policy":true,)"
        R"("allow_simulated":true,"simulated":{"keys":[")" +
        std::string(64, '0') + R"("]}})");
    if (!identity || !policy) std::abort();
    return Party{*std::move(identity),
                 std::make_shared<EvidenceJudge>(*std::move(policy),
                                                 tee::Endorsements{})};
  }();
  return side;
}

std::vector<ProofMessage> Read(std::span<const uint8_t> bytes) {
  std::vector<ProofMessage> messages;
  while (bytes.size() >= 2) {
    const size_t size = bytes[0] | bytes[1] << 8;
    bytes = bytes.subspan(2);
    const auto part = bytes.first(std::min(size, bytes.size()));
    bytes = bytes.subspan(part.size());
    v1::Attest wire;
    if (wire.ParseFromArray(part.data(), static_cast<int>(part.size()))) {
      messages.push_back(ReadProof(wire));
    }
  }
  return messages;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string certificate = Side().identity->certificate();
  ServerProof server(Side(), "Classify fuzz", certificate);
  ClientProof client(Side(), "Classify fuzz", true);
  ProofClock::time_point now{};
  for (const ProofMessage& message : Read({data, size})) {
    now += std::chrono::seconds(2);
    // What is sent to a peer can be read by it.
    if (const auto reply = server.Take(message, now); reply && *reply) {
      v1::Attest wire;
      WriteProof(**reply, &wire);
      if (ReadProof(wire).nonce.size() != 32) std::abort();
    }
    client.Begin();
    if (client.Answer(message, certificate, now)) std::abort();
    if (server.MayTakeRows(now) || !client.Due(now)) std::abort();
  }
  return 0;
}
