// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <numeric>
#include <set>

#include "cmif/base/byte_reader.h"
#include "cmif/base/file.h"
#include "cmif/base/parallel.h"
#include "cmif/base/random.h"
#include "cmif/base/secret_bytes.h"
#include "cmif/base/status.h"
#include "cmif/base/testing/temp_folder.h"

namespace cmif {
namespace {

namespace fs = std::filesystem;

class FolderTest : public ::testing::Test {
 protected:
  const cmif::testing::TempFolder folder_;
};

TEST(StatusTest, EveryCodeHasItsOwnName) {
  std::set<std::string_view> names;
  for (int code = 0; code <= 16; ++code) {
    names.insert(CodeName(static_cast<Code>(code)));
  }
  EXPECT_EQ(names.size(), 17U);
}

TEST(StatusTest, AtPutsThePlaceInFront) {
  EXPECT_EQ(Status(Code::kDataLoss, "bad").At("file").message(), "file: bad");
}

TEST(ByteReaderTest, ReadsLittleEndianAndStopsAtTheEnd) {
  const std::vector<uint8_t> bytes = {1, 2, 0, 0, 9};
  ByteReader reader(bytes);
  EXPECT_EQ(reader.Read<uint32_t>().value(), 0x201U);
  EXPECT_EQ(reader.Read<uint32_t>().error().code(), Code::kDataLoss);
  EXPECT_EQ(reader.position(), 4U);
  EXPECT_EQ(reader.Read<uint8_t>().value(), 9);
}

TEST(ByteReaderTest, HugeLengthIsRefused) {
  const std::vector<uint8_t> bytes(8);
  ByteReader reader(bytes);
  EXPECT_FALSE(reader.Take(UINT64_MAX).has_value());
}

TEST_F(FolderTest, NothingStaysWithoutCommit) {
  {
    auto file = AtomicFile::Create(folder_ / "a");
    ASSERT_TRUE(file.has_value());
    ASSERT_TRUE(file->Write(AsBytes("half")).has_value());
  }
  EXPECT_TRUE(fs::is_empty(folder_.path()));
}

TEST_F(FolderTest, CommitReplacesTheFile) {
  ASSERT_TRUE(WriteFileAtomically(folder_ / "a", AsBytes("one")).has_value());
  ASSERT_TRUE(WriteFileAtomically(folder_ / "a", AsBytes("two")).has_value());
  EXPECT_EQ(ReadFile(folder_ / "a", 10).value(), "two");
  EXPECT_EQ(AsText(ReadSecretFile(folder_ / "a", 10).value().bytes()), "two");
  EXPECT_FALSE(ReadSecretFile(folder_ / "a", 2));
  EXPECT_EQ(ReadFile(folder_ / "a", 2).error().code(),
            Code::kResourceExhausted);
}

TEST_F(FolderTest, CommitNewReplacesNothing) {
  for (const bool there : {false, true}) {
    auto file = AtomicFile::Create(folder_ / "a");
    ASSERT_TRUE(file->Write(AsBytes(there ? "two" : "one")).has_value());
    const auto done = file->CommitNew();
    EXPECT_EQ(done ? Code::kOk : done.error().code(),
              there ? Code::kAlreadyExists : Code::kOk);
  }
  EXPECT_EQ(ReadFile(folder_ / "a", 10).value(), "one");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_.path()), {}), 1);
}

TEST_F(FolderTest, HoleIsReadAsZeroes) {
  auto file = AtomicFile::Create(folder_ / "a");
  ASSERT_TRUE(file->Write(AsBytes("x")).has_value());
  ASSERT_TRUE(file->WriteHole(100000).has_value());
  ASSERT_TRUE(file->Write(AsBytes("y")).has_value());
  ASSERT_TRUE(file->Commit().has_value());
  const std::string text = ReadFile(folder_ / "a", 1 << 20).value();
  ASSERT_EQ(text.size(), 100002U);
  EXPECT_EQ(text.find_first_not_of('\0', 1), 100001U);
}

TEST_F(FolderTest, MissingFileIsNotFound) {
  EXPECT_EQ(MappedFile::Open(folder_ / "no").error().code(), Code::kNotFound);
  EXPECT_EQ(MappedFile::Open(folder_.path()).error().code(),
            Code::kInvalidArgument);
}

TEST_F(FolderTest, UnwritableFolderIsRefused) {
  EXPECT_TRUE(CheckWritableFolder(folder_ / "new/deep").has_value());
  ASSERT_TRUE(WriteFileAtomically(folder_ / "file", AsBytes("x")).has_value());
  EXPECT_FALSE(CheckWritableFolder(folder_ / "file").has_value());
}

TEST(ParallelTest, EveryIndexOnce) {
  std::vector<std::atomic<int>> seen(1000);
  double last = 0;
  ParallelFor(
      seen.size(), 4, [&](size_t i) { ++seen[i]; },
      [&](double share) { last = share; });
  for (const auto& count : seen) EXPECT_EQ(count, 1);
  EXPECT_EQ(last, 1);
}

TEST(RandomTest, FillsWithWordsInOrderAndPartOfTheLast) {
  for (const size_t size : {0U, 1U, 4U, 32U, 35U}) {
    InsecureSeededRandom random(7);
    std::vector<uint8_t> bytes(size + 1, 0xA5);
    FillRandom(random, std::span(bytes).first(size));
    InsecureSeededRandom again(7);
    for (size_t at = 0; at < size; at += 4) {
      const uint32_t word = again.Next32();
      EXPECT_EQ(std::memcmp(bytes.data() + at, &word,
                            std::min(size - at, sizeof(word))),
                0)
          << at << " of " << size;
    }
    EXPECT_EQ(bytes.back(), 0xA5);
  }
}

TEST(RandomTest, OsWordsDifferAndSeededOnesRepeat) {
  OsRandom os;
  std::set<uint32_t> words;
  for (int i = 0; i < 3000; ++i) words.insert(os.Next32());
  EXPECT_GT(words.size(), 2990U);  // 3000 of 2^32: a collision has p = 0.1 %
  InsecureSeededRandom a(7);
  InsecureSeededRandom b(7);
  EXPECT_EQ(a.Next32(), b.Next32());
}

TEST(SecretBytesTest, MoveLeavesNothingBehind) {
  SecretBytes a(16);
  a.bytes()[3] = 5;
  const SecretBytes b = std::move(a);
  EXPECT_EQ(b.bytes()[3], 5);
  EXPECT_EQ(a.size(), 0U);  // NOLINT(bugprone-use-after-move): that is the test
}

}  // namespace
}  // namespace cmif
