// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <ranges>

#include "cmif/base/byte_reader.h"
#include "cmif/base/file.h"
#include "cmif/cli/bundle_options.h"
#include "cmif/cli/commands.h"
#include "cmif/cli/hardening.h"
#include "cmif/cli/json_line.h"
#include "cmif/cli/terminal.h"
#include "cmif/crypto/sha256.h"
#include "cmif/model/bundle.h"
#include "cmif/model/container.h"
#include "cmif/model/gguf_file.h"
#include "cmif/model/manifest.h"
#include "cmif/model/tied_head.h"
#include "cmif/model/verify.h"
#include "cmif/text/printable.h"

namespace cmif::cli {
namespace {

using nlohmann::ordered_json;

ordered_json FactsJson(const model::ModelFacts& facts) {
  ordered_json json = ordered_json::parse(model::FactsToJson(facts));
  json.erase("format_version");
  return json;
}

std::string Learns(bool is_body, bool tied, const std::string& partition,
                   bool classifier) {
  if (!is_body) {
    return "everything: tokenizer, embedding table and all layers; rows that "
           "clients send are found in it by look-up";
  }
  if (partition == model::kPartitionHead) {
    return "all layers but table and head; of its clients: rows (after the "
           "channel) and hidden states, no tokens";
  }
  return std::string("all layers but the embedding table") +
         (tied ? ", which it holds all the same as the tied output head" : "") +
         "; of its clients: rows (after the channel) and the " +
         (classifier ? "labels" : "generated tokens");
}

ordered_json TensorsJson(const model::GgufFile& file) {
  ordered_json tensors = ordered_json::array();
  for (const model::GgufTensor& tensor : file.tensors()) {
    tensors.push_back({{"name", tensor.name},
                       {"type", tensor.type},
                       {"shape", tensor.shape},
                       {"bytes", tensor.data.size()}});
  }
  return tensors;
}

Result<ordered_json> InspectGguf(const std::filesystem::path& path) {
  CMIF_ASSIGN(const model::GgufFile file, model::GgufFile::Open(path));
  const std::string arch = file.String("general.architecture").value_or("");
  const auto number = [&](const std::string& key) {
    return file.Int(key).value_or(0);
  };
  const auto model_id = file.String("cmif.model_id");
  const bool body = model_id.has_value();
  const std::string partition = file.String("cmif.partition").value_or("none");
  const model::GgufTensor* table = file.FindTensor("token_embd.weight");
  const bool tied = body ? number("cmif.tied") == 1 : model::IsTied(file);
  const auto tokens = file.ArrayLength("tokenizer.ggml.tokens");
  ordered_json json = {
      {"kind", body ? "body" : "gguf"},
      {"architecture", arch},
      {"name", file.String("general.name").value_or("")},
      {"partition", partition},
      {"width", number(arch + ".embedding_length")},
      {"vocabulary",
       body ? number("cmif.vocabulary")
            : static_cast<int64_t>(tokens.value_or(
                  static_cast<size_t>(number(arch + ".vocab_size"))))},
      {"layers", number(arch + ".block_count")},
      {"context", number(arch + ".context_length")},
      {"table_type", body ? file.String("cmif.row_type").value_or("")
                     : table != nullptr ? table->type
                                        : ""},
      {"tied", tied},
      {"tokenizer", tokens.has_value()}};
  if (model_id) json["model_id"] = *model_id;
  json["server_learns"] = Learns(body, tied, partition, arch == "bert");
  json["tensors"] = TensorsJson(file);
  return json;
}

// What a sealed bundle shows without its key is in the manifest beside it.
Result<ordered_json> InspectBundle(const std::filesystem::path& path,
                                   const model::BundleAccess& access) {
  CMIF_ASSIGN(model::ContainerReader reader,
              model::ContainerReader::Open(path, access.key.get()));
  if (reader.Has("channel")) {
    return InvalidArgument(path.string() +
                           " is a channel file; see cmif channel inspect");
  }
  CMIF_TRY(model::CheckBundleAccess(path, reader.header(), access));
  const bool sealed = reader.header().sealed;
  ordered_json json;
  if (!sealed || access.key) {
    CMIF_ASSIGN(const SecretBytes facts_bytes, reader.Read("facts"));
    CMIF_ASSIGN(const model::ModelFacts facts,
                model::FactsFromJson(AsText(facts_bytes.bytes())));
    json = FactsJson(facts);
  }
  json["kind"] = "bundle";
  json["encrypted"] = sealed;
  if (sealed) {
    const auto& owner = reader.header().owner;
    json["owner"] = owner ? crypto::ToHex(*owner) : "none: not signed";
  }
  json["server_learns"] =
      sealed ? "nothing without its key: this file is for clients alone"
             : "tokenizer and embedding table: rows that clients send are then "
               "found by look-up; this file is for clients alone";
  for (const model::SectionInfo& section : reader.sections()) {
    json["sections"].push_back({{"name", section.name},
                                {"bytes", section.size_bytes},
                                {"sha256", crypto::ToHex(section.sha256)}});
  }
  return json;
}

Result<ordered_json> InspectManifest(const std::filesystem::path& path) {
  CMIF_ASSIGN(const std::string text, ReadFile(path, 1 << 20));
  auto manifest = model::ManifestFromJson(text);
  if (!manifest) return std::unexpected(manifest.error().At(path.string()));
  ordered_json json = FactsJson(manifest->facts);
  json["kind"] = "manifest";
  json["body_bytes"] = manifest->body_bytes;
  json["bundle_bytes"] = manifest->bundle_bytes;
  json["bundle_sha256"] = manifest->bundle_sha256;
  json["server_learns"] =
      Learns(true, manifest->facts.tied, manifest->facts.partition,
             !manifest->facts.labels.empty());
  return json;
}

Result<ordered_json> InspectFile(const std::filesystem::path& path,
                                 const model::BundleAccess& access) {
  std::string start;
  {
    CMIF_ASSIGN(const MappedFile file, MappedFile::Open(path));
    start =
        AsText(file.bytes().first(std::min<size_t>(8, file.bytes().size())));
  }
  if (start == "CMIFBNDL") return InspectBundle(path, access);
  if (access.owner || access.key) {
    return InvalidArgument(path.string() +
                           " is no bundle: leave --owner-key, --bundle-key and "
                           "--broker away");
  }
  if (start.starts_with("GGUF")) return InspectGguf(path);
  if (start.starts_with("{")) return InspectManifest(path);
  return DataLoss(path.string() +
                  " is neither a GGUF file, an embedding "
                  "bundle nor a manifest");
}

// A person sees the first tensors and how many there are.
constexpr size_t kShown = 8;

void PrintTable(const ordered_json& json) {
  for (const auto& [key, value] : json.items()) {
    if (!value.is_array() || value.empty() || !value[0].is_object()) {
      fmt::print("{:14} {}\n", key,
                 text::Printable(value.is_string() ? value.get<std::string>()
                                                   : JsonLine(value)));
      continue;
    }
    fmt::print("{}:\n", key);
    for (const auto& entry : value | std::views::take(kShown)) {
      std::string line = " ";
      for (const auto& [name, field] : entry.items()) {
        line +=
            " " + (text::Printable(field.is_string() ? field.get<std::string>()
                                                     : JsonLine(field)));
      }
      fmt::print("{}\n", line);
    }
    if (value.size() > kShown) {
      fmt::print("  and {} more; --json shows all\n", value.size() - kShown);
    }
  }
}

int Run(const BundleOptions& options, bool json) {
  const std::string& path = options.folder;
  const auto access = AccessOf(options);
  if (!access) return Report(access.error());
  auto result = InspectFile(path, *access);
  if (!result) return Report(result.error());
  const auto hash = model::HashFile(path);
  if (!hash) return Report(hash.error());
  (*result)["bytes"] = std::filesystem::file_size(path);
  (*result)["sha256"] = *hash;
  if (json) {
    fmt::print("{}\n", JsonLine(*result));
  } else {
    PrintTable(*result);
  }
  return kOk;
}

}  // namespace

void AddInspect(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand(
      "inspect",
      "what a GGUF, body, bundle or manifest holds, and what a "
      "server with it learns");
  auto options = std::make_shared<BundleOptions>();
  auto json = std::make_shared<bool>(false);
  command->add_option("file", options->folder, "the file")->required();
  command->add_flag("--json", *json, "print the result as JSON");
  AddBundleAccessOptions(*command, *options);
  AddHardeningOption(*command);
  command->callback([options, json, command, &exit_code] {
    exit_code = RunHardened(*command, [&] { return Run(*options, *json); });
  });
}

}  // namespace cmif::cli
