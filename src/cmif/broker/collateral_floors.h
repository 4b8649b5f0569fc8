// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_BROKER_COLLATERAL_FLOORS_H_
#define CMIF_BROKER_COLLATERAL_FLOORS_H_

#include "cmif/broker/judge_release.h"
#include "cmif/broker/store.h"
#include "cmif/tee/time.h"

namespace cmif::broker {

// How new the collateral is that an accepted verdict rests on: Intel's
// evaluation number ("tcb tdx FMSPC"), and when the newest revocation list of
// each issuer that could revoke the platform's keys was made ("crl ISSUER", in
// seconds since 1970; 0: there is none), signatures checked. A host, or whoever
// updates a broker's files, could otherwise bring back a level that was revoked
// since. Pure.
Floors CollateralFloors(const Presented& presented, const tee::Verdict& verdict,
                        tee::Time now);

}  // namespace cmif::broker

#endif  // CMIF_BROKER_COLLATERAL_FLOORS_H_
