// SPDX-License-Identifier: Apache-2.0
// What the attester writes is what the verifier reads: the one does not know
// the other's room.
#include <gtest/gtest.h>

#include <algorithm>

#include "cmif/platform/simulated_attester.h"
#include "cmif/tee/evidence.h"
#include "cmif/tee/simulated_evidence.h"
#include "cmif/tee/verify.h"

namespace cmif::attest {
namespace {

TEST(SimulatedMachineTest, EvidenceOfTheAttesterIsAccepted) {
  platform::SimulatedAttester::Machine machine;
  machine.measurement.fill(0xA1);
  machine.host_data.fill(0xC3);
  auto key = crypto::Ed25519Signer::Generate();
  const auto public_key = key.public_key();
  platform::SimulatedAttester attester(std::move(key), machine);
  tee::Expectations wanted;
  wanted.report_data.emplace().fill(0xB2);
  const auto bytes = attester.Collect(*wanted.report_data);
  ASSERT_TRUE(bytes.has_value());
  const auto parsed = tee::SimulatedEvidence::Parse(*bytes);
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->host_data, machine.host_data);
  const auto id = crypto::Sha256Of(public_key);
  EXPECT_TRUE(std::ranges::equal(std::span(parsed->platform_id).first(32), id));
  const auto policy = tee::Policy::Read(
      R"({"kind":"cmif-attestation-policy","name":"t","version":1,)"
      R"("base":"deployment","allow_unsigned_policy":true,)"
      R"("allow_simulated":true,"simulated":{"keys":[")" +
      crypto::ToHex(public_key) + R"("],"measurements":[")" +
      crypto::ToHex(machine.measurement) + R"("]}})");
  ASSERT_TRUE(policy.has_value()) << policy.error().message();
  EXPECT_TRUE(tee::Verify(*tee::ReadEvidence(*bytes), {}, *policy, wanted,
                          {1'800'000'000})
                  .accepted);
}

}  // namespace
}  // namespace cmif::attest
