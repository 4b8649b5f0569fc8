// SPDX-License-Identifier: Apache-2.0
#include "cmif/cli/bench_tee.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "cmif/base/parallel.h"
#include "cmif/cli/bench_engines.h"
#include "cmif/cli/bench_report.h"
#include "cmif/cli/bench_text.h"
#include "cmif/cli/demo_models.h"
#include "cmif/cli/echo_process.h"
#include "cmif/cli/layer_wise.h"
#include "cmif/cli/terminal.h"

namespace cmif::cli {
namespace {

constexpr size_t kPromptTokens = 128;
constexpr uint32_t kDecodeTokens = 64;
constexpr int kRoundTrips = 501;

struct Options {
  BenchOptions bench;
  double transition_us = 4;
};

// One partition's price of a generated token.
struct Cost {
  Pairs ms;  // beside the whole model in one process
  double crossings = 0;
  double bytes = 0;
};

class TeeTable {
 public:
  explicit TeeTable(bool json) : json_(json) {
    if (json) return;
    fmt::print("{:16} {:>12} {:>12} {:>10} {:>10} {:>7}  {}\n", "partition",
               "crossings", "bytes", "ms", "none's ms", "ratio", "how");
  }
  void Row(std::string_view partition, const Cost& cost, std::string_view how) {
    const double ours = cost.ms.ours();
    const double none = cost.ms.reference();
    if (json_) {
      const nlohmann::ordered_json row = {
          {"name", fmt::format("a generated token, partition {}", partition)},
          {"ours", ours},
          {"reference", none},
          {"ratio", ours / none},
          {"unit", "ms/token"},
          {"reference_is", "the whole model in one process"},
          {"crossings", cost.crossings},
          {"bytes", cost.bytes},
          {"how", how}};
      fmt::print("{}\n", row.dump());
    } else {
      fmt::print("{:16} {:12.2f} {:12.0f} {:10.3f} {:10.3f} {:7.3f}  {}\n",
                 partition, cost.crossings, cost.bytes, ours, none, ours / none,
                 how);
    }
    fflush(stdout);
  }

 private:
  bool json_;
};

double PlainMs(Engines& engines, std::span<const int32_t> prompt) {
  const double first = Timed([&] { engines.plain->Greedy(prompt, 1); });
  const double whole =
      Timed([&] { engines.plain->Greedy(prompt, kDecodeTokens + 1); });
  return 1000 * (whole - first) / kDecodeTokens;
}

// What crosses for a generated token: a generation less its first token.
Result<void> CountCrossings(const Engines& engines,
                            std::span<const int32_t> prompt, Cost& cost) {
  CMIF_ASSIGN(const auto one,
              GenerateGreedily(*engines.remote, *engines.model, prompt, 1));
  CMIF_ASSIGN(const auto many, GenerateGreedily(*engines.remote, *engines.model,
                                                prompt, kDecodeTokens + 1));
  const auto tokens = static_cast<double>(many.tokens_out - one.tokens_out);
  cost.crossings = static_cast<double>(many.messages - one.messages) / tokens;
  cost.bytes = static_cast<double>(many.bytes_sent + many.bytes_received -
                                   one.bytes_sent - one.bytes_received) /
               tokens;
  return {};
}

// The costs of one split, and of the whole model beside it.
Result<void> Measure(const DemoModel& demo, int pairs, int starts, Cost& cost) {
  for (int start = 0; start < starts; ++start) {
    CMIF_ASSIGN(const auto engines,
                Engines::Start(demo, {.threads = HardwareThreads()}));
    CMIF_ASSIGN(std::vector<int32_t> prompt,
                engines->model->tokenizer().Encode(kPassage, true));
    prompt.resize(std::min(prompt.size(), kPromptTokens));
    for (int pair = 0; pair < pairs; ++pair) {
      CMIF_ASSIGN(const auto made,
                  GenerateGreedily(*engines->remote, *engines->model, prompt,
                                   kDecodeTokens + 1));
      cost.ms.Add(1000 / made.tokens_per_second(), PlainMs(*engines, prompt));
    }
    if (start == 0) CMIF_TRY(CountCrossings(*engines, prompt, cost));
  }
  return {};
}

Result<double> MedianRoundTrip(EchoProcess& echo, const Crossing& crossing) {
  std::vector<double> times;
  for (int i = 0; i < kRoundTrips; ++i) {
    CMIF_ASSIGN(const double seconds,
                echo.RoundTrip(crossing.in_bytes, crossing.out_bytes));
    times.push_back(seconds);
  }
  std::ranges::nth_element(times, times.begin() + kRoundTrips / 2);
  return times[kRoundTrips / 2];
}

// Earlier systems' partition: its crossings as round trips to a second process,
// and for each the enclave's entry and exit; none's time for all computing.
Result<Cost> LayerWise(const DemoModel& demo, const Options& options,
                       double none_ms) {
  CMIF_ASSIGN(const BlockShape shape, BlockShape::Of(demo.source));
  CMIF_ASSIGN(EchoProcess echo, EchoProcess::Start());
  const auto crossings =
      LayerWiseCrossings(shape, kPromptTokens + kDecodeTokens / 2);
  Cost cost;
  double seconds = 0;
  std::map<Crossing, double> measured;  // most are alike
  for (const Crossing& one : crossings) {
    if (!measured.contains(one)) {
      CMIF_ASSIGN(measured[one], MedianRoundTrip(echo, one));
    }
    seconds += measured[one];
    cost.bytes += static_cast<double>(one.in_bytes + one.out_bytes);
  }
  cost.crossings = 2 * static_cast<double>(crossings.size());
  cost.ms.Add(
      none_ms + 1000 * seconds + cost.crossings * options.transition_us / 1000,
      none_ms);
  return cost;
}

Result<void> Bench(const Options& options) {
  CMIF_ASSIGN(const std::optional<DemoModel> demo, ChatModel());
  if (!demo) {
    return NotFound(
        "the chat model is not in the cache; ./run fetches it from a package "
        "registry");
  }
  CMIF_ASSIGN(const DemoModel headless, ChatModelWithoutHead(*demo));
  const BenchReport report(options.bench);
  Cost embedding;
  Cost head;
  CMIF_TRY(Measure(*demo, report.pairs_a_start(), report.starts(), embedding));
  CMIF_TRY(Measure(headless, report.pairs_a_start(), report.starts(), head));
  const double none_ms = embedding.ms.reference();
  CMIF_ASSIGN(const Cost layer_wise, LayerWise(*demo, options, none_ms));
  TeeTable table(options.bench.json);
  Cost none;
  none.ms.Add(none_ms, none_ms);
  table.Row("none", none, "measured");
  table.Row("embedding", embedding, "measured, two processes, no TEE");
  table.Row("embedding+head", head, "measured, two processes, no TEE");
  table.Row("layer-wise", layer_wise,
            fmt::format("computed: crossings x (measured round trip + {} us a "
                        "transition)",
                        options.transition_us));
  Note(
      "nothing here ran in a TEE (simulated): a TEE's slower memory is not in "
      "these figures. The paper's, on its hardware: layer-wise 6.5x, embedding "
      "1.54x. docs/tee.md says what is compared");
  return {};
}

}  // namespace

void AddBenchTee(CLI::App& bench, int& exit_code) {
  CLI::App* command = bench.add_subcommand(
      "tee", "what partitions cost: crossings, bytes and time for each token");
  auto options = std::make_shared<Options>();
  command->add_flag("--json", options->bench.json, "one JSON object a row");
  command
      ->add_option("--pairs", options->bench.pairs,
                   "measurements of each side, of which the median counts")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  command
      ->add_option("--transition-us", options->transition_us,
                   "microseconds that entering or leaving an enclave takes: "
                   "stated, not measured")
      ->check(CLI::Range(0.0, 1e6))
      ->capture_default_str();
  command->callback([options, &exit_code] {
    const auto done = Bench(*options);
    exit_code = done ? kOk : Report(done.error());
  });
}

}  // namespace cmif::cli
