// SPDX-License-Identifier: Apache-2.0
#include "cmif/cli/terminal.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace cmif::cli {
namespace {

TEST(ExitCodeTest, EveryCodeHasItsDocumentedExitCode) {
  const std::pair<Code, ExitCode> table[] = {
      {Code::kOk, kOk},
      {Code::kCancelled, kNoServer},
      {Code::kUnknown, kInternal},
      {Code::kInvalidArgument, kUsage},
      {Code::kDeadlineExceeded, kNoServer},
      {Code::kNotFound, kNotFound},
      {Code::kAlreadyExists, kAlreadyThere},
      {Code::kPermissionDenied, kNotPermitted},
      {Code::kResourceExhausted, kLimit},
      {Code::kFailedPrecondition, kDoesNotFit},
      {Code::kAborted, kNoServer},
      {Code::kOutOfRange, kLimit},
      {Code::kUnimplemented, kUnsupported},
      {Code::kInternal, kInternal},
      {Code::kUnavailable, kNoServer},
      {Code::kDataLoss, kBadData},
      {Code::kUnauthenticated, kNotPermitted}};
  for (const auto& [code, exit_code] : table) {
    EXPECT_EQ(ExitCodeOf(Status(code, "x")), exit_code) << CodeName(code);
  }
}

TEST(ExitCodeTest, CodesOutsideTheListAreInternal) {
  EXPECT_EQ(ExitCodeOf(Status(static_cast<Code>(99), "x")), kInternal);
}

TEST(ReportTest, PrintsOneLineAndReturnsTheExitCode) {
  ::testing::internal::CaptureStderr();
  const ExitCode code = Report(Status(Code::kNotFound, "no\nsuch {} file"));
  EXPECT_EQ(::testing::internal::GetCapturedStderr(),
            "cmif: no such {} file\n");
  EXPECT_EQ(code, kNotFound);
}

TEST(ProgressTest, QuickStepsPrintNothing) {
  ::testing::internal::CaptureStderr();
  {
    Progress progress;
    for (const double share : {0.0, 0.5, 1.0}) progress.Update("step", share);
  }
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

TEST(ColoursTest, NoneWhereThereIsNoTerminal) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const Colours colours(ends[1]);
  EXPECT_EQ(colours.bold + colours.red + colours.reset, "");
  close(ends[0]);
  close(ends[1]);
}

}  // namespace
}  // namespace cmif::cli
