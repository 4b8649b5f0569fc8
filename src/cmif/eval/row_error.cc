// SPDX-License-Identifier: Apache-2.0
#include "cmif/eval/row_error.h"

#include <cmath>
#include <string>
#include <unordered_map>
#include <vector>

#include "cmif/eval/deployed_rows.h"

namespace cmif::eval {
namespace {

using Row = std::vector<float>;

double SquaredDistance(const Row& a, const Row& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    const double difference = double{a[i]} - double{b[i]};
    sum += difference * difference;
  }
  return sum;
}

double Length(const Row& row) {
  return std::sqrt(SquaredDistance(row, Row(row.size())));
}

// One pass over the joint distribution of x and y.
class Expectation {
 public:
  Expectation(const client::Sanitizer& sanitizer, std::span<const double> prior,
              client::PromptRows& rows)
      : model_(sanitizer.model()),
        deployed_(*sanitizer.channel()),
        prior_(prior),
        rows_(rows),
        mean_(model_.table().format().width()) {}

  Result<void> Add(size_t index) {
    const DeployedRows::Cluster& cluster = deployed_.clusters()[index];
    const auto ids = cluster.ids;
    std::vector<Row> own;
    for (const int32_t id : ids) {
      own.push_back(Expand(model_.table().Row(id)));
      AddInput(own.back(), PriorOf(id));
    }
    for (size_t y = 0; y < ids.size(); ++y) {
      CMIF_ASSIGN(const auto sent, rows_.OfText({ids[y]}));
      const Row row = Expand(sent[0].bytes);
      double chance = 0;  // of y
      for (size_t x = 0; x < ids.size(); ++x) {
        const double joint = PriorOf(ids[x]) * cluster.Row(x)[y];
        chance += joint;
        error_ += joint * SquaredDistance(row, own[x]);
      }
      sent_length_ += chance * Length(row);
      AddSent(sent[0].bytes, chance);
    }
    return {};
  }

  Result<RowError> Take() const {
    if (words_ == 0) {
      return FailedPrecondition("the policy leaves no sensitive words");
    }
    // E |e - m|^2 = E |e|^2 - |m|^2.
    double mean_squares = 0;
    for (const double sum : mean_) mean_squares += sum * sum / mass_ / mass_;
    const double variance = squares_ / mass_ - mean_squares;
    double apart = 0;
    for (const auto& [bytes, seen] : seen_) {
      apart += seen.words == 1 ? seen.chance : 0;
    }
    return RowError{.words = words_,
                    .relative_error = error_ / mass_ / variance,
                    .relative_length = sent_length_ / length_,
                    .told_apart = apart / mass_};
  }

 private:
  struct Seen {
    int words = 0;
    double chance = 0;
  };

  double PriorOf(int32_t id) const {
    return prior_.empty() ? 1 : prior_[static_cast<size_t>(id)];
  }
  Row Expand(std::span<const uint8_t> bytes) const {
    Row row(mean_.size());
    model_.table().format().Expand(bytes, row);
    return row;
  }
  void AddInput(const Row& row, double weight) {
    ++words_;
    mass_ += weight;
    length_ += weight * Length(row);
    squares_ += weight * SquaredDistance(row, Row(row.size()));
    for (size_t i = 0; i < row.size(); ++i) {
      mean_[i] += weight * double{row[i]};
    }
  }
  void AddSent(std::span<const uint8_t> bytes, double chance) {
    Seen& seen = seen_[std::string(bytes.begin(), bytes.end())];
    ++seen.words;
    seen.chance += chance;
  }

  const client::ClientModel& model_;
  const DeployedRows deployed_;
  std::span<const double> prior_;
  client::PromptRows& rows_;
  uint64_t words_ = 0;
  double mass_ = 0;
  double length_ = 0;
  double squares_ = 0;
  double error_ = 0;
  double sent_length_ = 0;
  std::vector<double> mean_;  // times mass_
  std::unordered_map<std::string, Seen> seen_;
};

}  // namespace

Result<RowError> ExpectedRowError(const client::Sanitizer& sanitizer,
                                  std::span<const double> prior,
                                  client::PromptRows& rows) {
  if (sanitizer.is_identity()) {
    return FailedPrecondition("under the identity every row is the word's own");
  }
  if (sanitizer.channel()->spec().adjacency != privacy::Adjacency::kCluster) {
    return Unimplemented(
        "errors of rows are computed for --adjacency cluster alone");
  }
  Expectation expectation(sanitizer, prior, rows);
  const auto& clusters = sanitizer.channel()->clustering().clusters();
  const auto& class_of = sanitizer.model().units().class_of();
  for (size_t c = 0; c < clusters.size(); ++c) {
    if (class_of[static_cast<size_t>(clusters[c][0])] != client::kWordClass) {
      continue;
    }
    CMIF_TRY(expectation.Add(c));
  }
  return expectation.Take();
}

}  // namespace cmif::eval
