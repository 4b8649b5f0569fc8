// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_CLI_BENCH_REPORT_H_
#define CMIF_CLI_BENCH_REPORT_H_

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "cmif/base/status.h"

namespace cmif::cli {

// Both sides of a comparison, taken in turns so that whatever else the machine
// does hits both; the median of each.
class Pairs {
 public:
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

struct BenchOptions {
  bool json = false;
  int pairs = 7;  // of a row; at least 1
};

// Prints one row, as JSON or as a line of a table. `reference_name` says what
// the other side is.
class BenchReport {
 public:
  explicit BenchReport(const BenchOptions& options) : options_(options) {}
  int pairs() const { return options_.pairs; }
  // Comparisons with another engine spread their pairs over so many starts of
  // both: where in memory the weights come to lie alone is worth some percent.
  int starts() const { return std::min(3, options_.pairs); }
  // Pairs of each start, so that all starts together have at least pairs().
  int pairs_a_start() const { return (pairs() + starts() - 1) / starts(); }
  void Row(const std::string& name, double ours, double reference,
           const std::string& unit, const std::string& reference_name);
  void Row(const std::string& name, const Pairs& pairs, const std::string& unit,
           const std::string& reference_name) {
    Row(name, pairs.ours(), pairs.reference(), unit, reference_name);
  }

 private:
  BenchOptions options_;
};

// Seconds that `work` takes.
double Timed(const std::function<void()>& work);

// The parts of the benchmark; each prints its rows.
Result<void> BenchBundle(BenchReport& report);
Result<void> BenchChat(BenchReport& report);
Result<void> BenchClassifier(BenchReport& report);
Result<void> BenchSanitizer(BenchReport& report);

}  // namespace cmif::cli

#endif  // CMIF_CLI_BENCH_REPORT_H_
