// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "cmif/base/testing/temp_folder.h"
#include "cmif/platform/diagnose_files.h"
#include "cmif/platform/diagnose_machine.h"

namespace cmif::platform {
namespace {

namespace fs = std::filesystem;
using enum Finding::Result;

// A machine's /dev, /proc and /sys, and files beside them.
class DiagnoseTest : public ::testing::Test {
 protected:
  DiagnoseTest() {
    Write("proc/swaps", "Filename\tType\n");
    Write("proc/sys/kernel/core_pattern", "core\n");
  }

  fs::path Write(const std::string& name, const std::string& text) const {
    fs::create_directories((root_ / name).parent_path());
    std::ofstream(root_ / name) << text;
    return root_ / name;
  }

  Finding Of(const std::string& id) const {
    for (const Finding& finding : DiagnoseMachine(root_.path())) {
      if (finding.id == id) return finding;
    }
    ADD_FAILURE() << "no line " << id;
    return {};
  }

  const cmif::testing::TempFolder root_;
};

TEST_F(DiagnoseTest, NoDeviceIsAWarningWithAFix) {
  const Finding tee = Of("tee");
  EXPECT_EQ(tee.result, kWarn);
  EXPECT_NE(tee.fix, "");
}

TEST_F(DiagnoseTest, EachWayToEvidenceIsNamed) {
  Write("dev/sev-guest", "");
  Write("dev/attestation/quote", "");
  const Finding tee = Of("tee");
  EXPECT_EQ(tee.result, kPass);
  EXPECT_THAT(tee.observed, ::testing::HasSubstr("SEV-SNP"));
  EXPECT_THAT(tee.observed, ::testing::HasSubstr("Gramine"));
}

TEST_F(DiagnoseTest, SwapIsAWarning) {
  EXPECT_EQ(Of("memory.swap").result, kPass);
  Write("proc/swaps", "Filename\tType\n/dev/sda2\tpartition\n");
  EXPECT_EQ(Of("memory.swap").result, kWarn);
}

TEST_F(DiagnoseTest, DumpsForAProgramAreAWarning) {
  EXPECT_EQ(Of("core_pattern").result, kPass);
  Write("proc/sys/kernel/core_pattern", "|/usr/share/apport/apport %p\n");
  EXPECT_EQ(Of("core_pattern").result, kWarn);
}

TEST_F(DiagnoseTest, LinesThatDoNotPassSayWhatToDo) {
  for (const Finding& finding : DiagnoseMachine(root_.path())) {
    EXPECT_EQ(finding.fix.empty(), finding.result == kPass) << finding.id;
    EXPECT_NE(finding.observed, "") << finding.id;
  }
}

TEST_F(DiagnoseTest, EveryMeasureOfHardeningHasALine) {
  std::set<std::string> ids;
  for (const Finding& finding : DiagnoseHardening()) {
    ids.insert(finding.id);
    EXPECT_EQ(finding.fix.empty(), finding.result == kPass) << finding.id;
  }
  EXPECT_THAT(ids, ::testing::IsSupersetOf(
                       {"hardening.core", "hardening.dumpable",
                        "hardening.descriptors", "hardening.capabilities",
                        "hardening.key_heap", "hardening.landlock.files",
                        "hardening.seccomp", "memory.keys", "memory.table"}));
}

TEST_F(DiagnoseTest, KeyOfOthersToReadFails) {
  const fs::path key = Write("key", "secret");
  fs::permissions(key, fs::perms{0644});
  const Finding open = DiagnoseKey(key);
  EXPECT_EQ(open.result, kFail);
  EXPECT_THAT(open.observed, ::testing::HasSubstr("644"));
  fs::permissions(key, fs::perms{0600});
  EXPECT_EQ(DiagnoseKey(key).result, kPass);
  EXPECT_EQ(DiagnoseKey(root_ / "none").result, kFail);
}

TEST_F(DiagnoseTest, BundleFolderThatOthersWriteFails) {
  Write("bundle/embedding.cmif", "rows");
  const fs::path folder = root_ / "bundle";
  fs::permissions(folder / "embedding.cmif", fs::perms{0600});
  fs::permissions(folder, fs::perms{0700});
  for (const Finding& finding : DiagnoseBundle(folder)) {
    EXPECT_EQ(finding.result, kPass) << finding.id;
  }
  fs::permissions(folder, fs::perms{0777});
  fs::permissions(folder / "embedding.cmif", fs::perms{0644});
  const auto findings = DiagnoseBundle(folder);
  ASSERT_EQ(findings.size(), 3U);
  EXPECT_EQ(findings[1].result, kWarn);
  EXPECT_EQ(findings[2].result, kFail);
}

TEST_F(DiagnoseTest, FolderWithoutABundleFails) {
  const auto findings = DiagnoseBundle(root_.path());
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].result, kFail);
}

TEST_F(DiagnoseTest, DiskOfAFolderThatIsNotThereFails) {
  EXPECT_EQ(DiagnoseDisk(root_ / "none").result, kFail);
  EXPECT_THAT(DiagnoseDisk(root_.path()).observed,
              ::testing::HasSubstr("MiB free"));
}

TEST(DiagnosePortTest, PortThatListensPassesAndAClosedOneFails) {
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* raw = reinterpret_cast<sockaddr*>(&address);
  ASSERT_EQ(bind(listener, raw, size), 0);
  ASSERT_EQ(listen(listener, 4), 0);
  ASSERT_EQ(getsockname(listener, raw, &size), 0);
  const uint16_t port = ntohs(address.sin_port);
  constexpr std::chrono::seconds kLimit{5};
  EXPECT_EQ(DiagnosePort("127.0.0.1", port, kLimit).result, kPass);
  close(listener);
  EXPECT_EQ(DiagnosePort("127.0.0.1", port, kLimit).result, kFail);
}

TEST(DiagnosePortTest, HostThatDoesNotExistFails) {
  EXPECT_EQ(
      DiagnosePort("no.such.host.invalid", 1, std::chrono::seconds(1)).result,
      kFail);
}

}  // namespace
}  // namespace cmif::platform
