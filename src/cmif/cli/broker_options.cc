// SPDX-License-Identifier: Apache-2.0
#include "cmif/cli/broker_options.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "cmif/base/file.h"
#include "cmif/broker/https_transport.h"
#include "cmif/broker/key_client.h"
#include "cmif/cli/terminal.h"
#include "cmif/cli/tls_options.h"
#include "cmif/crypto/sha256.h"
#include "cmif/tee/evidence.h"
#include "cmif/text/printable.h"

namespace cmif::cli {
namespace {

constexpr uint64_t kMaxPemBytes = 1 << 20;

// What was opened lies in many places: the end of the process is the one way
// that leaves none of it.
void EndProcess(const Status& why) {
  const ExitCode code = Report(why);
  std::fflush(stdout);
  _exit(code);
}

}  // namespace

void AddBrokerOptions(CLI::App& command, BrokerFlags& flags) {
  command.add_option("--broker", flags.url,
                     "get the bundle's key from this key broker "
                     "(https://HOST:PORT) by evidence; needs --attester, and "
                     "--broker-key or --broker-ca");
  command.add_option("--broker-key", flags.key,
                     "the broker's key must have this SHA-256 (hex), which "
                     "cmif broker prints");
  command.add_option("--broker-ca", flags.authority,
                     "the broker's certificate must be of this authority's "
                     "(PEM FILE), for the host of --broker");
  command
      .add_option("--bundle-version", flags.version,
                  "which of the model's bundles the broker knows by")
      ->capture_default_str();
  command.add_option("--bound-config", flags.bound_file,
                     "refuse to start with other options than this file of "
                     "cmif broker config allows, or on a machine whose "
                     "evidence does not carry its hash");
  AddAttesterOptions(command, flags.attester);
}

Result<std::optional<broker::BoundConfiguration>> ReadBound(
    const BrokerFlags& flags) {
  if (flags.bound_file.empty() || *flags.bound) return *flags.bound;
  CMIF_ASSIGN(
      const std::string text,
      ReadFile(flags.bound_file, broker::BoundConfiguration::kMaxBytes));
  auto bound = broker::BoundConfiguration::Read(text);
  if (!bound) return std::unexpected(bound.error().At(flags.bound_file));
  *flags.bound = *std::move(bound);
  return *flags.bound;
}

Result<void> CheckOwnEvidence(const BrokerFlags& flags,
                              const broker::BoundConfiguration& bound) {
  if (!flags.attester.Any()) {
    Note(
        "bound configuration: checked against the options alone; without "
        "--attester nothing proves that this machine is bound to it");
    return {};
  }
  CMIF_ASSIGN(const auto attester, OpenAttester(flags.attester));
  CMIF_ASSIGN(const auto bytes, attester->Collect(platform::ReportData{}));
  CMIF_ASSIGN(const tee::Evidence evidence, tee::ReadEvidence(bytes));
  return bound.CheckEvidence(evidence);
}

Result<std::shared_ptr<broker::KeyLease>> LeaseKey(
    const BrokerFlags& flags, const std::string& model_id,
    const std::optional<broker::BoundConfiguration>& bound) {
  broker::HttpsOptions https{.url = flags.url};
  if (!flags.key.empty()) {
    CMIF_ASSIGN(https.key, ReadKeyHash("--broker-key", flags.key));
  }
  if (!flags.authority.empty()) {
    CMIF_ASSIGN(https.authority, ReadFile(flags.authority, kMaxPemBytes));
  }
  CMIF_ASSIGN(auto transport, broker::NewHttpsTransport(https));
  if (!flags.attester.Any()) {
    return InvalidArgument(
        "--broker needs --attester: a key is given to what "
        "proves itself alone");
  }
  CMIF_ASSIGN(auto attester, OpenAttester(flags.attester));
  CMIF_ASSIGN(auto client, broker::KeyClient::Create(
                               std::move(transport), std::move(attester),
                               {.resource = {model_id, flags.version},
                                .configuration = bound}));
  CMIF_ASSIGN(
      std::shared_ptr<broker::KeyLease> lease,
      broker::KeyLease::Open(std::move(client), {.on_end = EndProcess}));
  const broker::TokenClaims& claims = lease->claims();
  Note(fmt::format(
      "key broker: {}{} accepted by policy {}, lease of {} s, at most {} rows",
      text::Printable(claims.platform),
      claims.simulated ? " (SIMULATED: proves nothing)" : "",
      claims.policy_version, claims.lease.seconds, claims.lease.max_rows));
  return lease;
}

}  // namespace cmif::cli
