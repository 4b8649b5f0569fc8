// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "cmif/tee/policy_rules-inl.h"

namespace cmif::tee {
namespace {

using nlohmann::json;

constexpr uint64_t kMaxGraceDays = 90;

Result<TdxImage> ReadImage(const json& object, RuleContext& context) {
  JsonReader fields(object, "tdx.images");
  TdxImage image;
  image.mr_td = fields.Hex("mr_td", 48);
  constexpr std::array kRegisters = {"rtmr0", "rtmr1", "rtmr2", "rtmr3"};
  for (size_t i = 0; i < kRegisters.size(); ++i) {
    if (fields.Has(kRegisters[i])) {
      image.rtmr[i] = fields.Hex(kRegisters[i], 48);
    }
  }
  const bool implied =
      context.Relaxation(fields, "tdx.images.", "mr_td_implies_rtmrs", false);
  CMIF_TRY(fields.DoneStrictly());
  if (!implied && !(image.rtmr[1] && image.rtmr[2])) {
    return FailedPrecondition(
        "a TDX image without rtmr1 and rtmr2 says nothing of kernel and "
        "command line: give both, or say mr_td_implies_rtmrs");
  }
  return image;
}

Result<SgxEnclave> ReadEnclave(const json& object) {
  JsonReader fields(object, "sgx.enclaves");
  SgxEnclave enclave;
  if (fields.Has("mr_enclave")) {
    enclave.mr_enclave = fields.Hex("mr_enclave", 32);
  } else {
    enclave.mr_signer = fields.Hex("mr_signer", 32);
    enclave.product_id =
        static_cast<uint16_t>(fields.Number("product_id", UINT16_MAX));
  }
  enclave.minimum_svn =
      static_cast<uint16_t>(fields.NumberOr("minimum_svn", UINT16_MAX, 0));
  CMIF_TRY(fields.DoneStrictly());
  return enclave;
}

std::unexpected<Status> PinsNothing(std::string_view key) {
  return FailedPrecondition(fmt::format(
      "{} is empty: list what may run, or leave the platform out", key));
}

}  // namespace

Result<TdxRules> ReadTdxRules(const json& object, RuleContext& context) {
  JsonReader fields(object, "tdx");
  TdxRules rules;
  for (const json& image : fields.Array("images")) {
    CMIF_ASSIGN(TdxImage read, ReadImage(image, context));
    rules.images.push_back(std::move(read));
  }
  rules.mr_config_ids = fields.HexList("mr_config_ids", 48);
  rules.mr_owners = fields.HexList("mr_owners", 48);
  rules.mr_owner_configs = fields.HexList("mr_owner_configs", 48);
  rules.service_tds = fields.HexList("service_tds", 48);
  if (!rules.service_tds.empty()) {
    context.relaxations.emplace_back("tdx.service_tds");
  }
  rules.platform_ids = fields.HexList("platform_ids", 16);
  rules.allow_clear_sept_ve_disable =
      context.Relaxation(fields, "tdx.", "allow_clear_sept_ve_disable", false);
  CMIF_TRY(fields.DoneStrictly());
  if (rules.images.empty() && !context.any_measurement) {
    return PinsNothing("tdx.images");
  }
  return rules;
}

Result<SgxRules> ReadSgxRules(const json& object, RuleContext& context) {
  JsonReader fields(object, "sgx");
  SgxRules rules;
  for (const json& enclave : fields.Array("enclaves")) {
    CMIF_ASSIGN(SgxEnclave read, ReadEnclave(enclave));
    rules.enclaves.push_back(std::move(read));
  }
  rules.config_ids = fields.HexList("config_ids", 64);
  rules.platform_ids = fields.HexList("platform_ids", 16);
  CMIF_TRY(fields.DoneStrictly());
  if (rules.enclaves.empty() && !context.any_measurement) {
    return PinsNothing("sgx.enclaves");
  }
  return rules;
}

Result<IntelRules> ReadIntelRules(const json& object, RuleContext& context) {
  JsonReader fields(object, "intel");
  IntelRules rules;
  rules.allow_statuses = fields.Texts("allow_statuses");
  for (const std::string& status : rules.allow_statuses) {
    if (status != "SWHardeningNeeded" && status != "ConfigurationNeeded" &&
        status != "ConfigurationAndSWHardeningNeeded") {
      fields.Bad("allow_statuses",
                 "a list of SWHardeningNeeded, ConfigurationNeeded and "
                 "ConfigurationAndSWHardeningNeeded");
    }
    context.relaxations.push_back("intel.allow_statuses " + status);
  }
  rules.allow_advisories = fields.Texts("allow_advisories");
  for (const std::string& advisory : rules.allow_advisories) {
    context.relaxations.push_back("intel.allow_advisories " + advisory);
  }
  rules.collateral_grace_days =
      fields.NumberOr("collateral_grace_days", kMaxGraceDays, 0);
  if (rules.collateral_grace_days > 0) {
    context.relaxations.push_back(fmt::format("intel.collateral_grace_days {}",
                                              rules.collateral_grace_days));
  }
  rules.minimum_evaluation_number =
      fields.NumberOr("minimum_evaluation_number", UINT32_MAX, 0);
  CMIF_TRY(fields.DoneStrictly());
  return rules;
}

}  // namespace cmif::tee
