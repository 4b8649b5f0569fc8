// SPDX-License-Identifier: Apache-2.0
#include "cmif/cli/privacy_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "cmif/cli/terminal.h"
#include "cmif/client/channel_store.h"
#include "cmif/privacy/mechanism.h"

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

}  // namespace

void AddMechanismOptions(CLI::App& command, PrivacyOptions& options) {
  command
      .add_option("--epsilon", options.epsilon,
                  "privacy budget of a word, 0.001 to 16 (smaller hides "
                  "more); inf with --mechanism identity")
      ->capture_default_str();
  command
      .add_option("--mechanism", options.mechanism,
                  "rnm-laplace, or identity (protects nothing)")
      ->capture_default_str();
  command
      .add_option("--calibrate", options.calibrate,
                  "on: as little noise as epsilon allows; off: the "
                  "textbook's noise")
      ->capture_default_str()
      ->check(CLI::IsMember({"on", "off"}));
}

void AddPrivacyOptions(CLI::App& command, PrivacyOptions& options) {
  command
      .add_option("--bundle", options.bundle,
                  "the folder that cmif split wrote")
      ->required();
  AddMechanismOptions(command, options);
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

void AddRemoteOptions(CLI::App& command, client::RemoteOptions& options) {
  command.add_option("--server", options.address, "HOST:PORT of cmif server")
      ->capture_default_str();
  command.add_flag("--insecure", options.insecure,
                   "allow a server beyond this machine although the "
                   "connection is not encrypted");
}

Result<std::optional<privacy::Epsilon>> ParseEpsilon(
    const PrivacyOptions& options) {
  if (!privacy::IsIdentity(options.mechanism)) {
    const auto found = privacy::FindMechanism(options.mechanism);
    if (!found)
      return InvalidArgument("--mechanism: " + found.error().message());
  }
  char* end = nullptr;
  const double value = std::strtod(options.epsilon.c_str(), &end);
  const bool number = !options.epsilon.empty() && *end == '\0';
  if (number && std::isinf(value) && value > 0 &&
      privacy::IsIdentity(options.mechanism)) {
    return std::nullopt;
  }
  if (!number) {
    return InvalidArgument(
        "--epsilon takes a number from 0.001 to 16 (or inf "
        "with --mechanism identity)");
  }
  auto epsilon = privacy::Epsilon::Create(value);
  if (!epsilon) return std::unexpected(epsilon.error().At("--epsilon"));
  if (privacy::IsIdentity(options.mechanism)) return std::nullopt;
  return *epsilon;
}

Result<privacy::Delta> ParseDelta(const PrivacyOptions& options) {
  char* end = nullptr;
  const double value = std::strtod(options.delta.c_str(), &end);
  if (options.delta.empty() || *end != '\0') {
    return InvalidArgument("--delta takes a number from 1e-30 to 0.5");
  }
  auto delta = privacy::Delta::Create(value);
  if (!delta) return std::unexpected(delta.error().At("--delta"));
  return delta;
}

Result<client::Sanitizer> MakeSanitizer(
    std::shared_ptr<client::ClientModel> model, const PrivacyOptions& options) {
  CMIF_ASSIGN(const std::optional<privacy::Epsilon> epsilon,
              ParseEpsilon(options));
  CMIF_ASSIGN(const client::Repeats repeats,
              client::ParseRepeats(options.repeats));
  std::shared_ptr<const privacy::Channel> channel;
  if (epsilon) {
    Progress progress;
    const std::string step = fmt::format(
        "channel for epsilon {}, kept for "
        "later",
        epsilon->value());
    CMIF_ASSIGN(channel,
                client::OpenChannel(
                    *model,
                    {.mechanism = options.mechanism,
                     .epsilon = *epsilon,
                     .calibrate = options.calibrate == "on"},
                    [&](double share) { progress.Update(step, share); }));
  }
  return client::Sanitizer::Create(std::move(model), std::move(channel),
                                   repeats);
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
  json["cluster_bits"] = sanitizer.model().clustering()->ClusterBits();
  json["mechanism"] = channel == nullptr ? "identity" : channel->mechanism();
  json["adjacency"] = channel == nullptr ? "none" : "cluster";
  json["guarantee"] = channel == nullptr ? "none" : "cluster";
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
  const privacy::Clustering& clustering = *sanitizer.model().clustering();
  std::string line = fmt::format(
      "guarantee: epsilon* = {:.6f} a word within its cluster (certified); the "
      "cluster itself is not hidden ({} clusters, {:.1f} bits a word)",
      static_cast<double>(channel->epsilon_certified_micro()) / 1e6,
      clustering.clusters().size(), clustering.ClusterBits());
  if (channel->revealed_words() > 0) {
    line += fmt::format(
        "; {} words stand alone in their cluster and are NOT "
        "protected",
        channel->revealed_words());
  }
  return line;
}

}  // namespace cmif::cli
