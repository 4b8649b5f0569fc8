// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_PRIVACY_TESTING_EPS_H_
#define CMIF_PRIVACY_TESTING_EPS_H_

#include "cmif/privacy/epsilon.h"

namespace cmif::privacy::testing {

inline Epsilon Eps(double value) { return Epsilon::Create(value).value(); }

}  // namespace cmif::privacy::testing

#endif  // CMIF_PRIVACY_TESTING_EPS_H_
