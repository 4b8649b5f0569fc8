// SPDX-License-Identifier: Apache-2.0
#include "cmif/model/container.h"

#include <gtest/gtest.h>

#include "cmif/base/byte_reader.h"
#include "cmif/base/file.h"
#include "cmif/base/testing/temp_folder.h"

namespace cmif::model {
namespace {

namespace fs = std::filesystem;

class ContainerTest : public ::testing::Test {
 protected:
  std::string Written(std::span<const Section> sections) {
    EXPECT_TRUE(WriteContainer(folder_ / "c", sections).has_value());
    return ReadFile(folder_ / "c", 1 << 20).value();
  }
  Code CodeOf(std::span<const Section> sections) {
    const auto written = WriteContainer(folder_ / "c", sections);
    return written ? Code::kOk : written.error().code();
  }
  const cmif::testing::TempFolder folder_;
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
    bytes[at] = 7;
    EXPECT_EQ(ParseContainerHeader(AsBytes(bytes), bytes.size()).error().code(),
              Code::kUnimplemented);
  }
}

class SealedContainerTest : public ContainerTest {
 protected:
  std::string Sealed(const crypto::Ed25519Signer* owner = nullptr) {
    const Sealing sealing{.key = &key_, .owner = owner};
    EXPECT_TRUE(WriteContainer(folder_ / "c", two_, &sealing));
    return ReadFile(folder_ / "c", 1 << 20).value();
  }
  void Put(const std::string& bytes) {
    ASSERT_TRUE(WriteFileAtomically(folder_ / "c", AsBytes(bytes)));
  }
  // Opens and reads all; the first error's code.
  Code Opens(const crypto::SealKey* key) {
    auto reader = ContainerReader::Open(folder_ / "c", key);
    if (!reader) return reader.error().code();
    for (const char* name : {"facts", "table"}) {
      if (const auto read = reader->Read(name); !read) {
        return read.error().code();
      }
    }
    return Code::kOk;
  }
  static crypto::SealKey KeyOf(uint64_t seed) {
    InsecureSeededRandom random(seed);
    return crypto::SealKey::FromRandom(random);
  }
  const crypto::SealKey key_ = KeyOf(1);
  const crypto::Ed25519Signer owner_ = crypto::Ed25519Signer::Generate();
};

TEST_F(SealedContainerTest, ComesBackWithItsKeyAlone) {
  const std::string bytes = Sealed(&owner_);
  EXPECT_EQ(bytes.find("some facts"), std::string::npos);
  EXPECT_EQ(Opens(&key_), Code::kOk);
  EXPECT_EQ(Opens(nullptr), Code::kFailedPrecondition);
  const crypto::SealKey other = KeyOf(2);
  EXPECT_EQ(Opens(&other), Code::kDataLoss);
  auto reader = ContainerReader::Open(folder_ / "c", &key_);
  EXPECT_EQ(AsText(reader->Read("facts")->bytes()), "some facts");
  EXPECT_EQ(reader->header().owner, owner_.public_key());
  EXPECT_TRUE(reader->CheckStored("table"));
}

TEST_F(SealedContainerTest, UnsignedHasNoOwner) {
  Sealed();
  const auto reader = ContainerReader::Open(folder_ / "c", &key_);
  EXPECT_TRUE(reader->header().sealed);
  EXPECT_EQ(reader->header().owner, std::nullopt);
}

TEST_F(SealedContainerTest, AnyChangedBitIsRefused) {
  const std::string whole = Sealed(&owner_);
  const size_t header = 32 + 2 * 64 + 32 + 96;
  for (size_t at = 0; at < whole.size(); ++at) {
    std::string bytes = whole;
    bytes[at] = static_cast<char>(bytes[at] ^ (1 << at % 8));
    Put(bytes);
    const bool padding = at >= header && Opens(&key_) == Code::kOk;
    // Zeroes between sections, which the bundle's own hash covers.
    EXPECT_TRUE(!padding || whole[at] == 0) << at;
    if (at < header) {
      EXPECT_NE(Opens(&key_), Code::kOk) << at;
    }
  }
}

TEST_F(SealedContainerTest, EveryShorterFileIsRefused) {
  const std::string whole = Sealed(&owner_);
  for (size_t size = 0; size < whole.size(); ++size) {
    Put(whole.substr(0, size));
    EXPECT_NE(Opens(&key_), Code::kOk) << size;
  }
}

// Someone without the owner's key can make a header of his own, and not sign
// it for the owner.
TEST_F(SealedContainerTest, AnotherOwnersSignatureShowsAnotherOwner) {
  const auto other = crypto::Ed25519Signer::Generate();
  Sealed(&other);
  const auto reader = ContainerReader::Open(folder_ / "c", &key_);
  EXPECT_NE(reader->header().owner, owner_.public_key());
}

// Whole streams put in each other's place, with a proper header around them.
TEST_F(SealedContainerTest, SwappedSectionsDoNotOpen) {
  const std::vector<Section> sections = {{"facts", AsBytes("12345")},
                                         {"table", AsBytes("abcde")}};
  const Sealing sealing{.key = &key_};
  ASSERT_TRUE(WriteContainer(folder_ / "c", sections, &sealing));
  std::string bytes = ReadFile(folder_ / "c", 1 << 20).value();
  const auto infos =
      ParseContainerHeader(AsBytes(bytes), bytes.size())->sections;
  std::swap_ranges(bytes.begin() + infos[0].offset,
                   bytes.begin() + infos[0].offset + infos[0].size_bytes,
                   bytes.begin() + infos[1].offset);
  std::swap_ranges(bytes.begin() + 32 + 32, bytes.begin() + 32 + 64,
                   bytes.begin() + 32 + 64 + 32);
  const size_t hashed = 32 + 2 * 64;
  const auto digest = crypto::Sha256Of(AsBytes(bytes).first(hashed));
  std::ranges::copy(digest, bytes.begin() + hashed);
  Put(bytes);
  ASSERT_TRUE(ParseContainerHeader(AsBytes(bytes), bytes.size()));
  EXPECT_EQ(Opens(&key_), Code::kDataLoss);
}

}  // namespace
}  // namespace cmif::model
