// SPDX-License-Identifier: Apache-2.0
#include "cmif/model/container.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "cmif/base/byte_reader.h"
#include "cmif/base/file.h"

namespace cmif::model {
namespace {

namespace fs = std::filesystem;

class ContainerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "cmif-XXXXXX").string();
    folder_ = mkdtemp(name.data());
  }
  void TearDown() override { fs::remove_all(folder_); }
  std::string Written(std::span<const Section> sections) {
    EXPECT_TRUE(WriteContainer(folder_ / "c", sections).has_value());
    return ReadFile(folder_ / "c", 1 << 20).value();
  }
  Code CodeOf(std::span<const Section> sections) {
    const auto written = WriteContainer(folder_ / "c", sections);
    return written ? Code::kOk : written.error().code();
  }
  fs::path folder_;
  const std::vector<Section> two_ = {{"facts", AsBytes("some facts")},
                                     {"table", AsBytes("rows")}};
};

TEST_F(ContainerTest, SectionsComeBackAsWritten) {
  Written(two_);
  auto reader = ContainerReader::Open(folder_ / "c");
  ASSERT_TRUE(reader.has_value()) << reader.error().message();
  EXPECT_EQ(reader->sections().size(), 2U);
  EXPECT_TRUE(reader->Has("table"));
  EXPECT_FALSE(reader->Has("tab"));
  EXPECT_EQ(AsText(reader->Read("facts")->bytes()), "some facts");
  EXPECT_EQ(AsText(reader->Read("table")->bytes()), "rows");
  EXPECT_EQ(reader->Read("head").error().code(), Code::kNotFound);
}

TEST_F(ContainerTest, EmptySectionsAreFine) {
  Written(std::vector<Section>{{"a", {}}, {"b", {}}});
  auto reader = ContainerReader::Open(folder_ / "c");
  ASSERT_TRUE(reader.has_value()) << reader.error().message();
  EXPECT_EQ(reader->Read("b")->size(), 0U);
}

TEST_F(ContainerTest, NamesAndNumbersOutOfRangeAreNotWritten) {
  EXPECT_EQ(CodeOf({}), Code::kInvalidArgument);
  EXPECT_EQ(CodeOf(std::vector<Section>{{"", {}}}), Code::kInvalidArgument);
  EXPECT_EQ(CodeOf(std::vector<Section>{{std::string(17, 'x'), {}}}),
            Code::kInvalidArgument);
  EXPECT_EQ(CodeOf(std::vector<Section>(33, {"a", {}})),
            Code::kInvalidArgument);
  EXPECT_FALSE(fs::exists(folder_ / "c"));
}

TEST_F(ContainerTest, EveryBitOfTheHeaderCounts) {
  const std::string whole = Written(two_);
  const size_t header = 32 + 2 * 64 + 32;
  for (size_t bit = 0; bit < 8 * header; ++bit) {
    std::string bytes = whole;
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
    EXPECT_FALSE(ParseContainerHeader(AsBytes(bytes), bytes.size()).has_value())
        << bit;
  }
}

TEST_F(ContainerTest, EveryOtherSizeIsRefused) {
  const std::string whole = Written(two_);
  for (size_t size = 0; size < whole.size(); ++size) {
    const auto start = AsBytes(whole).first(size);
    EXPECT_FALSE(ParseContainerHeader(start, size).has_value()) << size;
  }
  EXPECT_FALSE(
      ParseContainerHeader(AsBytes(whole), whole.size() + 1).has_value());
}

TEST_F(ContainerTest, OtherVersionsAndEncryptionAreUnimplemented) {
  for (const size_t at : {size_t{8}, size_t{12}}) {
    std::string bytes = Written(two_);
    bytes[at] = 2;
    EXPECT_EQ(ParseContainerHeader(AsBytes(bytes), bytes.size()).error().code(),
              Code::kUnimplemented);
  }
}

}  // namespace
}  // namespace cmif::model
