// SPDX-License-Identifier: Apache-2.0
#include "cmif/cli/terminal.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "cmif/text/printable.h"

namespace cmif::cli {
namespace {

double Now() {
  return std::chrono::duration<double>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

bool IsTerminal() { return isatty(STDERR_FILENO) == 1; }

constexpr double kQuietSeconds = 0.5;

}  // namespace

ExitCode ExitCodeOf(const Status& status) {
  switch (status.code()) {
    case Code::kOk:
      return kOk;
    case Code::kInvalidArgument:
      return kUsage;
    case Code::kDataLoss:
      return kBadData;
    case Code::kNotFound:
      return kNotFound;
    case Code::kPermissionDenied:
    case Code::kUnauthenticated:
      return kNotPermitted;
    case Code::kUnavailable:
    case Code::kDeadlineExceeded:
    case Code::kCancelled:
    case Code::kAborted:
      return kNoServer;
    case Code::kFailedPrecondition:
      return kDoesNotFit;
    case Code::kUnimplemented:
      return kUnsupported;
    case Code::kResourceExhausted:
    case Code::kOutOfRange:
      return kLimit;
    case Code::kAlreadyExists:
      return kAlreadyThere;
    case Code::kInternal:
    case Code::kUnknown:
      return kInternal;
  }
  return kInternal;
}

ExitCode Report(const Status& status) {
  std::string line = text::Printable(status.message());
  std::ranges::replace(line, '\n', ' ');
  fflush(stdout);  // in order where both go to one place
  fmt::print(stderr, "cmif: {}\n", line);
  return ExitCodeOf(status);
}

void Note(std::string_view line) {
  fflush(stdout);
  fmt::print(stderr, "{}\n", line);
}

void Progress::Update(std::string_view step, double share) {
  if (step != step_) {
    End();
    step_ = step;
    started_seconds_ = Now();
  }
  const double seconds = Now() - started_seconds_;
  if (!visible_ && (seconds < kQuietSeconds || share >= 1)) return;
  const int percent = static_cast<int>(std::clamp(share, 0.0, 1.0) * 100);
  if (IsTerminal()) {
    if (percent == shown_percent_) return;
    constexpr int kCells = 30;
    const int full = percent * kCells / 100;
    fmt::print(stderr, "\r[{}{}] {:3} %  {}  {:.0f} s", std::string(full, '#'),
               std::string(kCells - full, ' '), percent, step_, seconds);
  } else if (!visible_) {
    fmt::print(stderr, "{} ...\n", step_);
  }
  shown_percent_ = percent;
  visible_ = true;
  fflush(stderr);
}

void Progress::End() {
  if (visible_) {
    fmt::print(stderr, "{}{}: done in {:.1f} s\n",
               IsTerminal() ? "\r\x1b[K" : "", step_, Now() - started_seconds_);
  }
  step_.clear();
  visible_ = false;
  shown_percent_ = -1;
}

Colours::Colours(int descriptor) {
  if (isatty(descriptor) != 1 || std::getenv("NO_COLOR") != nullptr) return;
  bold = "\x1b[1m";
  dim = "\x1b[2m";
  red = "\x1b[31m";
  green = "\x1b[32m";
  yellow = "\x1b[33m";
  reset = "\x1b[0m";
}

}  // namespace cmif::cli
