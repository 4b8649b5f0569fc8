// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_PRIVACY_ACCOUNTANT_H_
#define CMIF_PRIVACY_ACCOUNTANT_H_

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>

#include "cmif/base/status.h"
#include "cmif/privacy/channel.h"
#include "cmif/privacy/charges.h"
#include "cmif/privacy/delta.h"
#include "cmif/privacy/renyi.h"

namespace cmif::privacy {

// What a document lost, in integer micro-eps, rounded up.
struct DocumentLoss {
  // Pure DP, delta = 0: the sum of the clusters' eps* over the draws charged.
  uint64_t naive_micro = 0;
  // (epsilon, delta) at the delta asked for. Never above naive_micro.
  uint64_t document_micro = 0;
};

// Document epsilons of n draws, all of them from one cluster.
struct DocumentEpsilons {
  uint64_t worst_micro = 0;       // the worst cluster of all
  uint64_t worst_full_micro = 0;  // the worst of the largest clusters
  uint64_t mean_micro = 0;        // over the clusters of two or more words
};

// From draws to the loss of a document: the composition of the Renyi curves of
// the deployed tables, one for each draw, and always that of its cluster
// (TableCurve(), a maximum over the cluster's pairs), never that of the actual
// word, so that the account is as public as the clusters. For texts that have
// the same pieces, and in each place words of one cluster. How many draws of
// which cluster must not depend on earlier outputs, or be bounded beforehand
// (Feldman and Zrnic, arXiv 2008.11193); naive_micro holds in any case.
// Immutable but for a cache of curves: thread-safe.
class Accountant {
 public:
  // INVALID_ARGUMENT: no channel.
  static Result<Accountant> Create(std::shared_ptr<const Channel> channel);
  // For adjacencies beyond one cluster: every draw, of whatever cluster, is
  // taken as the worst mechanism of pure eps-DP (PureDpCurve()).
  // INVALID_ARGUMENT: no channel, epsilon above 16.
  static Result<Accountant> CreatePure(std::shared_ptr<const Channel> channel,
                                       uint64_t epsilon_micro);

  // The curve of a draw from a cluster; computed when first asked for (0.5 ms
  // for 20 words), then kept. All zero for clusters of one word, which are
  // revealed, not protected. Precondition: 0 <= cluster < clusters.
  const RenyiCurve& CurveOf(int cluster) const;

  // INVALID_ARGUMENT: a cluster that the channel does not have. Sums stay at
  // UINT64_MAX instead of wrapping.
  Result<DocumentLoss> LossOf(const Charges& charges, Delta delta) const;

  // Every cluster's curve (on `threads` threads, 0: all), n draws of each.
  DocumentEpsilons WorstDocumentEpsilon(uint64_t draws, Delta delta,
                                        int threads = 0) const;

 private:
  Accountant(std::shared_ptr<const Channel> channel,
             std::optional<uint64_t> pure_micro);
  uint64_t LossOfDraw(size_t cluster) const;
  uint64_t DrawsMicro(int cluster, uint64_t draws, Delta delta) const;

  struct Kept {
    std::once_flag once;
    RenyiCurve curve{};
  };
  std::shared_ptr<const Channel> channel_;
  std::optional<uint64_t> pure_micro_;  // every draw's, if any
  std::unique_ptr<Kept[]> curves_;      // one per cluster
};

// The least (epsilon, delta) epsilon, in micro-eps rounded up, that follows
// from a composed curve: the minimum over its orders of
//   D_a + (ln(1/delta) - ln a) / (a - 1) + ln(1 - 1/a)
// (Canonne, Kamath, Steinke 2020, arXiv 2004.00010, Prop. 12), and of order
// infinity as it is. `terms`: how many products were summed up to each value;
// widens the result by what that can have lost. UINT64_MAX if it does not fit.
uint64_t EpsilonMicroOf(const RenyiCurve& curve, Delta delta, size_t terms);

}  // namespace cmif::privacy

#endif  // CMIF_PRIVACY_ACCOUNTANT_H_
