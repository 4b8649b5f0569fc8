// SPDX-License-Identifier: Apache-2.0
#include "cmif/text/printable.h"

#include <gtest/gtest.h>

namespace cmif::text {
namespace {

TEST(PrintableTest, TextStays) {
  for (const char* text : {"", "one\ttwo\n", "naïve Ωμέγα 日本 😀", "شكرا",
                           "a\u200db", "\u00a0"}) {
    EXPECT_EQ(Printable(text), text);
  }
}

TEST(PrintableTest, WhatATerminalObeysDoesNot) {
  EXPECT_EQ(Printable("\x1b[31m\r\x07\x7f"), "?[31m???");
  EXPECT_EQ(Printable("\u0080\u009b31m\u009f"), "??31m?");
  EXPECT_EQ(Printable("a\u202eb\u2066c\u2069"), "a?b?c?");
  EXPECT_EQ(Printable(std::string_view("a\0b", 3)), "a?b");
}

TEST(PrintableTest, BytesThatAreNoTextDoNot) {
  EXPECT_EQ(Printable("\x9b"
                      "31m"),
            "?31m");  // CSI where bytes are characters
  EXPECT_EQ(Printable("a\xff\xc3"), "a??");
  EXPECT_EQ(Printable("\xc0\x80\xed\xa0\x80\xf4\x90\x80\x80"), "?????????");
}

}  // namespace
}  // namespace cmif::text
