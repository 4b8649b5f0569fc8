// SPDX-License-Identifier: Apache-2.0
#include "cmif/tee/verdict.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace cmif::tee {
namespace {

using nlohmann::ordered_json;

// What must have been looked at before anything is accepted.
constexpr std::string_view kIndispensable[] = {
    "policy.signature", "evidence.version", "chain.trusted", "chain.time",
    "signature"};

struct ToJson {
  ordered_json operator()(std::monostate) const { return nullptr; }
  ordered_json operator()(const auto& value) const { return value; }
};

ordered_json Text(const std::string& text) {
  return text.empty() ? ordered_json(nullptr) : ordered_json(text);
}

}  // namespace

std::string_view OutcomeName(Outcome outcome) {
  switch (outcome) {
    case Outcome::kPass:
      return "pass";
    case Outcome::kFail:
      return "fail";
    case Outcome::kReported:
      return "reported";
  }
  return "fail";
}

const Check* Verdict::Find(std::string_view id) const {
  const auto found = std::ranges::find(checks, id, &Check::id);
  return found == checks.end() ? nullptr : &*found;
}

std::vector<std::string> Verdict::Failures() const {
  std::vector<std::string> failures;
  for (const Check& check : checks) {
    if (check.outcome == Outcome::kFail) failures.push_back(check.id);
  }
  return failures;
}

void Verdict::AddClaim(std::string name, ClaimValue value) {
  claims.push_back({std::move(name), std::move(value)});
}

void Verdict::AddClaim(std::string name, std::span<const uint8_t> bytes) {
  claims.push_back({std::move(name), crypto::ToHex(bytes)});
}

void Verdict::Require(bool good, std::string id, std::string observed,
                      std::string expected) {
  checks.push_back({std::move(id), good ? Outcome::kPass : Outcome::kFail,
                    std::move(observed), std::move(expected)});
}

void Verdict::Report(std::string id, std::string observed,
                     std::string expected) {
  checks.push_back({std::move(id), Outcome::kReported, std::move(observed),
                    std::move(expected)});
}

void Verdict::RequireUnless(bool tolerated, bool good, std::string id,
                            std::string observed, std::string expected) {
  if (!good && tolerated) {
    Report(std::move(id), std::move(observed), std::move(expected));
  } else {
    Require(good, std::move(id), std::move(observed), std::move(expected));
  }
}

void Verdict::Decide() {
  const bool complete = std::ranges::all_of(
      kIndispensable, [&](std::string_view id) { return Find(id) != nullptr; });
  const bool good = std::ranges::none_of(checks, [](const Check& check) {
    return check.outcome == Outcome::kFail;
  });
  accepted = complete && good;
}

std::string VerdictToJson(const Verdict& verdict) {
  ordered_json json = {{"accepted", verdict.accepted},
                       {"platform", verdict.platform},
                       {"form", verdict.form},
                       {"time", verdict.time},
                       {"checks", ordered_json::array()},
                       {"claims", ordered_json::object()}};
  for (const Check& check : verdict.checks) {
    json["checks"].push_back({{"id", check.id},
                              {"result", OutcomeName(check.outcome)},
                              {"observed", check.observed},
                              {"expected", check.expected}});
  }
  for (const Claim& claim : verdict.claims) {
    json["claims"][claim.name] = std::visit(ToJson{}, claim.value);
  }
  json["tcb"] = {{"status", Text(verdict.tcb.status)},
                 {"advisories", verdict.tcb.advisories},
                 {"date", Text(verdict.tcb.date)},
                 {"evaluation_number", verdict.tcb.evaluation_number},
                 {"collateral_until", Text(verdict.tcb.collateral_until)}};
  json["policy"] = {{"name", verdict.policy.name},
                    {"base", verdict.policy.base},
                    {"version", verdict.policy.version},
                    {"sha256", crypto::ToHex(verdict.policy.sha256)},
                    {"relaxations", verdict.policy.relaxations}};
  json["evidence_sha256"] = crypto::ToHex(verdict.evidence_sha256);
  return json.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

}  // namespace cmif::tee
