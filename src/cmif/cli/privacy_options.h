// SPDX-License-Identifier: Apache-2.0
// The flags that sanitize, classify and ask share, and what they turn into.
#ifndef CMIF_CLI_PRIVACY_OPTIONS_H_
#define CMIF_CLI_PRIVACY_OPTIONS_H_

#include <CLI/App.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "cmif/base/status.h"
#include "cmif/client/channel_store.h"
#include "cmif/client/client_model.h"
#include "cmif/client/remote.h"
#include "cmif/client/sanitizer.h"
#include "cmif/privacy/epsilon.h"

namespace cmif::cli {

struct PrivacyOptions {
  std::string bundle;
  std::string epsilon = "1";
  std::string mechanism = "rnm-laplace";
  std::string calibrate = "on";
  std::string adjacency = "cluster";
  std::string epsilon_cluster;
  std::string hub_cap = "on";
};

// --epsilon, --mechanism and all that shapes a channel; and those with
// --bundle.
void AddMechanismOptions(CLI::App& command, PrivacyOptions& options);
void AddPrivacyOptions(CLI::App& command, PrivacyOptions& options);
void AddRemoteOptions(CLI::App& command, client::RemoteOptions& options);

// The epsilon asked for; nullopt for the identity, whose epsilon is infinite.
// INVALID_ARGUMENT for anything else that is no epsilon.
Result<std::optional<privacy::Epsilon>> ParseEpsilon(
    const PrivacyOptions& options);

// What channel the options ask for; nullopt for the identity. INVALID_ARGUMENT
// naming the flag.
Result<std::optional<client::ChannelOptions>> ChannelOptionsOf(
    const PrivacyOptions& options);

// Opens the channel (computing it at first use, progress shown) and makes the
// sanitizer. Arguments must have been checked with ParseEpsilon().
Result<client::Sanitizer> MakeSanitizer(
    std::shared_ptr<client::ClientModel> model, const PrivacyOptions& options);

// The keys of the JSON contract that say what was protected, and how much.
nlohmann::ordered_json SanitizedJson(const client::Sanitizer& sanitizer,
                                     const client::Sanitized& result);

// "every word randomised: epsilon* 0.9995 within clusters ..." or the plain
// warning that nothing is protected.
std::string GuaranteeLine(const client::Sanitizer& sanitizer);

}  // namespace cmif::cli

#endif  // CMIF_CLI_PRIVACY_OPTIONS_H_
