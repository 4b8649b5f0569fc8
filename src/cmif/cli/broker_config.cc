// SPDX-License-Identifier: Apache-2.0
#include "cmif/cli/broker_config.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cmif/base/byte_reader.h"
#include "cmif/base/file.h"
#include "cmif/broker/bound_configuration.h"
#include "cmif/cli/hardening.h"
#include "cmif/cli/json_line.h"
#include "cmif/cli/privacy_options.h"
#include "cmif/cli/terminal.h"
#include "cmif/cli/tls_options.h"
#include "cmif/client/bound_channel.h"
#include "cmif/client/channel_store.h"
#include "cmif/text/printable.h"

namespace cmif::cli {
namespace {

struct Flags {
  PrivacyOptions privacy;
  std::string broker_key;
  std::vector<std::string> server_keys;
  bool pin_channel = false;
  bool allow_plain = false;
  std::string output;
  bool json = false;
};

// Binds epsilon, adjacency and what stays public to those of the channel.
Result<void> BindChannel(client::ClientModel& model, const Flags& flags,
                         broker::BoundSettings& settings) {
  CMIF_ASSIGN(const auto wanted, ChannelOptionsOf(model, flags.privacy));
  if (!wanted) {
    if (flags.allow_plain) return {};
    return InvalidArgument("--mechanism identity needs --allow-plain");
  }
  Progress progress;
  CMIF_ASSIGN(const client::OpenedChannel opened,
              client::OpenChannelWithHash(model, *wanted, [&](double share) {
                progress.Update("channel", share);
              }));
  progress.End();
  const broker::ClientChannel channel = client::DescribeChannel(model, opened);
  settings.epsilon_max_micro =
      std::max(channel.epsilon_certified_micro, wanted->spec.epsilon.micro());
  if (wanted->spec.epsilon_cluster) {
    settings.epsilon_max_micro = std::max(
        channel.epsilon_certified_micro,
        wanted->spec.epsilon.micro() + wanted->spec.epsilon_cluster->micro());
  }
  settings.adjacency = channel.adjacency;
  settings.public_set_sha256 = channel.public_set_sha256;
  if (flags.pin_channel) settings.channel_sha256 = channel.sha256;
  return {};
}

Result<broker::BoundConfiguration> Make(const Flags& flags) {
  CMIF_TRY(CheckPrivacyOptions(flags.privacy));
  CMIF_ASSIGN(const auto model, OpenModel(flags.privacy.bundle));
  broker::BoundSettings settings{.model_id = model->facts().model_id,
                                 .partition = model->facts().partition};
  CMIF_ASSIGN(const broker::ClientSettings given,
              SettingsOf(flags.privacy.bundle));
  settings.owner_key = given.owner_key;
  if (!flags.broker_key.empty()) {
    CMIF_ASSIGN(settings.broker_key,
                ReadKeyHash("--bind-broker-key", flags.broker_key));
  }
  for (const std::string& hex : flags.server_keys) {
    CMIF_ASSIGN(settings.server_keys.emplace_back(),
                ReadKeyHash("--bind-server-key", hex));
  }
  settings.allow_plain = flags.allow_plain;
  CMIF_TRY(BindChannel(*model, flags, settings));
  return broker::BoundConfiguration::Create(settings);
}

int Run(const Flags& flags) {
  const auto made = Make(flags);
  if (!made) return Report(made.error());
  const std::string text = made->text() + "\n";
  if (auto written = WriteFileAtomically(flags.output, AsBytes(text));
      !written) {
    return Report(written.error());
  }
  const std::string sha256 = crypto::ToHex(made->Sha256());
  const std::string sha384 = crypto::ToHex(made->Sha384());
  if (flags.json) {
    const nlohmann::ordered_json json = {
        {"file", flags.output},
        {"configuration", nlohmann::ordered_json::parse(made->text())},
        {"sha256", sha256},
        {"sha384", sha384}};
    fmt::print("{}\n", JsonLine(json));
    return kOk;
  }
  fmt::print(
      "{}: {}\n"
      "  HOST_DATA (SEV-SNP, simulated)  {}\n"
      "  MRCONFIGID (TDX)                {}\n"
      "  SGX: name the file among the manifest's trusted files\n",
      flags.output, text::Printable(made->text()), sha256, sha384);
  return kOk;
}

}  // namespace

void AddBrokerConfig(CLI::App& broker, int& exit_code) {
  CLI::App* command = broker.add_subcommand(
      "config",
      "write what clients of a model are bound to, and print the hashes that "
      "their machines' evidence must carry");
  auto flags = std::make_shared<Flags>();
  AddChannelOptions(*command, flags->privacy);
  command->add_option("--bind-broker-key", flags->broker_key,
                      "clients may get keys from the broker of this key alone "
                      "(SHA-256, hex)");
  command
      ->add_option("--bind-server-key", flags->server_keys,
                   "rows may go to a server of this key alone (SHA-256, hex); "
                   "may be repeated")
      ->allow_extra_args(false);
  command->add_flag("--pin-channel", flags->pin_channel,
                    "this very channel, not only its epsilon, adjacency and "
                    "public words");
  command->add_flag("--allow-plain", flags->allow_plain,
                    "words may leave as they are, too");
  command->add_option("-o,--out", flags->output, "the file to write")
      ->required();
  command->add_flag("--json", flags->json, "print the result as JSON");
  AddHardeningOption(*command);
  command->callback([flags, command, &exit_code] {
    exit_code = RunHardened(*command, [&] { return Run(*flags); });
  });
}

}  // namespace cmif::cli
