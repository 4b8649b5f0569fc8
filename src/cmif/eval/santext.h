// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_EVAL_SANTEXT_H_
#define CMIF_EVAL_SANTEXT_H_

#include <memory>
#include <optional>
#include <vector>

#include "cmif/eval/baseline.h"

namespace cmif::eval {

// SANTEXT+ as published: the least frequent share of the types is sensitive.
struct SantextPlus {
  double sensitive_share = 0.9;      // w in (0, 1]; published: 0.5 or 0.9
  double replace_probability = 0.3;  // p in [0, 1]; published: 0.2 or 0.3
};

// SANTEXT (Yue et al., Findings of ACL 2021; reference/paper.md, Baselines):
//   P(y|x) proportional to exp(-eps d(x, y) / 2) over all types with a vector,
// d Euclidean between rows. Metric LDP: its eps is per unit of distance and
// NOT comparable with one within a cluster.
//
// With `plus`, SANTEXT+: V_S is the least frequent share w of the types; x in
// V_S: as above over V_S alone; any other x stays with probability 1 - p, and
// is drawn from V_S by the same row with probability p.
class Santext final : public TextSanitizerBaseline {
 public:
  // INVALID_ARGUMENT: CheckWordTypes()'s, eps not in (0, inf), a share or
  // probability out of range, or no type with a vector in the output set.
  static Result<std::unique_ptr<Santext>> Create(
      WordTypes types, double epsilon, std::optional<SantextPlus> plus);

  std::string_view name() const override {
    return plus_ ? "SANTEXT+" : "SANTEXT";
  }
  std::string_view adjacency() const override;
  double epsilon() const override { return epsilon_; }
  Cover CoverOf(int32_t type) const override;
  // Cost: one distance for each output, i.e. types x width multiplications.
  std::vector<double> Distribution(int32_t type) const override;

  // Whether the type is in V_S (SANTEXT: whether it has a vector).
  bool IsSensitive(int32_t type) const {
    return types_.Holds(type) && sensitive_[static_cast<size_t>(type)];
  }

 private:
  Santext(WordTypes types, double epsilon, std::optional<SantextPlus> plus)
      : types_(std::move(types)), epsilon_(epsilon), plus_(plus) {}

  WordTypes types_;
  double epsilon_;
  std::optional<SantextPlus> plus_;
  std::vector<bool> sensitive_;
};

}  // namespace cmif::eval

#endif  // CMIF_EVAL_SANTEXT_H_
