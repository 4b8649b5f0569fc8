// SPDX-License-Identifier: Apache-2.0
#include "cmif/broker/unbound_evidence.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "cmif/tee/testing/recorded_evidence.h"

namespace cmif::broker {
namespace {

struct Field {
  const char* file;
  size_t offset;
  size_t bytes;
};

// Every byte of the field counts.
TEST(UnboundEvidenceTest, AnyByteOfTheFieldIsAClaim) {
  for (const Field& field : {Field{"sev-snp/gsg_milan_v2_report.bin", 0xC0, 32},
                             Field{"tdx/gtg_v4_quote.dat", 48 + 184, 48}}) {
    tee::Evidence evidence = tee::testing::RecordedEvidence(field.file);
    const auto begin =
        evidence.bytes.begin() + static_cast<ptrdiff_t>(field.offset);
    std::fill_n(begin, field.bytes, uint8_t{0});
    EXPECT_TRUE(CheckIsUnbound(evidence)) << field.file;
    for (size_t i = 0; i < field.bytes; ++i) {
      evidence.bytes[field.offset + i] = 1;
      const auto checked = CheckIsUnbound(evidence);
      ASSERT_FALSE(checked) << field.file << " " << i;
      EXPECT_EQ(checked.error().code(), Code::kFailedPrecondition);
      evidence.bytes[field.offset + i] = 0;
    }
  }
}

TEST(UnboundEvidenceTest, AnEnclaveHasNoSuchField) {
  EXPECT_TRUE(
      CheckIsUnbound(tee::testing::RecordedEvidence("sgx/phala_v3_quote.bin")));
}

}  // namespace
}  // namespace cmif::broker
