// SPDX-License-Identifier: Apache-2.0
#include "cmif/tee/verify_intel.h"

#include <fmt/format.h>

#include <algorithm>

#include "cmif/tee/byte_fields.h"
#include "cmif/tee/intel_tcb.h"

namespace cmif::tee {
namespace {

// TDATTRIBUTES that are known: DEBUG, SEPT_VE_DISABLE, MIGRATABLE, PKS, KL,
// PERFMON; and the bits of XFAM that may be set (go-tdx-guest, from Intel's
// architecture specification of the TDX module).
constexpr uint64_t kKnownTdAttributes =
    1ULL | 1ULL << 28 | 1ULL << 29 | 1ULL << 30 | 1ULL << 31 | 1ULL << 63;
constexpr uint64_t kKnownXfam = 0x0006DBE7;
constexpr uint64_t kNeededXfam = 0x3;

// One of the platform's two names must be listed; zeros name nothing.
void CheckPlatformId(const ByteList& allowed,
                     const std::optional<PckExtension>& pck, Verdict& verdict) {
  if (allowed.empty()) return;
  const auto listed = [&](std::span<const uint8_t> id) {
    return !IsZero(id) && IsListed(id, allowed);
  };
  const bool good =
      pck && (listed(pck->ppid) || (pck->platform_instance_id &&
                                    listed(*pck->platform_instance_id)));
  verdict.Require(good, "platform_id",
                  pck ? crypto::ToHex(pck->ppid) : "unknown",
                  "listed by the policy");
}

void AddTdClaims(const TdBody& td, Verdict& verdict) {
  verdict.AddClaim("mr_td", td.mr_td);
  for (size_t i = 0; i < td.rtmr.size(); ++i) {
    verdict.AddClaim(fmt::format("rtmr{}", i), td.rtmr[i]);
  }
  verdict.AddClaim("report_data", td.report_data);
  verdict.AddClaim("mr_config_id", td.mr_config_id);
  verdict.AddClaim("mr_owner", td.mr_owner);
  verdict.AddClaim("mr_owner_config", td.mr_owner_config);
  verdict.AddClaim("mr_service_td", td.mr_service_td
                                        ? crypto::ToHex(*td.mr_service_td)
                                        : ClaimValue{});
  verdict.AddClaim("mr_seam", td.mr_seam);
  verdict.AddClaim("td_attributes", fmt::format("{:#018x}", td.td_attributes));
  verdict.AddClaim("xfam", fmt::format("{:#018x}", td.xfam));
  verdict.AddClaim("debug", td.debug());
  verdict.AddClaim("migratable", td.migratable());
  verdict.AddClaim("sept_ve_disable", td.sept_ve_disable());
  verdict.AddClaim("tee_tcb_svn", td.tee_tcb_svn);
  verdict.AddClaim("tee_tcb_svn2", td.tee_tcb_svn2
                                       ? crypto::ToHex(*td.tee_tcb_svn2)
                                       : ClaimValue{});
}

bool Matches(const TdxImage& image, const TdBody& td) {
  if (!std::ranges::equal(image.mr_td, td.mr_td)) return false;
  for (size_t i = 0; i < td.rtmr.size(); ++i) {
    const auto& wanted = image.rtmr[i];
    if (wanted && !std::ranges::equal(*wanted, td.rtmr[i])) return false;
  }
  return true;
}

void CheckTdAttributes(const TdxRules& rules, const TdBody& td,
                       Verdict& verdict) {
  const bool known = (td.td_attributes & ~kKnownTdAttributes) == 0 &&
                     (td.xfam & ~kKnownXfam) == 0 &&
                     (td.xfam & kNeededXfam) == kNeededXfam;
  verdict.Require(
      known, "evidence.reserved",
      fmt::format("TDATTRIBUTES {:#x}, XFAM {:#x}", td.td_attributes, td.xfam),
      "known bits; x87 and SSE");
  verdict.Require((td.td_attributes & 0xFF) == 0, "debug", YesNo(td.debug()),
                  "no");
  verdict.Require(!td.migratable(), "migratable", YesNo(td.migratable()), "no");
  verdict.RequireUnless(rules.allow_clear_sept_ve_disable, td.sept_ve_disable(),
                        "tdx.sept_ve_disable", YesNo(td.sept_ve_disable()),
                        "yes");
}

std::string EnclaveText(const SgxBody& body) {
  return fmt::format("MRENCLAVE {}, MRSIGNER {}, product {}, svn {}",
                     crypto::ToHex(body.mr_enclave),
                     crypto::ToHex(body.mr_signer), body.product_id, body.svn);
}

bool Matches(const SgxEnclave& enclave, const SgxBody& body) {
  if (body.svn < enclave.minimum_svn) return false;
  if (enclave.mr_enclave) {
    return std::ranges::equal(*enclave.mr_enclave, body.mr_enclave);
  }
  return enclave.mr_signer &&
         std::ranges::equal(*enclave.mr_signer, body.mr_signer) &&
         enclave.product_id == body.product_id;
}

}  // namespace

void CheckTdxModule(const TdBody& td, const TcbInfo& info, Verdict& verdict) {
  const TdxModule* module = FindTdxModule(info, td.tee_tcb_svn[1]);
  const bool good = module != nullptr &&
                    td.mr_signer_seam == module->mr_signer &&
                    IsZero(td.seam_attributes) &&
                    EqualUnder(module->attributes_mask, td.seam_attributes,
                               module->attributes);
  verdict.Require(
      good, "tdx.module",
      fmt::format("version {}, signer {}, attributes {}", td.tee_tcb_svn[1],
                  crypto::ToHex(td.mr_signer_seam),
                  crypto::ToHex(td.seam_attributes)),
      module == nullptr
          ? "a module that Intel names"
          : "signer " + crypto::ToHex(module->mr_signer) + ", no attributes");
}

void CheckTd(const Case& the, const TdBody& td,
             const std::optional<PckExtension>& pck, Verdict& verdict) {
  AddTdClaims(td, verdict);
  const auto* const rules = RulesOf(the.policy.tdx(), "tdx", verdict);
  if (rules == nullptr) return;
  CheckTdAttributes(*rules, td, verdict);
  if (td.mr_service_td && !IsZero(*td.mr_service_td)) {
    verdict.Require(IsListed(*td.mr_service_td, rules->service_tds),
                    "tdx.service_td", crypto::ToHex(*td.mr_service_td),
                    "none, or listed by the policy");
  }
  if (!ReportAnyMeasurement(the.policy, td.mr_td, verdict)) {
    const bool listed = std::ranges::any_of(
        rules->images,
        [&](const TdxImage& image) { return Matches(image, td); });
    verdict.Require(
        listed, "measurement",
        fmt::format("MRTD {}, RTMR1 {}, RTMR2 {}", crypto::ToHex(td.mr_td),
                    crypto::ToHex(td.rtmr[1]), crypto::ToHex(td.rtmr[2])),
        "an image of the policy");
  }
  CheckListed(td.mr_config_id, rules->mr_config_ids, "tdx.mr_config_id",
              verdict);
  CheckListed(td.mr_owner, rules->mr_owners, "tdx.mr_owner", verdict);
  CheckListed(td.mr_owner_config, rules->mr_owner_configs,
              "tdx.mr_owner_config", verdict);
  CheckPlatformId(rules->platform_ids, pck, verdict);
}

void CheckSgx(const Case& the, const SgxBody& body,
              const std::optional<PckExtension>& pck, Verdict& verdict) {
  verdict.AddClaim("mr_enclave", body.mr_enclave);
  verdict.AddClaim("mr_signer", body.mr_signer);
  verdict.AddClaim("product_id", uint64_t{body.product_id});
  verdict.AddClaim("svn", uint64_t{body.svn});
  verdict.AddClaim("report_data", body.report_data);
  verdict.AddClaim("config_id", body.config_id);
  verdict.AddClaim("attributes", body.attributes);
  verdict.AddClaim("debug", body.debug());
  const auto* const rules = RulesOf(the.policy.sgx(), "sgx", verdict);
  if (rules == nullptr) return;
  verdict.Require(!body.debug(), "debug", YesNo(body.debug()), "no");
  verdict.Require(body.initialised() && body.mode64(), "sgx.attributes",
                  crypto::ToHex(body.attributes), "initialised, 64 bits");
  if (!ReportAnyMeasurement(the.policy, body.mr_enclave, verdict)) {
    const bool listed = std::ranges::any_of(
        rules->enclaves,
        [&](const SgxEnclave& enclave) { return Matches(enclave, body); });
    verdict.Require(listed, "measurement", EnclaveText(body),
                    "an enclave of the policy");
  }
  CheckListed(body.config_id, rules->config_ids, "sgx.config_id", verdict);
  CheckPlatformId(rules->platform_ids, pck, verdict);
}

}  // namespace cmif::tee
