// SPDX-License-Identifier: Apache-2.0
#include "cmif/cli/line_reader.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <string_view>
#include <thread>
#include <vector>

namespace cmif::cli {
namespace {

// A pipe whose other end writes the text and closes.
class Input {
 public:
  explicit Input(std::string text) {
    EXPECT_EQ(pipe(ends_.data()), 0);
    writer_ = std::thread([this, text = std::move(text)] {
      size_t at = 0;
      while (at < text.size()) {
        const ssize_t put = write(ends_[1], text.data() + at, text.size() - at);
        if (put <= 0) break;
        at += static_cast<size_t>(put);
      }
      close(ends_[1]);
    });
  }
  ~Input() {
    writer_.join();
    close(ends_[0]);
  }
  int descriptor() const { return ends_[0]; }

 private:
  std::array<int, 2> ends_{};
  std::thread writer_;
};

std::vector<std::string> Lines(const std::string& text) {
  const Input input(text);
  LineReader reader(input.descriptor());
  std::vector<std::string> lines;
  while (const auto line = reader.Next()) {
    EXPECT_FALSE(line->too_long);
    lines.push_back(line->text);
  }
  EXPECT_FALSE(reader.Next().has_value());
  return lines;
}

using Expected = std::vector<std::string>;

TEST(LineReaderTest, EmptyInputHasNoLine) { EXPECT_EQ(Lines(""), Expected()); }

TEST(LineReaderTest, LinesComeWithoutTheirNewline) {
  EXPECT_EQ(Lines("a\nb\n"), (Expected{"a", "b"}));
}

TEST(LineReaderTest, LastLineNeedsNoNewline) {
  EXPECT_EQ(Lines("a\nb"), (Expected{"a", "b"}));
}

TEST(LineReaderTest, EmptyLinesCount) {
  EXPECT_EQ(Lines("\n\na\n\n"), (Expected{"", "", "a", ""}));
}

TEST(LineReaderTest, BytesAreKept) {
  const std::string bytes("x\0y\r\xFF", 5);
  EXPECT_EQ(Lines(bytes + "\n"), Expected{bytes});
}

TEST(LineReaderTest, LineEndsOfWindowsAndAByteOrderMarkAreNoText) {
  EXPECT_EQ(Lines("\xEF\xBB\xBF"
                  "a\r\n\r\n\xEF\xBB\xBF"
                  "b\rc\r\n"),
            (Expected{"a", "",
                      "\xEF\xBB\xBF"
                      "b\rc"}));
}

TEST(LineReaderTest, ManyLinesComeInOrder) {
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += std::to_string(i) + "\n";
  const auto lines = Lines(text);
  ASSERT_EQ(lines.size(), 100'000U);
  for (size_t i = 0; i < lines.size(); ++i) {
    ASSERT_EQ(lines[i], std::to_string(i));
  }
}

TEST(LineReaderTest, LongestLineComesWhole) {
  const std::string longest(LineReader::kMaxLineBytes, 'x');
  EXPECT_EQ(Lines(longest + "\nnext\n"), (Expected{longest, "next"}));
}

TEST(LineReaderTest, LineThatIsTooLongIsSkippedAndTheNextOneComes) {
  for (const size_t beyond : {size_t{1}, size_t{100'000}, size_t{40U << 20}}) {
    const Input input(std::string(LineReader::kMaxLineBytes + beyond, 'x') +
                      "\nnext\n");
    LineReader reader(input.descriptor());
    EXPECT_TRUE(reader.Next()->too_long) << beyond;
    const auto next = reader.Next();
    ASSERT_TRUE(next.has_value());
    EXPECT_FALSE(next->too_long);
    EXPECT_EQ(next->text, "next");
    EXPECT_FALSE(reader.Next().has_value());
  }
}

TEST(LineReaderTest, LastLineThatIsTooLongIsReported) {
  const Input input(std::string(LineReader::kMaxLineBytes + 1, 'x'));
  LineReader reader(input.descriptor());
  const auto line = reader.Next();
  ASSERT_TRUE(line.has_value());
  EXPECT_TRUE(line->too_long);
  EXPECT_FALSE(reader.Next().has_value());
}

TEST(LineReaderTest, ReadyOnlyWhenALineIsThere) {
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe(ends.data()), 0);
  LineReader reader(ends[0]);
  EXPECT_FALSE(reader.Ready());
  const std::string_view text = "a\nb\n";
  ASSERT_EQ(write(ends[1], text.data(), text.size()), 4);
  EXPECT_TRUE(reader.Ready());
  EXPECT_EQ(reader.Next()->text, "a");
  EXPECT_TRUE(reader.Ready());
  EXPECT_EQ(reader.Next()->text, "b");
  EXPECT_FALSE(reader.Ready());
  close(ends[1]);
  EXPECT_TRUE(reader.Ready());
  EXPECT_FALSE(reader.Next().has_value());
  close(ends[0]);
}

}  // namespace
}  // namespace cmif::cli
