// SPDX-License-Identifier: Apache-2.0
#include "cmif/crypto/keyed_hash.h"

#include <gtest/gtest.h>

#include <cstring>
#include <ostream>
#include <set>
#include <type_traits>
#include <vector>

#include "cmif/crypto/keyed_random.h"
#include "cmif/crypto/sha256.h"

namespace cmif::crypto {
namespace {

template <typename T>
concept Printable =
    requires(std::ostream& out, const T& value) { out << value; };
static_assert(!Printable<HashKey>);
static_assert(!std::is_copy_constructible_v<HashKey>);
static_assert(!std::is_copy_assignable_v<HashKey>);
static_assert(!std::equality_comparable<HashKey>);

// Bytes 0, 1, 2, ...
class CountingBytes final : public RandomSource {
 public:
  uint32_t Next32() override {
    std::array<uint8_t, 4> bytes{};
    for (uint8_t& byte : bytes) byte = next_++;
    uint32_t word = 0;
    std::memcpy(&word, bytes.data(), sizeof(word));
    return word;
  }

 private:
  uint8_t next_ = 0;
};

HashKey CountingKey() {
  CountingBytes bytes;
  return HashKey::FromRandom(bytes);
}

std::string HexOf(const HashKey& key, std::span<const uint8_t> input) {
  std::array<uint8_t, HashKey::kBytes> out{};
  key.Hash(input, out);
  return ToHex(out);
}

std::vector<uint8_t> Counting(size_t size) {
  std::vector<uint8_t> bytes(size);
  for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<uint8_t>(i);
  return bytes;
}

// Expected: Python's hashlib.blake2b(bytes(range(n)), key=bytes(range(32)),
// digest_size=32), an implementation of its own.
TEST(KeyedHashTest, IsBlake2bOfAnotherImplementation) {
  const HashKey key = CountingKey();
  EXPECT_EQ(HexOf(key, {}),
            "4e51e7a913fc80137da52880fecca175bf81e117d5c68126dc2774033517ea0d");
  EXPECT_EQ(HexOf(key, Counting(200)),
            "a39ff6e7e838226fd50e24a55375ff3a39419fd93e32cc463f3f74323291c425");
}

TEST(KeyedHashTest, KeyInputAndDerivationAllMatter) {
  const HashKey key = CountingKey();
  InsecureSeededRandom random(3);
  const HashKey other = HashKey::FromRandom(random);
  std::set<std::string> seen;
  for (size_t size = 0; size < 20; ++size) {
    seen.insert(HexOf(key, Counting(size)));
    seen.insert(HexOf(other, Counting(size)));
    seen.insert(HexOf(key.Derive(Counting(size)), {}));
  }
  EXPECT_EQ(seen.size(), 60U);
}

TEST(KeyedHashTest, AMovedKeyIsTheSameKeyAndLeavesZeros) {
  HashKey key = CountingKey();
  const std::string before = HexOf(key, Counting(7));
  const void* const left_behind = &key;
  const HashKey moved = std::move(key);
  EXPECT_EQ(HexOf(moved, Counting(7)), before);
  std::array<uint8_t, sizeof(HashKey)> left{};
  std::memcpy(left.data(), left_behind, left.size());
  EXPECT_EQ(left, (std::array<uint8_t, sizeof(HashKey)>{}));
}

TEST(KeyedHashTest, AKeyIsWipedWhenItGoesAway) {
  alignas(HashKey) std::array<uint8_t, sizeof(HashKey)> memory{};
  auto* const key = new (memory.data()) HashKey(CountingKey());
  EXPECT_NE(memory, (std::array<uint8_t, sizeof(HashKey)>{}));
  key->~HashKey();
  EXPECT_EQ(memory, (std::array<uint8_t, sizeof(HashKey)>{}));
}

TEST(KeyedRandomTest, WordsAreTheHashesOfInputAndCounter) {
  const HashKey key = CountingKey();
  KeyedRandom random(key, Counting(16));
  for (uint8_t block = 0; block < 3; ++block) {
    std::vector<uint8_t> input = Counting(16);
    input.insert(input.end(), {block, 0, 0, 0});
    std::array<uint8_t, HashKey::kBytes> expected{};
    key.Hash(input, expected);
    for (size_t i = 0; i < expected.size(); i += 4) {
      uint32_t word = 0;
      std::memcpy(&word, &expected[i], 4);
      EXPECT_EQ(random.Next32(), word);
    }
  }
}

TEST(KeyedRandomTest, AnInputThatIsTooLongEndsTheProcess) {
  const HashKey key = CountingKey();
  EXPECT_NO_FATAL_FAILURE(KeyedRandom(key, Counting(60)).Next32());
  EXPECT_DEATH(KeyedRandom(key, Counting(61)).Next32(), "");
}

}  // namespace
}  // namespace cmif::crypto
