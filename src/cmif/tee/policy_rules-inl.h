// SPDX-License-Identifier: Apache-2.0
// Readers of the parts of a policy. For policy.cc alone.
#ifndef CMIF_TEE_POLICY_RULES_INL_H_
#define CMIF_TEE_POLICY_RULES_INL_H_

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "cmif/tee/rules.h"
#include "cmif/tee/strict_json-inl.h"

namespace cmif::tee {

// What the parts need of the whole, and where they name what they relax.
struct RuleContext {
  bool inspection;
  bool any_measurement;
  std::vector<std::string>& relaxations;

  // Reads a key that allows more; if it is set it is listed.
  bool Relaxation(JsonReader& fields, std::string_view place, const char* key,
                  bool otherwise) {
    const bool set = fields.Flag(key, otherwise);
    if (set) relaxations.push_back(fmt::format("{}{}", place, key));
    return set;
  }
};

// DATA_LOSS: unknown keys, values out of range; FAILED_PRECONDITION: rules
// that pin nothing.
Result<SnpRules> ReadSnpRules(const nlohmann::json& object,
                              RuleContext& context);
Result<TdxRules> ReadTdxRules(const nlohmann::json& object,
                              RuleContext& context);
Result<SgxRules> ReadSgxRules(const nlohmann::json& object,
                              RuleContext& context);
Result<SimulatedRules> ReadSimulatedRules(const nlohmann::json& object,
                                          RuleContext& context);
Result<IntelRules> ReadIntelRules(const nlohmann::json& object,
                                  RuleContext& context);

}  // namespace cmif::tee

#endif  // CMIF_TEE_POLICY_RULES_INL_H_
