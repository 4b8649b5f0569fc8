// SPDX-License-Identifier: Apache-2.0
#include "cmif/cli/bench_report.h"

#include <fmt/format.h>

#include <chrono>
#include <nlohmann/json.hpp>

namespace cmif::cli {

double Pairs::Median(std::vector<double> values) {
  std::ranges::sort(values);
  const size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half]
                                : 0.5 * (values[half - 1] + values[half]);
}

void BenchReport::Row(const std::string& name, double ours, double reference,
                      const std::string& unit,
                      const std::string& reference_name) {
  const double ratio = ours / reference;
  if (options_.json) {
    const nlohmann::ordered_json row = {
        {"name", name},   {"ours", ours}, {"reference", reference},
        {"ratio", ratio}, {"unit", unit}, {"reference_is", reference_name}};
    fmt::print("{}\n", row.dump());
  } else {
    fmt::print("{:34} {:12.4g} {:12.4g} {:8.3f}  {:10} {}\n", name, ours,
               reference, ratio, unit, reference_name);
  }
  fflush(stdout);
}

double Timed(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start)
      .count();
}

}  // namespace cmif::cli
