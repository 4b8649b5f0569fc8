// SPDX-License-Identifier: Apache-2.0
#include "cmif/attest/challenge.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "cmif/base/byte_reader.h"
#include "cmif/crypto/sha512.h"

namespace cmif::attest {
namespace {

// The bytes that are hashed, written out.
TEST(AnswerReportDataTest, IsTheHashOfLengthPrefixedFields) {
  const auto field = [](std::string_view text) {
    return std::string{static_cast<char>(text.size()), 0, 0, 0} +
           std::string(text);
  };
  Nonce nonce;
  nonce.fill('n');
  Binding binding{.attester = Role::kClient, .context = "call"};
  binding.attester_key.fill('a');
  binding.verifier_key.fill('v');
  const std::string bytes =
      field("cmif-attest-v1") + field("client") + field(std::string(32, 'n')) +
      field(std::string(32, 'a')) + field(std::string(32, 'v')) + field("call");
  EXPECT_EQ(AnswerReportData(nonce, binding), crypto::Sha512Of(AsBytes(bytes)));
}

TEST(AnswerReportDataTest, EveryFieldCounts) {
  const Nonce nonce{};
  std::set<std::array<uint8_t, 64>> seen = {
      AnswerReportData(nonce, {.context = "ab"})};
  EXPECT_TRUE(
      seen.insert(AnswerReportData(Nonce{1}, {.context = "ab"})).second);
  EXPECT_TRUE(seen.insert(AnswerReportData(nonce, {.attester = Role::kClient,
                                                   .context = "ab"}))
                  .second);
  EXPECT_TRUE(seen.insert(AnswerReportData(
                              nonce, {.attester_key = {1}, .context = "ab"}))
                  .second);
  EXPECT_TRUE(seen.insert(AnswerReportData(
                              nonce, {.verifier_key = {1}, .context = "ab"}))
                  .second);
  EXPECT_TRUE(seen.insert(AnswerReportData(nonce, {.context = "abc"})).second);
}

TEST(FreshNonceTest, Differs) { EXPECT_NE(FreshNonce(), FreshNonce()); }

}  // namespace
}  // namespace cmif::attest
