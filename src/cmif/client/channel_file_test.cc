// SPDX-License-Identifier: Apache-2.0
#include "cmif/client/channel_file.h"

#include <gtest/gtest.h>

#include "cmif/base/file.h"
#include "cmif/client/channel_store.h"
#include "cmif/client/testing/tiny_split.h"
#include "cmif/model/verify.h"

namespace cmif::client {
namespace {

namespace fs = std::filesystem;

class ChannelFileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    model_ = testing::SplitTiny(testing::Kind::kBert, folder_).value();
    const ChannelOptions options{
        .spec = {.epsilon = privacy::Epsilon::Create(1).value()}};
    channel_ = OpenChannel(*model_, options, {}).value();
    path_ = ChannelPath(*model_, options);
  }
  testing::TempFolder folder_;
  std::shared_ptr<ClientModel> model_;
  std::shared_ptr<const privacy::Channel> channel_;
  fs::path path_;
};

TEST_F(ChannelFileTest, SaysWhatItIs) {
  const auto file = ReadChannelFile(path_);
  ASSERT_TRUE(file);
  EXPECT_EQ(file->channel.ToBytes(), channel_->ToBytes());
  EXPECT_EQ(file->model_id, model_->facts().model_id);
  EXPECT_EQ(file->prior_sha256, "uniform");
  EXPECT_EQ(file->sha256, crypto::Sha256Of(channel_->ToBytes()));
  EXPECT_EQ(file->sha256, HashOf(*channel_));
  const auto words = ReadChannelWords(path_);
  ASSERT_TRUE(words);
  ASSERT_EQ(words->size(), static_cast<size_t>(model_->units().size()));
  const int32_t unit = model_->units().words()[0];
  EXPECT_EQ((*words)[static_cast<size_t>(unit)], model_->units().Written(unit));
}

TEST_F(ChannelFileTest, InTheClearItIsNoneOfASealedBundle) {
  const auto key = crypto::SealKey::FromHex(std::string(64, '1')).value();
  const auto file = ReadChannelFile(path_, &key);
  ASSERT_FALSE(file);
  EXPECT_NE(file.error().message().find("in the clear"), std::string::npos);
}

TEST_F(ChannelFileTest, AnyFlippedByteOfTheChannelIsRefused) {
  const MappedFile whole = MappedFile::Open(path_).value();
  const std::vector<uint8_t> bytes(whole.bytes().begin(), whole.bytes().end());
  const fs::path copy = path_.parent_path() / "copy";
  for (size_t at = bytes.size() - channel_->ToBytes().size(); at < bytes.size();
       at += 997) {
    auto edited = bytes;
    edited[at] ^= 0x10;
    ASSERT_TRUE(WriteFileAtomically(copy, edited));
    EXPECT_FALSE(ReadChannelFile(copy)) << at;
  }
}

TEST_F(ChannelFileTest, OtherFilesAreRefused) {
  EXPECT_EQ(
      ReadChannelFile(model_->folder() / model::kBundleFile).error().code(),
      Code::kDataLoss);
  EXPECT_EQ(
      ReadChannelFile(model_->folder() / model::kManifestFile).error().code(),
      Code::kDataLoss);
  EXPECT_EQ(ReadChannelFile(model_->folder() / "absent").error().code(),
            Code::kNotFound);
}

}  // namespace
}  // namespace cmif::client
