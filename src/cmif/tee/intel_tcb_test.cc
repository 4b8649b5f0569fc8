// SPDX-License-Identifier: Apache-2.0
#include "cmif/tee/intel_tcb.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cmif::tee {
namespace {

using Status = IntelTcbStatus;
using ::testing::ElementsAre;

TcbLevel Level(uint16_t sgx, uint16_t pce, uint16_t tdx,
               const std::string& status,
               const std::vector<std::string>& advisories = {}) {
  TcbLevel level{};
  level.sgx_components.fill(sgx);
  level.pce_svn = pce;
  level.tdx_components.fill(tdx);
  level.status = status;
  level.advisories = advisories;
  return level;
}

SvnLevel Svn(uint16_t svn, const std::string& status,
             const std::vector<std::string>& advisories = {}) {
  return {svn, status, "", advisories};
}

// A platform that reaches the first of two levels.
struct Platform {
  Platform() {
    info.levels = {Level(5, 10, 5, "UpToDate"),
                   Level(3, 8, 3, "OutOfDate", {"A-2"})};
    info.module = TdxModule{};
    TdxModule module{};
    module.id = "TDX_01";
    module.levels = {Svn(7, "UpToDate"), Svn(4, "OutOfDate", {"A-3"})};
    info.modules = {module};
    identity.levels = {Svn(6, "UpToDate"), Svn(2, "OutOfDate", {"A-4"}),
                       Svn(1, "Revoked")};
    pck.component_svn.fill(5);
    pck.pce_svn = 10;
    quote.qe_report.svn = 6;
    TdBody td{};
    td.tee_tcb_svn.fill(5);
    td.tee_tcb_svn[1] = 0;
    quote.body = td;
    info.levels[0].tdx_components[1] = 0;
    info.levels[1].tdx_components[1] = 0;
  }
  TdBody& td() { return std::get<TdBody>(quote.body); }
  IntelTcb Rate() { return RateIntelTcb(info, identity, pck, quote); }

  TcbInfo info{};
  QeIdentity identity{};
  PckExtension pck{};
  Quote quote{};
};

TEST(IntelTcbTest, TheHighestReachedLevelCounts) {
  Platform platform;
  EXPECT_EQ(platform.Rate().status, Status::kUpToDate);
  platform.pck.component_svn[15] = 4;
  EXPECT_EQ(platform.Rate().status, Status::kOutOfDate);
  EXPECT_THAT(platform.Rate().advisories, ElementsAre("A-2"));
  platform.pck.component_svn[15] = 2;
  EXPECT_EQ(platform.Rate().status, Status::kNotSupported);
}

TEST(IntelTcbTest, PceAndTdxComponentsCountToo) {
  Platform pce;
  pce.pck.pce_svn = 9;
  EXPECT_EQ(pce.Rate().status, Status::kOutOfDate);
  Platform tdx;
  tdx.td().tee_tcb_svn[15] = 4;
  EXPECT_EQ(tdx.Rate().status, Status::kOutOfDate);
  Platform first;
  first.td().tee_tcb_svn[0] = 4;
  EXPECT_EQ(first.Rate().status, Status::kOutOfDate);
}

TEST(IntelTcbTest, SgxDoesNotLookAtTdxComponents) {
  Platform platform;
  platform.quote.body = SgxBody{};
  EXPECT_EQ(platform.Rate().status, Status::kUpToDate);
}

TEST(IntelTcbTest, AModuleWithAVersionIsRatedByItself) {
  Platform platform;
  platform.td().tee_tcb_svn[0] = 7;
  platform.td().tee_tcb_svn[1] = 1;
  EXPECT_EQ(platform.Rate().status, Status::kUpToDate);
  // Components 0 and 1 are skipped: 0 is below the level's 5.
  platform.td().tee_tcb_svn[0] = 4;
  EXPECT_EQ(platform.Rate().platform, Status::kUpToDate);
  EXPECT_EQ(platform.Rate().status, Status::kOutOfDate);
  EXPECT_THAT(platform.Rate().advisories, ElementsAre("A-3"));
  platform.td().tee_tcb_svn[0] = 3;
  EXPECT_EQ(platform.Rate().status, Status::kNotSupported);
  platform.td().tee_tcb_svn[1] = 2;
  EXPECT_EQ(platform.Rate().status, Status::kNotSupported);
}

TEST(IntelTcbTest, AWorsePlatformStatusIsNotLost) {
  Platform platform;
  platform.info.levels[0].status = "Revoked";
  platform.td().tee_tcb_svn[1] = 1;
  platform.td().tee_tcb_svn[0] = 7;
  EXPECT_EQ(platform.Rate().status, Status::kRevoked);
}

TEST(IntelTcbTest, TheQeMakesItWorse) {
  Platform platform;
  platform.quote.qe_report.svn = 5;
  EXPECT_EQ(platform.Rate().status, Status::kOutOfDate);
  platform.info.levels[0].status = "ConfigurationNeeded";
  EXPECT_EQ(platform.Rate().status, Status::kOutOfDateConfigurationNeeded);
  platform.quote.qe_report.svn = 1;
  EXPECT_EQ(platform.Rate().status, Status::kRevoked);
  platform.quote.qe_report.svn = 0;
  EXPECT_EQ(platform.Rate().status, Status::kNotSupported);
}

TEST(IntelTcbTest, UnknownWordsAreNotSupported) {
  Platform platform;
  platform.info.levels[0].status = "Fine";
  EXPECT_EQ(platform.Rate().status, Status::kNotSupported);
  Platform module;
  module.td().tee_tcb_svn[1] = 1;
  module.td().tee_tcb_svn[0] = 7;
  module.info.modules[0].levels[0].status = "SWHardeningNeeded";
  EXPECT_EQ(module.Rate().status, Status::kNotSupported);
}

// Launched by module 1.4, running under `svn` of module `version` by now.
Platform Relaunch(uint8_t svn, uint8_t version) {
  Platform platform;
  platform.td().tee_tcb_svn[0] = 4;
  platform.td().tee_tcb_svn[1] = 1;
  platform.td().tee_tcb_svn2.emplace().fill(5);
  (*platform.td().tee_tcb_svn2)[0] = svn;
  (*platform.td().tee_tcb_svn2)[1] = version;
  return platform;
}

TEST(IntelTcbTest, ATdOfAnOldModuleOnANewOneShouldBeRelaunched) {
  EXPECT_EQ(Relaunch(7, 1).Rate().status, Status::kTdRelaunchAdvised);
  EXPECT_EQ(Relaunch(6, 1).Rate().status, Status::kOutOfDate);
  EXPECT_EQ(Relaunch(5, 0).Rate().status, Status::kTdRelaunchAdvised);
  EXPECT_EQ(Relaunch(4, 0).Rate().status, Status::kOutOfDate);
  EXPECT_EQ(Relaunch(9, 3).Rate().status, Status::kOutOfDate);
  Platform platform = Relaunch(7, 1);
  (*platform.td().tee_tcb_svn2)[2] = 4;
  EXPECT_EQ(platform.Rate().status, Status::kOutOfDate);
}

TEST(IntelTcbTest, RelaunchNeedsConfigurationWhereThePlatformDoes) {
  Platform platform = Relaunch(7, 1);
  platform.info.levels[0].status = "ConfigurationNeeded";
  EXPECT_EQ(platform.Rate().status,
            Status::kTdRelaunchAdvisedConfigurationNeeded);
}

TEST(IntelTcbTest, NoRelaunchHelpsAnOldPlatformOrQe) {
  Platform old_platform = Relaunch(7, 1);
  old_platform.pck.pce_svn = 9;
  EXPECT_EQ(old_platform.Rate().status, Status::kOutOfDate);
  Platform old_qe = Relaunch(7, 1);
  old_qe.quote.qe_report.svn = 2;
  EXPECT_EQ(old_qe.Rate().status, Status::kOutOfDate);
}

TEST(IntelTcbTest, NamesGoBothWays) {
  for (const char* name :
       {"UpToDate", "SWHardeningNeeded", "ConfigurationNeeded",
        "ConfigurationAndSWHardeningNeeded", "TDRelaunchAdvised",
        "TDRelaunchAdvisedConfigurationNeeded", "OutOfDate",
        "OutOfDateConfigurationNeeded", "Revoked", "NotSupported"}) {
    EXPECT_EQ(IntelTcbStatusName(IntelTcbStatusOf(name)), name);
  }
}

}  // namespace
}  // namespace cmif::tee
