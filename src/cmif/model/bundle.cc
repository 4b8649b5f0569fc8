// SPDX-License-Identifier: Apache-2.0
#include "cmif/model/bundle.h"

#include <fmt/format.h>

#include <utility>

#include "cmif/base/byte_reader.h"
#include "cmif/base/parallel.h"
#include "cmif/model/container.h"

namespace cmif::model {

Result<EmbeddingTable> EmbeddingTable::Create(RowFormat format, uint32_t rows,
                                              SecretBytes bytes) {
  if (rows == 0 || bytes.size() / format.row_bytes() != rows ||
      bytes.size() % format.row_bytes() != 0) {
    return DataLoss(fmt::format("{} bytes; {} rows of {} bytes were expected",
                                bytes.size(), rows, format.row_bytes()));
  }
  return EmbeddingTable(std::move(format), rows, std::move(bytes));
}

std::vector<float> EmbeddingTable::Expanded(int threads) const {
  constexpr size_t kBlock = 512;
  const size_t width = format_.width();
  std::vector<float> values(width * rows_);
  ParallelFor((rows_ + kBlock - 1) / kBlock, threads, [&](size_t block) {
    const size_t end = std::min<size_t>(rows_, (block + 1) * kBlock);
    for (size_t row = block * kBlock; row < end; ++row) {
      format_.Expand(Row(static_cast<int32_t>(row)),
                     std::span(values).subspan(row * width, width));
    }
  });
  return values;
}

namespace {

Result<EmbeddingTable> ReadRows(ContainerReader& reader,
                                std::string_view section, std::string_view type,
                                const ModelFacts& facts) {
  CMIF_ASSIGN(RowFormat format, RowFormat::Create(type, facts.width));
  CMIF_ASSIGN(SecretBytes bytes, reader.Read(section));
  auto rows = EmbeddingTable::Create(std::move(format), facts.vocabulary,
                                     std::move(bytes));
  if (!rows) {
    return std::unexpected(rows.error().At("section " + std::string(section)));
  }
  return rows;
}

}  // namespace

Result<void> CheckBundleAccess(const std::filesystem::path& path,
                               const ContainerHeader& header,
                               const BundleAccess& access) {
  if (access.key && !header.sealed) {
    return InvalidArgument(
        path.string() +
        " is not sealed: it needs no key, and none protects "
        "it; leave --bundle-key or --broker away, or seal it "
        "(cmif split --seal)");
  }
  if (access.owner && header.owner != access.owner) {
    return Fail(Code::kPermissionDenied,
                path.string() +
                    " is not signed by the owner whose key was given; get it "
                    "from the model's owner");
  }
  return {};
}

Result<Bundle> OpenBundle(const std::filesystem::path& path,
                          const BundleAccess& access) {
  CMIF_ASSIGN(ContainerReader reader,
              ContainerReader::Open(path, access.key.get()));
  CMIF_TRY(CheckBundleAccess(path, reader.header(), access));
  CMIF_ASSIGN(const SecretBytes facts_bytes, reader.Read("facts"));
  CMIF_ASSIGN(ModelFacts facts, FactsFromJson(AsText(facts_bytes.bytes())));
  CMIF_ASSIGN(const SecretBytes tokenizer_bytes, reader.Read("tokenizer"));
  CMIF_ASSIGN(Tokenizer tokenizer, Tokenizer::Create(tokenizer_bytes.bytes()));
  if (static_cast<uint32_t>(tokenizer.size()) != facts.vocabulary) {
    return DataLoss(
        fmt::format("the bundle's tokenizer has {} tokens, its table {} rows",
                    tokenizer.size(), facts.vocabulary));
  }
  CMIF_ASSIGN(EmbeddingTable table,
              ReadRows(reader, "table", facts.table_type, facts));
  CMIF_ASSIGN(SecretBytes clusters, reader.Read("clusters"));
  std::optional<EmbeddingTable> head;
  if (facts.partition == kPartitionHead) {
    CMIF_ASSIGN(head, ReadRows(reader, "head", facts.head_type, facts));
  }
  return Bundle{.facts = std::move(facts),
                .tokenizer = std::move(tokenizer),
                .table = std::move(table),
                .clusters = std::move(clusters),
                .head = std::move(head)};
}

Result<void> WriteBundle(const std::filesystem::path& path,
                         const ModelFacts& facts, const BundleParts& parts,
                         const Sealing* sealing) {
  const std::string json = FactsToJson(facts);
  std::vector<Section> sections = {{"facts", AsBytes(json)},
                                   {"tokenizer", parts.tokenizer},
                                   {"clusters", parts.clusters},
                                   {"table", parts.table}};
  if (!parts.head.empty()) sections.push_back({"head", parts.head});
  return WriteContainer(path, sections, sealing);
}

}  // namespace cmif::model
