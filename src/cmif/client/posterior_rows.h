// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_CLIENT_POSTERIOR_ROWS_H_
#define CMIF_CLIENT_POSTERIOR_ROWS_H_

#include <cstdint>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "cmif/base/status.h"
#include "cmif/client/client_model.h"
#include "cmif/privacy/posterior.h"

namespace cmif::client {

// What is done about the length of a mean row, which is shorter than the rows
// that it is the mean of.
enum class MeanNorm : uint8_t {
  kRaw,   // nothing: the least expected squared error
  kOwn,   // scaled to the norm of e(y)
  kMean,  // scaled to sum over x of P(x|y) |e(x)|
};

// Instead of the row e(y) of a drawn unit, the mean of the rows that it may
// have come from,
//
//   E[e(x)|y] = sum over x of P(x|y) e(x)
//
// with privacy::Posterior's P(x|y): of all functions of y the one with the
// least expected squared distance to e(x), for inputs drawn from the prior (the
// conditional mean; Cover and Thomas, Elements of Information Theory, problem
// 8.17). A function of y and of public data: it hides no more than y does.
//
// Remembers rows that it has made; they lie in the table's own type. Not
// thread-safe.
class PosteriorRows {
 public:
  // The posterior must be over a channel of the model.
  PosteriorRows(std::shared_ptr<ClientModel> model,
                privacy::Posterior posterior, MeanNorm norm)
      : model_(std::move(model)),
        posterior_(std::move(posterior)),
        norm_(norm) {}

  const privacy::Posterior& posterior() const { return posterior_; }

  // Valid as long as the object. Precondition: y is in a cluster. A unit that
  // can only have come from itself gives the table's own row, bit for bit.
  // RowFormat::Compress()'s errors. Cost: the cluster's size times the width,
  // and for the first unit of a class whose clusters are hidden, the class's.
  Result<std::span<const uint8_t>> Row(int32_t y);

 private:
  // Weighted sum of rows, each followed by its norm, and of the weights.
  struct Sum {
    std::vector<double> values;
    double weight = 0;
  };
  void Add(int32_t id, double weight, Sum& sum) const;
  const Sum& OfClass(size_t cluster);
  Sum MeanOf(int32_t y, const privacy::OutputPosterior& posterior);
  std::vector<float> Scaled(int32_t y, const Sum& mean) const;

  std::shared_ptr<ClientModel> model_;
  privacy::Posterior posterior_;
  MeanNorm norm_;
  std::unordered_map<int32_t, std::vector<uint8_t>> rows_;
  std::unordered_map<const privacy::ClassLevel*, Sum> classes_;
};

}  // namespace cmif::client

#endif  // CMIF_CLIENT_POSTERIOR_ROWS_H_
