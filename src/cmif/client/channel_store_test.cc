// SPDX-License-Identifier: Apache-2.0
#include "cmif/client/channel_store.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <memory>

#include "cmif/base/byte_reader.h"
#include "cmif/base/file.h"
#include "cmif/client/channel_file.h"
#include "cmif/client/testing/tiny_split.h"

namespace cmif::client {
namespace {

namespace fs = std::filesystem;

ChannelOptions Options(double epsilon = 1) {
  return {.spec = {.epsilon = privacy::Epsilon::Create(epsilon).value()}};
}

class ChannelStoreTest : public ::testing::Test {
 protected:
  void SetUp() override {
    model_ = testing::SplitTiny(testing::Kind::kBert, folder_).value();
    path_ = ChannelPath(*model_, Options());
  }
  std::shared_ptr<const privacy::Channel> Open(double epsilon = 1) {
    computed_ = false;
    auto channel = OpenChannel(*model_, Options(epsilon),
                               [this](double) { computed_ = true; });
    EXPECT_TRUE(channel.has_value());
    return channel ? *channel : nullptr;
  }
  std::vector<uint8_t> FileBytes() const {
    const MappedFile file = MappedFile::Open(path_).value();
    return {file.bytes().begin(), file.bytes().end()};
  }
  testing::TempFolder folder_;
  std::shared_ptr<ClientModel> model_;
  fs::path path_;
  bool computed_ = false;
};

TEST_F(ChannelStoreTest, SecondOpenReadsTheFile) {
  const auto first = Open();
  EXPECT_TRUE(computed_);
  ASSERT_TRUE(fs::exists(path_));
  const auto second = Open();
  EXPECT_FALSE(computed_);
  EXPECT_EQ(first->ToBytes(), second->ToBytes());
}

TEST_F(ChannelStoreTest, TheHashIsTheSameComputedAndRead) {
  const auto computed = OpenChannelWithHash(*model_, Options(), {}).value();
  const auto read = OpenChannelWithHash(*model_, Options(), {}).value();
  EXPECT_EQ(computed.sha256, HashOf(*computed.channel));
  EXPECT_EQ(read.sha256, computed.sha256);
  EXPECT_EQ(ReadChannelFile(path_)->sha256, read.sha256);
}

TEST_F(ChannelStoreTest, AskedEpsilonIsCertified) {
  for (const double epsilon : {0.001, 0.5, 1.0, 4.0, 16.0}) {
    const auto channel = Open(epsilon);
    EXPECT_LE(channel->epsilon_certified_micro(),
              Options(epsilon).spec.epsilon.micro());
    EXPECT_GE(static_cast<double>(channel->epsilon_certified_micro()),
              0.999 * 1e6 * epsilon - 1);
  }
}

TEST_F(ChannelStoreTest, EveryOptionHasItsOwnFile) {
  ChannelOptions textbook = Options();
  textbook.spec.calibrate = false;
  EXPECT_NE(ChannelPath(*model_, textbook), path_);
  EXPECT_NE(ChannelPath(*model_, Options(2)), path_);
  ChannelOptions uncapped = Options();
  uncapped.spec.hub_cap = false;
  EXPECT_NE(ChannelPath(*model_, uncapped), path_);
  ChannelOptions mixture = Options();
  mixture.spec.adjacency = privacy::Adjacency::kMixture;
  EXPECT_NE(ChannelPath(*model_, mixture), path_);
  ChannelOptions prior = Options();
  prior.prior.assign(static_cast<size_t>(model_->units().size()), 1.0);
  EXPECT_NE(ChannelPath(*model_, prior), path_);
  ChannelOptions own = Options();
  own.domain = ModelDomain(*model_);
  EXPECT_EQ(ChannelPath(*model_, own), path_);
  own.domain.epsilon_micro_of_cluster.assign(own.domain.class_of_cluster.size(),
                                             2'000'000);
  EXPECT_NE(ChannelPath(*model_, own), path_);
}

TEST_F(ChannelStoreTest, TruncatedFileIsComputedAgain) {
  const auto bytes = Open()->ToBytes();
  const auto whole = FileBytes();
  for (const size_t size : {size_t{0}, size_t{10}, whole.size() - 1}) {
    ASSERT_TRUE(WriteFileAtomically(path_, std::span(whole).first(size)));
    EXPECT_EQ(Open()->ToBytes(), bytes);
    EXPECT_TRUE(computed_) << size;
    EXPECT_EQ(FileBytes(), whole);
  }
}

TEST_F(ChannelStoreTest, WeightsThatDoNotCertifyAreComputedAgain) {
  const auto bytes = Open()->ToBytes();
  const auto whole = FileBytes();
  for (const size_t back : {size_t{1}, size_t{5}, size_t{401}}) {
    auto corrupt = whole;
    corrupt[corrupt.size() - back] ^= 0x40;
    ASSERT_TRUE(WriteFileAtomically(path_, corrupt));
    EXPECT_EQ(Open()->ToBytes(), bytes) << back;
    EXPECT_TRUE(computed_) << back;
  }
}

TEST_F(ChannelStoreTest, FileOfAnotherEpsilonIsNotTaken) {
  Open(8);
  fs::copy_file(ChannelPath(*model_, Options(8)), path_);
  EXPECT_EQ(Open()->epsilon(), Options().spec.epsilon);
  EXPECT_TRUE(computed_);
}

// A file under the name of another: only its kinds' epsilons differ.
TEST_F(ChannelStoreTest, FileOfOtherBudgetsIsNotTaken) {
  ChannelOptions weaker = Options();
  weaker.domain = ModelDomain(*model_);
  weaker.domain.epsilon_micro_of_cluster.assign(
      weaker.domain.class_of_cluster.size(), 9'000'000);
  ASSERT_TRUE(OpenChannel(*model_, weaker, {}));
  fs::copy_file(ChannelPath(*model_, weaker), path_);
  EXPECT_LE(Open()->epsilon_certified_micro(), 1'000'000U);
  EXPECT_TRUE(computed_);
}

TEST_F(ChannelStoreTest, FolderThatCannotBeWrittenStillGivesAChannel) {
  ASSERT_TRUE(WriteFileAtomically(model_->folder() / "channels",
                                  AsBytes("a file, no folder")));
  const auto opened = OpenChannelWithHash(*model_, Options(), {});
  ASSERT_TRUE(opened);
  EXPECT_NE(opened->channel, nullptr);
  EXPECT_FALSE(fs::exists(path_));
  ASSERT_FALSE(opened->kept);
  EXPECT_NE(opened->kept.error().message().find("channels"), std::string::npos);
}

TEST_F(ChannelStoreTest, UnknownMechanismIsRefused) {
  ChannelOptions options = Options();
  options.spec.mechanism = "rot13";
  const auto channel = OpenChannel(*model_, options, {});
  ASSERT_FALSE(channel.has_value());
  EXPECT_EQ(channel.error().code(), Code::kNotFound);
}

TEST_F(ChannelStoreTest, NoTemporaryFileStays) {
  Open();
  EXPECT_EQ(folder_.Names("split/channels").size(), 1U);
}

}  // namespace
}  // namespace cmif::client
