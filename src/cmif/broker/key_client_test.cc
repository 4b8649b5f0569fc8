// SPDX-License-Identifier: Apache-2.0
#include "cmif/broker/key_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "cmif/broker/testing/fake_broker.h"

namespace cmif::broker {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using testing::FakeBroker;
using ::testing::HasSubstr;

const std::string kModel(64, 'a');

class KeyClientTest : public ::testing::Test {
 protected:
  Result<ReleasedKey> Fetch(KeyRequest request = {{kModel, "1"}},
                            const crypto::Digest& host_data = {}) {
    auto client = KeyClient::Create(
        broker_.NewTransport(), FakeBroker::NewAttester(host_data),
        std::move(request), {.tries = 4, .sleep = [this](milliseconds time) {
                               pauses_.push_back(time.count());
                             }});
    if (!client) return std::unexpected(client.error());
    return (*client)->Fetch();
  }

  FakeBroker broker_;
  std::vector<int64_t> pauses_;
};

TEST_F(KeyClientTest, EvidenceGivesTheKey) {
  const auto got = Fetch();
  ASSERT_TRUE(got) << got.error().message();
  EXPECT_TRUE(std::ranges::equal(got->key.bytes(),
                                 std::vector<uint8_t>(32, uint8_t{'k'})));
  EXPECT_EQ(got->claims.lease.max_rows, 10U);
  EXPECT_EQ(broker_.path, "/kbs/v0/resource/model/" + kModel + "/1");
  EXPECT_EQ(broker_.requests, 3);
  EXPECT_FALSE(broker_.configuration);
}

TEST_F(KeyClientTest, RefusalsAreNotTriedAgainAndSayWhy) {
  const std::pair<int, Code> cases[] = {{401, Code::kUnauthenticated},
                                        {403, Code::kPermissionDenied},
                                        {404, Code::kNotFound},
                                        {400, Code::kInvalidArgument},
                                        {302, Code::kFailedPrecondition}};
  for (const auto& path : {kAuthPath, kAttestPath, kResourcePath}) {
    for (const auto& [status, code] : cases) {
      broker_.refused_path = path;
      broker_.refused_status = status;
      const auto got = Fetch();
      ASSERT_FALSE(got);
      EXPECT_EQ(got.error().code(), code);
      EXPECT_THAT(got.error().message(), HasSubstr("no rule allows this"));
    }
  }
  EXPECT_TRUE(pauses_.empty());
}

TEST_F(KeyClientTest, NetworkIsTriedAgainWithLongerPauses) {
  broker_.unreachable = true;
  const auto got = Fetch();
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code(), Code::kUnavailable);
  EXPECT_THAT(pauses_, ElementsAre(500, 1000, 2000));
  EXPECT_EQ(broker_.requests, 4);
}

TEST_F(KeyClientTest, BusyBrokersAreTriedAgain) {
  broker_.refused_path = kAttestPath;
  for (const int status : {429, 503}) {
    broker_.refused_status = status;
    pauses_.clear();
    EXPECT_FALSE(Fetch());
    EXPECT_EQ(pauses_.size(), 3U) << status;
  }
}

TEST_F(KeyClientTest, TokensAndKeysOfOthersAreRefused) {
  broker_.tells_other_key = true;
  EXPECT_EQ(Fetch().error().code(), Code::kDataLoss);
  broker_.tells_other_key = false;
  broker_.seals_to_other = true;
  EXPECT_EQ(Fetch().error().code(), Code::kDataLoss);
  broker_.seals_to_other = false;
  broker_.resource = "short";
  EXPECT_EQ(Fetch().error().code(), Code::kDataLoss);
}

TEST_F(KeyClientTest, TokensWithoutTimeAreRefused) {
  broker_.claims.expires_at = broker_.claims.issued_at;
  EXPECT_EQ(Fetch().error().code(), Code::kDataLoss);
}

TEST_F(KeyClientTest, ConfigurationIsToldAndMustBeCarried) {
  const auto configuration = BoundConfiguration::Create(
      {.model_id = kModel, .partition = "embedding", .allow_plain = true});
  ASSERT_TRUE(configuration);
  const auto refused = Fetch({{kModel, "1"}, *configuration});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::kFailedPrecondition);
  EXPECT_THAT(refused.error().message(), HasSubstr("HOST_DATA"));
  EXPECT_EQ(broker_.requests, 1);  // its evidence never left
  const auto got =
      Fetch({{kModel, "1"}, *configuration}, configuration->Sha256());
  ASSERT_TRUE(got) << got.error().message();
  EXPECT_EQ(broker_.configuration, configuration->text());
  broker_.claims.configuration_sha256 = crypto::Digest{1};
  EXPECT_EQ(Fetch({{kModel, "1"}, *configuration}, configuration->Sha256())
                .error()
                .code(),
            Code::kDataLoss);
}

TEST_F(KeyClientTest, ABoundMachineNeedsItsConfiguration) {
  const auto got = Fetch({{kModel, "1"}}, crypto::Digest{1});
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code(), Code::kFailedPrecondition);
  EXPECT_THAT(got.error().message(), HasSubstr("--bound-config"));
  EXPECT_EQ(broker_.requests, 1);  // its evidence never left
}

TEST_F(KeyClientTest, NamesAreCheckedBeforeAnythingIsSent) {
  EXPECT_EQ(Fetch({{kModel, "../1"}}).error().code(), Code::kInvalidArgument);
  EXPECT_EQ(Fetch({{"", "1"}}).error().code(), Code::kInvalidArgument);
  EXPECT_EQ(broker_.requests, 0);
}

TEST_F(KeyClientTest, AConfigurationThatIsNotOursIsRefused) {
  broker_.claims.configuration_sha256 = crypto::Digest{1};
  const auto fetched = Fetch();
  ASSERT_FALSE(fetched);
  EXPECT_THAT(fetched.error().message(), HasSubstr("--bound-config"));
}

TEST_F(KeyClientTest, AKeyThatCameWithAnotherTokenIsRefused) {
  broker_.gives_for_other_token = true;
  EXPECT_EQ(Fetch().error().code(), Code::kDataLoss);
}

TEST_F(KeyClientTest, AnotherBrokerRenewsNothing) {
  auto client =
      KeyClient::Create(broker_.NewTransport(),
                        testing::FakeBroker::NewAttester(), {{kModel, "1"}});
  ASSERT_TRUE(client) << client.error().message();
  ASSERT_TRUE((*client)->Fetch());
  EXPECT_TRUE((*client)->Renew("lease-1"));
  broker_.ChangeKey();
  EXPECT_EQ((*client)->Renew("lease-1").error().code(), Code::kUnauthenticated);
}

}  // namespace
}  // namespace cmif::broker
