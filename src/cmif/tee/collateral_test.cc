// SPDX-License-Identifier: Apache-2.0
#include "cmif/tee/collateral.h"

#include <gtest/gtest.h>

#include "cmif/base/byte_reader.h"
#include "cmif/crypto/sha256.h"
#include "cmif/tee/raw_member.h"
#include "cmif/tee/testing/recorded_evidence.h"

namespace cmif::tee {
namespace {

std::string Text(const std::string& name) {
  return std::string(AsText(testing::Recorded(name)));
}

TEST(CollateralTest, ReadsTcbInformation) {
  const auto read = ReadCollateral(Text("tdx/cai_tcb_info_90c06f000000.json"));
  ASSERT_TRUE(read.has_value()) << read.error().message();
  ASSERT_EQ(read->tcb_infos.size(), 1U);
  const TcbInfo& info = read->tcb_infos[0];
  EXPECT_EQ(info.signed_text.id, "TDX");
  EXPECT_EQ(info.signed_text.evaluation_number, 18U);
  EXPECT_EQ(FormatTime(info.signed_text.issue_date), "2026-03-16T22:06:09Z");
  EXPECT_EQ(FormatTime(info.signed_text.next_update), "2026-04-15T22:06:09Z");
  EXPECT_EQ(crypto::ToHex(info.fmspc), "90c06f000000");
  ASSERT_EQ(info.levels.size(), 3U);
  EXPECT_EQ(info.levels[0].status, "UpToDate");
  EXPECT_EQ(info.levels[0].pce_svn, 13);
  EXPECT_EQ(info.levels[0].tdx_components[2], 3);
  EXPECT_EQ(info.modules.size(), 2U);
  EXPECT_TRUE(info.module.has_value());
}

TEST(CollateralTest, ReadsABundleOfAll) {
  const auto read = ReadCollateral(Text("sgx/phala_v3_collateral.json"));
  ASSERT_TRUE(read.has_value()) << read.error().message();
  EXPECT_EQ(read->tcb_infos.size(), 1U);
  EXPECT_EQ(read->qe_identities.size(), 1U);
  EXPECT_EQ(read->crls.size(), 2U);
  EXPECT_EQ(read->certificates.size(), 6U);
  EXPECT_EQ(read->qe_identities[0].levels.size(), 6U);
  EXPECT_GE(read->qe_identities[0].levels[0].svn,
            read->qe_identities[0].levels[1].svn);
}

Code CodeWith(std::string text, const std::string& from,
              const std::string& to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  text.replace(at, from.size(), to);
  const auto read = ReadCollateral(text);
  return read ? Code::kOk : read.error().code();
}

TEST(CollateralTest, RefusesWhatDoesNotFit) {
  const std::string info = Text("tdx/cai_tcb_info_90c06f000000.json");
  for (const auto& [from, to] :
       {std::pair{R"("version":3)", R"("version":2)"},
        {R"("id":"TDX")", R"("id":"QE")"},
        {R"("fmspc":"90c06f000000")", R"("fmspc":"90c06f0000")"},
        {R"("fmspc":"90c06f000000")", R"("fmspc":"90c06f00000g")"},
        {R"("tcbType":0)", R"("tcbType":1)"},
        {R"("pcesvn":13)", R"("pcesvn":65536)"},
        {R"("pcesvn":13)", R"("pcesvn":-1)"},
        {R"("svn":3)", R"("svn":"3")"},
        {R"("nextUpdate":"2026-04-15T22:06:09Z")", R"("nextUpdate":"soon")"},
        {R"("tcbStatus":"UpToDate")", R"("tcbStatus":1)"},
        {R"("pceId":"0000")", R"("pceId":"0000","pceId":"0001")"},
        {R"("signature":")", R"("signature":"00)"}}) {
    EXPECT_EQ(CodeWith(info, from, to), Code::kDataLoss) << to;
  }
  const std::string qe = Text("tdx/cai_td_qe_identity.json");
  EXPECT_EQ(CodeWith(qe, R"("version":2)", R"("version":1)"), Code::kDataLoss);
  EXPECT_EQ(CodeWith(qe, R"("isvsvn":4)", R"("isvsvn":70000)"),
            Code::kDataLoss);
  for (const char* other :
       {"{}", "[]", "", R"({"tcbInfo":1,"signature":""})"}) {
    EXPECT_FALSE(ReadCollateral(other).has_value()) << other;
  }
}

TEST(RawMemberTest, GivesTheTextAsItStands) {
  for (const auto& [json, value] :
       {std::pair{R"({"a":1,"b": {"a": [1, 2] } ,"c":"}"})",
                  R"({"a": [1, 2] })"},
        {R"({"a":"\"b\":7,","b":7})", "7"},
        {R"(  { "b"  :  "x\\" , "a" : 1 })", R"("x\\")"},
        {R"({"a":{"b":1},"b":[]})", "[]"},
        {R"({"b":true})", "true"}}) {
    const auto raw = RawMember(json, "b");
    ASSERT_TRUE(raw.has_value()) << json;
    EXPECT_EQ(*raw, value);
  }
}

TEST(RawMemberTest, RefusesWhatIsNotThere) {
  for (const char* json : {"{}", R"({"a":{"b":1}})", R"({"\u0062":1})", "", "{",
                           R"({"a)", R"({"a":)", R"({"a":[)"}) {
    EXPECT_FALSE(RawMember(json, "b").has_value()) << json;
  }
}

}  // namespace
}  // namespace cmif::tee
