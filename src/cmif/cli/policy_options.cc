// SPDX-License-Identifier: Apache-2.0
#include "cmif/cli/policy_options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

namespace cmif::cli {

void AddPolicyOptions(CLI::App& command, client::PolicyOptions& options) {
  command
      .add_option("--public", options.public_set,
                  "words that pass unchanged: none, stopwords, a FILE of "
                  "words (one a line), or frequent=FRACTION of the words")
      ->capture_default_str();
  command
      .add_option("--kind", options.kinds,
                  "words with a budget of their own: NAME=FILE:EPSILON, or "
                  "NAME=digitsN:EPSILON; may be repeated")
      ->take_all()
      ->allow_extra_args(false);
  command.add_option("--counts", options.counts,
                     "how often words occur, for frequent=: a FILE of 'word "
                     "count' lines or a JSON object; without it the order of "
                     "the token ids is the rank");
}

std::vector<std::string> PolicyLines(const client::AppliedPolicy& policy) {
  std::vector<std::string> lines;
  if (policy.public_words > 0) {
    lines.push_back(fmt::format(
        "public: {} words of the vocabulary pass unchanged{}",
        policy.public_words,
        policy.rank_by_id ? " (ranked by token id: no counts given)" : ""));
  }
  if (policy.public_words_without_unit > 0) {
    lines.push_back(fmt::format(
        "public: {} words of the list are no single token of the vocabulary "
        "and stay protected",
        policy.public_words_without_unit));
  }
  for (const client::AppliedKind& kind : policy.kinds) {
    lines.push_back(fmt::format(
        "kind {}: epsilon {}, {} units; {} words of its list are no unit and "
        "have the epsilon of their nearest one",
        kind.name, kind.epsilon.value(), kind.units, kind.words_without_unit));
  }
  if (policy.units_alone > 0) {
    lines.push_back(
        fmt::format("{} units stand alone in their cluster and are NOT "
                    "protected",
                    policy.units_alone));
  }
  return lines;
}

}  // namespace cmif::cli
