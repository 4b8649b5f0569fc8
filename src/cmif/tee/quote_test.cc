// SPDX-License-Identifier: Apache-2.0
#include "cmif/tee/quote.h"

#include <gtest/gtest.h>

#include <cstring>

#include "cmif/crypto/sha256.h"
#include "cmif/tee/byte_fields.h"
#include "cmif/tee/encoding.h"
#include "cmif/tee/testing/recorded_evidence.h"

namespace cmif::tee {
namespace {

using testing::Recorded;

TEST(QuoteTest, ReadsEveryVersion) {
  const auto v3 = Recorded("sgx/phala_v3_quote.bin");
  const auto sgx = Quote::Parse(v3);
  ASSERT_TRUE(sgx.has_value()) << sgx.error().message();
  EXPECT_EQ(sgx->version, 3);
  ASSERT_NE(sgx->sgx(), nullptr);
  EXPECT_FALSE(sgx->sgx()->debug());
  EXPECT_TRUE(sgx->sgx()->mode64());
  EXPECT_EQ(sgx->signed_bytes.size(), 432U);
  const auto v4 = Recorded("tdx/phala_v4_quote.bin");
  const auto td10 = Quote::Parse(v4);
  ASSERT_TRUE(td10.has_value()) << td10.error().message();
  EXPECT_EQ(td10->version, 4);
  ASSERT_NE(td10->td(), nullptr);
  EXPECT_FALSE(td10->td()->tee_tcb_svn2.has_value());
  EXPECT_EQ(td10->trailing.size(), 70U);
  EXPECT_TRUE(IsZero(td10->trailing));
  const auto v5 = Recorded("tdx/oe_v4_seamldr5_quote.dat");
  const auto td15 = Quote::Parse(v5);
  ASSERT_TRUE(td15.has_value()) << td15.error().message();
  EXPECT_EQ(td15->version, 5);
  EXPECT_EQ(td15->signed_bytes.size(), 48U + 6 + 648);
  EXPECT_TRUE(crypto::ToHex(*td15->td()->tee_tcb_svn2).starts_with("070103"));
}

TEST(QuoteTest, ReadsHexAndBase64OfTheSameForm) {
  EXPECT_TRUE(Quote::Parse(Unwrapped(Recorded("tdx/phala_tappd_quote.hex"))));
  EXPECT_TRUE(
      Quote::Parse(Unwrapped(Recorded("tdx/teekit_azure_v4_quote.b64"))));
}

Code CodeWith(std::vector<uint8_t> bytes, size_t at, uint32_t value) {
  std::memcpy(bytes.data() + at, &value, sizeof(value));
  const auto quote = Quote::Parse(bytes);
  return quote ? Code::kOk : quote.error().code();
}

TEST(QuoteTest, RefusesLengthsThatDoNotFit) {
  const auto v5 = Recorded("tdx/gtg_v5_quote.dat");
  constexpr size_t kAuth = 48 + 6 + 648;
  EXPECT_EQ(CodeWith(v5, 50, 584), Code::kDataLoss);  // body size
  EXPECT_EQ(CodeWith(v5, kAuth, UINT32_MAX), Code::kDataLoss);
  EXPECT_EQ(CodeWith(v5, kAuth, 100), Code::kDataLoss);
  EXPECT_EQ(CodeWith(v5, kAuth + 4 + 128 + 2, UINT32_MAX), Code::kDataLoss);
  EXPECT_EQ(CodeWith(v5, kAuth + 4 + 128 + 2, 0), Code::kDataLoss);
  // Inner: QE report, signature, then the length of the QE's data.
  EXPECT_EQ(CodeWith(v5, kAuth + 4 + 128 + 6 + 448, UINT32_MAX),
            Code::kDataLoss);
}

TEST(QuoteTest, RefusesWhatItDoesNotKnow) {
  const auto v4 = Recorded("tdx/phala_v4_quote.bin");
  EXPECT_EQ(CodeWith(v4, 0, 0x00020006), Code::kUnimplemented);  // version
  EXPECT_EQ(CodeWith(v4, 0, 0x00030004), Code::kUnimplemented);  // key
  EXPECT_EQ(CodeWith(v4, 4, 0x82), Code::kUnimplemented);        // TEE
  EXPECT_EQ(CodeWith(v4, 0, 0x00020005), Code::kUnimplemented);  // no body type
  const auto ppid = Quote::Parse(Recorded("sgx/intel_qvl_quote.dat"));
  ASSERT_FALSE(ppid.has_value());
  EXPECT_EQ(ppid.error().code(), Code::kUnimplemented);
}

TEST(QuoteTest, EveryTruncationIsRefused) {
  const auto bytes = Recorded("tdx/gtg_v5_quote.dat");
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(Quote::Parse(std::span(bytes).first(size)).has_value());
  }
}

TEST(QuoteTest, ATdReportIsNoQuote) {
  EXPECT_FALSE(LooksLikeQuote(Recorded("tdx/gtg_tdreport.dat")));
  const auto evidence = ReadEvidence(Recorded("tdx/gtg_tdreport.dat"));
  EXPECT_FALSE(evidence.has_value());
  const auto hcl = ReadEvidence(Recorded("tdx/coco_azure_hcl_report.bin"));
  ASSERT_FALSE(hcl.has_value());
  EXPECT_EQ(hcl.error().code(), Code::kUnimplemented);
}

}  // namespace
}  // namespace cmif::tee
