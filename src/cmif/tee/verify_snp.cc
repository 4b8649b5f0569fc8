// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "cmif/tee/snp_report.h"
#include "cmif/tee/snp_vek.h"
#include "cmif/tee/verify_parts.h"

namespace cmif::tee {
namespace {

std::string_view SignerName(SnpSigner signer) {
  switch (signer) {
    case SnpSigner::kVcek:
      return "VCEK";
    case SnpSigner::kVlek:
      return "VLEK";
    case SnpSigner::kNone:
      return "none";
  }
  return "unknown";
}

// The certificate of the key that signed, and what it says.
struct FoundVek {
  const Certificate* certificate = nullptr;
  std::optional<SnpVek> vek;  // none: malformed
  std::string problem;
};

bool Fits(const SnpVek& vek, const SnpReport& report) {
  return vek.tcb == DecodeSnpTcb(vek.product, report.reported_tcb) &&
         (!vek.chip_id || *vek.chip_id == report.chip_id);
}

// Of the certificates for the report's kind of key: one for its chip and patch
// level, then one that is valid now, then the newest. What was chosen is
// checked afterwards; the choice only makes the checks meet the right one.
FoundVek FindVek(const Case& the, const SnpReport& report) {
  FoundVek best;
  std::tuple<bool, bool, int64_t> best_rank;
  for (const auto* list :
       {&the.evidence.certificates, &the.endorsements.certificates()}) {
    for (const Certificate& one : *list) {
      if (one.subject() !=
          (report.signer() == SnpSigner::kVlek ? "SEV-VLEK" : "SEV-VCEK")) {
        continue;
      }
      const auto vek = SnpVek::Parse(one);
      const std::tuple rank = {
          vek && Fits(*vek, report),
          one.not_before() <= the.now && the.now <= one.not_after(),
          one.not_before().seconds};
      if (best.certificate != nullptr && rank <= best_rank) continue;
      best_rank = rank;
      best = {.certificate = &one,
              .vek = vek ? std::optional(*vek) : std::nullopt,
              .problem = vek ? "" : vek.error().message()};
    }
  }
  return best;
}

void AddClaims(const SnpReport& report, SnpProduct product, Verdict& verdict) {
  verdict.AddClaim("version", uint64_t{report.version});
  verdict.AddClaim("product", std::string(SnpProductName(product)));
  verdict.AddClaim("measurement", report.measurement);
  verdict.AddClaim("report_data", report.report_data);
  verdict.AddClaim("host_data", report.host_data);
  verdict.AddClaim("chip_id", report.masked_chip_id()
                                  ? ClaimValue{}
                                  : crypto::ToHex(report.chip_id));
  verdict.AddClaim("vmpl", uint64_t{report.vmpl});
  verdict.AddClaim("guest_svn", uint64_t{report.guest_svn});
  verdict.AddClaim("id_key_digest", report.id_key_digest);
  verdict.AddClaim("author_key_digest", report.author_key_digest);
  verdict.AddClaim("report_id", report.report_id);
  verdict.AddClaim("debug", report.debug());
  verdict.AddClaim("migratable", report.migratable());
  verdict.AddClaim("smt_allowed", report.smt_allowed());
  verdict.AddClaim("single_socket", report.single_socket());
  // Firmware before report version 3 does not know the bit.
  verdict.AddClaim("alias_check", report.version < 3 && !report.alias_check()
                                      ? ClaimValue{}
                                      : report.alias_check());
  verdict.AddClaim("ciphertext_hiding", report.ciphertext_hiding());
  for (const auto& [name, bytes] :
       {std::pair{"tcb_reported", report.reported_tcb},
        std::pair{"tcb_current", report.current_tcb},
        std::pair{"tcb_committed", report.committed_tcb},
        std::pair{"tcb_launch", report.launch_tcb}}) {
    verdict.AddClaim(name, DecodeSnpTcb(product, bytes).ToText());
  }
}

void CheckForm(const Case& the, const SnpReport& report, Verdict& verdict) {
  const auto& rules = the.policy.snp();
  const uint32_t least = rules ? rules->minimum_report_version : 2;
  verdict.Require(report.version >= least && report.version <= 5,
                  "evidence.version", fmt::format("{}", report.version),
                  fmt::format("{} to 5", least));
  verdict.Require(the.evidence.trailing.empty(), "evidence.trailing",
                  fmt::format("{} bytes", the.evidence.trailing.size()),
                  "nothing, zeros, or a certificate table");
  verdict.Require(report.reserved_is_zero && report.policy_is_well_formed(),
                  "evidence.reserved",
                  report.reserved_is_zero
                      ? fmt::format("policy {:#x}", report.policy)
                      : "reserved bytes are not zero",
                  "zeros; in the policy bit 17 alone");
  verdict.Require(report.signature_algorithm == 1, "snp.algorithm",
                  fmt::format("{}", report.signature_algorithm),
                  "1, ECDSA P-384 with SHA-384");
  if (the.evidence.runtime_claims) {
    const crypto::Digest hash = crypto::Sha256Of(*the.evidence.runtime_claims);
    verdict.Require(
        std::ranges::equal(std::span(report.report_data).first<32>(), hash),
        "hcl.claims", crypto::ToHex(hash), "the first half of report_data");
  }
}

// Whether AMD revoked the intermediate. Its lists name no single VCEK.
void CheckRevocation(const Case& the, std::span<const Certificate> chain,
                     Verdict& verdict) {
  const auto& rules = the.policy.snp();
  const bool tolerated = rules && rules->allow_absent_crl;
  const FoundCrl found =
      FindCrl(the.endorsements.crls(), chain.back(), the.now);
  if (found.crl == nullptr) {
    verdict.RequireUnless(tolerated && !found.expired, false,
                          "chain.revocation",
                          found.expired ? "the CRL has expired" : "no CRL",
                          "a valid CRL of " + chain.back().subject());
    return;
  }
  NoteCollateralEnd(found.crl->next_update(), verdict);
  const bool revoked = std::ranges::any_of(chain, [&](const Certificate& one) {
    return one.issuer() == chain.back().subject() && found.crl->Revokes(one);
  });
  verdict.Require(!revoked, "chain.revocation",
                  revoked ? "revoked" : "not revoked",
                  "not in the CRL of " + chain.back().subject());
}

std::vector<Certificate> Intermediates(const Case& the,
                                       const Certificate& leaf) {
  std::vector<Certificate> found;
  const auto add = [&](const Certificate& one) {
    if (one.subject() == leaf.issuer() && found.size() < 8) {
      found.push_back(one);
    }
  };
  for (const AmdRoots& line : the.roots.amd) {
    add(line.ask);
    add(line.asvk);
  }
  std::ranges::for_each(the.evidence.certificates, add);
  std::ranges::for_each(the.endorsements.certificates(), add);
  return found;
}

// Adds chain.* and signature. Returns the product line of the root.
std::optional<SnpProduct> CheckOrigin(const Case& the, const SnpReport& report,
                                      const FoundVek& found, Verdict& verdict) {
  const std::string wanted = "ECDSA P-384 over bytes 0 to 0x29f, by the VEK";
  if (found.certificate == nullptr) {
    const std::string why = "not checked: no certificate of the signing key";
    verdict.Require(false, "chain.trusted", why, "leads to a root of AMD's");
    verdict.Require(false, "chain.time", why, "all certificates valid");
    verdict.Require(false, "signature", why, wanted);
    return std::nullopt;
  }
  std::vector<Certificate> roots;
  roots.reserve(the.roots.amd.size());
  for (const AmdRoots& line : the.roots.amd) roots.push_back(line.ark);
  const auto chain =
      CheckChain(*found.certificate, Intermediates(the, *found.certificate),
                 roots, the.now, "chain", verdict);
  if (chain) CheckRevocation(the, *chain, verdict);
  const bool good =
      report.signature &&
      found.certificate->public_key().Verifies(
          Ecdsa::kP384Sha384,
          std::span(the.evidence.bytes).first(SnpReport::kSignedBytes),
          *report.signature);
  verdict.Require(good, "signature", good ? "good" : "bad", wanted);
  if (!chain) return std::nullopt;
  for (const AmdRoots& line : the.roots.amd) {
    if (line.ark.der() == chain->back().der()) return line.product;
  }
  return std::nullopt;
}

// What the certificate says must be what the report says.
void CheckVek(const SnpReport& report, const FoundVek& found,
              std::optional<SnpProduct> root_product, Verdict& verdict) {
  const bool has_key =
      !report.masked_chip_key() && (report.signer() == SnpSigner::kVcek ||
                                    report.signer() == SnpSigner::kVlek);
  verdict.Require(has_key, "snp.signing_key",
                  fmt::format("{}{}", SignerName(report.signer()),
                              report.masked_chip_key() ? ", masked" : ""),
                  "VCEK or VLEK");
  verdict.Require(found.vek.has_value(), "snp.vek",
                  found.vek ? found.certificate->subject()
                  : found.certificate == nullptr
                      ? "no certificate of the signing key"
                      : found.problem,
                  "a certificate of the signing key with AMD's extensions");
  if (!found.vek) return;
  const SnpVek& vek = *found.vek;
  const auto by_cpuid = report.product();
  const bool same_product = root_product == vek.product &&
                            (report.version < 3 || by_cpuid == vek.product);
  verdict.Require(
      same_product, "snp.product",
      fmt::format("certificate {}, CPUID {}", SnpProductName(vek.product),
                  by_cpuid             ? SnpProductName(*by_cpuid)
                  : report.version < 3 ? "not in the report"
                                       : "unknown"),
      fmt::format("{} everywhere",
                  root_product ? SnpProductName(*root_product) : "one line"));
  const SnpTcb reported = DecodeSnpTcb(vek.product, report.reported_tcb);
  verdict.Require(vek.tcb == reported, "snp.vek_tcb", vek.tcb.ToText(),
                  reported.ToText());
  if (vek.chip_id) {
    verdict.Require(*vek.chip_id == report.chip_id, "snp.vek_chip",
                    crypto::ToHex(*vek.chip_id), crypto::ToHex(report.chip_id));
  }
}

void CheckTcb(const SnpRules& rules, const SnpReport& report,
              SnpProduct product, Verdict& verdict) {
  const SnpTcb reported = DecodeSnpTcb(product, report.reported_tcb);
  const SnpTcb current = DecodeSnpTcb(product, report.current_tcb);
  const SnpTcb committed = DecodeSnpTcb(product, report.committed_tcb);
  verdict.Require(current.AtLeast(reported) && current.AtLeast(committed),
                  "snp.tcb_order",
                  fmt::format("reported {}; committed {}", reported.ToText(),
                              committed.ToText()),
                  "at most current: " + current.ToText());
  verdict.RequireUnless(!rules.require_committed_tcb, committed == current,
                        "snp.tcb_committed", committed.ToText(),
                        "current: " + current.ToText());
  const auto minimum = rules.minimum_tcb.find(product);
  if (minimum == rules.minimum_tcb.end()) {
    verdict.tcb.status = "no minimum";
    verdict.Report("snp.tcb_minimum", reported.ToText(),
                   "the policy names no minimum for this product");
    return;
  }
  const bool met = reported.AtLeast(minimum->second);
  verdict.tcb.status = met ? "minimum met" : "below minimum";
  verdict.Require(met, "snp.tcb_minimum", reported.ToText(),
                  "at least " + minimum->second.ToText());
}

void CheckGuest(const Policy& policy, const SnpRules& rules,
                const SnpReport& report, Verdict& verdict) {
  verdict.Require(!report.debug(), "debug", YesNo(report.debug()), "no");
  verdict.Require(!report.migratable(), "migratable",
                  YesNo(report.migratable()), "no");
  verdict.Require(std::ranges::count(rules.vmpl, report.vmpl) > 0, "snp.vmpl",
                  fmt::format("{}", report.vmpl),
                  fmt::format("one of {}", fmt::join(rules.vmpl, ", ")));
  verdict.RequireUnless(
      report.version == 2 && rules.allow_absent_alias_check_in_version_2,
      report.alias_check(), "snp.alias_check", YesNo(report.alias_check()),
      "yes (AMD-SB-3015)");
  if (!ReportAnyMeasurement(policy, report.measurement, verdict)) {
    CheckListed(report.measurement, rules.measurements, "measurement", verdict);
  }
  CheckListed(report.host_data, rules.host_data, "snp.host_data", verdict);
  CheckListed(report.id_key_digest, rules.id_key_digests, "snp.id_key_digest",
              verdict);
  if (!rules.chip_ids.empty() && report.masked_chip_id()) {
    verdict.Require(false, "platform_id", "masked", "listed by the policy");
  } else {
    CheckListed(report.chip_id, rules.chip_ids, "platform_id", verdict);
  }
}

// Only what a policy asks for.
void CheckExtras(const SnpRules& rules, const SnpReport& report,
                 Verdict& verdict) {
  if (rules.require_single_socket) {
    verdict.Require(report.single_socket(), "snp.single_socket",
                    YesNo(report.single_socket()), "yes");
  }
  if (rules.require_smt_off) {
    const bool off = !report.smt_allowed() && (report.platform_info & 1) == 0;
    verdict.Require(off, "snp.smt_off", YesNo(off), "yes");
  }
  if (rules.require_ciphertext_hiding) {
    // Asked for by the guest (POLICY bit 24) and on (PLATFORM_INFO bit 4).
    const bool on =
        (report.policy >> 24 & 1) != 0 && report.ciphertext_hiding();
    verdict.Require(on, "snp.ciphertext_hiding", YesNo(on), "yes");
  }
}

}  // namespace

void VerifySnp(const Case& the, Verdict& verdict) {
  const auto report = SnpReport::Parse(the.evidence.bytes);
  verdict.Require(report.has_value(), "evidence.form",
                  report ? "complete" : report.error().message(),
                  "an SEV-SNP report");
  if (!report) return;
  const FoundVek found = FindVek(the, *report);
  CheckForm(the, *report, verdict);
  const auto root_product = CheckOrigin(the, *report, found, verdict);
  CheckVek(*report, found, root_product, verdict);
  const SnpProduct product =
      found.vek ? found.vek->product
                : report->product().value_or(SnpProduct::kMilan);
  AddClaims(*report, product, verdict);
  CheckReportData(the, report->report_data, verdict);
  const auto* const rules = RulesOf(the.policy.snp(), "snp", verdict);
  if (rules == nullptr) return;
  CheckTcb(*rules, *report, product, verdict);
  CheckGuest(the.policy, *rules, *report, verdict);
  CheckExtras(*rules, *report, verdict);
}

}  // namespace cmif::tee
