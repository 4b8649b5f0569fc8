// SPDX-License-Identifier: Apache-2.0
#include "cmif/cli/privacy_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "cmif/cli/policy_options.h"
#include "cmif/cli/terminal.h"
#include "cmif/cli/tls_options.h"
#include "cmif/client/bound_channel.h"
#include "cmif/client/channel_store.h"
#include "cmif/privacy/mechanism.h"
#include "cmif/privacy/neighbours.h"

namespace cmif::cli {
namespace {

// Of charges that the sanitizer made itself: there is always an answer; should
// there be none, the plain sum is one.
uint64_t DocumentMicro(const client::Sanitizer& sanitizer,
                       const privacy::Charges& charges, privacy::Delta delta) {
  const auto loss = sanitizer.LossOf(charges, delta);
  return loss ? loss->document_micro
              : privacy::TotalMicro(
                    charges.draws(),
                    sanitizer.channel()->epsilon_certified_micro());
}

Result<privacy::Epsilon> EpsilonOf(std::string_view flag,
                                   const std::string& text) {
  double value = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    return InvalidArgument(
        std::string(flag) +
        " takes a number from 0.001 to 16 (or inf with --mechanism identity)");
  }
  auto epsilon = privacy::Epsilon::Create(value);
  if (!epsilon) return std::unexpected(epsilon.error().At(std::string(flag)));
  return epsilon;
}

// What was asked for against --bound-config.
Result<void> CheckBound(const PrivacyOptions& options,
                        const std::optional<client::ChannelOptions>& channel,
                        const std::string* server_key) {
  CMIF_ASSIGN(const auto bound, ReadBound(options.bundle.broker));
  if (!bound) return {};
  CMIF_ASSIGN(broker::ClientSettings asked, SettingsOf(options.bundle));
  asked.sends_rows = server_key != nullptr;
  if (server_key != nullptr && !server_key->empty()) {
    CMIF_ASSIGN(asked.server_key, ReadKeyHash("--server-key", *server_key));
  }
  asked.plain = !channel;
  if (channel) {
    asked.epsilon_micro = channel->spec.epsilon.micro();
    if (channel->spec.epsilon_cluster) {
      asked.epsilon_micro += channel->spec.epsilon_cluster->micro();
    }
    asked.adjacency = privacy::AdjacencyName(channel->spec.adjacency);
  }
  return bound->CheckSettings(asked);
}

std::string MechanismHelp() {
  std::string names;
  for (const privacy::Mechanism* const known : privacy::KnownMechanisms()) {
    names += std::string(known->name()) + ", ";
  }
  return names + "or identity (protects nothing)";
}

}  // namespace

void AddMechanismOptions(CLI::App& command, PrivacyOptions& options) {
  command
      .add_option("--epsilon", options.epsilon,
                  "privacy budget of a word, 0.001 to 16 (smaller hides "
                  "more); inf with --mechanism identity")
      ->capture_default_str();
  command.add_option("--mechanism", options.mechanism, MechanismHelp())
      ->capture_default_str();
  command
      .add_option("--calibrate", options.calibrate,
                  "on: as little noise as epsilon allows; off: the "
                  "textbook's noise")
      ->capture_default_str()
      ->check(CLI::IsMember({"on", "off"}));
  command
      .add_option("--adjacency", options.adjacency,
                  "what epsilon hides: cluster (a word within its cluster), "
                  "two-level or mixture (a word within its whole class)")
      ->capture_default_str()
      ->check(CLI::IsMember({"cluster", "two-level", "mixture"}));
  command.add_option("--epsilon-cluster", options.epsilon_cluster,
                     "with --adjacency two-level: the budget of the cluster, "
                     "besides --epsilon (both together at most 16)");
  command
      .add_option("--hub-cap", options.hub_cap,
                  "mechanism optimal: on keeps each output below 2/k on "
                  "average, none lets a few hub words stand for all; auto: "
                  "none for classifiers, on for models that write")
      ->capture_default_str()
      ->check(CLI::IsMember({"auto", "on", "none"}));
  command
      .add_option("--prior", options.prior,
                  "mechanisms optimal and medoid: how likely words are; "
                  "uniform, or a FILE of 'word count' lines")
      ->capture_default_str();
  AddPolicyOptions(command, options.policy);
  // Known so that it is refused with its reason; not shown by --help.
  command.add_option("--neighbours", options.neighbours)->group("");
}

void AddChannelOptions(CLI::App& command, PrivacyOptions& options) {
  AddBundleOptions(command, options.bundle);
  AddMechanismOptions(command, options);
}

void AddPrivacyOptions(CLI::App& command, PrivacyOptions& options) {
  AddChannelOptions(command, options);
  command
      .add_option("--repeats", options.repeats,
                  "a word that occurs again: fresh (a draw of its own, charged "
                  "each time) or linked (the same output, charged once; shows "
                  "which places hold the same word)")
      ->capture_default_str()
      ->check(CLI::IsMember({"fresh", "linked"}));
  command
      .add_option("--delta", options.delta,
                  "of the epsilon of a whole text, 1e-30 to 0.5")
      ->capture_default_str();
}

void AddRowsOption(CLI::App& command, PrivacyOptions& options) {
  command
      .add_option("--rows", options.rows,
                  "what leaves for a drawn word: plain (its own row) or "
                  "posterior (the mean of the rows that it may have come from "
                  "under --prior; as protected, no more and no less)")
      ->capture_default_str()
      ->check(CLI::IsMember({"plain", "posterior", "posterior-raw",
                             "posterior-own-norm", "posterior-mean-norm"}));
  command.add_flag("--oblivious", options.bundle.oblivious,
                   "read the whole table for every few rows, so that memory "
                   "accesses do not tell which rows they are");
}

Result<std::optional<privacy::Epsilon>> ParseEpsilon(
    const PrivacyOptions& options) {
  if (options.mechanism == "neighbours") {
    return InvalidArgument("--mechanism: " +
                           std::string(privacy::kNeighboursRefusal));
  }
  const bool identity = privacy::IsIdentity(options.mechanism);
  if (!identity) {
    const auto found = privacy::FindMechanism(options.mechanism);
    if (!found)
      return InvalidArgument("--mechanism: " + found.error().message());
  }
  if (identity && options.epsilon == "inf") return std::nullopt;
  CMIF_ASSIGN(const privacy::Epsilon epsilon,
              EpsilonOf("--epsilon", options.epsilon));
  if (identity) return std::nullopt;
  return epsilon;
}

Result<std::optional<client::ChannelOptions>> ParseChannel(
    const PrivacyOptions& options) {
  if (!options.neighbours.empty()) {
    return InvalidArgument("--neighbours: " +
                           std::string(privacy::kNeighboursRefusal));
  }
  CMIF_ASSIGN(const std::optional<privacy::Epsilon> epsilon,
              ParseEpsilon(options));
  if (!epsilon) return std::nullopt;
  client::ChannelOptions channel{
      .spec = {.mechanism = options.mechanism,
               .epsilon = *epsilon,
               .calibrate = options.calibrate == "on",
               .hub_cap = options.hub_cap != "none"}};
  CMIF_ASSIGN(channel.spec.adjacency,
              privacy::ParseAdjacency(options.adjacency));
  const bool two_level =
      channel.spec.adjacency == privacy::Adjacency::kTwoLevel;
  if (two_level != !options.epsilon_cluster.empty()) {
    return InvalidArgument(
        "--epsilon-cluster and --adjacency two-level go together");
  }
  if (two_level) {
    CMIF_ASSIGN(channel.spec.epsilon_cluster,
                EpsilonOf("--epsilon-cluster", options.epsilon_cluster));
    const uint64_t sum =
        epsilon->micro() + channel.spec.epsilon_cluster->micro();
    if (sum > privacy::kMaxEpsilonMicro) {
      return InvalidArgument(
          "--epsilon and --epsilon-cluster may be at most 16 together");
    }
  }
  return channel;
}

Result<privacy::Delta> CheckPrivacyOptions(const PrivacyOptions& options,
                                           const std::string* server_key) {
  CMIF_ASSIGN(const auto channel, ParseChannel(options));
  CMIF_TRY(CheckBound(options, channel, server_key));
  if (options.bundle.oblivious && options.rows != "plain") {
    return InvalidArgument(
        "--oblivious goes with --rows plain alone: posterior rows are computed "
        "from the rows of one cluster");
  }
  char* end = nullptr;
  const double value = std::strtod(options.delta.c_str(), &end);
  if (options.delta.empty() || *end != '\0') {
    return InvalidArgument("--delta takes a number from 1e-30 to 0.5");
  }
  auto delta = privacy::Delta::Create(value);
  if (!delta) return std::unexpected(delta.error().At("--delta"));
  return delta;
}

Result<std::optional<client::ChannelOptions>> ChannelOptionsOf(
    client::ClientModel& model, const PrivacyOptions& options) {
  CMIF_ASSIGN(auto wanted, ParseChannel(options));
  if (!wanted) return wanted;
  if (options.hub_cap == "auto") {
    wanted->spec.hub_cap =
        client::DefaultSpec(model.facts(), wanted->spec.epsilon).hub_cap;
  }
  CMIF_ASSIGN(const client::PrivacyPolicy policy,
              client::LoadPolicy(options.policy));
  if (!policy.ChangesNothing()) {
    CMIF_ASSIGN(const client::AppliedPolicy applied,
                client::ApplyPolicy(model, policy));
    wanted->domain = {applied.clustering, applied.class_of_cluster,
                      applied.epsilon_micro_of_cluster};
    wanted->kinds = applied.kinds;
    for (const std::string& line : PolicyLines(applied)) Note(line);
  }
  CMIF_ASSIGN(wanted->prior, PriorOf(model, options));
  return wanted;
}

Result<client::Sanitizer> MakeSanitizer(
    std::shared_ptr<client::ClientModel> model, const PrivacyOptions& options) {
  CMIF_ASSIGN(const std::optional<client::ChannelOptions> wanted,
              ChannelOptionsOf(*model, options));
  CMIF_ASSIGN(const client::Repeats repeats,
              client::ParseRepeats(options.repeats));
  client::OpenedChannel opened;
  if (wanted) {
    Progress progress;
    const std::string step =
        fmt::format("channel for epsilon {}", wanted->spec.epsilon.value());
    CMIF_ASSIGN(opened,
                client::OpenChannelWithHash(*model, *wanted, [&](double share) {
                  progress.Update(step, share);
                }));
    if (!opened.kept) {
      Note("the channel is computed anew at each start: " +
           opened.kept.error().message());
    }
  }
  CMIF_ASSIGN(const auto bound, ReadBound(options.bundle.broker));
  if (bound && opened.channel) {
    CMIF_TRY(bound->CheckChannel(client::DescribeChannel(*model, opened)));
  } else if (bound) {
    CMIF_TRY(bound->CheckSettings({.owner_key = bound->settings().owner_key,
                                   .broker_key = bound->settings().broker_key,
                                   .plain = true}));
  }
  return client::Sanitizer::Create(std::move(model), std::move(opened.channel),
                                   repeats, opened.sha256);
}

Result<std::vector<double>> PriorOf(const client::ClientModel& model,
                                    const PrivacyOptions& options) {
  if (options.prior == "uniform") return std::vector<double>{};
  CMIF_ASSIGN(const client::WordCounts counts,
              client::ReadWordCounts(options.prior));
  auto prior = client::CountsOfUnits(model.units(), counts);
  if (!prior) return std::unexpected(prior.error().At("--prior"));
  // Laplace's smoothing: no word is impossible.
  for (double& count : *prior) count += 1;
  return prior;
}

Result<client::PromptRows> MakePromptRows(const client::Sanitizer& sanitizer,
                                          const PrivacyOptions& options) {
  const client::ClientModel& model = sanitizer.model();
  CMIF_ASSIGN(const client::RowKind kind,
              client::ParseRowKind(options.rows, model.facts()));
  std::vector<double> prior;
  if (kind != client::RowKind::kPlain) {
    CMIF_ASSIGN(prior, PriorOf(model, options));
  }
  return client::PromptRows::Create(sanitizer, std::move(prior), kind);
}

nlohmann::ordered_json SanitizedJson(const client::Sanitizer& sanitizer,
                                     const client::Sanitized& result,
                                     privacy::Delta delta) {
  nlohmann::ordered_json json = {
      {"text", result.text},
      {"words", result.words.size()},
      {"words_changed", result.words_changed},
      {"words_public", result.words_public},
      {"words_unprotected", result.words_unprotected},
      {"words_charged", result.words_charged}};
  const privacy::Channel* channel = sanitizer.channel();
  if (channel == nullptr) {
    json["epsilon"] = json["epsilon_certified"] = json["epsilon_total"] =
        json["epsilon_document"] = "inf";
  } else {
    const uint64_t certified = channel->epsilon_certified_micro();
    json["epsilon"] = channel->epsilon().value();
    json["epsilon_certified"] = static_cast<double>(certified) / 1e6;
    json["epsilon_total"] = static_cast<double>(privacy::TotalMicro(
                                result.words_charged, certified)) /
                            1e6;
    json["epsilon_document"] =
        static_cast<double>(DocumentMicro(sanitizer, result.charges, delta)) /
        1e6;
  }
  json["delta"] = delta.value();
  json["repeats"] = client::RepeatsName(sanitizer.repeats());
  json["cluster_bits"] = channel == nullptr
                             ? sanitizer.model().clustering()->ClusterBits()
                             : channel->PublicBits();
  json["mechanism"] = channel == nullptr ? "identity" : channel->mechanism();
  json["adjacency"] = channel == nullptr
                          ? "none"
                          : privacy::AdjacencyName(channel->spec().adjacency);
  json["guarantee"] = json["adjacency"];
  return json;
}

void DocumentLosses::Add(const privacy::Charges& charges) {
  if (sanitizer_.is_identity()) return;
  ++documents_;
  draws_ += charges.draws();
  most_draws_ = std::max(most_draws_, charges.draws());
  document_micro_ =
      std::max(document_micro_, DocumentMicro(sanitizer_, charges, delta_));
}

std::string DocumentLosses::Line() const {
  if (documents_ == 0) return {};
  const uint64_t sum = privacy::TotalMicro(
      most_draws_, sanitizer_.channel()->epsilon_certified_micro());
  return fmt::format(
      "charged: {} draws (repeated words {}); {}epsilon {:.4f} as a plain sum, "
      "{:.4f} at delta {}",
      draws_, client::RepeatsName(sanitizer_.repeats()),
      documents_ == 1
          ? ""
          : fmt::format("of the costliest of {} lines ", documents_),
      static_cast<double>(sum) / 1e6,
      static_cast<double>(document_micro_) / 1e6, delta_.value());
}

std::string GuaranteeLine(const client::Sanitizer& sanitizer) {
  const privacy::Channel* channel = sanitizer.channel();
  if (channel == nullptr) {
    return "guarantee: none (mechanism identity: the words leave as they are)";
  }
  const double certified =
      static_cast<double>(channel->epsilon_certified_micro()) / 1e6;
  std::string line =
      channel->spec().adjacency == privacy::Adjacency::kCluster
          ? fmt::format(
                "guarantee: epsilon* = {:.6f} a word within its cluster "
                "(certified); the cluster itself is not hidden ({} clusters, "
                "{:.1f} bits a word)",
                certified, channel->clustering().clusters().size(),
                channel->PublicBits())
          : fmt::format(
                "guarantee: epsilon* = {:.6f} a word within its whole class "
                "(certified, {}); only the class is not hidden ({} classes)",
                certified, privacy::AdjacencyName(channel->spec().adjacency),
                channel->levels().size());
  if (channel->revealed_words() > 0) {
    line += fmt::format(
        "; {} words stand alone in their cluster and are NOT "
        "protected",
        channel->revealed_words());
  }
  return line;
}

std::string RevealedLine(const client::RowLedger& ledger) {
  return fmt::format(
      "rows given away: {} different ones{}", ledger.rows_revealed(),
      ledger.max_rows() == client::RowLedger::kNoLimit
          ? ""
          : fmt::format(", at most {} in this lease", ledger.max_rows()));
}

}  // namespace cmif::cli
