// SPDX-License-Identifier: Apache-2.0
#include "cmif/crypto/sha256.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "cmif/base/byte_reader.h"

namespace cmif::crypto {
namespace {

std::string HexOf(std::string_view text) {
  return ToHex(Sha256Of(AsBytes(text)));
}

// The examples of FIPS 180-4's companion page and of NIST's SHA-2 test set
// (SHA256ShortMsg.rsp, one and four bytes).
TEST(Sha256Test, NistVectors) {
  EXPECT_EQ(HexOf(""),
            "e3b0c44298fc1c149afbf4c8996fb924"
            "27ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(HexOf("abc"),
            "ba7816bf8f01cfea414140de5dae2223"
            "b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(HexOf("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039"
            "a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(HexOf("\xd3"),
            "28969cdfa74a12c82f3bad960b0b000a"
            "ca2ac329deea5c2328ebc6f2ba9802c1");
  EXPECT_EQ(HexOf("\x74\xba\x25\x21"),
            "b16aa56be3880d18cd41e68384cf1ec8"
            "c17680c45a02b1575dc1518923ae8b0e");
}

TEST(Sha256Test, AMillionLettersInPieces) {
  const std::string piece(1000, 'a');
  Sha256 hash;
  for (int i = 0; i < 1000; ++i) hash.Update(AsBytes(piece));
  EXPECT_EQ(ToHex(hash.Finish()),
            "cdc76e5c9914fb9281a1c7e284d73e67"
            "f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256Test, PiecesOfAnySizeGiveTheSameHash) {
  std::string text(300, '\0');
  for (size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>(i);
  const Digest whole = Sha256Of(AsBytes(text));
  for (size_t step = 1; step <= 65; ++step) {
    Sha256 hash;
    for (size_t at = 0; at < text.size(); at += step) {
      hash.Update(AsBytes(std::string_view(text).substr(at, step)));
    }
    EXPECT_EQ(hash.Finish(), whole) << step;
  }
}

TEST(Sha256Test, StartsAnewAfterFinish) {
  Sha256 hash;
  hash.Update(AsBytes("something else"));
  hash.Finish();
  hash.Update(AsBytes("abc"));
  EXPECT_EQ(hash.Finish(), Sha256Of(AsBytes("abc")));
}

TEST(Sha256Test, MovesWithWhatItHasRead) {
  Sha256 first;
  first.Update(AsBytes("ab"));
  Sha256 second = std::move(first);
  second.Update(AsBytes("c"));
  EXPECT_EQ(second.Finish(), Sha256Of(AsBytes("abc")));
}

TEST(HexTest, ThereAndBack) {
  const std::vector<uint8_t> bytes = {0x00, 0x7f, 0x80, 0xff, 0x1a};
  EXPECT_EQ(ToHex(bytes), "007f80ff1a");
  EXPECT_EQ(FromHex("007F80fF1a").value(), bytes);
  EXPECT_TRUE(FromHex("").value().empty());
}

TEST(HexTest, OddLengthIsRefused) {
  EXPECT_EQ(FromHex("abc").error().code(), Code::kInvalidArgument);
}

TEST(HexTest, WrongDigitIsNamedByItsPlace) {
  const auto result = FromHex("00x0");
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code(), Code::kInvalidArgument);
  EXPECT_NE(result.error().message().find("character 2"), std::string::npos);
  EXPECT_FALSE(FromHex("0g").has_value());
  EXPECT_FALSE(FromHex(std::string_view("\0\0", 2)).has_value());
}

}  // namespace
}  // namespace cmif::crypto
