// SPDX-License-Identifier: Apache-2.0
#include "cmif/model/verify.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cmif/base/file.h"
#include "cmif/crypto/sha256.h"
#include "cmif/model/bundle.h"
#include "cmif/model/container.h"
#include "cmif/model/gguf_file.h"

namespace cmif::model {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kMaxManifestBytes = 1 << 20;

class Findings {
 public:
  void Add(std::string line) { lines_.push_back(std::move(line)); }
  template <typename T>
  void Compare(std::string_view what, const T& found, const T& expected) {
    if (found == expected) return;
    Add(fmt::format("{}: found {}, expected {}", what, found, expected));
  }
  std::vector<std::string> Release() { return std::move(lines_); }

 private:
  std::vector<std::string> lines_;
};

// Whether it is there to be looked into. PERMISSION_DENIED: it may not be read.
Result<bool> CheckFile(const fs::path& path, uint64_t bytes,
                       const std::string& sha256, Findings& findings) {
  const std::string name = path.filename().string();
  const auto file = MappedFile::Open(path);
  if (!file) {
    if (file.error().code() == Code::kPermissionDenied) {
      return std::unexpected(file.error());
    }
    findings.Add(file.error().message());
    return false;
  }
  findings.Compare<uint64_t>(name + ": size in bytes", file->bytes().size(),
                             bytes);
  findings.Compare(name + ": SHA-256", HashBytes(file->bytes()), sha256);
  return true;
}

bool IsZero(const GgufTensor& tensor) {
  return std::ranges::all_of(tensor.data,
                             [](uint8_t byte) { return byte == 0; });
}

// A headless body keeps a head of one zero row, for llama.cpp to load.
void CheckZeroHead(const GgufFile& body, const ModelFacts& facts,
                   Findings& findings) {
  if (facts.partition != kPartitionHead) return;
  const GgufTensor* head = body.FindTensor("output.weight");
  if (head == nullptr) {
    findings.Add("body.gguf: no tensor output.weight");
  } else if (!IsZero(*head)) {
    findings.Add(
        "body.gguf: output.weight is not zero: the server would hold rows of "
        "the output head");
  }
}

void CheckZeroTable(const GgufFile& body, const ModelFacts& facts,
                    Findings& findings) {
  const int64_t rows = facts.partition == kPartitionHead ? 1 : facts.vocabulary;
  const GgufTensor* table = body.FindTensor("token_embd.weight");
  if (table == nullptr) {
    findings.Add("body.gguf: no tensor token_embd.weight");
    return;
  }
  const std::vector<int64_t> shape =
      rows == 1 ? std::vector<int64_t>{facts.width}
                : std::vector<int64_t>{facts.width, rows};
  findings.Compare("body.gguf: shape of token_embd.weight",
                   fmt::format("{}", fmt::join(table->shape, " x ")),
                   fmt::format("{}", fmt::join(shape, " x ")));
  if (!IsZero(*table)) {
    findings.Add(
        "body.gguf: token_embd.weight is not zero: the server would "
        "hold rows of the embedding table");
  }
}

void CheckBody(const fs::path& path, const ModelFacts& facts,
               Findings& findings) {
  const auto body = GgufFile::Open(path);
  if (!body) {
    findings.Add(body.error().message());
    return;
  }
  const auto text = [&](const char* key) {
    return body->String(key).value_or("(missing)");
  };
  const std::string arch = facts.architecture;
  findings.Compare("body.gguf: model id", text("cmif.model_id"),
                   facts.model_id);
  findings.Compare("body.gguf: architecture", text("general.architecture"),
                   arch);
  findings.Compare("body.gguf: partition", text("cmif.partition"),
                   facts.partition);
  findings.Compare("body.gguf: row type", text("cmif.row_type"),
                   facts.table_type);
  findings.Compare<int64_t>("body.gguf: width",
                            body->Int(arch + ".embedding_length").value_or(-1),
                            facts.width);
  findings.Compare<int64_t>("body.gguf: layers",
                            body->Int(arch + ".block_count").value_or(-1),
                            facts.layers);
  findings.Compare<int64_t>("body.gguf: vocabulary",
                            body->Int("cmif.vocabulary").value_or(-1),
                            facts.vocabulary);
  findings.Compare<int64_t>("body.gguf: tied",
                            body->Int("cmif.tied").value_or(-1),
                            facts.tied ? 1 : 0);
  if (body->ArrayLength("tokenizer.ggml.tokens")) {
    findings.Add("body.gguf: carries a tokenizer, which belongs to the bundle");
  }
  CheckZeroTable(*body, facts, findings);
  CheckZeroHead(*body, facts, findings);
}

// Of a sealed bundle without its key.
Result<void> CheckSealed(const fs::path& path) {
  CMIF_ASSIGN(const auto reader, ContainerReader::Open(path));
  for (const SectionInfo& section : reader.sections()) {
    CMIF_TRY(reader.CheckStored(section.name));
  }
  return {};
}

void CheckBundle(const fs::path& path, const ModelFacts& facts,
                 const BundleAccess& access, Findings& findings) {
  const auto bundle = OpenBundle(path, access);
  if (!bundle && bundle.error().code() == Code::kFailedPrecondition) {
    if (const auto sealed = CheckSealed(path); !sealed) {
      findings.Add(sealed.error().At(path.filename().string()).message());
    }
    return;
  }
  if (!bundle) {
    findings.Add(bundle.error().At(path.filename().string()).message());
    return;
  }
  const auto found = nlohmann::json::parse(FactsToJson(bundle->facts));
  const auto expected = nlohmann::json::parse(FactsToJson(facts));
  nlohmann::json keys = found;
  keys.update(expected);
  for (const auto& [key, value] : keys.items()) {
    findings.Compare("embedding.cmif: " + key,
                     found.value(key, nlohmann::json()).dump(),
                     expected.value(key, nlohmann::json()).dump());
  }
}

}  // namespace

Result<Manifest> ReadManifest(const fs::path& folder) {
  const fs::path path = folder / kManifestFile;
  const auto text = ReadFile(path, kMaxManifestBytes);
  if (!text) {
    return Fail(text.error().code(), text.error().message() +
                                         "; give the folder that cmif split "
                                         "wrote");
  }
  auto manifest = ManifestFromJson(*text);
  if (!manifest) return std::unexpected(manifest.error().At(path.string()));
  return manifest;
}

std::string HashBytes(std::span<const uint8_t> bytes) {
  return crypto::ToHex(crypto::Sha256Of(bytes));
}

Result<std::string> HashFile(const fs::path& path) {
  CMIF_ASSIGN(const MappedFile file, MappedFile::Open(path));
  return HashBytes(file.bytes());
}

Result<std::vector<std::string>> VerifySplit(const fs::path& folder,
                                             const BundleAccess& access) {
  Findings findings;
  const auto manifest = ReadManifest(folder);
  if (!manifest) {
    if (manifest.error().code() != Code::kDataLoss) {
      return std::unexpected(manifest.error());
    }
    findings.Add(manifest.error().message());
    return findings.Release();
  }
  const ModelFacts& facts = manifest->facts;
  const fs::path body = folder / kBodyFile;
  const fs::path bundle = folder / kBundleFile;
  CMIF_ASSIGN(const bool has_body, CheckFile(body, manifest->body_bytes,
                                             facts.body_sha256, findings));
  if (has_body) CheckBody(body, facts, findings);
  CMIF_ASSIGN(const bool has_bundle,
              CheckFile(bundle, manifest->bundle_bytes, manifest->bundle_sha256,
                        findings));
  if (has_bundle) CheckBundle(bundle, facts, access, findings);
  return findings.Release();
}

}  // namespace cmif::model
