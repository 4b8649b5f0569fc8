// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <memory>
#include <string>
#include <vector>

#include "cmif/attest/clock.h"
#include "cmif/base/file.h"
#include "cmif/base/secret_bytes.h"
#include "cmif/broker/https_server.h"
#include "cmif/broker/service.h"
#include "cmif/cli/commands.h"
#include "cmif/cli/evidence_files.h"
#include "cmif/cli/hardening.h"
#include "cmif/cli/terminal.h"
#include "cmif/crypto/tls_certificate.h"

namespace cmif::cli {
namespace {

constexpr uint64_t kMaxPemBytes = 1 << 20;
constexpr int64_t kHour = 3600;
// Clients know the key by its hash, so the dates say nothing.
constexpr int64_t kTenYears = 10LL * 365 * 86400;

struct ServeFlags {
  broker::HttpsServerOptions https;
  std::string certificate;
  bool self = false;
  std::string key;
  std::string policy;
  std::string owner_key;
  std::string keys;
  std::string state;
  std::vector<std::string> endorsements;
  bool publish_log = false;
};

// One key for TLS and tokens: who knows the one, knows the other.
struct BrokerKey {
  crypto::P256Key tokens;
  crypto::TlsKey tls;
};

Result<BrokerKey> LoadKey(ServeFlags& flags) {
  CMIF_ASSIGN(flags.https.key, ReadFile(flags.key, kMaxPemBytes));
  auto tokens = crypto::P256Key::FromPem(flags.https.key);
  if (!tokens) return std::unexpected(tokens.error().At(flags.key));
  auto tls = crypto::TlsKey::FromPem(flags.https.key);
  if (!tls) return std::unexpected(tls.error().At(flags.key));
  return BrokerKey{*std::move(tokens), *std::move(tls)};
}

Result<void> LoadCertificate(ServeFlags& flags, const crypto::TlsKey& key) {
  if (flags.self == !flags.certificate.empty()) {
    return InvalidArgument("broker serve takes --tls-self or --tls-cert");
  }
  if (flags.self) {
    const int64_t now = attest::Now();
    CMIF_ASSIGN(flags.https.certificates,
                crypto::MakeSelfSigned(key, {.common_name = "cmif broker",
                                             .not_before = now - kHour,
                                             .not_after = now + kTenYears,
                                             .extensions = {}}));
    return {};
  }
  CMIF_ASSIGN(flags.https.certificates,
              ReadFile(flags.certificate, kMaxPemBytes));
  const auto read = crypto::TlsCertificate::FromPem(flags.https.certificates);
  if (!read) return std::unexpected(read.error().At(flags.certificate));
  if (read->IsOf(key)) return {};
  return FailedPrecondition(
      "--tls-cert must be the certificate of --key: clients check tokens by "
      "the key that TLS showed them");
}

Result<std::unique_ptr<broker::Service>> MakeService(const ServeFlags& flags,
                                                     crypto::P256Key key) {
  CMIF_ASSIGN(auto policy, LoadReleasePolicy(flags.policy, flags.owner_key));
  CMIF_ASSIGN(auto endorsements, LoadEndorsements(flags.endorsements));
  CMIF_ASSIGN(auto keys, broker::BundleKeys::Open(flags.keys));
  CMIF_ASSIGN(auto store, broker::Store::Open(flags.state));
  if (policy.simulated()) {
    Note(
        "broker: SIMULATED: this policy gives keys to simulated platforms, "
        "which prove nothing; for trying things out alone");
  }
  return broker::Service::Create(
      {.policy = std::move(policy),
       .endorsements = std::move(endorsements),
       .key = std::move(key),
       .bundle_keys = std::move(keys),
       .store = std::move(store)},
      {.publish_log = flags.publish_log,
       .log = [](const std::string& line) { Note("broker: " + line); }});
}

void ReloadPolicy(const ServeFlags& flags, broker::Service& service) {
  auto policy = LoadReleasePolicy(flags.policy, flags.owner_key);
  const Result<void> replaced =
      policy ? service.ReplacePolicy(*std::move(policy))
             : Result<void>(std::unexpected(policy.error()));
  Note(replaced ? "broker: the policy was read again"
                : "broker: the policy stays as it was: " +
                      replaced.error().message());
}

// SIGHUP, SIGTERM and SIGINT, blocked in every thread that starts afterwards.
sigset_t BlockSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGHUP, SIGTERM, SIGINT}) {
    sigaddset(&signals, signal);
  }
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

int Run(ServeFlags& flags) {
  const sigset_t signals = BlockSignals();
  auto key = LoadKey(flags);
  if (!key) return Report(key.error());
  const auto certificate = LoadCertificate(flags, key->tls);
  if (!certificate) return Report(certificate.error());
  const auto service = MakeService(flags, std::move(key->tokens));
  if (!service) return Report(service.error());
  const auto server = broker::HttpsServer::Start(
      flags.https, [&](const broker::HttpRequest& request) {
        return (*service)->Handle(request);
      });
  SecureWipe(flags.https.key.data(), flags.https.key.size());
  if (!server) return Report(server.error());
  fmt::print("listening on {}\nTLS key sha256 {}\n", (*server)->address(),
             crypto::ToHex(key->tls.sha256()));
  fflush(stdout);
  int signal = 0;
  while (sigwait(&signals, &signal) == 0 && signal == SIGHUP) {
    ReloadPolicy(flags, **service);
  }
  Note("broker: stopping");
  return kOk;
}

}  // namespace

void AddBrokerServe(CLI::App& broker, int& exit_code) {
  CLI::App* command = broker.add_subcommand(
      "serve", "give keys to clients whose evidence the policy allows");
  auto flags = std::make_shared<ServeFlags>();
  command
      ->add_option("--listen", flags->https.listen,
                   "HOST:PORT; port 0 takes a free one")
      ->capture_default_str();
  command
      ->add_option("--key", flags->key,
                   "the broker's private key (P-256, PEM), of TLS and tokens")
      ->required();
  command->add_flag("--tls-self", flags->self,
                    "with a certificate made now: clients give the key's "
                    "printed hash as --broker-key");
  command->add_option("--tls-cert", flags->certificate,
                      "with this certificate of --key (PEM; its issuers' may "
                      "follow)");
  command
      ->add_option("--policy", flags->policy,
                   "the release policy (FILE, FILE.sig); read again on SIGHUP")
      ->required();
  command
      ->add_option("--owner-key", flags->owner_key,
                   "whose signature it must have (Ed25519 public key, PEM)")
      ->required();
  command
      ->add_option("--keys", flags->keys,
                   "the folder of bundle keys: MODEL_ID/VERSION.key, as cmif "
                   "split --seal writes them")
      ->required();
  command
      ->add_option("--state", flags->state,
                   "the folder of leases, revocations and the release log")
      ->required();
  command
      ->add_option("--endorsements", flags->endorsements,
                   "what vendors say of platforms: a file, or a folder of "
                   "files; may be repeated")
      ->allow_extra_args(false);
  command->add_flag("--publish-log", flags->publish_log,
                    "let anybody read the entries of the release log, which "
                    "name platforms, not its head alone");
  AddHardeningOption(*command);
  command->callback([flags, command, &exit_code] {
    exit_code = RunHardened(*command, [&] { return Run(*flags); });
  });
}

}  // namespace cmif::cli
