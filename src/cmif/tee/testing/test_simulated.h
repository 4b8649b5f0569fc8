// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_TEE_TESTING_TEST_SIMULATED_H_
#define CMIF_TEE_TESTING_TEST_SIMULATED_H_

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "cmif/crypto/ed25519.h"
#include "cmif/tee/policy.h"

namespace cmif::tee::testing {

// Simulated evidence that is accepted by its policy, until a field is changed.
struct TestSimulated {
  TestSimulated();

  // The evidence, signed.
  std::vector<uint8_t> Sign() const;
  // A deployment policy that allows it, with more keys of the section
  // "simulated" and of the policy.
  Policy Allowing(const std::string& more = "",
                  const std::string& top = R"("allow_simulated":true,)") const;

  crypto::Ed25519Signer key = crypto::Ed25519Signer::Generate();
  // All but the signature.
  std::vector<uint8_t> fields;
};

}  // namespace cmif::tee::testing

#endif  // CMIF_TEE_TESTING_TEST_SIMULATED_H_
