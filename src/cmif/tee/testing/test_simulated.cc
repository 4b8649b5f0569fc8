// SPDX-License-Identifier: Apache-2.0
#include "cmif/tee/testing/test_simulated.h"

#include <algorithm>
#include <cstdlib>

#include "cmif/base/byte_reader.h"
#include "cmif/crypto/sha256.h"

namespace cmif::tee::testing {

TestSimulated::TestSimulated() : fields(256) {
  const auto at = [&](size_t offset) {
    return fields.begin() + static_cast<ptrdiff_t>(offset);
  };
  std::ranges::copy(AsBytes("CMIFSIM1"), at(0));
  std::fill(at(8), at(56), uint8_t{0xA1});     // measurement
  std::fill(at(56), at(120), uint8_t{0xB2});   // report_data
  std::fill(at(120), at(152), uint8_t{0xC3});  // host_data
  std::fill(at(152), at(216), uint8_t{0xD4});  // platform_id; flags are 0
  std::ranges::copy(key.public_key(), at(224));
}

std::vector<uint8_t> TestSimulated::Sign() const {
  std::vector<uint8_t> bytes = fields;
  const auto signature = key.Sign(fields);
  bytes.insert(bytes.end(), signature.begin(), signature.end());
  return bytes;
}

Policy TestSimulated::Allowing(const std::string& more,
                               const std::string& top) const {
  const std::vector<uint8_t> measurement(48, 0xA1);
  auto policy = Policy::Read(
      R"({"kind":"cmif-attestation-policy","name":"test","version":1,)"
      R"("base":"deployment","allow_unsigned_policy":true,)" +
      top + R"("simulated":{"keys":[")" + crypto::ToHex(key.public_key()) +
      R"("],"measurements":[")" + crypto::ToHex(measurement) + R"("])" + more +
      "}}");
  if (!policy) std::abort();
  return *policy;
}

}  // namespace cmif::tee::testing
