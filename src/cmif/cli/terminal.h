// SPDX-License-Identifier: Apache-2.0
// What commands show a person: errors, progress, colour. Everything here goes
// to standard error.
#ifndef CMIF_CLI_TERMINAL_H_
#define CMIF_CLI_TERMINAL_H_

#include <string>
#include <string_view>

#include "cmif/base/status.h"

namespace cmif::cli {

// Exit codes, all below 128; docs/json.md lists them.
enum ExitCode : int {
  kOk = 0,
  kSomeLinesFailed = 1,
  kUsage = 2,    // flags, values, commands
  kBadData = 3,  // a file or text that is not what it should be
  kNotFound = 4,
  kNotPermitted = 5,  // files, addresses, evidence
  kNoServer = 6,      // absent, gone, too slow
  kDoesNotFit = 7,    // parts of different models or versions
  kUnsupported = 8,
  kLimit = 9,          // disk, memory, context, queue
  kAlreadyThere = 10,  // port or folder in use
  kInternal = 11,
};

ExitCode ExitCodeOf(const Status& status);

// "cmif: MESSAGE" in one line; returns the exit code.
ExitCode Report(const Status& status);

// One line of information, unless quiet.
void Note(std::string_view line);

// A progress bar on a terminal, plain lines elsewhere (at the start of a step
// and when it is done). Nothing for steps that end within half a second.
class Progress {
 public:
  ~Progress() { End(); }
  void Update(std::string_view step, double share);
  // Ends the current step's line.
  void End();

 private:
  std::string step_;
  double started_seconds_ = 0;
  int shown_percent_ = -1;
  bool visible_ = false;
};

// ANSI colours, empty where the stream is no terminal or NO_COLOR is set.
struct Colours {
  explicit Colours(int descriptor);
  std::string bold, dim, red, green, yellow, reset;
};

}  // namespace cmif::cli

#endif  // CMIF_CLI_TERMINAL_H_
