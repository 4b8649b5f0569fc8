// SPDX-License-Identifier: Apache-2.0
// Parts of a ClusterReport; cluster_units.cc puts them together.
#ifndef CMIF_CLIENT_CLUSTER_REPORT_H_
#define CMIF_CLIENT_CLUSTER_REPORT_H_

#include "cmif/base/status.h"
#include "cmif/client/cluster_units.h"
#include "cmif/client/units.h"
#include "cmif/client/word_files.h"
#include "cmif/model/tokenizer.h"
#include "cmif/privacy/clustering.h"

namespace cmif::client {

// clusters, cluster_bits, smallest_cluster, units_alone.
void AddSizes(const privacy::Clustering& clustering, ClusterReport& report);

// classes and shares_by_counts; `counts` may be null. Errors of the tokenizer.
Result<void> AddClassShares(const model::Tokenizer& tokenizer,
                            const UnitTable& units,
                            const privacy::Clustering& clustering,
                            const WordCounts* counts, ClusterReport& report);

}  // namespace cmif::client

#endif  // CMIF_CLIENT_CLUSTER_REPORT_H_
