// SPDX-License-Identifier: Apache-2.0
// The flags of TLS and of evidence, of the server and of clients.
#ifndef CMIF_CLI_TLS_OPTIONS_H_
#define CMIF_CLI_TLS_OPTIONS_H_

#include <CLI/App.hpp>
#include <memory>
#include <string>
#include <vector>

#include "cmif/base/status.h"
#include "cmif/cli/attester_options.h"
#include "cmif/cli/peer_policy_options.h"
#include "cmif/client/remote.h"
#include "cmif/crypto/sha256.h"
#include "cmif/model/manifest.h"
#include "cmif/server/server.h"

namespace cmif::cli {

// --server and what the server must prove.
struct RemoteFlags {
  client::RemoteOptions remote;
  bool tls = false;
  std::string server_ca;
  std::string server_key;
  std::string client_cert;
  std::string client_key;
  PeerPolicyFlags server_policy;
  AttesterFlags attester;
};
void AddRemoteOptions(CLI::App& command, RemoteFlags& flags);

// INVALID_ARGUMENT naming the flag, and the errors of reading files and of
// client::Remote::Connect. `attester_is_used`: --attester serves a key broker
// or a bound configuration, and needs no --tls.
Result<std::unique_ptr<client::Remote>> ConnectTo(
    const RemoteFlags& flags, const model::ModelFacts& expected,
    bool attester_is_used);

// A SHA-256 of a public key. INVALID_ARGUMENT naming the flag.
Result<crypto::Digest> ReadKeyHash(const char* flag, const std::string& hex);

struct ServerTlsFlags {
  std::string cert;
  std::string key;
  bool self = false;
  std::string client_ca;
  std::vector<std::string> client_keys;
  PeerPolicyFlags client_policy;
  AttesterFlags attester;
};
void AddServerTlsOptions(CLI::App& command, ServerTlsFlags& flags);

// Sets identity and clients of `options`, from files; call it once `options`
// has its log. INVALID_ARGUMENT naming the flag; errors of the attester.
Result<void> LoadServerTls(const ServerTlsFlags& flags,
                           server::ServerOptions& options);

}  // namespace cmif::cli

#endif  // CMIF_CLI_TLS_OPTIONS_H_
