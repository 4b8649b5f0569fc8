// SPDX-License-Identifier: Apache-2.0
#include "cmif/crypto/sealed_stream.h"

#include <gtest/gtest.h>
#include <sodium.h>

#include <algorithm>
#include <string>
#include <vector>

namespace cmif::crypto {
namespace {

using Bytes = std::vector<uint8_t>;

Bytes Pattern(size_t size, uint64_t seed) {
  InsecureSeededRandom random(seed);
  Bytes bytes(size);
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random.Next32());
  return bytes;
}

SealKey Key(uint64_t seed) {
  return SealKey::FromBytes(Pattern(32, seed)).value();
}

Bytes Sealed(const SealKey& key, std::string_view context, const Bytes& plain) {
  Bytes out;
  const auto sealed = Seal(key, context, plain, [&](auto piece) {
    out.insert(out.end(), piece.begin(), piece.end());
    return Result<void>();
  });
  EXPECT_TRUE(sealed);
  return out;
}

Result<Bytes> Opened(const SealKey& key, std::string_view context,
                     const Bytes& sealed) {
  CMIF_ASSIGN(const uint64_t size, OpenedSize(sealed.size()));
  Bytes out(size);
  const std::span<const uint8_t> all(sealed);
  SealOpener opener =
      SealOpener::Start(key, context, all.first(kSealHeaderBytes));
  auto rest = all.subspan(kSealHeaderBytes);
  std::span<uint8_t> to(out);
  while (!rest.empty()) {
    const auto chunk =
        rest.first(std::min(kSealChunkBytes + kSealOverheadBytes, rest.size()));
    rest = rest.subspan(chunk.size());
    const auto part = to.first(chunk.size() - kSealOverheadBytes);
    CMIF_TRY(opener.Open(chunk, rest.empty(), part));
    to = to.subspan(part.size());
  }
  return out;
}

TEST(SealKeyTest, HexOfAFileIsAKeyAndNothingElseIs) {
  const std::string hex(64, 'a');
  const Bytes bytes(32, 0xAA);
  const std::vector<std::string> keys = {hex, hex + "\n", hex + "\n\n"};
  const std::vector<std::string> others = {"",
                                           "\n",
                                           hex.substr(1),
                                           hex + "a",
                                           hex + "\n" + hex,
                                           " " + hex.substr(1),
                                           hex.substr(1) + "g"};
  for (const std::string& good : keys) {
    EXPECT_TRUE(
        std::ranges::equal(SealKey::FromHex(good).value().bytes(), bytes));
  }
  for (const std::string& bad : others) {
    EXPECT_FALSE(SealKey::FromHex(bad)) << bad.size();
  }
}

TEST(SealedStreamTest, ComesBackWhateverItsLength) {
  for (const size_t size :
       {size_t{0}, size_t{1}, kSealChunkBytes - 1, kSealChunkBytes,
        kSealChunkBytes + 1, 3 * kSealChunkBytes + 77}) {
    const Bytes plain = Pattern(size, size);
    const Bytes sealed = Sealed(Key(1), "table", plain);
    EXPECT_EQ(sealed.size(), SealedSize(size));
    EXPECT_EQ(OpenedSize(sealed.size()).value(), size);
    EXPECT_EQ(Opened(Key(1), "table", sealed).value(), plain) << size;
  }
}

TEST(SealedStreamTest, SameBytesSealDifferently) {
  const Bytes plain = Pattern(100, 3);
  EXPECT_NE(Sealed(Key(1), "a", plain), Sealed(Key(1), "a", plain));
}

TEST(SealedStreamTest, NothingOfThePlainBytesShows) {
  const Bytes plain(kSealChunkBytes, 'x');
  const Bytes sealed = Sealed(Key(1), "a", plain);
  const Bytes run(16, 'x');
  EXPECT_TRUE(std::ranges::search(sealed, run).empty());
}

TEST(SealedStreamTest, AnyChangedBitIsFound) {
  const Bytes sealed = Sealed(Key(1), "a", Pattern(300, 4));
  for (size_t at = 0; at < sealed.size(); ++at) {
    Bytes changed = sealed;
    changed[at] ^= uint8_t{1} << (at % 8);
    EXPECT_FALSE(Opened(Key(1), "a", changed)) << at;
  }
}

TEST(SealedStreamTest, AnotherKeyOrContextOpensNothing) {
  const Bytes sealed = Sealed(Key(1), "table", Pattern(300, 4));
  EXPECT_FALSE(Opened(Key(2), "table", sealed));
  EXPECT_FALSE(Opened(Key(1), "head", sealed));
  EXPECT_FALSE(Opened(Key(1), "", sealed));
}

TEST(SealedStreamTest, CutMovedOrDoubledChunksAreFound) {
  constexpr size_t kWhole = kSealChunkBytes + kSealOverheadBytes;
  const Bytes sealed = Sealed(Key(1), "a", Pattern(3 * kSealChunkBytes, 5));
  Bytes cut(sealed.begin(), sealed.end() - kWhole);
  EXPECT_FALSE(Opened(Key(1), "a", cut));
  cut.resize(cut.size() - 100);
  EXPECT_FALSE(Opened(Key(1), "a", cut));
  Bytes moved = sealed;
  std::swap_ranges(moved.begin() + kSealHeaderBytes,
                   moved.begin() + kSealHeaderBytes + kWhole,
                   moved.begin() + kSealHeaderBytes + kWhole);
  EXPECT_FALSE(Opened(Key(1), "a", moved));
  Bytes doubled = sealed;
  doubled.insert(doubled.end(), sealed.end() - kWhole, sealed.end());
  EXPECT_FALSE(Opened(Key(1), "a", doubled));
}

TEST(SealedStreamTest, ChunksOfAnotherStreamOfTheKeyAreFound) {
  const Bytes plain = Pattern(2 * kSealChunkBytes, 6);
  Bytes one = Sealed(Key(1), "a", plain);
  const Bytes two = Sealed(Key(1), "a", plain);
  std::copy(two.end() - kSealChunkBytes, two.end(),
            one.end() - kSealChunkBytes);
  EXPECT_FALSE(Opened(Key(1), "a", one));
}

TEST(SealedStreamTest, SizesThatNoStreamHasAreRefused) {
  for (const uint64_t size : {uint64_t{0}, uint64_t{24}, uint64_t{40},
                              24 + kSealChunkBytes + 17 + 5}) {
    EXPECT_FALSE(OpenedSize(size)) << size;
  }
}

TEST(SealKeyTest, HasThirtyTwoBytes) {
  EXPECT_FALSE(SealKey::FromBytes(Pattern(31, 1)));
  EXPECT_FALSE(SealKey::FromBytes(Pattern(33, 1)));
  OsRandom random;
  const SealKey one = SealKey::FromRandom(random);
  const SealKey two = SealKey::FromRandom(random);
  EXPECT_FALSE(std::ranges::equal(one.bytes(), two.bytes()));
}

TEST(SealKeyTest, DerivedKeysDifferByPurposeAndKey) {
  const SealKey derived = Key(1).Derive("channels");
  EXPECT_TRUE(
      std::ranges::equal(derived.bytes(), Key(1).Derive("channels").bytes()));
  for (const SealKey& other : {Key(1).Derive("channel"), Key(1).Derive(""),
                               Key(2).Derive("channels"), Key(1).Derive({})}) {
    EXPECT_FALSE(std::ranges::equal(derived.bytes(), other.bytes()));
  }
}

}  // namespace
}  // namespace cmif::crypto
