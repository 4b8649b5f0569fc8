// SPDX-License-Identifier: Apache-2.0
// The flags that get a bundle's key from a key broker, and those of the
// configuration that a machine is bound to.
#ifndef CMIF_CLI_BROKER_OPTIONS_H_
#define CMIF_CLI_BROKER_OPTIONS_H_

#include <CLI/App.hpp>
#include <memory>
#include <optional>
#include <string>

#include "cmif/base/status.h"
#include "cmif/broker/bound_configuration.h"
#include "cmif/broker/key_lease.h"
#include "cmif/cli/attester_options.h"

namespace cmif::cli {

struct BrokerFlags {
  std::string url;
  std::string key;  // SHA-256, hex
  std::string authority;
  std::string version = "1";
  std::string bound_file;
  AttesterFlags attester;
  // --bound-config as ReadBound() read it at first: the file is the host's, who
  // must not give another one afterwards.
  std::shared_ptr<std::optional<broker::BoundConfiguration>> bound =
      std::make_shared<std::optional<broker::BoundConfiguration>>();

  bool UsesAttester() const { return !url.empty() || !bound_file.empty(); }
};
void AddBrokerOptions(CLI::App& command, BrokerFlags& flags);

// What --bound-config names; none without it.
Result<std::optional<broker::BoundConfiguration>> ReadBound(
    const BrokerFlags& flags);

// With --attester: this machine's evidence must carry the configuration.
// Without one it says on standard error that nobody proves it.
Result<void> CheckOwnEvidence(const BrokerFlags& flags,
                              const broker::BoundConfiguration& bound);

// The key of this model's bundle. When its lease ends the process does, with
// the reason: what the key opened ends with it. INVALID_ARGUMENT naming the
// flag, and errors of attester, transport and broker.
Result<std::shared_ptr<broker::KeyLease>> LeaseKey(
    const BrokerFlags& flags, const std::string& model_id,
    const std::optional<broker::BoundConfiguration>& bound);

}  // namespace cmif::cli

#endif  // CMIF_CLI_BROKER_OPTIONS_H_
