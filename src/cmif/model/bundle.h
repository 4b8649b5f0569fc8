// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_MODEL_BUNDLE_H_
#define CMIF_MODEL_BUNDLE_H_

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>

#include "cmif/base/secret_bytes.h"
#include "cmif/base/status.h"
#include "cmif/crypto/ed25519.h"
#include "cmif/crypto/sealed_stream.h"
#include "cmif/model/container.h"
#include "cmif/model/manifest.h"
#include "cmif/model/row_format.h"
#include "cmif/model/tokenizer.h"

namespace cmif::model {

// The rows of a token embedding or of an output head, in their own number
// format. Immutable; thread-safe; wiped when it goes away.
class EmbeddingTable {
 public:
  // DATA_LOSS when the bytes are not `rows` rows of the format.
  static Result<EmbeddingTable> Create(RowFormat format, uint32_t rows,
                                       SecretBytes bytes);

  const RowFormat& format() const { return format_; }
  uint32_t rows() const { return rows_; }
  // 0 <= id < rows().
  std::span<const uint8_t> Row(int32_t id) const {
    return std::as_const(bytes_).bytes().subspan(
        static_cast<size_t>(id) * format_.row_bytes(), format_.row_bytes());
  }
  // All rows expanded to f32, row after row, on up to `threads` threads.
  std::vector<float> Expanded(int threads) const;

 private:
  EmbeddingTable(RowFormat format, uint32_t rows, SecretBytes bytes)
      : format_(std::move(format)), rows_(rows), bytes_(std::move(bytes)) {}
  RowFormat format_;
  uint32_t rows_;
  SecretBytes bytes_;
};

// What a client needs of a split model: the content of embedding.cmif. Its
// sections: "facts" (JSON), "tokenizer" (GGUF without tensors), "table",
// "clusters" (privacy::Clustering), and "head" with --head client.
struct Bundle {
  ModelFacts facts;
  Tokenizer tokenizer;
  EmbeddingTable table;
  SecretBytes clusters;
  // One row a token; absent unless the partition is embedding+head.
  std::optional<EmbeddingTable> head;
};

// What a client has to open a bundle with.
struct BundleAccess {
  std::shared_ptr<const crypto::SealKey> key = nullptr;  // of a sealed one
  // Whose signature the bundle must have; none: any or no signature will do.
  std::optional<crypto::Ed25519PublicKey> owner = std::nullopt;
};

// That the bundle with this header is sealed if there is a key for it
// (INVALID_ARGUMENT), and signed by the owner if one is asked for
// (PERMISSION_DENIED).
Result<void> CheckBundleAccess(const std::filesystem::path& path,
                               const ContainerHeader& header,
                               const BundleAccess& access);

// Opens and checks a bundle: owner, every hash, and that shapes, vocabulary and
// table agree. NOT_FOUND, DATA_LOSS, UNIMPLEMENTED, FAILED_PRECONDITION (sealed
// and no key), PERMISSION_DENIED (not signed by the owner asked for).
Result<Bundle> OpenBundle(const std::filesystem::path& path,
                          const BundleAccess& access = {});

// What a bundle is made of; all views must outlive the call.
struct BundleParts {
  std::span<const uint8_t> tokenizer;
  std::span<const uint8_t> table;
  std::span<const uint8_t> clusters;
  std::span<const uint8_t> head;  // may be empty
};
Result<void> WriteBundle(const std::filesystem::path& path,
                         const ModelFacts& facts, const BundleParts& parts,
                         const Sealing* sealing = nullptr);

}  // namespace cmif::model

#endif  // CMIF_MODEL_BUNDLE_H_
