// SPDX-License-Identifier: Apache-2.0
#include "cmif/cli/line_reader.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace cmif::cli {

std::unexpected<Status> LineReader::TooLong() {
  return OutOfRange(fmt::format(
      "the line is longer than {} bytes: shorten or split it", kMaxLineBytes));
}

bool LineReader::Fill() {
  std::array<char, 65536> chunk;
  ssize_t got;
  do {
    got = read(descriptor_, chunk.data(), chunk.size());
  } while (got < 0 && errno == EINTR);
  if (got <= 0) {
    if (got < 0) errno_ = errno;
    at_end_ = true;
    return false;
  }
  buffer_.append(chunk.data(), static_cast<size_t>(got));
  constexpr std::string_view kMark = "\xEF\xBB\xBF";
  if (at_start_ && buffer_.size() >= kMark.size()) {
    if (buffer_.starts_with(kMark)) buffer_.erase(0, kMark.size());
    at_start_ = false;
  }
  return true;
}

std::optional<LineReader::Line> LineReader::TakeLine() {
  const size_t end = buffer_.find('\n', scanned_);
  if (end == std::string::npos) {
    scanned_ = buffer_.size();
    if (buffer_.size() > kMaxLineBytes) {
      buffer_.clear();
      scanned_ = 0;
      skipping_ = true;
    }
    return std::nullopt;
  }
  Line line{{}, skipping_ || end > kMaxLineBytes};
  const bool carriage_return = end > 0 && buffer_[end - 1] == '\r';
  if (!line.too_long) {
    line.text = buffer_.substr(0, carriage_return ? end - 1 : end);
  }
  buffer_.erase(0, end + 1);
  scanned_ = 0;
  skipping_ = false;
  return line;
}

std::optional<LineReader::Line> LineReader::Next() {
  while (true) {
    if (auto line = TakeLine()) return line;
    if (at_end_ || !Fill()) break;
  }
  if (buffer_.empty() && !skipping_) return std::nullopt;
  Line line{{}, skipping_};
  if (!line.too_long) line.text = std::move(buffer_);
  buffer_.clear();
  scanned_ = 0;
  skipping_ = false;
  return line;
}

Result<void> LineReader::error() const {
  if (errno_ == 0) return {};
  return PermissionDenied(std::string("cannot read standard input: ") +
                          std::strerror(errno_));
}

bool LineReader::Ready() {
  if (buffer_.find('\n', scanned_) != std::string::npos || at_end_) {
    return true;
  }
  pollfd entry{descriptor_, POLLIN, 0};
  return poll(&entry, 1, 0) > 0;
}

}  // namespace cmif::cli
