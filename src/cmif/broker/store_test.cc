// SPDX-License-Identifier: Apache-2.0
#include "cmif/broker/store.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include "cmif/base/byte_reader.h"
#include "cmif/base/testing/temp_folder.h"
#include "cmif/broker/release_log.h"

namespace cmif::broker {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kNow = 1'800'000'000;

crypto::Digest Filled(uint8_t byte) {
  crypto::Digest digest{};
  digest.fill(byte);
  return digest;
}

class StoreTest : public ::testing::Test {
 protected:
  StoreTest() { Reopen(); }
  void Reopen() {
    store_.reset();
    auto store = Store::Open(folder_ / "state");
    ASSERT_TRUE(store) << store.error().message();
    store_ = *std::move(store);
  }
  std::string Issue(int64_t now = kNow) {
    LeaseTerms terms = terms_;
    terms.policy_version = policy_version_;
    auto id = store_->IssueLease(holder_, terms, now);
    return id ? *id : id.error().message();
  }
  // As somebody with an editor would.
  void Edit(const char* sql) {
    sqlite3* database = nullptr;
    ASSERT_EQ(
        sqlite3_open((folder_ / "state/broker.sqlite").c_str(), &database),
        SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(database, sql, nullptr, nullptr, nullptr),
              SQLITE_OK);
    sqlite3_close(database);
  }

  const cmif::testing::TempFolder folder_;
  std::unique_ptr<Store> store_;
  const LeaseHolder holder_{"rule", {"ab01"}, "snp"};
  const LeaseTerms terms_{600, 2};
  uint64_t policy_version_ = 0;
};

TEST_F(StoreTest, AnOlderPolicyAllowsNothingOnceANewerOneIsInForce) {
  ASSERT_TRUE(store_->AdoptPolicy(1, Filled(1), false, kNow));
  const auto id = store_->IssueLease(holder_, {600, 2, 1}, kNow);
  ASSERT_TRUE(id) << id.error().message();
  ASSERT_TRUE(store_->AdoptPolicy(2, Filled(2), false, kNow));
  const Resource resource{std::string(64, 'a'), "1"};
  EXPECT_EQ(store_->IssueLease(holder_, {600, 2, 1}, kNow).error().code(),
            Code::kUnauthenticated);
  EXPECT_EQ(store_->RenewLease(*id, holder_, {600, 2, 1}, kNow).error().code(),
            Code::kUnauthenticated);
  EXPECT_EQ(
      store_->NoteRelease(*id, resource, Filled(1), 1, kNow).error().code(),
      Code::kUnauthenticated);
  EXPECT_TRUE(store_->NoteRelease(*id, resource, Filled(1), 2, kNow));
}

TEST_F(StoreTest, PoliciesForSimulatedAndRealPlatformsDoNotMix) {
  ASSERT_TRUE(store_->AdoptPolicy(1, Filled(1), false, kNow));
  EXPECT_EQ(store_->AdoptPolicy(2, Filled(2), true, kNow).error().code(),
            Code::kFailedPrecondition);
  EXPECT_TRUE(store_->AdoptPolicy(2, Filled(2), false, kNow));
}

TEST_F(StoreTest, AnyIdOfAPlatformRevokesIt) {
  const LeaseHolder holder{"rule", {"ab01", "cd02"}, "tdx"};
  const auto id = store_->IssueLease(holder, terms_, kNow);
  ASSERT_TRUE(id);
  EXPECT_EQ(store_->FindLease(*id, kNow)->platform_ids, holder.platform_ids);
  ASSERT_TRUE(store_->RevokePlatform("CD02", kNow));
  EXPECT_EQ(store_->FindLease(*id, kNow).error().code(),
            Code::kPermissionDenied);
}

TEST_F(StoreTest, PolicyVersionsOnlyGrow) {
  EXPECT_TRUE(store_->AdoptPolicy(3, Filled(1), false, kNow));
  EXPECT_TRUE(store_->AdoptPolicy(3, Filled(1), false, kNow));
  Reopen();
  EXPECT_EQ(store_->AdoptPolicy(2, Filled(2), false, kNow).error().code(),
            Code::kFailedPrecondition);
  EXPECT_EQ(store_->AdoptPolicy(3, Filled(2), false, kNow).error().code(),
            Code::kFailedPrecondition);
  EXPECT_TRUE(store_->AdoptPolicy(4, Filled(2), false, kNow));
  // One entry a policy.
  EXPECT_EQ(store_->ReadLog(1)->size(), 2U);
}

TEST_F(StoreTest, LeasesAreLimitedAnHourAPlatformAndRule) {
  EXPECT_EQ(Issue().size(), 32U);
  EXPECT_EQ(Issue(kNow + 1).size(), 32U);
  EXPECT_EQ(store_->IssueLease(holder_, terms_, kNow + 2).error().code(),
            Code::kResourceExhausted);
  EXPECT_TRUE(store_->IssueLease({"other", {"ab01"}, "snp"}, terms_, kNow + 2));
  EXPECT_TRUE(store_->IssueLease({"rule", {"ab02"}, "snp"}, terms_, kNow + 2));
  EXPECT_TRUE(store_->IssueLease(holder_, terms_, kNow + 3600));
}

TEST_F(StoreTest, ALeaseIsRenewedByItsHolderWhileItLives) {
  const std::string id = Issue();
  EXPECT_TRUE(store_->RenewLease(id, holder_, terms_, kNow + 599));
  EXPECT_TRUE(store_->RenewLease(id, holder_, terms_, kNow + 1198));
  const auto code = [&](const std::string& of, const LeaseHolder& by,
                        int64_t now) {
    return store_->RenewLease(of, by, terms_, now).error().code();
  };
  EXPECT_EQ(code("none", holder_, kNow + 1200), Code::kPermissionDenied);
  EXPECT_EQ(code(id, {"rule", {"ab02"}, "snp"}, kNow + 1200),
            Code::kPermissionDenied);
  EXPECT_EQ(code(id, {"other", {"ab01"}, "snp"}, kNow + 1200),
            Code::kPermissionDenied);
  EXPECT_EQ(code(id, holder_, kNow + 1798), Code::kPermissionDenied);
  EXPECT_EQ(code(id, holder_, kNow + 1198 + 149), Code::kResourceExhausted);
  EXPECT_TRUE(store_->RenewLease(id, holder_, terms_, kNow + 1198 + 150));
}

TEST_F(StoreTest, ReleasesNeedALivingLease) {
  const std::string id = Issue();
  const Resource resource{std::string(64, 'a'), "1"};
  EXPECT_TRUE(store_->NoteRelease(id, resource, Filled(1), 0, kNow + 1));
  EXPECT_EQ(store_->NoteRelease(id, resource, Filled(1), 0, kNow + 600)
                .error()
                .code(),
            Code::kPermissionDenied);
  ASSERT_TRUE(store_->RevokeLease(id, kNow + 2));
  EXPECT_EQ(
      store_->NoteRelease(id, resource, Filled(1), 0, kNow + 3).error().code(),
      Code::kPermissionDenied);
}

TEST_F(StoreTest, WhatIsRevokedStaysSo) {
  const std::string id = Issue();
  EXPECT_TRUE(store_->RevokeLease(id, kNow));
  EXPECT_EQ(store_->RevokeLease(id, kNow).error().code(), Code::kAlreadyExists);
  EXPECT_EQ(store_->RevokeLease("none", kNow).error().code(), Code::kNotFound);
  EXPECT_TRUE(store_->RevokePlatform("AB01", kNow));
  EXPECT_EQ(store_->RevokePlatform("no hex", kNow).error().code(),
            Code::kInvalidArgument);
  Reopen();
  EXPECT_EQ(store_->RenewLease(id, holder_, terms_, kNow).error().code(),
            Code::kPermissionDenied);
  EXPECT_EQ(store_->IssueLease(holder_, terms_, kNow).error().code(),
            Code::kPermissionDenied);
  EXPECT_TRUE(*store_->IsPlatformRevoked("ab01"));
  EXPECT_FALSE(*store_->IsPlatformRevoked("ab02"));
}

TEST_F(StoreTest, FloorsDoNotGoBack) {
  EXPECT_TRUE(store_->RaiseFloors({{"crl A", 0}, {"tcb", 17}}));
  EXPECT_TRUE(store_->RaiseFloors({{"crl A", 5}, {"tcb", 18}}));
  Reopen();
  EXPECT_EQ(store_->RaiseFloors({{"crl A", 4}}).error().code(),
            Code::kFailedPrecondition);
  EXPECT_EQ(store_->RaiseFloors({{"crl A", 0}}).error().code(),
            Code::kFailedPrecondition);
  // All or nothing.
  EXPECT_FALSE(store_->RaiseFloors({{"crl A", 9}, {"tcb", 17}}));
  EXPECT_TRUE(store_->RaiseFloors({{"crl A", 5}, {"tcb", 18}}));
}

TEST_F(StoreTest, TheLogIsAChainThatEndsAtTheHead) {
  EXPECT_EQ(*store_->LogHead(), crypto::Digest());
  EXPECT_EQ(*VerifyWholeLog(*store_), 0U);
  ASSERT_TRUE(store_->AdoptPolicy(1, Filled(1), false, kNow));
  const crypto::Digest seen = *store_->LogHead();
  policy_version_ = 1;
  Issue();
  const auto entries = store_->ReadLog(1);
  ASSERT_EQ(entries->size(), 2U);
  EXPECT_EQ(entries->back().hash, *store_->LogHead());
  EXPECT_EQ(entries->front().text, R"({"kind":"policy","sha256":")" +
                                       crypto::ToHex(Filled(1)) +
                                       R"(","time":1800000000,"version":1})");
  EXPECT_EQ(*VerifyWholeLog(*store_, &seen), 2U);
  const crypto::Digest other = Filled(9);
  EXPECT_FALSE(VerifyWholeLog(*store_, &other));
}

TEST_F(StoreTest, AChangedLogIsFound) {
  for (const char* sql :
       {"UPDATE log SET text=replace(text,'policy','polite') WHERE number=2",
        "UPDATE log SET hash=zeroblob(32) WHERE number=2",
        "DELETE FROM log WHERE number=2",
        "UPDATE log SET number=9 WHERE number=3"}) {
    policy_version_ = 0;
    Issue();
    ASSERT_TRUE(store_->AdoptPolicy(1, Filled(1), false, kNow));
    policy_version_ = 1;
    Issue();
    ASSERT_EQ(*VerifyWholeLog(*store_), 3U);
    Edit(sql);
    EXPECT_EQ(VerifyWholeLog(*store_).error().code(), Code::kDataLoss) << sql;
    store_.reset();
    fs::remove_all(folder_ / "state");
    Reopen();
  }
}

// What was seen of a log that is cut off afterwards is missing from it.
TEST_F(StoreTest, ACutLogIsFoundByAHead) {
  Issue();
  Issue();
  const crypto::Digest seen = *store_->LogHead();
  Edit("DELETE FROM log WHERE number=2");
  EXPECT_TRUE(VerifyWholeLog(*store_));
  EXPECT_EQ(VerifyWholeLog(*store_, &seen).error().code(), Code::kDataLoss);
}

TEST_F(StoreTest, TwoProcessesShareAFolder) {
  const auto other = Store::Open(folder_ / "state");
  ASSERT_TRUE(other) << other.error().message();
  const std::string id = Issue();
  ASSERT_TRUE((*other)->RevokeLease(id, kNow));
  EXPECT_FALSE(store_->RenewLease(id, holder_, terms_, kNow));
  EXPECT_EQ(*VerifyWholeLog(*store_), 2U);
}

TEST_F(StoreTest, WhatIsNoDatabaseIsDataLoss) {
  store_.reset();
  fs::remove_all(folder_ / "state");
  fs::create_directories(folder_ / "state");
  FILE* file = fopen((folder_ / "state/broker.sqlite").c_str(), "w");
  ASSERT_NE(file, nullptr);
  fputs(std::string(4096, 'x').c_str(), file);
  fclose(file);
  EXPECT_EQ(Store::Open(folder_ / "state").error().code(), Code::kDataLoss);
}

TEST_F(StoreTest, AFolderWithoutStateIsNotFound) {
  EXPECT_EQ(Store::OpenExisting(folder_ / "none").error().code(),
            Code::kNotFound);
  EXPECT_TRUE(Store::OpenExisting(folder_ / "state"));
}

// What Python's hashlib says.
TEST(ReleaseLogTest, HashesAreWhatAnotherProgramComputes) {
  EXPECT_EQ(crypto::ToHex(HashLogEntry({}, 1, "{}")),
            "cf57ee7b7b712e171de97a4428b0c844fa94c029bba0381f34d9356321b86318");
  EXPECT_EQ(crypto::ToHex(HashLogEntry(Filled(7), 258, "{\"a\":1}")),
            "7bcc98283e2686bc52229d37137c0f7279455b25b8e0f66b2ffc55c45a207dc4");
}

}  // namespace
}  // namespace cmif::broker
