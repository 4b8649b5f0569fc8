// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_CLIENT_CLIENT_MODEL_H_
#define CMIF_CLIENT_CLIENT_MODEL_H_

#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>

#include "cmif/base/status.h"
#include "cmif/client/nearest_unit.h"
#include "cmif/client/row_ledger.h"
#include "cmif/client/units.h"
#include "cmif/model/bundle.h"
#include "cmif/privacy/clustering.h"
#include "cmif/privacy/row_matrix.h"

namespace cmif::client {

// What channel files beside a sealed bundle are sealed with: derived from its
// key. Null where there is none.
std::unique_ptr<const crypto::SealKey> ChannelKeyOf(
    const model::BundleAccess& access);

// How rows of the table are read for sending: kOblivious touches the same
// memory whichever rows they are (model/oblivious_rows.h).
enum class RowFetch : uint8_t { kDirect, kOblivious };

// The client's half of a split model, opened: bundle, units and clusters, and
// what is derived from the table when it is first needed. Thread-safe.
class ClientModel {
 public:
  // `folder` is what cmif split wrote. OpenBundle()'s errors;
  // FAILED_PRECONDITION when bundle and manifest belong to different models.
  static Result<std::shared_ptr<ClientModel>> Open(
      const std::filesystem::path& folder,
      const model::BundleAccess& access = {},
      RowFetch row_fetch = RowFetch::kDirect);

  RowFetch row_fetch() const { return row_fetch_; }
  const std::filesystem::path& folder() const { return folder_; }
  const model::ModelFacts& facts() const { return bundle_.facts; }
  const model::Tokenizer& tokenizer() const { return bundle_.tokenizer; }
  const model::EmbeddingTable& table() const { return bundle_.table; }
  // The output head; only in partition embedding+head.
  const std::optional<model::EmbeddingTable>& head() const {
    return bundle_.head;
  }
  // Of the channel files of a sealed bundle; null: they are not sealed.
  const crypto::SealKey* channel_key() const { return channel_key_.get(); }
  // Of the rows that leave; Generate() and Classifier ask it.
  RowLedger& ledger() { return ledger_; }
  const RowLedger& ledger() const { return ledger_; }
  const UnitTable& units() const { return units_; }
  const std::shared_ptr<const privacy::Clustering>& clustering() const {
    return clustering_;
  }
  // Mean-centred unit rows of the whole table (f32: four bytes a value);
  // computed at first use. DATA_LOSS when the table holds no finite numbers.
  Result<const privacy::RowMatrix*> Rows();
  Result<const NearestUnit*> Nearest();

 private:
  ClientModel(std::filesystem::path folder, model::Bundle bundle,
              UnitTable units,
              std::shared_ptr<const privacy::Clustering> clustering)
      : folder_(std::move(folder)),
        bundle_(std::move(bundle)),
        units_(std::move(units)),
        clustering_(std::move(clustering)) {}
  Result<const privacy::RowMatrix*> RowsLocked();

  std::filesystem::path folder_;
  RowFetch row_fetch_ = RowFetch::kDirect;
  RowLedger ledger_;
  model::Bundle bundle_;
  std::unique_ptr<const crypto::SealKey> channel_key_;
  UnitTable units_;
  std::shared_ptr<const privacy::Clustering> clustering_;
  std::mutex mutex_;
  std::optional<privacy::RowMatrix> rows_;
  std::optional<NearestUnit> nearest_;
};

// The rows that clusters and channels are made from: mean over all rows.
Result<privacy::RowMatrix> CentredRows(const model::EmbeddingTable& table);

}  // namespace cmif::client

#endif  // CMIF_CLIENT_CLIENT_MODEL_H_
