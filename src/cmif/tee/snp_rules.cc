// SPDX-License-Identifier: Apache-2.0
#include "cmif/tee/policy_rules-inl.h"

namespace cmif::tee {
namespace {

using nlohmann::json;

void ReadVmpl(JsonReader& fields, RuleContext& context, SnpRules& rules) {
  rules.vmpl = context.inspection ? std::vector<uint32_t>{0, 1}
                                  : std::vector<uint32_t>{0};
  if (fields.Has("vmpl")) rules.vmpl.clear();
  for (const json& level : fields.Array("vmpl")) {
    if (!level.is_number_unsigned() || level.get<uint64_t>() > 3) {
      fields.Bad("vmpl", "a list of levels from 0 to 3");
      return;
    }
    rules.vmpl.push_back(level.get<uint32_t>());
  }
  for (const uint32_t level : rules.vmpl) {
    if (level == 0) continue;
    context.relaxations.push_back(fmt::format("snp.vmpl {}", level));
  }
}

Result<SnpTcb> ReadTcb(const json& object, SnpProduct product,
                       const std::string& place) {
  JsonReader levels(object, place);
  const auto level = [&](const char* key) {
    return static_cast<uint8_t>(levels.NumberOr(key, 255, 0));
  };
  SnpTcb tcb = {.bootloader = level("bootloader"),
                .tee = level("tee"),
                .snp = level("snp"),
                .microcode = level("microcode")};
  if (product == SnpProduct::kTurin) tcb.fmc = level("fmc");
  CMIF_TRY(levels.DoneStrictly());
  return tcb;
}

Result<void> ReadMinimum(const json& object, SnpRules& rules) {
  JsonReader fields(object, "snp.minimum_tcb");
  for (const SnpProduct product :
       {SnpProduct::kMilan, SnpProduct::kGenoa, SnpProduct::kTurin}) {
    const std::string name(SnpProductName(product));
    if (const json* one = fields.Find(name.c_str())) {
      CMIF_ASSIGN(rules.minimum_tcb[product],
                  ReadTcb(*one, product, "snp.minimum_tcb." + name));
    }
  }
  return fields.DoneStrictly();
}

}  // namespace

Result<SnpRules> ReadSnpRules(const json& object, RuleContext& context) {
  JsonReader fields(object, "snp");
  SnpRules rules;
  rules.measurements = fields.HexList("measurements", 48);
  rules.host_data = fields.HexList("host_data", 32);
  rules.id_key_digests = fields.HexList("id_key_digests", 48);
  rules.chip_ids = fields.HexList("chip_ids", 64);
  ReadVmpl(fields, context, rules);
  if (const json* minimum = fields.Find("minimum_tcb")) {
    CMIF_TRY(ReadMinimum(*minimum, rules));
  }
  rules.minimum_report_version =
      static_cast<uint32_t>(fields.NumberOr("minimum_report_version", 5, 2));
  if (rules.minimum_report_version < 2) {
    fields.Bad("minimum_report_version", "2 to 5");
  }
  rules.require_single_socket = fields.Flag("require_single_socket", false);
  rules.require_smt_off = fields.Flag("require_smt_off", false);
  rules.require_ciphertext_hiding =
      fields.Flag("require_ciphertext_hiding", false);
  rules.require_committed_tcb = fields.Flag("require_committed_tcb", false);
  rules.allow_absent_crl = context.Relaxation(
      fields, "snp.", "allow_absent_crl", context.inspection);
  rules.allow_absent_alias_check_in_version_2 = context.Relaxation(
      fields, "snp.", "allow_absent_alias_check_in_version_2",
      context.inspection);
  CMIF_TRY(fields.DoneStrictly());
  if (rules.measurements.empty() && !context.any_measurement) {
    return FailedPrecondition(
        "snp.measurements is empty: list what may run, or leave snp out");
  }
  return rules;
}

}  // namespace cmif::tee
