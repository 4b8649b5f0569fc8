// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_PRIVACY_MEDOID_H_
#define CMIF_PRIVACY_MEDOID_H_

#include "cmif/privacy/mechanism.h"

namespace cmif::privacy {

// Every word of a cluster becomes its medoid, the word y of the largest
// sum_x prior(x) u(x, y) (ties: the first): all rows are 2^32 - (k - 1) there
// and 1 elsewhere, so eps* = 0 within the cluster. What is left of a text is
// its clusters' identity, which no channel hides: the baseline that shows how
// much of an accuracy that is (reference/privacy.md 5).
class Medoid final : public Mechanism {
 public:
  std::string_view name() const override { return "medoid"; }
  Result<ClusterTable> Fill(const ClusterUtilities& utilities,
                            const FillOptions& options) const override;
};

}  // namespace cmif::privacy

#endif  // CMIF_PRIVACY_MEDOID_H_
