// SPDX-License-Identifier: Apache-2.0
#include "cmif/broker/bound_configuration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "cmif/base/byte_reader.h"
#include "cmif/crypto/sha512.h"
#include "cmif/tee/testing/recorded_evidence.h"
#include "cmif/tee/testing/test_simulated.h"

namespace cmif::broker {
namespace {

using ::testing::HasSubstr;

crypto::Digest Bytes(uint8_t value) {
  crypto::Digest digest;
  digest.fill(value);
  return digest;
}

BoundSettings Settings() {
  return {.model_id = std::string(64, 'a'),
          .partition = "embedding",
          .owner_key = Bytes(1),
          .broker_key = Bytes(2),
          .server_keys = {Bytes(4), Bytes(3), Bytes(4)},
          .epsilon_max_micro = 1'500'000,
          .adjacency = "cluster",
          .channel_sha256 = Bytes(5),
          .public_set_sha256 = Bytes(6)};
}

ClientSettings Allowed() {
  return {.owner_key = Bytes(1),
          .broker_key = Bytes(2),
          .sends_rows = true,
          .server_key = Bytes(3),
          .epsilon_micro = 1'500'000,
          .adjacency = "cluster"};
}

BoundConfiguration Made(const BoundSettings& settings = Settings()) {
  return BoundConfiguration::Create(settings).value();
}

std::string WhyNot(const Result<void>& checked) {
  if (checked) return "";
  EXPECT_EQ(checked.error().code(), Code::kFailedPrecondition);
  return checked.error().message();
}

TEST(BoundConfigurationTest, TextIsCanonicalAndReadsBack) {
  const BoundConfiguration made = Made();
  EXPECT_THAT(made.text(), HasSubstr(R"("epsilon_max":1.5,)"));
  EXPECT_THAT(made.text(), ::testing::Not(HasSubstr("allow_plain")));
  const auto read = BoundConfiguration::Read(made.text() + "\n");
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(read->text(), made.text());
  EXPECT_EQ(read->settings().server_keys,
            (std::vector{Bytes(3), Bytes(4)}));  // sorted, once each
  EXPECT_EQ(read->settings().epsilon_max_micro, 1'500'000U);
  EXPECT_EQ(made.Sha256(), crypto::Sha256Of(AsBytes(made.text())));
  EXPECT_EQ(made.Sha384(), crypto::Sha384Of(AsBytes(made.text())));
}

TEST(BoundConfigurationTest, OneMeaningHasOneHash) {
  const std::string id(64, 'a');
  const auto a = BoundConfiguration::Read(
      R"({"model_id":")" + id +
      R"(","partition":"embedding","epsilon_max":2,"adjacency":"mixture"})");
  const auto b = BoundConfiguration::Read(
      "{ \"allow_plain\": false, \"server_keys\": [], \"adjacency\":\"mixture\""
      ",\n\"epsilon_max\": 2.0, \"partition\":\"embedding\",\"model_id\":\"" +
      id + "\"}");
  ASSERT_TRUE(a && b);
  EXPECT_EQ(a->Sha256(), b->Sha256());
}

TEST(BoundConfigurationTest, EveryMicroEpsilonReadsBack) {
  for (uint64_t micro = 1'000; micro <= 16'000'000; micro += 997) {
    BoundSettings settings = Settings();
    settings.epsilon_max_micro = micro;
    const auto read = BoundConfiguration::Read(Made(settings).text());
    ASSERT_TRUE(read) << micro;
    ASSERT_EQ(read->settings().epsilon_max_micro, micro);
  }
}

TEST(BoundConfigurationTest, WhatIsNoConfigurationIsRefusedByName) {
  const std::string id = R"("model_id":")" + std::string(64, 'a') + "\"";
  const std::string whole = id + R"(,"partition":"embedding")";
  const std::string eps = whole + R"(,"adjacency":"cluster","epsilon_max":)";
  const std::pair<std::string, const char*> cases[] = {
      {"[]", "object"},
      {"{" + id + "}", "partition"},
      {"{" + whole + "}", "epsilon_max"},
      {"{" + whole + R"(,"epsilon_max":1})", "go together"},
      {"{" + whole + R"(,"adjacency":"cluster"})", "go together"},
      {"{" + eps + "0}", "epsilon_max"},
      {"{" + eps + "-1}", "epsilon_max"},
      {"{" + eps + "0.0009}", "0.001"},
      {"{" + eps + "16.000001}", "16"},
      {"{" + eps + "1.00000001}", "decimals"},
      {"{" + eps + "\"1\"}", "epsilon_max"},
      {"{" + eps + "1e400}", "JSON"},
      {"{" + eps + "1,\"epsilon_max\":2}", "twice"},
      {"{" + eps + "1,\"epsilon\":2}", "does not know"},
      {"{" + eps + "1,\"owner_key\":\"00\"}", "owner_key"},
      {"{" + eps + "1,\"server_keys\":[\"zz\"]}", "server_keys"},
      {"{" + eps + "1,\"allow_plain\":1}", "allow_plain"},
      {"{" + whole + R"(,"adjacency":"class","epsilon_max":1})", "adjacency"},
      {R"({"model_id":"a","partition":"embedding","allow_plain":true})",
       "model_id"},
      {"{" + id + R"(,"partition":"none","allow_plain":true})", "partition"},
  };
  for (const auto& [text, why] : cases) {
    const auto read = BoundConfiguration::Read(text);
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().code(), Code::kDataLoss) << text;
    EXPECT_THAT(read.error().message(), HasSubstr(why)) << text;
  }
  const auto large = BoundConfiguration::Read(std::string(70'000, ' '));
  EXPECT_EQ(large.error().code(), Code::kResourceExhausted);
}

TEST(BoundConfigurationTest, WhatItAllowsPasses) {
  EXPECT_TRUE(Made().CheckSettings(Allowed()));
  ClientSettings asked = Allowed();
  asked.epsilon_micro = 1'000;
  EXPECT_TRUE(Made().CheckSettings(asked));
  asked.sends_rows = false;
  asked.server_key = {};
  EXPECT_TRUE(Made().CheckSettings(asked));
  EXPECT_TRUE(Made().CheckModel(std::string(64, 'a'), "embedding"));
  EXPECT_TRUE(Made().CheckChannel({1'499'000, "cluster", Bytes(5), Bytes(6)}));
}

TEST(BoundConfigurationTest, EveryDifferenceIsRefusedByName) {
  const auto with = [](auto change) {
    ClientSettings asked = Allowed();
    change(asked);
    return WhyNot(Made().CheckSettings(asked));
  };
  EXPECT_THAT(with([](auto& a) { a.owner_key = {}; }), HasSubstr("missing"));
  EXPECT_THAT(with([](auto& a) { a.owner_key = Bytes(9); }),
              HasSubstr("--owner-key"));
  EXPECT_THAT(with([](auto& a) { a.broker_key = {}; }), HasSubstr("missing"));
  EXPECT_THAT(with([](auto& a) { a.broker_key = Bytes(9); }),
              HasSubstr("--broker-key"));
  EXPECT_THAT(with([](auto& a) { a.server_key = {}; }), HasSubstr("--tls"));
  EXPECT_THAT(with([](auto& a) { a.server_key = Bytes(9); }),
              HasSubstr("--server-key"));
  EXPECT_THAT(with([](auto& a) { a.epsilon_micro = 1'500'001; }),
              HasSubstr("at most 1.5"));
  EXPECT_THAT(with([](auto& a) { a.adjacency = "mixture"; }),
              HasSubstr("--adjacency"));
  EXPECT_THAT(with([](auto& a) { a.plain = true; }), HasSubstr("identity"));
}

TEST(BoundConfigurationTest, OtherModelsAndChannelsAreRefused) {
  const BoundConfiguration made = Made();
  const std::string id(64, 'a');
  EXPECT_NE(WhyNot(made.CheckModel(std::string(64, 'b'), "embedding")), "");
  EXPECT_NE(WhyNot(made.CheckModel(id, "embedding+head")), "");
  EXPECT_THAT(
      WhyNot(made.CheckChannel({1'500'001, "cluster", Bytes(5), Bytes(6)})),
      HasSubstr("epsilon"));
  EXPECT_NE(WhyNot(made.CheckChannel({1'000, "mixture", Bytes(5), Bytes(6)})),
            "");
  EXPECT_THAT(WhyNot(made.CheckChannel({1'000, "cluster", Bytes(9), Bytes(6)})),
              HasSubstr("channel_sha256"));
  EXPECT_THAT(WhyNot(made.CheckChannel({1'000, "cluster", Bytes(5), Bytes(9)})),
              HasSubstr("public"));
}

TEST(BoundConfigurationTest, PlainGoesWhereItIsAllowedAlone) {
  BoundSettings settings = Settings();
  settings.allow_plain = true;
  ClientSettings asked = Allowed();
  asked.plain = true;
  EXPECT_TRUE(Made(settings).CheckSettings(asked));
  EXPECT_NE(Made(settings).Sha256(), Made().Sha256());
  // Without any epsilon whatever epsilon is asked for protects more.
  settings.epsilon_max_micro = 0;
  settings.adjacency = "";
  EXPECT_TRUE(Made(settings).CheckSettings(asked));
  EXPECT_TRUE(Made(settings).CheckSettings(Allowed()));
}

TEST(BoundConfigurationTest, EvidenceMustCarryTheHash) {
  const BoundConfiguration made = Made();
  tee::Evidence snp =
      tee::testing::RecordedEvidence("sev-snp/gsg_milan_v2_report.bin");
  EXPECT_THAT(WhyNot(made.CheckEvidence(snp)), HasSubstr("HOST_DATA"));
  std::ranges::copy(made.Sha256(), snp.bytes.begin() + 0xC0);
  EXPECT_TRUE(made.CheckEvidence(snp));

  tee::Evidence tdx = tee::testing::RecordedEvidence("tdx/gtg_v4_quote.dat");
  EXPECT_THAT(WhyNot(made.CheckEvidence(tdx)), HasSubstr("MRCONFIGID"));
  std::ranges::copy(made.Sha384(), tdx.bytes.begin() + 48 + 184);
  EXPECT_TRUE(made.CheckEvidence(tdx));
  std::ranges::fill_n(tdx.bytes.begin() + 48 + 184 + 32, 16, uint8_t{0});
  EXPECT_NE(WhyNot(made.CheckEvidence(tdx)), "");

  tee::Evidence simulated{.platform = tee::Evidence::Platform::kSimulated,
                          .bytes = tee::testing::TestSimulated().Sign()};
  EXPECT_THAT(WhyNot(made.CheckEvidence(simulated)), HasSubstr("host_data"));
  std::ranges::copy(made.Sha256(), simulated.bytes.begin() + 8 + 48 + 64);
  EXPECT_TRUE(made.CheckEvidence(simulated));

  EXPECT_TRUE(made.CheckEvidence(
      tee::testing::RecordedEvidence("sgx/phala_v3_quote.bin")));
}

}  // namespace
}  // namespace cmif::broker
