// SPDX-License-Identifier: Apache-2.0
// What the verifier checks of TDs and enclaves. Not for other rooms.
#ifndef CMIF_TEE_VERIFY_INTEL_H_
#define CMIF_TEE_VERIFY_INTEL_H_

#include <optional>

#include "cmif/tee/pck.h"
#include "cmif/tee/quote.h"
#include "cmif/tee/verify_parts.h"

namespace cmif::tee {

// The TDX module is one that Intel names: its signer and attributes.
void CheckTdxModule(const TdBody& td, const TcbInfo& info, Verdict& verdict);

// Attributes, measurements and claims, by the policy's rules for the platform.
void CheckTd(const Case& the, const TdBody& td,
             const std::optional<PckExtension>& pck, Verdict& verdict);
void CheckSgx(const Case& the, const SgxBody& body,
              const std::optional<PckExtension>& pck, Verdict& verdict);

}  // namespace cmif::tee

#endif  // CMIF_TEE_VERIFY_INTEL_H_
