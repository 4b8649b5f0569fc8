// SPDX-License-Identifier: Apache-2.0
#include "cmif/tee/verify_collateral.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <vector>

#include "cmif/base/byte_reader.h"

namespace cmif::tee {
namespace {

constexpr std::string_view kTcbSigner = "Intel SGX TCB Signing";
constexpr size_t kMaxSigners = 4;

// The certificates that may have signed collateral and lead to the root, those
// that are valid now first. (Intel renews the certificate before it ends, and
// old collateral is signed by the old one.)
std::vector<Certificate> FindSigners(const Case& the) {
  std::vector<Certificate> signers;
  for (const Certificate& one : the.endorsements.certificates()) {
    const bool known = std::ranges::any_of(
        signers, [&](const auto& other) { return other.der() == one.der(); });
    if (one.subject() == kTcbSigner && !known && signers.size() < kMaxSigners &&
        BuildChain(one, {}, the.roots.intel)) {
      signers.push_back(one);
    }
  }
  std::ranges::stable_partition(signers, [&](const Certificate& one) {
    return one.not_before() <= the.now && the.now <= one.not_after();
  });
  return signers;
}

// Adds collateral.chain.*.
void CheckSigner(const Case& the, const Certificate* signer, Verdict& verdict) {
  if (signer == nullptr) {
    verdict.Require(false, "collateral.chain.trusted",
                    "no certificate of " + std::string(kTcbSigner),
                    "leads to a root of this program");
    return;
  }
  const auto chain = CheckChain(*signer, {}, the.roots.intel, the.now,
                                "collateral.chain", verdict);
  if (chain) {
    CheckIntelRevocation(the, *chain, "collateral.chain.revocation", verdict);
  }
}

// Of the signers the one that signed; null if none did.
const Certificate* SignerOf(const SignedText& signed_text,
                            std::span<const Certificate> signers) {
  const auto found = std::ranges::find_if(signers, [&](const auto& signer) {
    return signer.public_key().Verifies(
        Ecdsa::kP256Sha256, AsBytes(signed_text.text), signed_text.signature);
  });
  return found == signers.end() ? nullptr : &*found;
}

// The best of `candidates` that one of the signers signed. Adds ID.
template <typename T>
const T* Choose(const Case& the, std::vector<const T*> candidates,
                std::span<const Certificate> signers, const std::string& id,
                const std::string& expected, Verdict& verdict) {
  const auto valid = [&](const SignedText& text) {
    return text.issue_date <= the.now && the.now <= text.next_update;
  };
  std::ranges::sort(candidates, std::ranges::greater{}, [&](const T* one) {
    const SignedText& text = one->signed_text;
    return std::tuple(valid(text), text.evaluation_number, text.issue_date);
  });
  const auto found = std::ranges::find_if(candidates, [&](const T* one) {
    return SignerOf(one->signed_text, signers) != nullptr;
  });
  if (found == candidates.end()) {
    verdict.Require(false, id, candidates.empty() ? "none" : "signature bad",
                    expected);
    return nullptr;
  }
  const T* chosen = *found;
  const SignedText& text = chosen->signed_text;
  const uint64_t grace = the.policy.intel().collateral_grace_days;
  const bool tolerated = text.issue_date <= the.now &&
                         the.now <= AfterDays(text.next_update, grace);
  verdict.RequireUnless(
      tolerated, valid(text), id,
      fmt::format("{}{} to {}", text.next_update < the.now ? "expired: " : "",
                  FormatTime(text.issue_date), FormatTime(text.next_update)),
      expected + ", valid at " + FormatTime(the.now));
  NoteCollateralEnd(text.next_update, verdict);
  return valid(text) || tolerated ? chosen : nullptr;
}

void CheckEvaluation(const Case& the, const UsedCollateral& used,
                     Verdict& verdict) {
  if (used.tcb_info == nullptr || used.qe_identity == nullptr) return;
  const uint64_t least = the.policy.intel().minimum_evaluation_number;
  const uint64_t tcb = used.tcb_info->signed_text.evaluation_number;
  const uint64_t qe = used.qe_identity->signed_text.evaluation_number;
  verdict.tcb.evaluation_number = std::min(tcb, qe);
  if (least == 0) return;
  verdict.Require(std::min(tcb, qe) >= least, "collateral.evaluation",
                  fmt::format("{} and {}", tcb, qe),
                  fmt::format("at least {}", least));
}

}  // namespace

void CheckIntelRevocation(const Case& the, std::span<const Certificate> chain,
                          const std::string& id, Verdict& verdict) {
  const uint64_t grace = the.policy.intel().collateral_grace_days;
  Outcome outcome = Outcome::kPass;
  std::string observed = "not revoked";
  for (size_t i = 0; i + 1 < chain.size(); ++i) {
    const Certificate& issuer = chain[i + 1];
    const FoundCrl found =
        FindCrl(the.endorsements.crls(), issuer, the.now, grace);
    if (found.crl == nullptr) {
      outcome = Outcome::kFail;
      observed =
          fmt::format("{} CRL of {}", found.expired ? "only an expired" : "no",
                      issuer.subject());
      break;
    }
    NoteCollateralEnd(found.crl->next_update(), verdict);
    if (found.crl->Revokes(chain[i])) {
      outcome = Outcome::kFail;
      observed = "revoked: " + chain[i].subject();
      break;
    }
    if (found.expired) {
      outcome = Outcome::kReported;
      observed = "not revoked by an expired CRL";
    }
  }
  verdict.checks.push_back(
      {id, outcome, observed, "not in the valid CRL of its issuer"});
}

UsedCollateral CheckCollateral(const Case& the, const PckExtension& pck,
                               bool tdx, Verdict& verdict) {
  const std::vector<Certificate> signers = FindSigners(the);
  std::vector<const TcbInfo*> infos;
  for (const TcbInfo& one : the.endorsements.tcb_infos()) {
    if (one.signed_text.id == (tdx ? "TDX" : "SGX") && one.fmspc == pck.fmspc &&
        one.pce_id == pck.pce_id) {
      infos.push_back(&one);
    }
  }
  std::vector<const QeIdentity*> identities;
  for (const QeIdentity& one : the.endorsements.qe_identities()) {
    if (one.signed_text.id == (tdx ? "TD_QE" : "QE")) {
      identities.push_back(&one);
    }
  }
  UsedCollateral used;
  used.tcb_info =
      Choose(the, infos, signers, "collateral.tcb_info",
             fmt::format("TCB information for {} of FMSPC {}",
                         tdx ? "TDX" : "SGX", crypto::ToHex(pck.fmspc)),
             verdict);
  used.qe_identity =
      Choose(the, identities, signers, "collateral.qe_identity",
             tdx ? "the identity TD_QE" : "the identity QE", verdict);
  const Certificate* signer =
      used.tcb_info != nullptr ? SignerOf(used.tcb_info->signed_text, signers)
      : signers.empty()        ? nullptr
                               : &signers.front();
  CheckSigner(the, signer, verdict);
  if (used.tcb_info != nullptr && used.qe_identity != nullptr &&
      SignerOf(used.qe_identity->signed_text, signers) != signer) {
    verdict.Require(false, "collateral.qe_identity", "another signer",
                    "the signer of the TCB information");
  }
  CheckEvaluation(the, used, verdict);
  return used;
}

}  // namespace cmif::tee
