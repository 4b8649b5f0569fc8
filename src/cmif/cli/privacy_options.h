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
#include "cmif/cli/bundle_options.h"
#include "cmif/client/channel_store.h"
#include "cmif/client/client_model.h"
#include "cmif/client/policy.h"
#include "cmif/client/prompt_rows.h"
#include "cmif/client/sanitizer.h"
#include "cmif/privacy/charges.h"
#include "cmif/privacy/delta.h"
#include "cmif/privacy/epsilon.h"

namespace cmif::cli {

struct PrivacyOptions {
  BundleOptions bundle = {};
  std::string epsilon = "1";
  std::string mechanism = "optimal";
  std::string calibrate = "on";
  std::string adjacency = "cluster";
  std::string epsilon_cluster;
  std::string hub_cap = "auto";
  std::string repeats = "fresh";  // each command has its own default
  std::string delta = "1e-6";
  std::string prior = "uniform";
  std::string rows = "plain";
  std::string neighbours;  // always refused
  client::PolicyOptions policy;
};

// --epsilon, --mechanism and all that shapes a channel; those with --bundle;
// those with --repeats and --delta too, for commands that sanitize.
void AddMechanismOptions(CLI::App& command, PrivacyOptions& options);
void AddChannelOptions(CLI::App& command, PrivacyOptions& options);
void AddPrivacyOptions(CLI::App& command, PrivacyOptions& options);
// For commands that send rows: --rows.
void AddRowsOption(CLI::App& command, PrivacyOptions& options);

// The epsilon asked for; nullopt for the identity, whose epsilon is infinite.
// INVALID_ARGUMENT for anything else that is no epsilon.
Result<std::optional<privacy::Epsilon>> ParseEpsilon(
    const PrivacyOptions& options);

// What channel the options ask for, as far as they can be checked before a
// model is open; nullopt for the identity. INVALID_ARGUMENT naming the flag.
Result<std::optional<client::ChannelOptions>> ParseChannel(
    const PrivacyOptions& options);

// The same for a model: with policy and prior. Notes what the policy does.
Result<std::optional<client::ChannelOptions>> ChannelOptionsOf(
    client::ClientModel& model, const PrivacyOptions& options);

// All that can be checked before anything is opened; gives --delta. Commands
// that send rows give --server-key (maybe empty). INVALID_ARGUMENT naming the
// flag; FAILED_PRECONDITION: --bound-config does not allow it.
Result<privacy::Delta> CheckPrivacyOptions(
    const PrivacyOptions& options, const std::string* server_key = nullptr);

// Opens the channel (computing it at first use, progress shown) and makes the
// sanitizer. FAILED_PRECONDITION: --bound-config allows no such channel.
Result<client::Sanitizer> MakeSanitizer(
    std::shared_ptr<client::ClientModel> model, const PrivacyOptions& options);

// Of --prior: one weight per id, or none for the uniform one.
// INVALID_ARGUMENT, and the errors of reading the file.
Result<std::vector<double>> PriorOf(const client::ClientModel& model,
                                    const PrivacyOptions& options);

// The rows that --rows asks for, over the sanitizer's model and channel.
Result<client::PromptRows> MakePromptRows(const client::Sanitizer& sanitizer,
                                          const PrivacyOptions& options);

// The keys of the JSON contract that say what was protected, and how much.
nlohmann::ordered_json SanitizedJson(const client::Sanitizer& sanitizer,
                                     const client::Sanitized& result,
                                     privacy::Delta delta);

// The documents of one run, each with an account of its own, and the worst of
// them. Not thread-safe.
class DocumentLosses {
 public:
  DocumentLosses(const client::Sanitizer& sanitizer, privacy::Delta delta)
      : sanitizer_(sanitizer), delta_(delta) {}
  void Add(const privacy::Charges& charges);
  // "charged: 7 draws (repeated words linked); epsilon 6.9930 as a plain sum,
  // 6.9930 at delta 1e-06"; of several documents those of the worst. Empty for
  // the identity, and where there was none.
  std::string Line() const;

 private:
  const client::Sanitizer& sanitizer_;
  privacy::Delta delta_;
  uint64_t documents_ = 0;
  uint64_t draws_ = 0;
  uint64_t most_draws_ = 0;
  uint64_t document_micro_ = 0;
};

// "every word randomised: epsilon* 0.9995 within clusters ..." or the plain
// warning that nothing is protected.
std::string GuaranteeLine(const client::Sanitizer& sanitizer);

// "rows given away: 57 of at most 1000" (of the lease), or without a limit.
std::string RevealedLine(const client::RowLedger& ledger);

}  // namespace cmif::cli

#endif  // CMIF_CLI_PRIVACY_OPTIONS_H_
