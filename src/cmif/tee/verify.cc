// SPDX-License-Identifier: Apache-2.0
#include "cmif/tee/verify.h"

#include <fmt/format.h>

#include <algorithm>

#include "cmif/tee/byte_fields.h"
#include "cmif/tee/evidence_certificate.h"
#include "cmif/tee/verify_parts.h"

namespace cmif::tee {
namespace {

void CheckPolicy(const Policy& policy, Verdict& verdict) {
  verdict.policy = {.name = policy.name(),
                    .base = policy.base() == PolicyBase::kDeployment
                                ? "deployment"
                                : "inspection",
                    .version = policy.version(),
                    .sha256 = policy.sha256(),
                    .relaxations = policy.relaxations()};
  const std::string expected = "signed by the owner";
  switch (policy.signature()) {
    case Policy::Signature::kCompiledIn:
      verdict.Require(true, "policy.signature", "compiled in", expected);
      return;
    case Policy::Signature::kGood:
      verdict.Require(true, "policy.signature", "good", expected);
      return;
    case Policy::Signature::kNone:
      verdict.RequireUnless(policy.allow_unsigned_policy(), false,
                            "policy.signature", "no owner's key given",
                            expected);
      return;
    case Policy::Signature::kBad:
      break;
  }
  verdict.Require(false, "policy.signature", "absent or bad", expected);
}

// A certificate that carries evidence: the evidence is of its key.
void CheckCarrier(const Case& the, const Certificate& carrier,
                  std::span<const uint8_t> report_data, Verdict& verdict) {
  const crypto::Digest claims = crypto::Sha256Of(the.evidence.carrier_claims);
  const bool bound = report_data.size() == 64 &&
                     std::ranges::equal(report_data.first(32), claims) &&
                     IsZero(report_data.subspan(32));
  verdict.Require(bound, "certificate.claims", crypto::ToHex(claims),
                  "the first half of report_data, zeros behind it");
  const bool named = ClaimsNameKey(the.evidence.carrier_claims, carrier);
  verdict.Require(named, "certificate.key", YesNo(named),
                  "the claims hold the hash of the certificate's key");
  verdict.Require(
      carrier.not_before() <= the.now && the.now <= carrier.not_after(),
      "certificate.time",
      fmt::format("valid {} to {}", FormatTime(carrier.not_before()),
                  FormatTime(carrier.not_after())),
      "valid at " + FormatTime(the.now));
  const bool self_signed = carrier.IsSelfSigned();
  verdict.RequireUnless(carrier.issuer() != carrier.subject(), self_signed,
                        "certificate.signature",
                        self_signed ? "by itself" : "not by its own key",
                        "by itself; an issuer's is the caller's to check");
  verdict.AddClaim("certificate_key_sha256",
                   crypto::Sha256Of(carrier.PublicKeyInfo()));
}

}  // namespace

std::optional<std::vector<Certificate>> CheckChain(
    const Certificate& leaf, std::span<const Certificate> intermediates,
    std::span<const Certificate> roots, Time now, const std::string& id,
    Verdict& verdict) {
  auto chain = BuildChain(leaf, intermediates, roots);
  verdict.Require(
      chain.has_value(), id + ".trusted",
      chain ? "leads to " + chain->back().subject() : chain.error().message(),
      "leads to a root of this program");
  if (!chain) {
    verdict.Require(false, id + ".time", "not checked: no chain",
                    "all certificates valid");
    return std::nullopt;
  }
  Time begin{};
  Time end = chain->front().not_after();
  for (const Certificate& one : *chain) {
    begin = std::max(begin, one.not_before());
    end = std::min(end, one.not_after());
  }
  verdict.Require(
      begin <= now && now <= end, id + ".time",
      fmt::format("valid {} to {}", FormatTime(begin), FormatTime(end)),
      "valid at " + FormatTime(now));
  return *std::move(chain);
}

FoundCrl FindCrl(std::span<const Crl> crls, const Certificate& issuer, Time now,
                 uint64_t grace_days) {
  std::vector<const Crl*> named;
  for (const Crl& crl : crls) {
    if (crl.issuer() == issuer.subject() && crl.this_update() <= now) {
      named.push_back(&crl);
    }
  }
  // Newest first; signatures are checked until one is good.
  std::ranges::sort(named, std::ranges::greater{}, &Crl::this_update);
  for (const Crl* crl : named) {
    if (!crl->IsIssuedBy(issuer)) continue;
    const bool expired = crl->next_update() < now;
    const bool in_grace = now <= AfterDays(crl->next_update(), grace_days);
    return {in_grace ? crl : nullptr, expired};
  }
  return {};
}

void CheckReportData(const Case& the, std::span<const uint8_t> report_data,
                     Verdict& verdict) {
  if (const auto& carrier = the.evidence.carrier) {
    CheckCarrier(the, *carrier, report_data, verdict);
  }
  const std::string observed = crypto::ToHex(report_data);
  const auto& wanted = the.expectations.report_data;
  if (!wanted) {
    verdict.Report("report_data", observed, "nothing was asked for");
    return;
  }
  verdict.Require(std::ranges::equal(report_data, *wanted), "report_data",
                  observed, crypto::ToHex(*wanted));
}

bool IsListed(std::span<const uint8_t> value, const ByteList& allowed) {
  return std::ranges::any_of(
      allowed, [&](const auto& one) { return std::ranges::equal(one, value); });
}

void CheckListed(std::span<const uint8_t> value, const ByteList& allowed,
                 const std::string& id, Verdict& verdict) {
  if (allowed.empty()) return;
  verdict.Require(IsListed(value, allowed), id, crypto::ToHex(value),
                  "listed by the policy");
}

bool ReportAnyMeasurement(const Policy& policy,
                          std::span<const uint8_t> measurement,
                          Verdict& verdict) {
  if (!policy.allow_any_measurement()) return false;
  verdict.Report("measurement", crypto::ToHex(measurement),
                 "the policy allows any");
  return true;
}

std::string YesNo(bool yes) { return yes ? "yes" : "no"; }

void NoteCollateralEnd(Time end, Verdict& verdict) {
  // RFC 3339 in UTC sorts as text.
  const std::string text = FormatTime(end);
  std::string& until = verdict.tcb.collateral_until;
  if (until.empty() || text < until) until = text;
}

Verdict VerifyAgainst(const Roots& roots, const Evidence& evidence,
                      const Endorsements& endorsements, const Policy& policy,
                      const Expectations& expectations, Time now) {
  Verdict verdict;
  verdict.form = evidence.form;
  verdict.evidence_sha256 = evidence.file_sha256;
  verdict.time = FormatTime(now);
  CheckPolicy(policy, verdict);
  const Case the{roots, evidence, endorsements, policy, expectations, now};
  switch (evidence.platform) {
    case Evidence::Platform::kSnp:
      verdict.platform = "snp";
      VerifySnp(the, verdict);
      break;
    case Evidence::Platform::kTdx:
      verdict.platform = "tdx";
      VerifyQuote(the, verdict);
      break;
    case Evidence::Platform::kSgx:
      verdict.platform = "sgx";
      VerifyQuote(the, verdict);
      break;
    case Evidence::Platform::kSimulated:
      verdict.platform = "simulated";
      VerifySimulated(the, verdict);
      break;
  }
  verdict.Decide();
  return verdict;
}

Verdict Verify(const Evidence& evidence, const Endorsements& endorsements,
               const Policy& policy, const Expectations& expectations,
               Time now) {
  return VerifyAgainst(VendorRoots(), evidence, endorsements, policy,
                       expectations, now);
}

}  // namespace cmif::tee
