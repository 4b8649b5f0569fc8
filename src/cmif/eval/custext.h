// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_EVAL_CUSTEXT_H_
#define CMIF_EVAL_CUSTEXT_H_

#include <memory>
#include <vector>

#include "cmif/eval/baseline.h"

namespace cmif::eval {

struct CustextOptions {
  int group_size = 20;  // K, 2 to 256; the published default
  bool plus = false;    // CUSTEXT+: stop words pass unchanged
};

// CUSTEXT (Chen et al., Findings of ACL 2023; reference/paper.md, Baselines):
// words are walked by falling frequency; one that has no group yet takes the K
// nearest unused words (itself among them) as its group, by cosine of the
// rows; all members share that output set;
//   P(y|x) proportional to exp(eps u(x, y) / 2),
// u the cosine, min-max-normalised per row to [0, 1]. Words without a vector
// pass unchanged and numbers become themselves plus uniform {0..999}: both are
// uncovered.
class Custext final : public TextSanitizerBaseline {
 public:
  // INVALID_ARGUMENT: CheckWordTypes()'s, eps not in (0, inf), a group size
  // out of range. Cost: types^2 / K x width multiplications.
  static Result<std::unique_ptr<Custext>> Create(WordTypes types,
                                                 double epsilon,
                                                 const CustextOptions& options);

  std::string_view name() const override {
    return options_.plus ? "CUSTEXT+" : "CUSTEXT";
  }
  std::string_view adjacency() const override;
  double epsilon() const override { return epsilon_; }
  Cover CoverOf(int32_t type) const override;
  std::vector<double> Distribution(int32_t type) const override;

  // The groups in the order in which they were made; the last may be smaller.
  const std::vector<std::vector<int32_t>>& groups() const { return groups_; }
  // max ln P(y|x) / P(y|x') over two words of a group: what eps really is.
  double LargestLoss() const;

 private:
  Custext(WordTypes types, double epsilon, const CustextOptions& options)
      : types_(std::move(types)), epsilon_(epsilon), options_(options) {}
  void MakeGroups();
  // k x k, row-major.
  std::vector<double> GroupTable(const std::vector<int32_t>& group) const;

  WordTypes types_;
  double epsilon_;
  CustextOptions options_;
  std::vector<std::vector<int32_t>> groups_;
  std::vector<int32_t> group_of_;  // -1: uncovered
};

// CUSTEXT's rule for numbers: value + uniform {0..999}. Consumes words of
// `random` until one is below the largest multiple of 1000.
uint64_t InsecureSeededCustextNumber(uint64_t value,
                                     InsecureSeededRandom& random);

}  // namespace cmif::eval

#endif  // CMIF_EVAL_CUSTEXT_H_
