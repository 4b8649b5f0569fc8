// SPDX-License-Identifier: Apache-2.0
#include "cmif/cli/channel_compare.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cmif/cli/demo_models.h"
#include "cmif/cli/json_line.h"
#include "cmif/cli/terminal.h"
#include "cmif/client/client_model.h"
#include "cmif/eval/sweep.h"

namespace cmif::cli {
namespace {

struct Flags {
  std::string bundle;
  std::vector<double> epsilons = {0.5, 1, 2, 3, 6};
  int clusters = 120;
  bool json = false;
};

nlohmann::ordered_json PointJson(const eval::SweepPoint& point) {
  return {{"mechanism", point.mechanism},
          {"epsilon", point.epsilon},
          {"epsilon_certified", point.epsilon_star},
          {"epsilon_document", point.document_epsilon},
          {"epsilon_document_mean", point.document_epsilon_mean},
          {"keep_probability", point.keep},
          {"mean_utility", point.mean_utility},
          {"mean_cosine", point.mean_cosine},
          {"bayes_success", point.bayes_success},
          {"bayes_bound", point.bound}};
}

void Print(const eval::Sweep& sweep, const eval::SweepOptions& options) {
  fmt::print(
      "{} clusters, {} words; document: {} words of one cluster, delta {}; "
      "uniform prior\n{:30} {:>7} {:>8} {:>9} {:>6} {:>8} {:>7} {:>7} {:>7}\n",
      sweep.clusters, sweep.words, options.document_draws, options.delta,
      "mechanism", "epsilon", "eps*", "document", "keep", "utility", "cosine",
      "Bayes", "bound");
  for (const eval::SweepPoint& point : sweep.points) {
    fmt::print(
        "{:30} {:7.3f} {:8.5f} {:9.1f} {:6.3f} {:8.4f} {:7.4f} {:7.4f} "
        "{:7.4f}\n",
        point.mechanism, point.epsilon, point.epsilon_star,
        point.document_epsilon, point.keep, point.mean_utility,
        point.mean_cosine, point.bayes_success, point.bound);
  }
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
  progress.End();
  if (!flags.json) {
    Print(sweep, options);
    return {};
  }
  for (const eval::SweepPoint& point : sweep.points) {
    fmt::print("{}\n", JsonLine(PointJson(point)));
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
      ->capture_default_str();
  command
      ->add_option("--clusters", flags->clusters,
                   "how many clusters to look at (chosen by a fixed seed); 0: "
                   "all")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
  command->add_flag("--json", flags->json, "one JSON object a line");
  command->callback([flags, &exit_code] {
    const auto result = Compare(*flags);
    exit_code = result ? kOk : Report(result.error());
  });
}

}  // namespace cmif::cli
