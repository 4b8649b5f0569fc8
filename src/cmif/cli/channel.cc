// SPDX-License-Identifier: Apache-2.0
// cmif channel: build, inspect, certify, dump (compare: channel_compare.cc;
// rows: channel_rows.cc).
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "cmif/cli/channel_compare.h"
#include "cmif/cli/channel_rows.h"
#include "cmif/cli/commands.h"
#include "cmif/cli/hardening.h"
#include "cmif/cli/json_line.h"
#include "cmif/cli/privacy_options.h"
#include "cmif/cli/terminal.h"
#include "cmif/client/channel_file.h"
#include "cmif/client/channel_store.h"
#include "cmif/crypto/sha256.h"
#include "cmif/privacy/certify.h"

namespace cmif::cli {
namespace {

using nlohmann::ordered_json;

double Nats(uint64_t micro) { return static_cast<double>(micro) / 1e6; }

struct Flags {
  PrivacyOptions privacy;
  std::string file;
  std::string output;
  size_t cluster = 0;
  bool json = false;
};

ordered_json ChannelJson(const client::ChannelFile& file) {
  const privacy::Channel& channel = file.channel;
  const privacy::ChannelSpec& spec = channel.spec();
  size_t words = 0;
  size_t smallest = privacy::kMaxClusterSize;
  size_t largest = 0;
  for (const auto& cluster : channel.clustering().clusters()) {
    words += cluster.size();
    smallest = std::min(smallest, cluster.size());
    largest = std::max(largest, cluster.size());
  }
  ordered_json json = {
      {"mechanism", spec.mechanism},
      {"epsilon", spec.epsilon.value()},
      {"epsilon_certified", Nats(channel.epsilon_certified_micro())},
      {"adjacency", privacy::AdjacencyName(spec.adjacency)},
      {"guarantee", privacy::AdjacencyName(spec.adjacency)},
      {"calibrated", spec.calibrate},
      {"hub_cap", spec.hub_cap},
      {"prior", file.prior_sha256},
      {"cluster_bits", channel.PublicBits()},
      {"vocabulary", channel.clustering().vocabulary_size()},
      {"words_sensitive", words},
      {"words_public",
       static_cast<size_t>(channel.clustering().vocabulary_size()) - words},
      {"clusters", channel.clustering().clusters().size()},
      {"smallest_cluster", words == 0 ? 0 : smallest},
      {"largest_cluster", largest},
      {"clusters_at_zero", channel.clusters_at_zero()},
      {"words_revealed", channel.revealed_words()},
      {"model_id", file.model_id},
      {"sha256", crypto::ToHex(file.sha256)}};
  if (spec.epsilon_cluster) {
    json["epsilon_cluster"] = spec.epsilon_cluster->value();
  }
  return json;
}

void Print(const ordered_json& json, bool as_json) {
  if (as_json) {
    fmt::print("{}\n", JsonLine(json));
    return;
  }
  for (const auto& [key, value] : json.items()) {
    fmt::print("{:18} {}\n", key,
               value.is_string() ? value.get<std::string>() : value.dump());
  }
}

Result<void> Build(const Flags& flags) {
  CMIF_ASSIGN(const auto parsed, ParseChannel(flags.privacy));
  if (!parsed) {
    return InvalidArgument("the mechanism identity has no channel to build");
  }
  CMIF_ASSIGN(const auto model, OpenModel(flags.privacy.bundle));
  CMIF_ASSIGN(const auto wanted, ChannelOptionsOf(*model, flags.privacy));
  if (!wanted) return Internal("no channel");  // ParseChannel() gave one
  Progress progress;
  CMIF_ASSIGN(const privacy::Channel channel,
              client::ComputeChannel(*model, *wanted, [&](double share) {
                progress.Update("channel", share);
              }));
  progress.End();
  CMIF_TRY(client::WriteChannelFile(flags.output, *model, channel,
                                    client::PriorHash(*wanted)));
  CMIF_ASSIGN(const client::ChannelFile file,
              client::ReadChannelFile(flags.output, model->channel_key()));
  Print(ChannelJson(file), flags.json);
  return {};
}

// Of channel files; nobody signs these.
Result<std::shared_ptr<const crypto::SealKey>> KeyOf(
    const BundleOptions& options) {
  CMIF_ASSIGN(const model::BundleAccess access, AccessOf(options));
  if (access.owner && options.broker.bound_file.empty()) {
    return InvalidArgument(
        "--owner-key: channel files are not signed; leave it away");
  }
  return client::ChannelKeyOf(access);
}

Result<void> Inspect(const Flags& flags) {
  CMIF_ASSIGN(const auto key, KeyOf(flags.privacy.bundle));
  CMIF_ASSIGN(const client::ChannelFile file,
              client::ReadChannelFile(flags.file, key.get()));
  Print(ChannelJson(file), flags.json);
  return {};
}

// Reading is what certifies; this says so.
Result<void> Certify(const Flags& flags) {
  CMIF_ASSIGN(const auto key, KeyOf(flags.privacy.bundle));
  CMIF_ASSIGN(const client::ChannelFile file,
              client::ReadChannelFile(flags.file, key.get()));
  const privacy::Channel& channel = file.channel;
  uint64_t worst = 0;
  size_t tables = 0;
  for (const privacy::ClusterTable& table : channel.tables()) {
    worst = std::max(worst, table.loss_micro);
    tables += table.weights.empty() ? 0 : 1;
  }
  const ordered_json json = {
      {"certified", true},
      {"epsilon", channel.epsilon().value()},
      {"epsilon_certified", Nats(channel.epsilon_certified_micro())},
      {"epsilon_within_clusters", Nats(worst)},
      {"adjacency", privacy::AdjacencyName(channel.spec().adjacency)},
      {"tables", tables},
      {"words_revealed", channel.revealed_words()},
      {"sha256", crypto::ToHex(file.sha256)}};
  Print(json, flags.json);
  return {};
}

// `values`, k x k, as a list of rows.
template <typename T>
ordered_json Rows(const std::vector<T>& values, size_t k) {
  ordered_json rows = ordered_json::array();
  for (size_t x = 0; x < k; ++x) {
    ordered_json row = ordered_json::array();
    for (size_t y = 0; y < k; ++y) row.push_back(values[x * k + y]);
    rows.push_back(std::move(row));
  }
  return rows;
}

Result<void> Dump(const Flags& flags) {
  CMIF_ASSIGN(const auto key, KeyOf(flags.privacy.bundle));
  CMIF_ASSIGN(const client::ChannelFile file,
              client::ReadChannelFile(flags.file, key.get()));
  CMIF_ASSIGN(const auto words,
              client::ReadChannelWords(flags.file, key.get()));
  const auto& clusters = file.channel.clustering().clusters();
  if (flags.cluster >= clusters.size()) {
    return NotFound(fmt::format("there is no cluster {}: they are 0 to {}",
                                flags.cluster, clusters.size() - 1));
  }
  const auto& ids = clusters[flags.cluster];
  const size_t k = ids.size();
  const privacy::ClusterTable& table = file.channel.tables()[flags.cluster];
  ordered_json written = ordered_json::array();
  for (const int32_t id : ids) {
    written.push_back(static_cast<size_t>(id) < words.size()
                          ? words[static_cast<size_t>(id)]
                          : std::string());
  }
  ordered_json json = {
      {"cluster", flags.cluster},
      {"ids", ids},
      {"words", written},
      {"mechanism", file.channel.mechanism()},
      {"epsilon", file.channel.EpsilonOf(flags.cluster).value()},
      {"epsilon_certified", Nats(table.loss_micro)},
      {"scale", table.scale},
      {"utilities", ordered_json::array({ordered_json::array({0.0})})},
      {"weights",
       ordered_json::array({ordered_json::array({privacy::kRowSum})})}};
  if (k > 1) {
    const std::vector<double> utilities(table.utilities.begin(),
                                        table.utilities.end());
    json["utilities"] = Rows(utilities, k);
    json["weights"] = Rows(table.weights, k);
  }
  fmt::print("{}\n", JsonLine(json));
  return {};
}

using Action = Result<void> (*)(const Flags&);

CLI::App* AddAction(CLI::App& parent, const std::string& name,
                    const std::string& what,
                    const std::shared_ptr<Flags>& flags, int& exit_code,
                    Action action) {
  CLI::App* command = parent.add_subcommand(name, what);
  command->add_flag("--json", flags->json, "print the result as JSON");
  AddHardeningOption(*command);
  command->callback([flags, command, &exit_code, action] {
    exit_code = RunHardened(*command, [&] {
      const auto result = action(*flags);
      return result ? kOk : Report(result.error());
    });
  });
  return command;
}

}  // namespace

void AddChannel(CLI::App& app, int& exit_code) {
  CLI::App* channel = app.add_subcommand(
      "channel", "build, look into, certify and compare channels");
  channel->require_subcommand(1);
  auto flags = std::make_shared<Flags>();
  CLI::App* build = AddAction(
      *channel, "build",
      "compute the channel that sanitize deploys with the same options", flags,
      exit_code, Build);
  AddChannelOptions(*build, flags->privacy);
  build->add_option("-o,--output", flags->output, "the file to write")
      ->required();
  const auto add_file = [&](CLI::App* command) {
    command->add_option("file", flags->file, "a channel file")->required();
    AddBundleAccessOptions(*command, flags->privacy.bundle);
    command->get_option("--owner-key")
        ->description("with --bound-config: the key that it names");
  };
  add_file(AddAction(*channel, "inspect", "what a channel file promises", flags,
                     exit_code, Inspect));
  add_file(AddAction(*channel, "certify",
                     "check every table in exact integer arithmetic", flags,
                     exit_code, Certify));
  CLI::App* dump =
      AddAction(*channel, "dump",
                "one cluster's words, utilities and weights, always as JSON",
                flags, exit_code, Dump);
  add_file(dump);
  dump->add_option("--cluster", flags->cluster, "its number, from 0")
      ->check(CLI::NonNegativeNumber)
      ->required();
  AddChannelCompare(*channel, exit_code);
  AddChannelRows(*channel, exit_code);
}

}  // namespace cmif::cli
