// SPDX-License-Identifier: Apache-2.0
#include "cmif/cli/tls_options.h"

#include <algorithm>
#include <ctime>
#include <functional>

#include "cmif/attest/own_identity.h"
#include "cmif/attest/peer_judge.h"
#include "cmif/base/byte_reader.h"
#include "cmif/base/file.h"
#include "cmif/base/secret_bytes.h"
#include "cmif/cli/terminal.h"
#include "cmif/crypto/sha256.h"
#include "cmif/crypto/tls_certificate.h"

namespace cmif::cli {
namespace {

constexpr uint64_t kMaxPemBytes = 1 << 20;
constexpr char kServerPolicy[] = "--server-policy";
constexpr char kClientPolicy[] = "--require-client-attestation";

Result<std::shared_ptr<attest::OwnIdentity>> ReadIdentity(
    const std::string& cert, const std::string& key) {
  CMIF_ASSIGN(const std::string certificates, ReadFile(cert, kMaxPemBytes));
  CMIF_ASSIGN(const SecretBytes pem, ReadSecretFile(key, kMaxPemBytes));
  auto identity =
      attest::OwnIdentity::FromPem(certificates, AsText(pem.bytes()));
  if (identity) {
    // Every peer would refuse it.
    CMIF_ASSIGN(const auto leaf, crypto::TlsCertificate::FromPem(certificates));
    const auto valid = leaf.CheckTime(std::time(nullptr));
    if (!valid) return std::unexpected(valid.error().At(cert));
    return identity;
  }
  const bool of_key = identity.error().code() == Code::kInvalidArgument;
  return std::unexpected(identity.error().At(of_key ? key : cert));
}

Result<void> BothOrNeither(const char* first, bool has_first,
                           const char* second, bool has_second) {
  if (has_first == has_second) return {};
  return InvalidArgument(std::string(first) + " and " + second +
                         " go together");
}

Result<attest::PeerDemands> ReadDemands(const char* ca_flag,
                                        const std::string& ca,
                                        const char* key_flag,
                                        const std::vector<std::string>& keys) {
  attest::PeerDemands demands;
  if (!ca.empty()) {
    CMIF_ASSIGN(demands.authority, ReadFile(ca, kMaxPemBytes));
    const auto found = crypto::TlsCertificate::FromPem(demands.authority);
    if (!found) {
      return std::unexpected(found.error().At(std::string(ca_flag) + " " + ca));
    }
  }
  for (const std::string& hex : keys) {
    CMIF_ASSIGN(demands.keys.emplace_back(), ReadKeyHash(key_flag, hex));
  }
  return demands;
}

// A key made now, with evidence of this machine in its certificate.
Result<std::shared_ptr<attest::OwnIdentity>> MakeAttested(
    const AttesterFlags& flags,
    const std::function<void(const std::string&)>& log) {
  CMIF_ASSIGN(auto attester, OpenAttester(flags));
  return attest::OwnIdentity::MakeAttested(std::move(attester), {.log = log});
}

Result<void> LoadRemoteIdentity(const RemoteFlags& flags,
                                client::RemoteOptions& options) {
  CMIF_TRY(BothOrNeither("--client-cert", !flags.client_cert.empty(),
                         "--client-key", !flags.client_key.empty()));
  if (flags.attester.Any()) {
    if (!flags.client_cert.empty()) {
      return InvalidArgument(
          "--attester and --client-cert exclude each other: evidence is of a "
          "key that is made for this run");
    }
    CMIF_ASSIGN(options.identity, MakeAttested(flags.attester, Note));
  } else if (!flags.client_cert.empty()) {
    CMIF_ASSIGN(options.identity,
                ReadIdentity(flags.client_cert, flags.client_key));
  }
  return {};
}

Result<void> LoadRemoteTls(const RemoteFlags& flags, bool attester_is_used,
                           client::RemoteOptions& options) {
  const bool any = !flags.server_ca.empty() || !flags.server_key.empty() ||
                   !flags.client_cert.empty() || !flags.client_key.empty() ||
                   !flags.server_policy.policy.empty() ||
                   (flags.attester.Any() && !attester_is_used);
  if (!flags.tls) {
    if (any) {
      return InvalidArgument(
          "--server-ca, --server-key, --server-policy, --client-cert, "
          "--client-key and --attester need --tls");
    }
    CMIF_TRY(LoadPeerPolicy(kServerPolicy, flags.server_policy));
    return {};
  }
  std::vector<std::string> pins;
  if (!flags.server_key.empty()) pins.push_back(flags.server_key);
  CMIF_ASSIGN(auto demands, ReadDemands("--server-ca", flags.server_ca,
                                        "--server-key", pins));
  CMIF_ASSIGN(demands.evidence,
              LoadPeerPolicy(kServerPolicy, flags.server_policy));
  if (!demands.Any()) {
    return InvalidArgument(
        "--tls needs --server-key (the hash that cmif server prints), "
        "--server-ca or --server-policy: without them anyone could be the "
        "server");
  }
  options.server = std::move(demands);
  return LoadRemoteIdentity(flags, options);
}

}  // namespace

Result<crypto::Digest> ReadKeyHash(const char* flag, const std::string& hex) {
  const auto bytes = crypto::FromHex(hex);
  crypto::Digest digest{};
  if (!bytes || bytes->size() != digest.size()) {
    return InvalidArgument(std::string(flag) +
                           " takes the SHA-256 of a public key in 64 hex "
                           "digits, as cmif server and cmif broker print it");
  }
  std::ranges::copy(*bytes, digest.begin());
  return digest;
}

void AddRemoteOptions(CLI::App& command, RemoteFlags& flags) {
  command
      .add_option("--server", flags.remote.address, "HOST:PORT of cmif server")
      ->capture_default_str();
  command.add_flag("--tls", flags.tls,
                   "speak TLS 1.3 with the server; needs --server-key, "
                   "--server-ca or --server-policy");
  command.add_option("--server-key", flags.server_key,
                     "the server's key must have this SHA-256 (hex), which "
                     "cmif server prints");
  command.add_option("--server-ca", flags.server_ca,
                     "the server's certificate must be of this authority's "
                     "(PEM FILE), for the host of --server");
  command.add_option("--client-cert", flags.client_cert,
                     "the certificate (PEM) to show to a server that asks");
  command.add_option("--client-key", flags.client_key, "its private key (PEM)");
  AddPeerPolicyOptions(command, kServerPolicy,
                       "the server must prove by evidence, in its certificate "
                       "and on each stream, what this policy (JSON FILE) "
                       "demands",
                       flags.server_policy);
  AddAttesterOptions(command, flags.attester);
  command.add_flag("--insecure", flags.remote.insecure,
                   "allow a server beyond this machine without TLS");
}

Result<std::unique_ptr<client::Remote>> ConnectTo(
    const RemoteFlags& flags, const model::ModelFacts& expected,
    bool attester_is_used) {
  client::RemoteOptions options = flags.remote;
  CMIF_TRY(LoadRemoteTls(flags, attester_is_used, options));
  return client::Remote::Connect(options, expected);
}

void AddServerTlsOptions(CLI::App& command, ServerTlsFlags& flags) {
  command.add_option("--tls-cert", flags.cert,
                     "speak TLS 1.3 alone, with this certificate (PEM; its "
                     "issuers' may follow)");
  command.add_option("--tls-key", flags.key, "its private key (PEM)");
  command.add_flag("--tls-self", flags.self,
                   "speak TLS 1.3 alone, with a key made now and never "
                   "written: clients give its printed hash as --server-key");
  command.add_option("--client-ca", flags.client_ca,
                     "clients must show a certificate of this authority's "
                     "(PEM FILE)");
  command
      .add_option("--client-key-pin", flags.client_keys,
                  "clients must show a certificate whose key has this SHA-256 "
                  "(hex); may be repeated")
      ->allow_extra_args(false);
  AddPeerPolicyOptions(command, kClientPolicy,
                       "clients must prove by evidence, in their certificate "
                       "and on each stream, what this policy (JSON FILE) "
                       "demands",
                       flags.client_policy);
  AddAttesterOptions(command, flags.attester);
}

namespace {

// Null: no TLS.
Result<std::shared_ptr<attest::OwnIdentity>> ServerIdentity(
    const ServerTlsFlags& flags,
    const std::function<void(const std::string&)>& log) {
  CMIF_TRY(BothOrNeither("--tls-cert", !flags.cert.empty(), "--tls-key",
                         !flags.key.empty()));
  if ((flags.self || flags.attester.Any()) && !flags.cert.empty()) {
    return InvalidArgument(
        "--tls-self and --attester, which make a key at the start, and "
        "--tls-cert exclude each other");
  }
  if (flags.attester.Any()) return MakeAttested(flags.attester, log);
  if (flags.self) return attest::OwnIdentity::Make();
  if (flags.cert.empty()) return nullptr;
  return ReadIdentity(flags.cert, flags.key);
}

}  // namespace

Result<void> LoadServerTls(const ServerTlsFlags& flags,
                           server::ServerOptions& options) {
  CMIF_ASSIGN(options.identity, ServerIdentity(flags, options.log));
  CMIF_ASSIGN(auto evidence,
              LoadPeerPolicy(kClientPolicy, flags.client_policy));
  if (flags.client_ca.empty() && flags.client_keys.empty() && !evidence) {
    return {};
  }
  if (!options.identity) {
    return InvalidArgument(
        "--client-ca, --client-key-pin and --require-client-attestation need "
        "TLS: --tls-cert, --tls-self or --attester");
  }
  CMIF_ASSIGN(auto demands, ReadDemands("--client-ca", flags.client_ca,
                                        "--client-key-pin", flags.client_keys));
  demands.evidence = std::move(evidence);
  CMIF_ASSIGN(options.clients, attest::PeerJudge::Create(
                                   std::move(demands), attest::Role::kClient));
  return {};
}

}  // namespace cmif::cli
