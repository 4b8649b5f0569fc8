// SPDX-License-Identifier: Apache-2.0
#include "cmif/broker/key_lease.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <utility>

#include "cmif/broker/testing/fake_broker.h"

namespace cmif::broker {
namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;
using testing::FakeBroker;
using ::testing::HasSubstr;

// A lease of 100 s, by a clock that the test sets.
class KeyLeaseTest : public ::testing::Test {
 protected:
  Result<std::unique_ptr<KeyLease>> Open(bool own_thread = false) {
    auto client = KeyClient::Create(
        broker_.NewTransport(), FakeBroker::NewAttester(),
        {{std::string(64, 'a'), "1"}},
        {.tries = 1, .sleep = [](std::chrono::milliseconds) {}});
    if (!client) return std::unexpected(client.error());
    return KeyLease::Open(
        *std::move(client),
        {.clock = [this] { return nanoseconds(now_); },
         .on_end =
             [this](const Status& why) { ends_.push_back(why.message()); },
         .own_thread = own_thread});
  }
  std::string WhyOver(KeyLease& lease) {
    const auto checked = lease.Check();
    if (checked) return "";
    EXPECT_EQ(checked.error().code(), Code::kPermissionDenied);
    return checked.error().message();
  }

  FakeBroker broker_;
  nanoseconds now_ = seconds(5000);
  std::vector<std::string> ends_;
};

TEST_F(KeyLeaseTest, KeyIsThereOnce) {
  const auto lease = Open();
  ASSERT_TRUE(lease) << lease.error().message();
  const auto key = (*lease)->TakeKey();
  ASSERT_NE(key, nullptr);
  EXPECT_EQ(key->bytes()[0], 'k');
  EXPECT_EQ((*lease)->TakeKey(), nullptr);
}

TEST_F(KeyLeaseTest, RenewsAtHalfOfItsTime) {
  const auto lease = Open();
  ASSERT_TRUE(lease);
  EXPECT_EQ((*lease)->Step(), seconds(50));
  EXPECT_EQ(broker_.requests, 3);
  now_ += seconds(50);
  EXPECT_EQ((*lease)->Step(), seconds(50));
  EXPECT_EQ(broker_.renewed, "lease-1");
  EXPECT_EQ(broker_.requests, 5);  // no key is asked for again
  now_ += seconds(99);
  EXPECT_EQ(WhyOver(**lease), "");
}

TEST_F(KeyLeaseTest, NetworkFailuresAreTriedAgainUntilItIsOver) {
  const auto lease = Open();
  ASSERT_TRUE(lease);
  broker_.unreachable = true;
  now_ += seconds(50);
  EXPECT_EQ((*lease)->Step(), seconds(1));
  now_ += seconds(1);
  EXPECT_EQ((*lease)->Step(), seconds(2));
  EXPECT_EQ(WhyOver(**lease), "");
  now_ += seconds(49);
  EXPECT_THAT(WhyOver(**lease), HasSubstr("nobody answers"));
  EXPECT_EQ((*lease)->TakeKey(), nullptr);
  (*lease)->Step();
  (*lease)->Step();
  ASSERT_EQ(ends_.size(), 1U);
  EXPECT_THAT(ends_[0], HasSubstr("over"));
  // A network that comes back changes nothing.
  broker_.unreachable = false;
  (*lease)->Step();
  EXPECT_NE(WhyOver(**lease), "");
}

TEST_F(KeyLeaseTest, ANetworkThatComesBackSavesIt) {
  const auto lease = Open();
  ASSERT_TRUE(lease);
  broker_.unreachable = true;
  now_ += seconds(50);
  (*lease)->Step();
  broker_.unreachable = false;
  now_ += seconds(1);
  EXPECT_EQ((*lease)->Step(), seconds(50));
  EXPECT_TRUE(ends_.empty());
}

TEST_F(KeyLeaseTest, RefusalEndsItAtOnce) {
  const auto lease = Open();
  ASSERT_TRUE(lease);
  broker_.refused_path = kAuthPath;
  broker_.problem = {"revoked", "the lease was revoked"};
  now_ += seconds(50);
  EXPECT_EQ((*lease)->Step(), nanoseconds::max());
  EXPECT_THAT(WhyOver(**lease), HasSubstr("revoked"));
  EXPECT_EQ((*lease)->TakeKey(), nullptr);
  ASSERT_EQ(ends_.size(), 1U);
}

TEST_F(KeyLeaseTest, AnotherLeaseIsNoRenewal) {
  const auto lease = Open();
  ASSERT_TRUE(lease);
  broker_.claims.lease.id = "lease-2";
  now_ += seconds(50);
  (*lease)->Step();
  EXPECT_THAT(WhyOver(**lease), HasSubstr("another lease"));
}

TEST_F(KeyLeaseTest, TheShorterOfTokenAndLeaseCounts) {
  broker_.claims.expires_at = broker_.claims.issued_at + 40;
  const auto lease = Open();
  ASSERT_TRUE(lease);
  EXPECT_EQ((*lease)->Step(), seconds(20));
  now_ += seconds(40);
  EXPECT_NE(WhyOver(**lease), "");
}

TEST_F(KeyLeaseTest, ItsThreadEndsWithIt) {
  auto lease = Open(/*own_thread=*/true);
  ASSERT_TRUE(lease);
  lease->reset();
  EXPECT_TRUE(ends_.empty());
}

TEST(BootTimeTest, DoesNotGoBack) {
  const nanoseconds before = BootTime();
  EXPECT_GT(before, nanoseconds(0));
  EXPECT_GE(BootTime(), before);
}

// A host may let the renewal wait for ever.
TEST_F(KeyLeaseTest, EndsWhileARenewalWaits) {
  std::atomic<int64_t> now = 0;
  std::promise<void> renewing;
  std::promise<void> goes_on;
  std::promise<std::string> ended;
  auto client = KeyClient::Create(
      broker_.NewTransport(), FakeBroker::NewAttester(),
      {{std::string(64, 'a'), "1"}}, {.tries = 1, .sleep = {}});
  ASSERT_TRUE(client);
  auto lease = KeyLease::Open(
      *std::move(client),
      {.clock = [&] { return nanoseconds(seconds(now.load())); },
       .on_end = [&](const Status& why) { ended.set_value(why.message()); }});
  ASSERT_TRUE(lease) << lease.error().message();
  broker_.before_answer = [&, first = true]() mutable {
    if (!std::exchange(first, false)) return;
    renewing.set_value();
    goes_on.get_future().wait();
  };
  now = 60;
  renewing.get_future().wait();
  now = 100;
  EXPECT_THAT(ended.get_future().get(), HasSubstr("over"));
  goes_on.set_value();
}

}  // namespace
}  // namespace cmif::broker
