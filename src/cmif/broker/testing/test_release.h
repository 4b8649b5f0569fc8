// SPDX-License-Identifier: Apache-2.0
// Release policies of tests' own making.
#ifndef CMIF_BROKER_TESTING_TEST_RELEASE_H_
#define CMIF_BROKER_TESTING_TEST_RELEASE_H_

#include <string>
#include <string_view>
#include <vector>

#include "cmif/broker/kbs_messages.h"
#include "cmif/broker/release_policy.h"
#include "cmif/crypto/ed25519.h"
#include "cmif/tee/testing/test_snp.h"

namespace cmif::broker::testing {

// A rule for version "1" of the model whose id is 64 times 'a', as JSON.
struct TestRule {
  std::string id = "rule";
  std::string platforms = "{}";
  std::string configurations = R"("allow_any_configuration":true)";
  std::string lease_seconds = "600";
  std::string max_rows = "1000";
  std::string rate_per_hour = "3";
  std::string more = {};  // ,"key":value

  std::string Text() const;
};
Resource TestResource();

// A policy with these rules, as JSON; `more` as above.
std::string PolicyText(const std::vector<TestRule>& rules,
                       const std::string& more = {}, int version = 1);

// The platforms of a rule that lists the measurement of a machine.
std::string PlatformsOf(const tee::testing::TestSnp& snp);

// An owner, and its public key as a PEM file has it.
struct TestOwner {
  crypto::Ed25519Signer signer = crypto::Ed25519Signer::Generate();
  std::string Sign(std::string_view text) const;
  std::string PublicPem() const;
};

}  // namespace cmif::broker::testing

#endif  // CMIF_BROKER_TESTING_TEST_RELEASE_H_
