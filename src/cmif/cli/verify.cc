// SPDX-License-Identifier: Apache-2.0
#include "cmif/model/verify.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>

#include "cmif/cli/bundle_options.h"
#include "cmif/cli/commands.h"
#include "cmif/cli/hardening.h"
#include "cmif/cli/json_line.h"
#include "cmif/cli/terminal.h"
#include "cmif/client/client_model.h"
#include "cmif/client/verify_channels.h"
#include "cmif/model/container.h"
#include "cmif/text/printable.h"

namespace cmif::cli {
namespace {

namespace fs = std::filesystem;

int Run(const BundleOptions& options, bool json) {
  const std::string& folder = options.folder;
  const auto access = AccessOf(options);
  if (!access) return Report(access.error());
  auto findings = model::VerifySplit(folder, *access);
  if (!findings) return Report(findings.error());
  // What the parts cannot tell: whether the clusters are those of the
  // vocabulary, as this version sees it.
  const auto model = client::ClientModel::Open(folder, *access);
  const auto bundle =
      model::ContainerReader::Open(fs::path(folder) / model::kBundleFile);
  const bool sealed = bundle && bundle->header().sealed && !access->key;
  if (findings->empty() && !model && !sealed) {
    findings->push_back(model.error().message());
  }
  client::ChannelFindings channels;
  const auto manifest = model::ReadManifest(folder);
  // A key that opens no bundle opens no channel.
  if (manifest && (model || !access->key)) {
    channels = client::VerifyChannels(folder, manifest->facts, *access);
    std::ranges::copy(channels.mismatches, std::back_inserter(*findings));
  }
  const bool good = findings->empty();
  if (json) {
    const nlohmann::ordered_json result = {
        {"folder", folder},
        {"verified", good},
        {"bundle_opened", model.has_value()},
        {"channels", channels.channels},
        {"channels_unopened", channels.sealed},
        {"mismatches", *findings}};
    fmt::print("{}\n", JsonLine(result));
    return good ? kOk : kBadData;
  }
  for (const std::string& line : *findings) {
    fmt::print("MISMATCH {}\n", text::Printable(line));
  }
  if (sealed) {
    Note(
        fmt::format("the sealed bundle was not opened, nor {} channels: give "
                    "--bundle-key to compare what they hold",
                    channels.sealed));
  }
  if (good) {
    fmt::print("{}: body, bundle{}, manifest and channels ({} of {}) agree\n",
               folder, sealed ? " (unopened)" : "",
               channels.channels - channels.sealed, channels.channels);
    return kOk;
  }
  return Report(
      {Code::kDataLoss,
       fmt::format("{}: mismatches ({}); split the model again or copy "
                   "the folder again",
                   folder, findings->size())});
}

}  // namespace

void AddVerify(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand(
      "verify",
      "check hashes, shapes, cross-references and channels of a split model");
  auto options = std::make_shared<BundleOptions>();
  auto json = std::make_shared<bool>(false);
  command
      ->add_option("folder", options->folder,
                   "the folder that cmif split wrote")
      ->required();
  command->add_flag("--json", *json, "print the result as JSON");
  AddBundleAccessOptions(*command, *options);
  AddHardeningOption(*command);
  command->callback([options, json, command, &exit_code] {
    exit_code = RunHardened(*command, [&] { return Run(*options, *json); });
  });
}

}  // namespace cmif::cli
