// SPDX-License-Identifier: Apache-2.0
#include "cmif/cli/channel_compare.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cmif/cli/demo_models.h"
#include "cmif/cli/json_line.h"
#include "cmif/cli/terminal.h"
#include "cmif/client/client_model.h"
#include "cmif/eval/neighbour_sweep.h"
#include "cmif/eval/sweep.h"
#include "cmif/privacy/class_level.h"
#include "cmif/privacy/neighbours.h"

namespace cmif::cli {
namespace {

struct Flags {
  std::string bundle;
  std::vector<double> epsilons = {0.5, 1, 2, 3, 6};
  int clusters = 120;
  int neighbours = 0;  // 0: none
  bool json = false;
};

nlohmann::ordered_json NumberOrInf(double value) {
  if (std::isinf(value)) return "inf";
  return value;
}

nlohmann::ordered_json PointJson(const eval::SweepPoint& point,
                                 std::string_view guarantee) {
  return {{"mechanism", point.mechanism},
          {"guarantee", guarantee},
          {"epsilon", point.epsilon},
          {"epsilon_certified", NumberOrInf(point.epsilon_star)},
          {"epsilon_document", NumberOrInf(point.document_epsilon)},
          {"epsilon_document_mean", NumberOrInf(point.document_epsilon_mean)},
          {"keep_probability", point.keep},
          {"mean_utility", point.mean_utility},
          {"mean_cosine", point.mean_cosine},
          {"bayes_success", point.bayes_success},
          {"bayes_bound", point.bound}};
}

void PrintJson(const eval::Sweep& sweep,
               const std::optional<eval::NeighbourSweep>& lists) {
  const auto adjacency = privacy::AdjacencyName(privacy::Adjacency::kCluster);
  for (const eval::SweepPoint& point : sweep.points) {
    fmt::print("{}\n", JsonLine(PointJson(point, adjacency)));
  }
  if (!lists) return;
  for (const eval::SweepPoint& point : lists->points) {
    auto json = PointJson(point, "none");
    json["neighbours"] = lists->size;
    json["pairs"] = lists->pairs;
    json["one_way_pairs"] = lists->one_way_pairs;
    fmt::print("{}\n", JsonLine(json));
  }
}

void PrintPoints(const std::vector<eval::SweepPoint>& points,
                 std::string_view remark) {
  for (const eval::SweepPoint& point : points) {
    fmt::print(
        "{:30} {:7.3f} {:>8.5f} {:>9.1f} {:6.3f} {:8.4f} {:7.4f} {:7.4f} "
        "{:7.4f}{}\n",
        point.mechanism, point.epsilon, point.epsilon_star,
        point.document_epsilon, point.keep, point.mean_utility,
        point.mean_cosine, point.bayes_success, point.bound, remark);
  }
}

void Print(const eval::Sweep& sweep, const eval::SweepOptions& options,
           const std::optional<eval::NeighbourSweep>& lists) {
  fmt::print(
      "{} clusters, {} words; document: {} words of one cluster, delta {}; "
      "uniform prior\n{:30} {:>7} {:>8} {:>9} {:>6} {:>8} {:>7} {:>7} {:>7}\n",
      sweep.clusters, sweep.words, options.document_draws, options.delta,
      "mechanism", "epsilon", "eps*", "document", "keep", "utility", "cosine",
      "Bayes", "bound");
  PrintPoints(sweep.points, "");
  if (!lists) return;
  PrintPoints(lists->points,
              fmt::format("  {}", privacy::kNeighboursGuarantee));
  fmt::print(
      "neighbours: the {} nearest of each of {} words, textbook's noise. {}: "
      "{} "
      "of {} pairs are one-way, a word whose list holds another that does not "
      "hold it back; then an output of one list alone tells its word\n",
      lists->size, lists->words, privacy::kNeighboursGuarantee,
      lists->one_way_pairs, lists->pairs);
}

Result<void> Compare(const Flags& flags) {
  std::filesystem::path folder = flags.bundle;
  if (flags.bundle.empty()) {
    CMIF_ASSIGN(const DemoModel model, ClassifierModel());
    folder = model.folder;
  }
  CMIF_ASSIGN(const auto model, client::ClientModel::Open(folder));
  CMIF_ASSIGN(const privacy::RowMatrix* const rows, model->Rows());
  const eval::SweepOptions options{.epsilons = flags.epsilons,
                                   .clusters = flags.clusters};
  Progress progress;
  CMIF_ASSIGN(const eval::Sweep sweep,
              eval::SweepMechanisms(
                  *model->clustering(), *rows, options,
                  [&](double share) { progress.Update("comparing", share); }));
  std::optional<eval::NeighbourSweep> lists;
  if (flags.neighbours > 0) {
    CMIF_ASSIGN(lists,
                eval::SweepNeighbours(
                    *rows, model->units().class_of(),
                    {.size = flags.neighbours, .epsilons = flags.epsilons},
                    [&](double share) {
                      progress.Update("lists of neighbours", share);
                    }));
  }
  progress.End();
  if (flags.json) {
    PrintJson(sweep, lists);
  } else {
    Print(sweep, options, lists);
  }
  return {};
}

}  // namespace

void AddChannelCompare(CLI::App& channel, int& exit_code) {
  CLI::App* command = channel.add_subcommand(
      "compare", "every mechanism at every epsilon, exactly, in one table");
  auto flags = std::make_shared<Flags>();
  command->add_option("--bundle", flags->bundle,
                      "the folder that cmif split wrote; without it the "
                      "embedded default classifier");
  command->add_option("--epsilon", flags->epsilons, "a comma list")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->capture_default_str();
  command
      ->add_option("--clusters", flags->clusters,
                   "how many clusters to look at (chosen by a fixed seed); 0: "
                   "all")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
  command
      ->add_option("--neighbours", flags->neighbours,
                   "beside them the paper's lists of the K nearest words of "
                   "each word, which carry no guarantee: 2 to 256")
      ->check(CLI::Range(2, privacy::kMaxClusterSize));
  command->add_flag("--json", flags->json, "one JSON object a line");
  command->callback([flags, &exit_code] {
    const auto result = Compare(*flags);
    exit_code = result ? kOk : Report(result.error());
  });
}

}  // namespace cmif::cli
