// SPDX-License-Identifier: Apache-2.0
#include "cmif/eval/audit_report.h"

#include "cmif/base/byte_reader.h"
#include "cmif/base/file.h"
#include "cmif/eval/svg_plot.h"

namespace cmif::eval {
namespace {

using Value = double SweepPoint::*;

// One series for each mechanism, epsilon as asked against `value`.
std::vector<PlotSeries> SeriesOf(const Sweep& sweep, Value value) {
  std::vector<PlotSeries> all;
  for (const SweepPoint& point : sweep.points) {
    if (all.empty() || all.back().name != point.mechanism) {
      all.push_back({.name = point.mechanism, .points = {}});
    }
    all.back().points.push_back({point.epsilon, point.*value});
  }
  return all;
}

std::string UtilityPlot(const Audit& audit) {
  return LinePlot({.title = "Utility: mean cosine of word and output",
                   .x_label = "epsilon asked (within a cluster)",
                   .y_label = "mean cosine"},
                  SeriesOf(audit.sweep, &SweepPoint::mean_cosine));
}

std::string AttackPlot(const Audit& audit) {
  std::vector<PlotSeries> attacks =
      SeriesOf(audit.sweep, &SweepPoint::bayes_success);
  if (!attacks.empty()) {
    // What randomness alone gives away at most, at each epsilon asked.
    attacks.push_back({.name = "bound at epsilon", .points = {}});
    for (const PlotPoint& point : attacks[0].points) {
      attacks.back().points.push_back(
          {point.x, MeanUniformBound(audit.sweep, point.x)});
    }
  }
  return LinePlot(
      {.title = "Bayes-optimal attacker who knows the cluster, uniform prior",
       .x_label = "epsilon asked (within a cluster)",
       .y_label = "share of words recovered"},
      attacks);
}

std::string LossPlot(const Audit& audit) {
  const bool cluster = audit.channel.adjacency == privacy::Adjacency::kCluster;
  return HistogramPlot(
      {.title = std::string("Loss of each ordered pair of words of a ") +
                (cluster ? "cluster" : "class"),
       .x_label = "largest log-ratio (nats)",
       .y_label = "pairs"},
      audit.exact.losses.bin_width, audit.exact.losses.counts);
}

}  // namespace

Result<void> WriteAuditReport(const Audit& audit, std::string_view command,
                              const std::filesystem::path& folder) {
  CMIF_TRY(CheckWritableFolder(folder));
  // All are written before any gets its name.
  std::vector<AtomicFile> files;
  const auto write = [&](std::string_view name,
                         std::string_view text) -> Result<void> {
    CMIF_ASSIGN(AtomicFile file, AtomicFile::Create(folder / name));
    CMIF_TRY(file.Write(AsBytes(text)));
    files.push_back(std::move(file));
    return {};
  };
  CMIF_TRY(write("utility.svg", UtilityPlot(audit)));
  CMIF_TRY(write("attack.svg", AttackPlot(audit)));
  CMIF_TRY(write("losses.svg", LossPlot(audit)));
  CMIF_TRY(write("report.json", AuditJson(audit) + "\n"));
  CMIF_TRY(write("report.md", AuditMarkdown(audit, command)));
  for (AtomicFile& file : files) CMIF_TRY(file.Commit());
  return {};
}

}  // namespace cmif::eval
