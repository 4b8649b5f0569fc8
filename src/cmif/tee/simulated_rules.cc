// SPDX-License-Identifier: Apache-2.0
#include "cmif/tee/policy_rules-inl.h"

namespace cmif::tee {

Result<SimulatedRules> ReadSimulatedRules(const nlohmann::json& object,
                                          RuleContext& context) {
  JsonReader fields(object, "simulated");
  SimulatedRules rules;
  rules.keys = fields.HexList("keys", 32);
  rules.measurements = fields.HexList("measurements", 48);
  rules.host_data = fields.HexList("host_data", 32);
  rules.platform_ids = fields.HexList("platform_ids", 64);
  CMIF_TRY(fields.DoneStrictly());
  if (rules.keys.empty()) {
    return FailedPrecondition(
        "simulated.keys is empty: anybody can make simulated evidence, list "
        "whose counts, or leave simulated out");
  }
  if (rules.measurements.empty() && !context.any_measurement) {
    return FailedPrecondition(
        "simulated.measurements is empty: list what may run, or leave "
        "simulated out");
  }
  return rules;
}

}  // namespace cmif::tee
