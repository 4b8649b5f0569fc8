// SPDX-License-Identifier: Apache-2.0
#include "cmif/client/bound_channel.h"

#include <gtest/gtest.h>

#include <array>

#include "cmif/client/policy.h"
#include "cmif/client/testing/tiny_split.h"
#include "cmif/text/lower_case.h"

namespace cmif::client {
namespace {

class BoundChannelTest : public ::testing::Test {
 protected:
  void SetUp() override {
    model_ = testing::SplitTiny(testing::Kind::kBert, folder_).value();
  }
  OpenedChannel Open(const PrivacyPolicy& policy = {}) const {
    ChannelOptions options{
        .spec = {.epsilon = privacy::Epsilon::Create(1).value()}};
    const AppliedPolicy applied = ApplyPolicy(*model_, policy).value();
    options.domain = {applied.clustering, applied.class_of_cluster,
                      applied.epsilon_micro_of_cluster};
    return OpenChannelWithHash(*model_, options, {}).value();
  }
  testing::TempFolder folder_;
  std::shared_ptr<ClientModel> model_;
};

TEST_F(BoundChannelTest, ItIsDescribedByWhatItCertifies) {
  const OpenedChannel opened = Open();
  const broker::ClientChannel described = DescribeChannel(*model_, opened);
  EXPECT_EQ(described.epsilon_certified_micro,
            opened.channel->epsilon_certified_micro());
  EXPECT_EQ(described.adjacency, "cluster");
  EXPECT_EQ(described.sha256, opened.sha256);
}

TEST_F(BoundChannelTest, ThePublicSetIsTheWordsThatPass) {
  EXPECT_EQ(PublicSetHash(*model_, *Open().channel), crypto::Sha256Of({}));
  const int32_t id = model_->units().words().at(3);
  const PrivacyPolicy one{
      .public_set = PrivacyPolicy::Public::kWords,
      .public_words = {text::LowerCase(model_->units().Written(id))}};
  ASSERT_LT(id, 256);
  EXPECT_EQ(PublicSetHash(*model_, *Open(one).channel),
            crypto::Sha256Of(
                std::array<uint8_t, 4>{static_cast<uint8_t>(id), 0, 0, 0}));
}

}  // namespace
}  // namespace cmif::client
