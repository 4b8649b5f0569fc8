// SPDX-License-Identifier: Apache-2.0
// Hostile simulated evidence: it is judged, and accepted by no policy that does
// not allow it, nor under a key that the policy does not list.
#include <cstdint>
#include <cstdlib>

#include "cmif/tee/simulated_evidence.h"
#include "cmif/tee/verify.h"

namespace {

using namespace cmif::tee;

// The key of zeros is nobody's.
const Policy& Allowing() {
  static const Policy policy = *Policy::Read(
      R"({"kind":"cmif-attestation-policy","name":"fuzz","version":1,)"
      R"("base":"inspection","allow_unsigned_policy":true,)"
      R"("allow_simulated":true,"simulated":{"keys":[")" +
      std::string(64, '0') + R"("]}})");
  return policy;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto evidence = ReadEvidence({data, size});
  if (!evidence || evidence->platform != Evidence::Platform::kSimulated) {
    return 0;
  }
  for (const Policy* policy : {&Allowing(), &Policy::Inspection()}) {
    const Verdict verdict = Verify(*evidence, {}, *policy, {}, {1});
    if (verdict.accepted || verdict.platform != "simulated") std::abort();
  }
  const bool parsed = SimulatedEvidence::Parse(evidence->bytes).has_value();
  if (parsed != (evidence->bytes.size() == SimulatedEvidence::kBytes)) {
    std::abort();
  }
  return 0;
}
