// SPDX-License-Identifier: Apache-2.0
#include "cmif/tee/cert_table.h"

#include <gtest/gtest.h>

#include "cmif/base/byte_reader.h"
#include "cmif/tee/testing/recorded_evidence.h"
#include "cmif/tee/testing/test_cert_table.h"

namespace cmif::tee {
namespace {

using testing::CertTable;
using testing::kOtherGuid;
using testing::kVcekGuid;
using testing::Recorded;

const std::vector<uint8_t>& Vcek() {
  static const std::vector<uint8_t> der =
      Recorded("sev-snp/coco_milan_vcek.der");
  return der;
}

Code CodeOf(std::span<const uint8_t> table) {
  const auto read = ReadCertTable(table);
  return read ? Code::kOk : read.error().code();
}

TEST(CertTableTest, ReadsKnownEntriesAndPassesOthersOver) {
  const std::vector<uint8_t> noise = {1, 2, 3};
  const auto table = CertTable({{kVcekGuid, Vcek()}, {kOtherGuid, noise}});
  EXPECT_TRUE(LooksLikeCertTable(table));
  const auto read = ReadCertTable(table);
  ASSERT_TRUE(read.has_value()) << read.error().message();
  ASSERT_EQ(read->size(), 1U);
  EXPECT_EQ((*read)[0].der(), Vcek());
}

TEST(CertTableTest, EmptyTablesAndPaddingAreFine) {
  std::vector<uint8_t> table = CertTable({});
  EXPECT_EQ(CodeOf(table), Code::kOk);
  table.resize(4096);
  EXPECT_EQ(CodeOf(table), Code::kOk);
  EXPECT_FALSE(LooksLikeCertTable(table));
}

TEST(CertTableTest, RefusesBytesThatBelongToNoEntry) {
  std::vector<uint8_t> table = CertTable({{kVcekGuid, Vcek()}});
  table.resize(table.size() + 9);
  EXPECT_EQ(CodeOf(table), Code::kOk);
  table.back() = 1;
  EXPECT_EQ(CodeOf(table), Code::kDataLoss);
}

TEST(CertTableTest, RefusesEntriesThatReachOut) {
  const std::vector<uint8_t> good = CertTable({{kVcekGuid, Vcek()}});
  // Offset and length of the first entry stand at 16 and 20.
  for (const auto& [at, value] :
       {std::pair<size_t, uint32_t>{16, 0xFFFFFFFF},
        {20, 0xFFFFFFFF},
        {16, 0},
        {16, 47},
        {20, static_cast<uint32_t>(Vcek().size()) + 1}}) {
    std::vector<uint8_t> table = good;
    std::memcpy(table.data() + at, &value, sizeof(value));
    EXPECT_EQ(CodeOf(table), Code::kDataLoss) << at << " " << value;
  }
  for (size_t size = 0; size < good.size(); size += 7) {
    EXPECT_EQ(CodeOf(std::span(good).first(size)), Code::kDataLoss) << size;
  }
}

TEST(CertTableTest, RefusesBrokenCertificatesAndTooMuch) {
  std::vector<uint8_t> broken = Vcek();
  broken[0] ^= 1;
  EXPECT_EQ(CodeOf(CertTable({{kVcekGuid, broken}})), Code::kDataLoss);
  const std::vector<std::pair<testing::Guid, std::vector<uint8_t>>> many(
      33, {kOtherGuid, {1}});
  EXPECT_EQ(CodeOf(CertTable(many)), Code::kResourceExhausted);
  EXPECT_EQ(CodeOf(std::vector<uint8_t>((256 << 10) + 1)),
            Code::kResourceExhausted);
}

}  // namespace
}  // namespace cmif::tee
