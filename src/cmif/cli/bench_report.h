// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_CLI_BENCH_REPORT_H_
#define CMIF_CLI_BENCH_REPORT_H_

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "cmif/base/status.h"

namespace cmif::cli {

// Both sides of a comparison, taken in turns so that whatever else the machine
// does hits both; the median of each.
class Pairs {
 public:
  static constexpr int kPairs = 7;
  void Add(double ours, double reference) {
    ours_.push_back(ours);
    reference_.push_back(reference);
  }
  double ours() const { return Median(ours_); }
  double reference() const { return Median(reference_); }

 private:
  static double Median(std::vector<double> values);
  std::vector<double> ours_;
  std::vector<double> reference_;
};

// Prints one row, as JSON or as a line of a table. `reference_name` says what
// the other side is.
class BenchReport {
 public:
  explicit BenchReport(bool json) : json_(json) {}
  void Row(const std::string& name, double ours, double reference,
           const std::string& unit, const std::string& reference_name);
  void Row(const std::string& name, const Pairs& pairs, const std::string& unit,
           const std::string& reference_name) {
    Row(name, pairs.ours(), pairs.reference(), unit, reference_name);
  }

 private:
  bool json_;
};

// Seconds that `work` takes.
double Timed(const std::function<void()>& work);

// The parts of the benchmark; each prints its rows.
Result<void> BenchChat(BenchReport& report);
Result<void> BenchClassifier(BenchReport& report);
Result<void> BenchSanitizer(BenchReport& report);

}  // namespace cmif::cli

#endif  // CMIF_CLI_BENCH_REPORT_H_
