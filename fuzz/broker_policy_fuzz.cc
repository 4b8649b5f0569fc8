// SPDX-License-Identifier: Apache-2.0
// Hostile release policies: one that is read pins what its rules allow, and
// does not mix what is simulated with what is not.
#include <cstdint>
#include <cstdlib>

#include "cmif/base/byte_reader.h"
#include "cmif/broker/release_policy.h"

namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cmif;
  const auto policy = broker::ReleasePolicy::Read(AsText({data, size}));
  if (!policy) return 0;
  Require(!policy->is_signed() && policy->version() > 0);
  for (const broker::ReleaseRule& rule : policy->rules()) {
    Require(IsResource(rule.resource) && rule.lease_seconds > 0 &&
            rule.max_rows > 0 && rule.rate_per_hour > 0);
    Require(rule.platforms.base() == tee::PolicyBase::kDeployment &&
            !rule.platforms.allow_any_measurement() &&
            !rule.platforms.allow_unsigned_policy());
    Require(rule.simulated == policy->simulated());
    const bool real =
        rule.platforms.snp() || rule.platforms.tdx() || rule.platforms.sgx();
    Require(!(rule.simulated && real));
    Require(rule.simulated || !rule.platforms.allow_simulated());
  }
  return 0;
}
