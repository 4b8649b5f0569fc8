// SPDX-License-Identifier: Apache-2.0
#include "cmif/crypto/sealed_stream.h"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

namespace cmif::crypto {
namespace {

static_assert(kSealHeaderBytes ==
              crypto_secretstream_xchacha20poly1305_HEADERBYTES);
static_assert(kSealOverheadBytes ==
              crypto_secretstream_xchacha20poly1305_ABYTES);
static_assert(SealKey::kBytes ==
              crypto_secretstream_xchacha20poly1305_KEYBYTES);

const uint8_t* Bytes(const std::string& text) {
  return reinterpret_cast<const uint8_t*>(text.data());
}

}  // namespace

SealKey SealKey::FromRandom(RandomSource& random) {
  SecretBytes bytes(kBytes);
  FillRandom(random, bytes.bytes());
  return SealKey(std::move(bytes));
}

Result<SealKey> SealKey::FromBytes(std::span<const uint8_t> bytes) {
  if (bytes.size() != kBytes) {
    return InvalidArgument(fmt::format(
        "a bundle key has {} bytes, this one has {}", kBytes, bytes.size()));
  }
  SecretBytes copy(kBytes);
  std::ranges::copy(bytes, copy.bytes().begin());
  return SealKey(std::move(copy));
}

Result<SealKey> SealKey::FromHex(std::string_view hex) {
  while (hex.ends_with('\n')) hex.remove_suffix(1);
  SecretBytes bytes(kBytes);
  size_t size = 0;
  if (hex.size() != 2 * kBytes ||
      sodium_hex2bin(bytes.bytes().data(), kBytes, hex.data(), hex.size(),
                     nullptr, &size, nullptr) != 0 ||
      size != kBytes) {
    return InvalidArgument(
        "this is no bundle key (64 hex digits, as cmif split --seal writes "
        "them)");
  }
  return SealKey(std::move(bytes));
}

SealKey SealKey::Derive(std::string_view purpose) const {
  SecretBytes derived(kBytes);
  crypto_generichash(derived.bytes().data(), kBytes,
                     reinterpret_cast<const uint8_t*>(purpose.data()),
                     purpose.size(), bytes().data(), kBytes);
  return SealKey(std::move(derived));
}

uint64_t SealedSize(uint64_t plain_bytes) {
  const uint64_t chunks = std::max<uint64_t>(
      1, (plain_bytes + kSealChunkBytes - 1) / kSealChunkBytes);
  return kSealHeaderBytes + plain_bytes + chunks * kSealOverheadBytes;
}

Result<uint64_t> OpenedSize(uint64_t sealed_bytes) {
  constexpr uint64_t kWhole = kSealChunkBytes + kSealOverheadBytes;
  if (sealed_bytes >= kSealHeaderBytes + kSealOverheadBytes) {
    const uint64_t body = sealed_bytes - kSealHeaderBytes;
    const uint64_t chunks = (body + kWhole - 1) / kWhole;
    const uint64_t overhead = chunks * kSealOverheadBytes;
    if (body >= overhead && SealedSize(body - overhead) == sealed_bytes) {
      return body - overhead;
    }
  }
  return DataLoss(
      fmt::format("{} bytes are no whole sealed stream", sealed_bytes));
}

Result<void> Seal(
    const SealKey& key, std::string_view context,
    std::span<const uint8_t> plain,
    const std::function<Result<void>(std::span<const uint8_t>)>& write) {
  if (context.size() > 256) return InvalidArgument("the context is too long");
  crypto_secretstream_xchacha20poly1305_state state;
  std::array<uint8_t, kSealHeaderBytes> header{};
  crypto_secretstream_xchacha20poly1305_init_push(&state, header.data(),
                                                  key.bytes().data());
  const std::string data(context);
  std::vector<uint8_t> sealed(kSealChunkBytes + kSealOverheadBytes);
  Result<void> written = write(header);
  for (bool last = false; written && !last;) {
    const auto chunk =
        plain.first(std::min<size_t>(kSealChunkBytes, plain.size()));
    plain = plain.subspan(chunk.size());
    last = plain.empty();
    crypto_secretstream_xchacha20poly1305_push(
        &state, sealed.data(), nullptr, chunk.data(), chunk.size(), Bytes(data),
        data.size(),
        last ? crypto_secretstream_xchacha20poly1305_TAG_FINAL
             : crypto_secretstream_xchacha20poly1305_TAG_MESSAGE);
    written = write(std::span(sealed).first(chunk.size() + kSealOverheadBytes));
  }
  SecureWipe(&state, sizeof(state));
  return written;
}

struct SealOpener::State {
  using Stream = crypto_secretstream_xchacha20poly1305_state;
  Stream* stream() { return reinterpret_cast<Stream*>(bytes.bytes().data()); }
  SecretBytes bytes = SecretBytes(sizeof(Stream));
  std::string context;
  bool started = false;
};

SealOpener::SealOpener(std::unique_ptr<State> state)
    : state_(std::move(state)) {}
SealOpener::~SealOpener() = default;
SealOpener::SealOpener(SealOpener&&) noexcept = default;
SealOpener& SealOpener::operator=(SealOpener&&) noexcept = default;

SealOpener SealOpener::Start(const SealKey& key, std::string_view context,
                             std::span<const uint8_t> header) {
  auto state = std::make_unique<State>();
  state->context = context;
  state->started = header.size() == kSealHeaderBytes &&
                   crypto_secretstream_xchacha20poly1305_init_pull(
                       state->stream(), header.data(), key.bytes().data()) == 0;
  return SealOpener(std::move(state));
}

Result<void> SealOpener::Open(std::span<const uint8_t> sealed, bool last,
                              std::span<uint8_t> out) {
  uint8_t tag = 0;
  const bool opened =
      state_->started && sealed.size() >= kSealOverheadBytes &&
      out.size() == sealed.size() - kSealOverheadBytes &&
      crypto_secretstream_xchacha20poly1305_pull(
          state_->stream(), out.data(), nullptr, &tag, sealed.data(),
          sealed.size(), Bytes(state_->context), state_->context.size()) == 0;
  const bool ends = tag == crypto_secretstream_xchacha20poly1305_TAG_FINAL;
  if (opened && ends == last) return {};
  state_->started = false;
  return DataLoss(
      "a sealed part does not open: the key is another bundle's, or the bytes "
      "were changed, cut or moved");
}

}  // namespace cmif::crypto
