// SPDX-License-Identifier: Apache-2.0
#include "cmif/client/client_model.h"

#include <fmt/format.h>

#include "cmif/base/parallel.h"
#include "cmif/model/verify.h"

namespace cmif::client {

Result<privacy::RowMatrix> CentredRows(const model::EmbeddingTable& table) {
  const std::vector<float> raw = table.Expanded(HardwareThreads());
  auto rows = privacy::CentredUnitRows(static_cast<int>(table.rows()),
                                       static_cast<int>(table.format().width()),
                                       raw, {});
  if (rows) return rows;
  return DataLoss(
      fmt::format("the model's embedding table: {}; the file is broken: fetch "
                  "or convert it "
                  "again",
                  rows.error().message()));
}

std::unique_ptr<const crypto::SealKey> ChannelKeyOf(
    const model::BundleAccess& access) {
  if (!access.key) return nullptr;
  return std::make_unique<const crypto::SealKey>(
      access.key->Derive("channels"));
}

Result<std::shared_ptr<ClientModel>> ClientModel::Open(
    const std::filesystem::path& folder, const model::BundleAccess& access,
    RowFetch row_fetch) {
  CMIF_ASSIGN(const model::Manifest manifest, model::ReadManifest(folder));
  CMIF_ASSIGN(model::Bundle bundle,
              model::OpenBundle(folder / model::kBundleFile, access));
  if (bundle.facts.model_id != manifest.facts.model_id) {
    return FailedPrecondition(
        "the bundle in " + folder.string() +
        " belongs to another model than its manifest; split the model again");
  }
  CMIF_ASSIGN(privacy::Clustering clustering,
              privacy::Clustering::FromBytes(bundle.clusters.bytes()));
  UnitTable units = UnitTable::Create(bundle.tokenizer);
  if (auto checked = CheckClusters(units, clustering); !checked) {
    return DataLoss(fmt::format("the bundle in {}: {}; split the model again",
                                folder.string(), checked.error().message()));
  }
  std::shared_ptr<ClientModel> opened(new ClientModel(
      folder, std::move(bundle), std::move(units),
      std::make_shared<const privacy::Clustering>(std::move(clustering))));
  opened->channel_key_ = ChannelKeyOf(access);
  opened->row_fetch_ = row_fetch;
  return opened;
}

Result<const privacy::RowMatrix*> ClientModel::RowsLocked() {
  if (!rows_) {
    CMIF_ASSIGN(rows_, CentredRows(bundle_.table));
  }
  return &*rows_;
}

Result<const privacy::RowMatrix*> ClientModel::Rows() {
  const std::lock_guard lock(mutex_);
  return RowsLocked();
}

Result<const NearestUnit*> ClientModel::Nearest() {
  const std::lock_guard lock(mutex_);
  if (!nearest_) {
    CMIF_ASSIGN(const privacy::RowMatrix* const rows, RowsLocked());
    if (units_.words().empty()) {
      return FailedPrecondition("the vocabulary has no whole-word tokens");
    }
    nearest_.emplace(*rows, units_.words());
  }
  return &*nearest_;
}

}  // namespace cmif::client
