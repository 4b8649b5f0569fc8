// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>

#include "cmif/base/byte_reader.h"
#include "cmif/base/file.h"
#include "cmif/cli/attester_options.h"
#include "cmif/cli/bench_report.h"
#include "cmif/cli/commands.h"
#include "cmif/cli/evidence_files.h"
#include "cmif/cli/terminal.h"
#include "cmif/tee/verify.h"
#include "cmif/text/printable.h"

namespace cmif::cli {
namespace {

struct AttestOptions {
  std::string file;
  std::string policy;  // empty: tee::Policy::Inspection()
  std::vector<std::string> endorsements;
  std::string at;  // empty: now
  std::string report_data;
  std::string owner_key;
  bool json = false;
};

Result<tee::Policy> LoadPolicy(const AttestOptions& options) {
  if (options.policy.empty()) return tee::Policy::Inspection();
  return LoadAttestationPolicy(options.policy, options.owner_key);
}

Result<tee::Expectations> LoadExpectations(const std::string& hex) {
  tee::Expectations expectations;
  if (hex.empty()) return expectations;
  CMIF_ASSIGN(expectations.report_data, ReadReportData(hex));
  return expectations;
}

// Everything that a verdict is a function of.
struct Loaded {
  tee::Time now;
  tee::Expectations expectations;
  tee::Policy policy;
  tee::Endorsements endorsements;
  tee::Evidence evidence;

  tee::Verdict Judge() const {
    return tee::Verify(evidence, endorsements, policy, expectations, now);
  }
};

Result<Loaded> Load(const AttestOptions& options) {
  CMIF_ASSIGN(const tee::Time now, TimeOrNow(options.at));
  CMIF_ASSIGN(tee::Expectations expectations,
              LoadExpectations(options.report_data));
  CMIF_ASSIGN(tee::Policy policy, LoadPolicy(options));
  CMIF_ASSIGN(tee::Endorsements endorsements,
              LoadEndorsements(options.endorsements));
  CMIF_ASSIGN(const std::string file,
              ReadFile(options.file, tee::kMaxEvidenceBytes));
  auto evidence = tee::ReadEvidence(AsBytes(file));
  if (!evidence) return std::unexpected(evidence.error().At(options.file));
  return Loaded{now, expectations, std::move(policy), std::move(endorsements),
                *std::move(evidence)};
}

std::string ShowClaim(const tee::ClaimValue& value) {
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "yes" : "no";
  if (const auto* number = std::get_if<uint64_t>(&value)) {
    return fmt::format("{}", *number);
  }
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  return "(not said)";
}

void PrintChecks(const tee::Verdict& verdict, bool all) {
  for (const tee::Check& check : verdict.checks) {
    if (!all && check.outcome == tee::Outcome::kPass) continue;
    fmt::print("{:8}  {:20}  {}  (expected: {})\n",
               tee::OutcomeName(check.outcome), check.id,
               text::Printable(check.observed),
               text::Printable(check.expected));
  }
}

void PrintClaims(const tee::Verdict& verdict) {
  for (const tee::Claim& claim : verdict.claims) {
    fmt::print("{:22}  {}\n", claim.name,
               text::Printable(ShowClaim(claim.value)));
  }
  const tee::TcbState& tcb = verdict.tcb;
  for (const auto& [name, value] :
       {std::pair{"tcb", tcb.status}, std::pair{"tcb_date", tcb.date},
        std::pair{"collateral_until", tcb.collateral_until},
        std::pair{"advisories",
                  fmt::format("{}", fmt::join(tcb.advisories, ", "))}}) {
    if (!value.empty()) fmt::print("{:22}  {}\n", name, text::Printable(value));
  }
}

void PrintHeader(const tee::Verdict& verdict) {
  fmt::print("{} {} {} at {} by policy {} (base {}){}{}\n",
             verdict.accepted ? "ACCEPTED" : "REFUSED", verdict.platform,
             text::Printable(verdict.form), verdict.time,
             text::Printable(verdict.policy.name), verdict.policy.base,
             verdict.policy.relaxations.empty() ? "" : ", which allows ",
             fmt::join(verdict.policy.relaxations, ", "));
  if (verdict.platform == "simulated") {
    fmt::print(
        "SIMULATED: signed by a key in a file; no machine vouches for "
        "anything\n");
  }
}

// What a verdict costs when everything is at hand, beside what it may cost.
void PrintCost(const Loaded& loaded, const AttestOptions& options) {
  constexpr int kVerdicts = 101;
  constexpr double kLimitMs = 5;
  Pairs times;
  for (int i = 0; i < kVerdicts; ++i) {
    times.Add(1e3 * Timed([&] { loaded.Judge(); }), kLimitMs);
  }
  BenchReport report({.json = options.json});
  report.Row("attest verdict", times, "ms", "the limit");
}

void Print(const tee::Verdict& verdict, bool json, bool all) {
  if (json) {
    fmt::print("{}\n", tee::VerdictToJson(verdict));
    return;
  }
  PrintHeader(verdict);
  if (all) PrintClaims(verdict);
  PrintChecks(verdict, all);
}

enum class Mode { kVerify, kExplain, kBench };

int Run(const AttestOptions& options, Mode mode) {
  const auto loaded = Load(options);
  if (!loaded) return Report(loaded.error());
  const tee::Verdict verdict = loaded->Judge();
  if (mode == Mode::kBench) {
    PrintCost(*loaded, options);
  } else {
    Print(verdict, options.json, mode == Mode::kExplain);
  }
  if (verdict.accepted) return kOk;
  return Report({Code::kUnauthenticated,
                 fmt::format("{}: this evidence is refused by {}", options.file,
                             fmt::join(verdict.Failures(), ", "))});
}

void AddCommand(CLI::App& parent, const char* name, const char* what, Mode mode,
                int& exit_code) {
  CLI::App* command = parent.add_subcommand(name, what);
  auto options = std::make_shared<AttestOptions>();
  command
      ->add_option(
          "file", options->file,
          "the evidence: an SEV-SNP report, a TDX or SGX quote, an HCL "
          "blob, simulated evidence, a certificate with evidence or Trustee "
          "JSON, binary "
          "or in hex or base64")
      ->required();
  command->add_option("--policy", options->policy,
                      "the policy as a JSON FILE; without it: inspection, "
                      "which accepts any measurement");
  command
      ->add_option("--endorsements", options->endorsements,
                   "certificates, revocation lists and collateral: a FILE or "
                   "a folder of them; may be repeated")
      ->take_all();
  command->add_option("--at", options->at,
                      "judge for this time (RFC 3339), not for now");
  command->add_option("--report-data", options->report_data,
                      "what REPORT_DATA must be, in hex; zeros follow up to "
                      "64 bytes");
  command->add_option("--owner-key", options->owner_key,
                      "the owner's Ed25519 public key (PEM): the policy must "
                      "be signed by it, in FILE.sig");
  command->add_flag("--json", options->json, "print the verdict as JSON");
  command->callback(
      [options, mode, &exit_code] { exit_code = Run(*options, mode); });
}

}  // namespace

void AddAttest(CLI::App& app, int& exit_code) {
  CLI::App* attest = app.add_subcommand(
      "attest",
      "judge the evidence of a trusted execution environment, or collect it");
  attest->require_subcommand(1);
  AddCommand(*attest, "verify",
             "say whether evidence is accepted, and what speaks against it",
             Mode::kVerify, exit_code);
  AddCommand(*attest, "explain", "the same with every claim and every check",
             Mode::kExplain, exit_code);
  AddCommand(*attest, "bench", "measure what a verdict on it costs",
             Mode::kBench, exit_code);
  AddAttestCollect(*attest, exit_code);
}

}  // namespace cmif::cli
