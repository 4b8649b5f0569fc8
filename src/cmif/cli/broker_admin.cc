// SPDX-License-Identifier: Apache-2.0
// cmif broker: what an owner does beside the service itself.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <optional>

#include "cmif/attest/clock.h"
#include "cmif/base/byte_reader.h"
#include "cmif/base/file.h"
#include "cmif/broker/bound_configuration.h"
#include "cmif/broker/judge_release.h"
#include "cmif/broker/store.h"
#include "cmif/cli/commands.h"
#include "cmif/cli/evidence_files.h"
#include "cmif/cli/json_line.h"
#include "cmif/cli/terminal.h"
#include "cmif/text/printable.h"

namespace cmif::cli {
namespace {

using nlohmann::ordered_json;

struct TestOptions {
  std::string policy;
  std::string owner_key;  // empty: the signature is not checked
  std::vector<std::string> endorsements;
  std::string configuration;
  std::string at;  // empty: now
  std::vector<std::string> files;
  bool json = false;
};

void PrintDecision(const std::string& file, const broker::RuleDecision& one,
                   const broker::ReleasePolicy& policy, bool json) {
  const broker::ReleaseRule& rule = *one.rule;
  if (!json) {
    fmt::print(
        "{}: rule '{}'{}: {}{}\n", text::Printable(file),
        text::Printable(rule.id), rule.simulated ? " (SIMULATED)" : "",
        one.allowed ? "ALLOWED" : "denied: ", text::Printable(one.reason));
    return;
  }
  ordered_json object = {{"file", file},
                         {"rule", rule.id},
                         {"model", rule.resource.model_id},
                         {"model_version", rule.resource.version},
                         {"allowed", one.allowed},
                         {"reason", one.reason},
                         {"simulated", rule.simulated},
                         {"platform", one.verdict.platform},
                         {"failures", one.verdict.Failures()},
                         {"policy_version", policy.version()},
                         {"policy_signed", policy.is_signed()}};
  fmt::print("{}\n", JsonLine(object));
}

Result<std::optional<std::string>> LoadConfiguration(const std::string& path) {
  if (path.empty()) return std::optional<std::string>();
  CMIF_ASSIGN(const std::string text,
              ReadFile(path, broker::BoundConfiguration::kMaxBytes));
  auto read = broker::BoundConfiguration::Read(text);
  if (!read) return std::unexpected(read.error().At(path));
  return std::optional(read->text());
}

// Whether any rule allows this file.
Result<bool> TestFile(const std::string& file, const TestOptions& options,
                      const broker::ReleasePolicy& policy,
                      const tee::Endorsements& endorsements) {
  CMIF_ASSIGN(const tee::Time now, TimeOrNow(options.at));
  CMIF_ASSIGN(auto configuration, LoadConfiguration(options.configuration));
  CMIF_ASSIGN(const std::string bytes, ReadFile(file, tee::kMaxEvidenceBytes));
  const auto evidence = tee::ReadEvidence(AsBytes(bytes));
  if (!evidence) return std::unexpected(evidence.error().At(file));
  const auto decisions = broker::JudgeRelease(policy,
                                              {tee::VendorRoots(),
                                               *evidence,
                                               endorsements,
                                               {},
                                               std::move(configuration)},
                                              now);
  for (const broker::RuleDecision& one : decisions) {
    PrintDecision(file, one, policy, options.json);
  }
  return std::ranges::any_of(decisions, &broker::RuleDecision::allowed);
}

int RunTest(const TestOptions& options) {
  const auto policy = LoadReleasePolicy(options.policy, options.owner_key);
  if (!policy) return Report(policy.error());
  const auto endorsements = LoadEndorsements(options.endorsements);
  if (!endorsements) return Report(endorsements.error());
  if (!policy->is_signed()) {
    Note("the policy's signature is not checked (--owner-key)");
  }
  if (policy->simulated()) Note("this policy is for SIMULATED platforms alone");
  size_t denied = 0;
  for (const std::string& file : options.files) {
    const auto allowed = TestFile(file, options, *policy, *endorsements);
    if (!allowed) return Report(allowed.error());
    if (!*allowed) ++denied;
  }
  if (denied == 0) return kOk;
  return Report(
      {Code::kPermissionDenied, fmt::format("no rule allows {} of {} files",
                                            denied, options.files.size())});
}

struct StateOptions {
  std::string state;
  std::string head;
  std::string lease;
  std::string platform_id;
  bool json = false;
};

int RunLog(const StateOptions& options) {
  const auto store = broker::Store::OpenExisting(options.state);
  if (!store) return Report(store.error());
  for (uint64_t next = 1;;) {
    const auto entries = (*store)->ReadLog(next);
    if (!entries) return Report(entries.error());
    if (entries->empty()) return kOk;
    for (const broker::LogEntry& entry : *entries) {
      // The text is JSON that the broker wrote.
      fmt::print("{{\"number\":{},\"hash\":\"{}\",\"entry\":{}}}\n",
                 entry.number, crypto::ToHex(entry.hash),
                 text::Printable(entry.text));
    }
    next = entries->back().number + 1;
  }
}

int RunVerify(const StateOptions& options) {
  const auto store = broker::Store::OpenExisting(options.state);
  if (!store) return Report(store.error());
  crypto::Digest head{};
  if (!options.head.empty()) {
    const auto bytes = crypto::FromHex(options.head);
    if (!bytes || bytes->size() != head.size()) {
      return Report({Code::kInvalidArgument,
                     "--head takes a token's log_head: 64 hex digits"});
    }
    std::ranges::copy(*bytes, head.begin());
  }
  const auto entries =
      broker::VerifyWholeLog(**store, options.head.empty() ? nullptr : &head);
  if (!entries) return Report(entries.error());
  const auto last = (*store)->LogHead();
  if (!last) return Report(last.error());
  if (options.json) {
    const ordered_json object = {{"verified", true},
                                 {"entries", *entries},
                                 {"head", crypto::ToHex(*last)}};
    fmt::print("{}\n", JsonLine(object));
  } else {
    fmt::print("the release log is whole: {} entries, head {}\n", *entries,
               crypto::ToHex(*last));
  }
  return kOk;
}

int RunRevoke(const StateOptions& options) {
  if (options.lease.empty() == options.platform_id.empty()) {
    return Report({Code::kInvalidArgument,
                   "revoke takes one of --lease and --platform-id"});
  }
  const auto store = broker::Store::OpenExisting(options.state);
  if (!store) return Report(store.error());
  const auto revoked =
      options.lease.empty()
          ? (*store)->RevokePlatform(options.platform_id, attest::Now())
          : (*store)->RevokeLease(options.lease, attest::Now());
  if (!revoked) return Report(revoked.error());
  if (options.json) {
    const ordered_json object = {
        {"revoked", options.lease.empty() ? "platform" : "lease"}};
    fmt::print("{}\n", JsonLine(object));
  } else {
    fmt::print(
        "revoked: clients keep a key that they have until they renew it, at "
        "half of its lease, and get no new one\n");
  }
  return kOk;
}

void AddPolicyTest(CLI::App& broker, int& exit_code) {
  CLI::App* policy =
      broker.add_subcommand("policy", "look at release policies");
  policy->require_subcommand(1);
  CLI::App* test = policy->add_subcommand(
      "test", "what each rule says of recorded evidence; gives no key away");
  auto options = std::make_shared<TestOptions>();
  test->add_option("--policy", options->policy, "the release policy (FILE)")
      ->required();
  test->add_option("--owner-key", options->owner_key,
                   "its owner (Ed25519, PEM): FILE.sig of the policy must be "
                   "its signature");
  test->add_option("--endorsements", options->endorsements,
                   "what vendors say of platforms: a file, or a folder of "
                   "files; may be repeated")
      ->allow_extra_args(false);
  test->add_option("--configuration", options->configuration,
                   "the bound configuration that the client sends (FILE)");
  test->add_option("--at", options->at,
                   "judge for this time (RFC 3339), not for now");
  test->add_option("FILE", options->files,
                   "evidence, as attest verify reads it")
      ->required();
  test->add_flag("--json", options->json, "one JSON object a file and rule");
  test->callback([options, &exit_code] { exit_code = RunTest(*options); });
}

void AddState(CLI::App& command, StateOptions& options) {
  command
      .add_option("--state", options.state,
                  "the folder that cmif broker serve has as --state")
      ->required();
}

void AddLog(CLI::App& broker, int& exit_code) {
  CLI::App* log = broker.add_subcommand(
      "log",
      "the release log, one JSON object an entry; log verify: checks it");
  auto options = std::make_shared<StateOptions>();
  AddState(*log, *options);
  CLI::App* verify = log->add_subcommand(
      "verify", "check that no entry was changed or left out");
  verify->fallthrough();
  verify->add_option("--head", options->head,
                     "a log_head that a token had: it must be in the log");
  verify->add_flag("--json", options->json, "print JSON");
  log->callback([options, verify, &exit_code] {
    exit_code = verify->parsed() ? RunVerify(*options) : RunLog(*options);
  });
}

void AddRevoke(CLI::App& broker, int& exit_code) {
  CLI::App* revoke = broker.add_subcommand(
      "revoke", "end a lease, or all of a platform, for good");
  auto options = std::make_shared<StateOptions>();
  AddState(*revoke, *options);
  revoke->add_option("--lease", options->lease, "a lease's id");
  revoke->add_option("--platform-id", options->platform_id,
                     "a chip id, PPID or simulated platform id in hex");
  revoke->add_flag("--json", options->json, "print JSON");
  revoke->callback([options, &exit_code] { exit_code = RunRevoke(*options); });
}

}  // namespace

void AddBrokerAdmin(CLI::App& broker, int& exit_code) {
  AddPolicyTest(broker, exit_code);
  AddLog(broker, exit_code);
  AddRevoke(broker, exit_code);
}

}  // namespace cmif::cli
