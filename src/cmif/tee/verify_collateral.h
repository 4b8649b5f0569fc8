// SPDX-License-Identifier: Apache-2.0
// Which of Intel's collateral a verdict uses. Not for other rooms.
#ifndef CMIF_TEE_VERIFY_COLLATERAL_H_
#define CMIF_TEE_VERIFY_COLLATERAL_H_

#include <span>
#include <string>

#include "cmif/tee/pck.h"
#include "cmif/tee/verify_parts.h"

namespace cmif::tee {

// Null where there is none that may be used.
struct UsedCollateral {
  const TcbInfo* tcb_info = nullptr;
  const QeIdentity* qe_identity = nullptr;
};

// Chooses TCB information and QE identity for a platform: signed by a chain to
// Intel's root that the root's revocation list does not name, and of those
// valid now the one with the highest evaluation number, then the newest. Adds
// collateral.chain, .tcb_info, .qe_identity and .evaluation.
UsedCollateral CheckCollateral(const Case& the, const PckExtension& pck,
                               bool tdx, Verdict& verdict);

// Adds ID: that neither the leaf nor its issuers are in the newest revocation
// lists of theirs, which must be there.
void CheckIntelRevocation(const Case& the, std::span<const Certificate> chain,
                          const std::string& id, Verdict& verdict);

}  // namespace cmif::tee

#endif  // CMIF_TEE_VERIFY_COLLATERAL_H_
