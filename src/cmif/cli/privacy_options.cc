// SPDX-License-Identifier: Apache-2.0
#include "cmif/cli/privacy_options.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdlib>

#include "cmif/cli/terminal.h"
#include "cmif/client/channel_store.h"
#include "cmif/privacy/mechanism.h"

namespace cmif::cli {

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

Result<client::Sanitizer> MakeSanitizer(
    std::shared_ptr<client::ClientModel> model, const PrivacyOptions& options) {
  CMIF_ASSIGN(const std::optional<privacy::Epsilon> epsilon,
              ParseEpsilon(options));
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
  return client::Sanitizer::Create(std::move(model), std::move(channel));
}

nlohmann::ordered_json SanitizedJson(const client::Sanitizer& sanitizer,
                                     const client::Sanitized& result) {
  nlohmann::ordered_json json = {
      {"text", result.text},
      {"words", result.words.size()},
      {"words_changed", result.words_changed},
      {"words_public", result.words_public},
      {"words_unprotected", result.words_unprotected},
      {"words_charged", result.words_charged}};
  const privacy::Channel* channel = sanitizer.channel();
  if (channel == nullptr) {
    json["epsilon"] = json["epsilon_certified"] = json["epsilon_total"] = "inf";
  } else {
    const uint64_t certified = channel->epsilon_certified_micro();
    json["epsilon"] = channel->epsilon().value();
    json["epsilon_certified"] = static_cast<double>(certified) / 1e6;
    json["epsilon_total"] = static_cast<double>(privacy::TotalMicro(
                                result.words_charged, certified)) /
                            1e6;
  }
  json["cluster_bits"] = sanitizer.model().clustering()->ClusterBits();
  json["mechanism"] = channel == nullptr ? "identity" : channel->mechanism();
  json["adjacency"] = channel == nullptr ? "none" : "cluster";
  json["guarantee"] = channel == nullptr ? "none" : "cluster";
  return json;
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
