// SPDX-License-Identifier: Apache-2.0
#include "cmif/cli/split_report.h"

#include <fmt/format.h>

namespace cmif::cli {
namespace {

// Classes of less are put together in what people read.
constexpr double kLeastShare = 0.005;

}  // namespace

void AddClusterJson(const client::ClusterReport& report,
                    nlohmann::ordered_json& json) {
  json["clustering"] = report.kind;
  json["cluster_size"] = report.size;
  json["clusters"] = report.clusters;
  json["cluster_bits"] = report.cluster_bits;
  json["mean_cosine"] = report.mean_cosine;
  if (report.greedy_mean_cosine) {
    json["greedy_mean_cosine"] = *report.greedy_mean_cosine;
  }
  json["smallest_cluster"] = report.smallest_cluster;
  json["units_alone"] = report.units_alone;
  if (report.units_with_vector > 0) {
    json["units_with_vector"] = report.units_with_vector;
  }
  if (report.antonyms > 0) {
    json["antonym_pairs"] = report.antonyms;
    json["antonym_pairs_unconstrained"] = report.antonyms_unconstrained;
    json["antonym_pairs_in_one_cluster"] = report.antonyms_together;
  }
  json["shares"] =
      report.shares_by_counts ? "running words" : "units of the vocabulary";
  json["classes"] = nlohmann::ordered_json::array();
  for (const client::ClassShare& entry : report.classes) {
    json["classes"].push_back({{"class", entry.name},
                               {"units", entry.units},
                               {"clusters", entry.clusters},
                               {"share", entry.share}});
  }
}

std::string ClusterText(const client::ClusterReport& report) {
  std::string text = fmt::format(
      "  {} clusters ({}, K = {}; {:.1f} bits of cluster identity a word), "
      "mean cosine {:.3f}, smallest {}\n",
      report.clusters, report.kind, report.size, report.cluster_bits,
      report.mean_cosine, report.smallest_cluster);
  if (report.greedy_mean_cosine) {
    text += fmt::format("  greedy clusters of that size: mean cosine {:.3f}\n",
                        *report.greedy_mean_cosine);
  }
  if (report.units_with_vector > 0) {
    text += fmt::format("  {} words clustered by the vectors given\n",
                        report.units_with_vector);
  }
  if (report.antonyms > 0) {
    text += fmt::format(
        "  {} of {} pairs of antonyms share a cluster ({} without the "
        "constraint)\n",
        report.antonyms_together, report.antonyms,
        report.antonyms_unconstrained);
  }
  if (report.units_alone > 0) {
    text += fmt::format(
        "  {} units stand alone in their class: revealed, NOT protected\n",
        report.units_alone);
  }
  text += report.shares_by_counts ? "  share of running words:"
                                  : "  share of the vocabulary:";
  double rest = 0;
  for (const client::ClassShare& entry : report.classes) {
    if (entry.share < kLeastShare) {
      rest += entry.share;
    } else {
      text += fmt::format(" {} {:.1f} %,", entry.name, 100 * entry.share);
    }
  }
  if (rest > 0) text += fmt::format(" other classes {:.1f} %,", 100 * rest);
  text.back() = '\n';
  return text;
}

}  // namespace cmif::cli
