// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_PRIVACY_KRR_H_
#define CMIF_PRIVACY_KRR_H_

#include "cmif/privacy/mechanism.h"

namespace cmif::privacy {

// k-ary randomised response (Kairouz, Oh, Viswanath 2014): the word itself
// with probability e^eps / (e^eps + k - 1), each other word of its cluster with
// the same rest. Looks at utilities only to see whether there are any. Its
// table is exact for every eps, so there is nothing to calibrate, and no scale.
class Krr final : public Mechanism {
 public:
  std::string_view name() const override { return "krr"; }
  Result<ClusterTable> Fill(const ClusterUtilities& utilities,
                            const FillOptions& options) const override;
};

}  // namespace cmif::privacy

#endif  // CMIF_PRIVACY_KRR_H_
