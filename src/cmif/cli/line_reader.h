// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_CLI_LINE_READER_H_
#define CMIF_CLI_LINE_READER_H_

#include <optional>
#include <string>

#include "cmif/base/status.h"

namespace cmif::cli {

// Lines of a descriptor, without their newline (or CR and newline) and without
// a byte-order mark before the first. A last line without newline
// counts; an empty input has none. Lines longer than kMaxLineBytes come as
// kTooLong. An input that cannot be read ends like an empty one: see error().
class LineReader {
 public:
  static constexpr size_t kMaxLineBytes = 16U << 20;
  struct Line {
    std::string text;
    bool too_long = false;
  };

  explicit LineReader(int descriptor) : descriptor_(descriptor) {}

  // What there is to say of a line that is too long.
  static std::unexpected<Status> TooLong();

  // The next line; waits for it. nullopt at the end of the input.
  std::optional<Line> Next();
  // PERMISSION_DENIED once reading has failed.
  Result<void> error() const;
  // Whether Next() would return without waiting.
  bool Ready();

 private:
  bool Fill();  // false at the end
  std::optional<Line> TakeLine();

  int descriptor_;
  std::string buffer_;
  size_t scanned_ = 0;
  bool at_start_ = true;
  bool at_end_ = false;
  int errno_ = 0;
  bool skipping_ = false;  // inside a line that is too long
};

}  // namespace cmif::cli

#endif  // CMIF_CLI_LINE_READER_H_
