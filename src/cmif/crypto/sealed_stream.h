// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_CRYPTO_SEALED_STREAM_H_
#define CMIF_CRYPTO_SEALED_STREAM_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>

#include "cmif/base/random.h"
#include "cmif/base/secret_bytes.h"
#include "cmif/base/status.h"

namespace cmif::crypto {

// Bytes encrypted and authenticated in chunks: libsodium's secretstream
// (XChaCha20-Poly1305). A sealed stream is a header of 24 bytes, then chunks of
// kSealChunkBytes (the last one shorter, maybe empty), each with 17 bytes more.
// A chunk that is changed, left out, moved, or comes from another stream fails;
// so does a stream that ends early, since its last chunk is marked.

inline constexpr size_t kSealChunkBytes = size_t{256} << 10;
inline constexpr size_t kSealHeaderBytes = 24;
inline constexpr size_t kSealOverheadBytes = 17;  // of a chunk

// 32 bytes; wiped. Move-only, does not print.
class SealKey {
 public:
  static constexpr size_t kBytes = 32;
  static SealKey FromRandom(RandomSource& random);
  // INVALID_ARGUMENT: not 32 bytes.
  static Result<SealKey> FromBytes(std::span<const uint8_t> bytes);
  // 64 hex digits, as a bundle's key lies in a file; lines may end after them.
  // INVALID_ARGUMENT: anything else.
  static Result<SealKey> FromHex(std::string_view hex);
  // A key of its own for another purpose: keyed BLAKE2b of the purpose's name.
  SealKey Derive(std::string_view purpose) const;
  // The key itself, for whoever keeps it (an owner's file, a broker).
  std::span<const uint8_t> bytes() const { return bytes_.bytes(); }

 private:
  explicit SealKey(SecretBytes bytes) : bytes_(std::move(bytes)) {}
  SecretBytes bytes_;
};

// Bytes of a sealed stream of so many plain ones, and back. OpenedSize() of
// what no stream can have: DATA_LOSS.
uint64_t SealedSize(uint64_t plain_bytes);
Result<uint64_t> OpenedSize(uint64_t sealed_bytes);

// Seals all of `plain`; `write` gets the stream piece by piece. `context` (what
// the stream is, at most 256 bytes) must be given again when it is opened. One
// stream a call; any number of streams a key.
Result<void> Seal(
    const SealKey& key, std::string_view context,
    std::span<const uint8_t> plain,
    const std::function<Result<void>(std::span<const uint8_t>)>& write);

// Opens a stream chunk by chunk. Not thread-safe.
class SealOpener {
 public:
  // header.size() == kSealHeaderBytes.
  static SealOpener Start(const SealKey& key, std::string_view context,
                          std::span<const uint8_t> header);
  ~SealOpener();
  SealOpener(SealOpener&&) noexcept;
  SealOpener& operator=(SealOpener&&) noexcept;

  // `sealed`: the next whole chunk; out.size() == sealed.size() - 17. `last`:
  // no more follow. DATA_LOSS when it is not the stream's next chunk under
  // this key and context, or not last where it should be.
  Result<void> Open(std::span<const uint8_t> sealed, bool last,
                    std::span<uint8_t> out);

 private:
  struct State;
  explicit SealOpener(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace cmif::crypto

#endif  // CMIF_CRYPTO_SEALED_STREAM_H_
