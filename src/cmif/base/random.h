// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_BASE_RANDOM_H_
#define CMIF_BASE_RANDOM_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <random>
#include <span>

namespace cmif {

// A source of independent uniform 32-bit words. Not thread-safe: one source a
// thread.
class RandomSource {
 public:
  virtual ~RandomSource() = default;
  virtual uint32_t Next32() = 0;
};

// The operating system's CSPRNG (getrandom), read in blocks of 4 KiB (a call
// costs about 390 ns, reference/privacy.md 6); used words are overwritten at
// once, the rest when the source goes away. If the kernel cannot give
// randomness the process ends: there is no safe way to go on.
class OsRandom final : public RandomSource {
 public:
  OsRandom() = default;
  ~OsRandom() override;
  OsRandom(const OsRandom&) = delete;
  OsRandom& operator=(const OsRandom&) = delete;
  uint32_t Next32() override {
    if (next_ == buffer_.size()) Refill();
    const uint32_t word = buffer_[next_];
    buffer_[next_++] = 0;
    return word;
  }

 private:
  void Refill();
  std::array<uint32_t, 1024> buffer_{};
  size_t next_ = buffer_.size();
};

// Fills with random bytes; each word is wiped once it is copied.
void FillRandom(RandomSource& random, std::span<uint8_t> bytes);

// Reproducible, predictable, NOT private: tests and evaluation only.
class InsecureSeededRandom final : public RandomSource {
 public:
  explicit InsecureSeededRandom(uint64_t seed) : engine_(seed) {}
  uint32_t Next32() override { return static_cast<uint32_t>(engine_() >> 32); }

 private:
  std::mt19937_64 engine_;
};

}  // namespace cmif

#endif  // CMIF_BASE_RANDOM_H_
