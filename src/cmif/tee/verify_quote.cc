// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "cmif/base/byte_reader.h"
#include "cmif/tee/byte_fields.h"
#include "cmif/tee/intel_tcb.h"
#include "cmif/tee/verify_collateral.h"
#include "cmif/tee/verify_intel.h"

namespace cmif::tee {
namespace {

constexpr std::string_view kPckSubject = "SGX PCK Certificate";

void CheckForm(const Quote& quote, Verdict& verdict) {
  verdict.Require(quote.version >= 3 && quote.version <= 5, "evidence.version",
                  fmt::format("{}", quote.version), "3 to 5");
  verdict.Require(IsZero(quote.trailing), "evidence.trailing",
                  fmt::format("{} bytes{}", quote.trailing.size(),
                              IsZero(quote.trailing) ? " of zero" : ""),
                  "nothing, or zeros");
}

// The quote is signed by the attestation key, which the QE's report carries
// the hash of; this report is signed by the PCK.
void CheckSignatures(const Quote& quote, const Certificate* pck,
                     Verdict& verdict) {
  const bool by_pck =
      pck != nullptr &&
      pck->public_key().Verifies(Ecdsa::kP256Sha256, quote.qe_report_bytes,
                                 quote.qe_signature);
  verdict.Require(by_pck, "qe.signature", by_pck ? "good" : "bad",
                  "of the quoting enclave's report, by the PCK");
  crypto::Sha256 hash;
  hash.Update(quote.attestation_key);
  hash.Update(quote.qe_auth);
  const auto data = std::span(quote.qe_report.report_data);
  const bool bound = std::ranges::equal(hash.Finish(), data.first<32>()) &&
                     IsZero(data.subspan<32>());
  verdict.Require(bound, "qe.binding", YesNo(bound),
                  "the report carries the hash of the attestation key");
  const auto key =
      PublicKey::FromPoint(Ecdsa::kP256Sha256, quote.attestation_key);
  const bool good = key && key->Verifies(Ecdsa::kP256Sha256, quote.signed_bytes,
                                         quote.signature);
  verdict.Require(good, "signature", good ? "good" : "bad",
                  "ECDSA P-256 over header and body, by the attestation key");
}

void CheckQe(const SgxBody& qe, const QeIdentity& identity, Verdict& verdict) {
  const bool same =
      qe.mr_signer == identity.mr_signer &&
      qe.product_id == identity.product_id && !qe.debug() &&
      EqualUnder(identity.misc_select_mask, qe.misc_select,
                 identity.misc_select) &&
      EqualUnder(identity.attributes_mask, qe.attributes, identity.attributes);
  verdict.Require(
      same, "qe.identity",
      fmt::format("MRSIGNER {}, product {}{}", crypto::ToHex(qe.mr_signer),
                  qe.product_id, qe.debug() ? ", DEBUG" : ""),
      fmt::format("MRSIGNER {}, product {}, Intel's attributes",
                  crypto::ToHex(identity.mr_signer), identity.product_id));
}

bool IsTolerated(const IntelRules& rules, const IntelTcb& tcb) {
  const auto listed = [](const auto& list, std::string_view one) {
    return std::ranges::count(list, one) > 0;
  };
  return listed(rules.allow_statuses, IntelTcbStatusName(tcb.status)) &&
         std::ranges::all_of(tcb.advisories, [&](const std::string& id) {
           return listed(rules.allow_advisories, id);
         });
}

void CheckTcb(const Case& the, const IntelTcb& tcb, bool tdx,
              Verdict& verdict) {
  verdict.tcb.status = IntelTcbStatusName(tcb.status);
  verdict.tcb.advisories = tcb.advisories;
  verdict.tcb.date = tcb.date;
  verdict.RequireUnless(
      IsTolerated(the.policy.intel(), tcb),
      tcb.status == IntelTcbStatus::kUpToDate, "tcb.status",
      fmt::format(
          "{} (platform {}, {}QE {}){}{}", IntelTcbStatusName(tcb.status),
          IntelTcbStatusName(tcb.platform),
          tdx ? fmt::format("module {}, ", IntelTcbStatusName(tcb.module)) : "",
          IntelTcbStatusName(tcb.qe), tcb.advisories.empty() ? "" : ", ",
          fmt::join(tcb.advisories, ", ")),
      "UpToDate");
}

// Adds chain.*; returns the leaf, null if there is no trusted chain.
const Certificate* CheckPckChain(const Case& the,
                                 std::span<const Certificate> certificates,
                                 Verdict& verdict) {
  const bool named =
      !certificates.empty() &&
      certificates[0].subject().find(kPckSubject) != std::string::npos;
  verdict.Require(
      named, "intel.pck_subject",
      certificates.empty() ? "no certificate" : certificates[0].subject(),
      "an Intel SGX PCK Certificate");
  if (certificates.empty()) {
    verdict.Require(false, "chain.trusted", "no certificate",
                    "leads to a root of this program");
    return nullptr;
  }
  const size_t others = std::min<size_t>(certificates.size() - 1, 4);
  const auto chain =
      CheckChain(certificates[0], certificates.subspan(1, others),
                 the.roots.intel, the.now, "chain", verdict);
  if (!chain) return &certificates[0];
  CheckIntelRevocation(the, *chain, "chain.revocation", verdict);
  return &certificates[0];
}

// Platform, module and enclave against Intel's collateral.
void CheckPlatform(const Case& the, const Quote& quote, const PckExtension& pck,
                   Verdict& verdict) {
  const bool tdx = quote.td() != nullptr;
  const UsedCollateral used = CheckCollateral(the, pck, tdx, verdict);
  if (used.qe_identity != nullptr) {
    CheckQe(quote.qe_report, *used.qe_identity, verdict);
  }
  if (tdx && used.tcb_info != nullptr) {
    CheckTdxModule(*quote.td(), *used.tcb_info, verdict);
  }
  if (used.tcb_info == nullptr || used.qe_identity == nullptr) {
    verdict.Require(false, "tcb.status", "not rated: no collateral",
                    "UpToDate");
    return;
  }
  CheckTcb(the, RateIntelTcb(*used.tcb_info, *used.qe_identity, pck, quote),
           tdx, verdict);
}

void AddPlatformClaims(const PckExtension& pck, Verdict& verdict) {
  verdict.AddClaim("fmspc", pck.fmspc);
  verdict.AddClaim("ppid",
                   IsZero(pck.ppid) ? ClaimValue{} : crypto::ToHex(pck.ppid));
  verdict.AddClaim("platform_instance_id",
                   pck.platform_instance_id
                       ? crypto::ToHex(*pck.platform_instance_id)
                       : ClaimValue{});
  verdict.AddClaim("pce_svn", uint64_t{pck.pce_svn});
  verdict.AddClaim("sgx_components", pck.component_svn);
}

// What nothing could be checked of.
void Unreadable(const Status& status, Verdict& verdict) {
  verdict.Require(false, "evidence.form", status.message(), "a quote");
  verdict.Require(false, "signature", "not checked: no quote",
                  "ECDSA P-256 over header and body, by the attestation key");
}

}  // namespace

void VerifyQuote(const Case& the, Verdict& verdict) {
  const auto quote = Quote::Parse(the.evidence.bytes);
  if (!quote) return Unreadable(quote.error(), verdict);
  verdict.Require(true, "evidence.form", "complete", "a quote");
  CheckForm(*quote, verdict);
  const auto read_certificates =
      CertificatesFromPem(AsText(quote->certificates));
  verdict.Require(read_certificates.has_value(), "intel.certificates",
                  read_certificates
                      ? fmt::format("{}", read_certificates->size())
                      : read_certificates.error().message(),
                  "certificates of the PCK");
  // They outlive the leaf, which is one of them.
  const std::vector<Certificate> certificates =
      read_certificates.value_or(std::vector<Certificate>{});
  const Certificate* leaf = CheckPckChain(the, certificates, verdict);
  CheckSignatures(*quote, leaf, verdict);
  std::optional<PckExtension> pck;
  if (leaf != nullptr) {
    const auto value = leaf->Extension(kPckExtensionOid);
    const auto read = PckExtension::Parse(
        value ? std::span<const uint8_t>(*value) : std::span<const uint8_t>());
    verdict.Require(read.has_value(), "intel.pck_extension",
                    read ? "complete" : read.error().message(),
                    "Intel's extension with FMSPC and patch levels");
    if (read) pck = *read;
  }
  if (pck) CheckPlatform(the, *quote, *pck, verdict);
  verdict.AddClaim("version", uint64_t{quote->version});
  if (quote->td() != nullptr) {
    CheckTd(the, *quote->td(), pck, verdict);
  } else {
    CheckSgx(the, *quote->sgx(), pck, verdict);
  }
  if (pck) AddPlatformClaims(*pck, verdict);
  CheckReportData(the, quote->report_data(), verdict);
}

}  // namespace cmif::tee
