// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "cmif/cli/commands.h"
#include "cmif/cli/json_line.h"
#include "cmif/cli/privacy_options.h"
#include "cmif/cli/terminal.h"
#include "cmif/client/split_model.h"

namespace cmif::cli {
namespace {

struct Flags {
  std::string model;
  std::string folder;
  std::string clusters;
  std::string head = "server";
  std::vector<std::string> epsilons = {"1"};
  bool force = false;
  bool json = false;
};

Result<client::SplitOptions> OptionsOf(const Flags& flags) {
  client::SplitOptions options;
  options.source = flags.model;
  options.folder = flags.folder;
  options.head_on_client = flags.head == "client";
  if (!flags.clusters.empty()) options.clusters_file = flags.clusters;
  options.overwrite = flags.force;
  for (const std::string& epsilon : flags.epsilons) {
    PrivacyOptions privacy;
    privacy.epsilon = epsilon;
    CMIF_ASSIGN(const auto parsed, ParseEpsilon(privacy));
    options.epsilons.push_back(*parsed);
  }
  return options;
}

std::string WhatTheServerLearns(const model::ModelFacts& facts) {
  if (facts.partition == model::kPartitionHead) {
    return "The server gets neither the embedding table nor the output head.";
  }
  if (facts.tied) {
    return "This model's output head IS its embedding table (tied): the server "
           "then holds the table inside body.gguf. --head client keeps both "
           "away from it.";
  }
  return "The server gets everything but the tokenizer and the embedding "
         "table.";
}

int Run(const Flags& flags) {
  const auto options = OptionsOf(flags);
  if (!options) return Report(options.error());
  Progress progress;
  const auto result =
      client::SplitModel(*options, [&](std::string_view step, double share) {
        progress.Update(step, share);
      });
  progress.End();
  if (!result) return Report(result.error());
  const model::Manifest& manifest = result->manifest;
  if (flags.json) {
    auto json = nlohmann::ordered_json::parse(model::ManifestToJson(manifest));
    json["clusters"] = result->clusters;
    json["cluster_bits"] = result->cluster_bits;
    json["mean_cosine"] = result->mean_cosine;
    json["server_holds_table"] =
        manifest.facts.tied &&
        manifest.facts.partition == model::kPartitionEmbedding;
    fmt::print("{}\n", JsonLine(json));
    return kOk;
  }
  fmt::print(
      "{}: {} {}, {} words of width {}, table {}\n"
      "  {}/body.gguf       {} bytes, for the server\n"
      "  {}/embedding.cmif  {} bytes, for the clients: keep it secret\n"
      "  {} clusters ({:.1f} bits of cluster identity a word), mean cosine "
      "{:.3f}\n{}\n",
      manifest.facts.name, manifest.facts.architecture,
      manifest.facts.partition, manifest.facts.vocabulary, manifest.facts.width,
      manifest.facts.table_type, flags.folder, manifest.body_bytes,
      flags.folder, manifest.bundle_bytes, result->clusters,
      result->cluster_bits, result->mean_cosine,
      WhatTheServerLearns(manifest.facts));
  return kOk;
}

}  // namespace

void AddSplit(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand(
      "split", "split a GGUF model into the server's and the client's part");
  auto flags = std::make_shared<Flags>();
  command->add_option("model", flags->model, "the model, a .gguf file")
      ->required();
  command->add_option("-o,--output", flags->folder, "the folder to write")
      ->required();
  command->add_option("--clusters", flags->clusters,
                      "clusters of your own: JSON, a list of lists of token "
                      "ids; the other words are clustered as usual");
  command
      ->add_option("--head", flags->head,
                   "who holds the output head: server, or client (then the "
                   "server sees no table at all)")
      ->capture_default_str()
      ->check(CLI::IsMember({"server", "client"}));
  command
      ->add_option("--epsilon", flags->epsilons,
                   "channels to compute now, a comma list")
      ->delimiter(',')
      ->capture_default_str();
  command->add_flag("--force", flags->force, "replace an earlier split");
  command->add_flag("--json", flags->json, "print the result as JSON");
  command->callback([flags, &exit_code] { exit_code = Run(*flags); });
}

}  // namespace cmif::cli
