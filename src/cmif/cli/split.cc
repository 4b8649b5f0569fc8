// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "cmif/cli/bundle_options.h"
#include "cmif/cli/commands.h"
#include "cmif/cli/json_line.h"
#include "cmif/cli/privacy_options.h"
#include "cmif/cli/split_report.h"
#include "cmif/cli/task_logits.h"
#include "cmif/cli/terminal.h"
#include "cmif/client/split_model.h"
#include "cmif/text/printable.h"

namespace cmif::cli {
namespace {

namespace fs = std::filesystem;

struct Flags {
  std::string model;
  std::string folder;
  std::string clustering;
  int cluster_size = 20;
  std::string clusters;
  std::string neighbours;  // always refused
  std::string counts;
  std::string word_vectors;
  std::string synonyms;
  std::string antonyms;
  double task_weight = 1;
  bool compare_greedy = false;
  std::string head = "server";
  std::vector<std::string> epsilons;
  std::string seal;  // the file that gets the bundle's key
  std::string owner_key;
  bool force = false;
  bool json = false;
};

std::optional<fs::path> FileOf(const std::string& flag) {
  if (flag.empty()) return std::nullopt;
  return flag;
}

// In whatever way; a file of that name is a file.
bool AsksForNeighbours(const Flags& flags) {
  return !flags.neighbours.empty() ||
         (flags.clusters == "neighbours" && !fs::exists(flags.clusters));
}

Result<client::ClusterOptions> ClusteringOf(const Flags& flags,
                                            Progress& progress) {
  client::ClusterOptions options;
  options.kind = flags.clustering;
  if (options.kind.empty()) {
    options.kind = flags.clusters.empty() ? "balanced" : "file";
  }
  if (AsksForNeighbours(flags)) options.kind = "neighbours";
  options.size = flags.cluster_size;
  options.clusters_file = FileOf(flags.clusters);
  options.counts_file = FileOf(flags.counts);
  options.word_vectors_file = FileOf(flags.word_vectors);
  options.synonyms_file = FileOf(flags.synonyms);
  options.antonyms_file = FileOf(flags.antonyms);
  options.task_weight = flags.task_weight;
  options.compare_greedy = flags.compare_greedy;
  if (options.kind == "task") {
    CMIF_ASSIGN(options.task_logits,
                ComputeTaskLogits(flags.model, [&](double share) {
                  progress.Update("asking the model about words", share);
                }));
  }
  return options;
}

Result<client::SplitOptions> OptionsOf(const Flags& flags, Progress& progress) {
  client::SplitOptions options;
  options.source = flags.model;
  options.folder = flags.folder;
  options.head_on_client = flags.head == "client";
  options.overwrite = flags.force;
  CMIF_TRY(client::CheckSplitTarget(options));
  std::vector<std::string> epsilons = flags.epsilons;
  epsilons.emplace_back("1");  // what clients ask for unless told otherwise
  for (const std::string& epsilon : epsilons) {
    PrivacyOptions privacy;
    privacy.epsilon = epsilon;
    CMIF_ASSIGN(const auto parsed, ParseEpsilon(privacy));
    if (!parsed) return InvalidArgument("--epsilon inf needs no channel");
    if (std::ranges::find(options.epsilons, *parsed) ==
        options.epsilons.end()) {
      options.epsilons.push_back(*parsed);
    }
  }
  CMIF_ASSIGN(options.clustering, ClusteringOf(flags, progress));
  return options;
}

std::string WhatTheServerLearns(const model::ModelFacts& facts) {
  if (facts.partition == model::kPartitionHead) {
    return "The server gets neither the embedding table nor the output head.";
  }
  if (facts.tied) {
    return "This model's output head IS its embedding table (tied, or a copy): "
           "the server then holds the table inside body.gguf. --head client "
           "keeps both away from it.";
  }
  return "The server gets everything but the tokenizer and the embedding "
         "table.";
}

bool IsBelow(const fs::path& file, const fs::path& folder) {
  // Absolute: what does not exist yet stays relative otherwise.
  const auto real = [](const fs::path& path) {
    std::error_code ignored;
    return fs::weakly_canonical(fs::absolute(path), ignored);
  };
  const fs::path inside =
      real(file).lexically_relative(real(folder / "x").parent_path());
  return !inside.empty() && *inside.begin() != "..";
}

// --seal and --owner-key: what the owner must have before anything is written.
Result<std::optional<crypto::Ed25519Signer>> OwnerOf(const Flags& flags) {
  if (flags.seal.empty() && flags.owner_key.empty()) return std::nullopt;
  if (flags.seal.empty() || flags.owner_key.empty()) {
    return InvalidArgument(
        "--seal and --owner-key go together: a sealed bundle is signed");
  }
  if (IsBelow(flags.seal, flags.folder)) {
    return InvalidArgument(
        "--seal names a file in the output folder, which clients get; keep the "
        "key elsewhere");
  }
  CMIF_ASSIGN(auto signer, ReadSigner(flags.owner_key));
  return std::optional<crypto::Ed25519Signer>(std::move(signer));
}

Result<client::SplitResult> Split(const Flags& flags, Progress& progress) {
  CMIF_ASSIGN(const auto owner, OwnerOf(flags));
  CMIF_ASSIGN(auto options, OptionsOf(flags, progress));
  std::optional<NewKey> seal;
  bool key_kept = false;
  if (owner) {
    CMIF_ASSIGN(NewKey made, NewKey::Create(flags.seal));
    seal.emplace(std::move(made));
    options.seal_key = seal->key;
    options.owner = &*owner;
    options.keep_key = [&]() -> Result<void> {
      CMIF_TRY(seal->file.CommitNew());
      key_kept = true;
      return {};
    };
  }
  auto result =
      client::SplitModel(options, [&](std::string_view step, double share) {
        progress.Update(step, share);
      });
  std::error_code ignored;
  if (!result && key_kept) fs::remove(flags.seal, ignored);
  return result;
}

int Run(const Flags& flags) {
  Progress progress;
  std::error_code ignored;
  const bool was_there = fs::exists(flags.folder, ignored);
  const auto result = Split(flags, progress);
  progress.End();
  if (!result && !was_there) fs::remove(flags.folder, ignored);  // if empty
  if (!result) return Report(result.error());
  const model::Manifest& manifest = result->manifest;
  if (flags.json) {
    auto json = nlohmann::ordered_json::parse(model::ManifestToJson(manifest));
    AddClusterJson(result->clustering, json);
    json["server_holds_table"] =
        manifest.facts.tied &&
        manifest.facts.partition == model::kPartitionEmbedding;
    json["sealed"] = !flags.seal.empty();
    fmt::print("{}\n", JsonLine(json));
    return kOk;
  }
  fmt::print(
      "{}: {} {}, {} words of width {}, table {}\n"
      "  {}/body.gguf       {} bytes, for the server\n"
      "  {}/embedding.cmif  {} bytes, for the clients: keep it secret\n"
      "{}{}\n",
      text::Printable(manifest.facts.name), manifest.facts.architecture,
      manifest.facts.partition, manifest.facts.vocabulary, manifest.facts.width,
      manifest.facts.table_type, flags.folder, manifest.body_bytes,
      flags.folder, manifest.bundle_bytes, ClusterText(result->clustering),
      WhatTheServerLearns(manifest.facts));
  return kOk;
}

void AddClusteringOptions(CLI::App& command, Flags& flags) {
  command.add_option(
      "--clustering", flags.clustering,
      "balanced (the default), greedy (CUSTEXT's), task (classifiers: by what "
      "the model makes of each word alone, too), or file (--clusters)");
  command
      .add_option("--cluster-size", flags.cluster_size,
                  "K: words of a cluster, 2 to 256")
      ->capture_default_str();
  command.add_option("--clusters", flags.clusters,
                     "clusters of your own: JSON, a list of lists of token "
                     "ids; the other words are clustered as usual");
  // Known so that it is refused with its reason; not shown by --help.
  command.add_option("--neighbours", flags.neighbours)->group("");
  command.add_option("--counts", flags.counts,
                     "how often words occur (lines 'word count', or JSON): "
                     "greedy's order and the report's running words");
  command.add_option("--word-vectors", flags.word_vectors,
                     "vectors to cluster words by, in word2vec's text format; "
                     "words without one go by the model's rows");
  command.add_option("--synonyms", flags.synonyms,
                     "pairs of words, one pair a line, drawn together");
  command.add_option("--antonyms", flags.antonyms,
                     "pairs of words that never share a cluster, if possible");
  command
      .add_option("--task-weight", flags.task_weight,
                  "of what the model makes of a word, in task clusters")
      ->capture_default_str();
  command.add_flag("--compare-greedy", flags.compare_greedy,
                   "print the mean cosine of greedy clusters beside");
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
  AddClusteringOptions(*command, *flags);
  command
      ->add_option("--head", flags->head,
                   "who holds the output head: server, or client (then the "
                   "server sees no table at all)")
      ->capture_default_str()
      ->check(CLI::IsMember({"server", "client"}));
  command
      ->add_option("--epsilon", flags->epsilons,
                   "channels to compute now besides that for 1, a comma list")
      ->delimiter(',')
      ->allow_extra_args(false);
  command->add_option(
      "--seal", flags->seal,
      "encrypt the bundle and its channels; the new key goes "
      "to this FILE, for clients that you trust with it, or for a "
      "broker to give out");
  command->add_option("--owner-key", flags->owner_key,
                      "with --seal: the Ed25519 private key (PEM) that signs "
                      "the bundle");
  command->add_flag("--force", flags->force, "replace an earlier split");
  command->add_flag("--json", flags->json, "print the result as JSON");
  command->callback([flags, &exit_code] { exit_code = Run(*flags); });
}

}  // namespace cmif::cli
