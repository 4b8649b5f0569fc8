// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_TEE_POLICY_H_
#define CMIF_TEE_POLICY_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cmif/base/status.h"
#include "cmif/crypto/sha256.h"
#include "cmif/tee/rules.h"

namespace cmif::tee {

enum class PolicyBase { kDeployment, kInspection };

// What a verdict demands: docs/tee.md has the JSON form. There are two bases.
// `deployment` demands everything; `inspection` is the same with
// allow_any_measurement, VMPL 0 and 1, allow_absent_crl and
// allow_absent_alias_check_in_version_2. Immutable and thread-safe.
class Policy {
 public:
  enum class Signature { kCompiledIn, kGood, kNone, kBad };

  // What a verdict uses that nobody gave a policy to. Fit for looking at
  // evidence, never for giving a key away.
  static const Policy& Inspection();

  // Reads the JSON form. DATA_LOSS: no such JSON, unknown keys, values out of
  // range; FAILED_PRECONDITION: rules that would pin nothing. With an owner's
  // key (Ed25519, PEM) the policy counts as signed only if `signature` is one
  // of `text` under it; INVALID_ARGUMENT if the key is none.
  static Result<Policy> Read(std::string_view text,
                             std::optional<std::string_view> signature = {},
                             std::optional<std::string_view> owner_key = {});
  // A policy that is a part of a document, whose signature the caller judged.
  static Result<Policy> ReadPart(std::string_view text, Signature of_document);

  const std::string& name() const { return name_; }
  uint64_t version() const { return version_; }
  PolicyBase base() const { return base_; }
  const crypto::Digest& sha256() const { return sha256_; }
  Signature signature() const { return signature_; }
  // Lets an unsigned policy decide where no owner's key was given.
  bool allow_unsigned_policy() const { return allow_unsigned_; }
  bool allow_any_measurement() const { return allow_any_measurement_; }
  // Simulated evidence counts, where `simulated` has rules for it.
  bool allow_simulated() const { return allow_simulated_; }
  // None: evidence of this platform is refused.
  const std::optional<SnpRules>& snp() const { return snp_; }
  const std::optional<TdxRules>& tdx() const { return tdx_; }
  const std::optional<SgxRules>& sgx() const { return sgx_; }
  const std::optional<SimulatedRules>& simulated() const { return simulated_; }
  const IntelRules& intel() const { return intel_; }
  // The keys that allow more than `deployment` does, as "snp.vmpl 1".
  const std::vector<std::string>& relaxations() const { return relaxations_; }

 private:
  friend class PolicyReader;
  Policy() = default;
  std::string name_;
  uint64_t version_ = 0;
  PolicyBase base_ = PolicyBase::kDeployment;
  crypto::Digest sha256_{};
  Signature signature_ = Signature::kNone;
  bool allow_unsigned_ = false;
  bool allow_any_measurement_ = false;
  bool allow_simulated_ = false;
  std::optional<SnpRules> snp_;
  std::optional<TdxRules> tdx_;
  std::optional<SgxRules> sgx_;
  std::optional<SimulatedRules> simulated_;
  IntelRules intel_;
  std::vector<std::string> relaxations_;
};

}  // namespace cmif::tee

#endif  // CMIF_TEE_POLICY_H_
