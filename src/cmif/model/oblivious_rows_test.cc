// SPDX-License-Identifier: Apache-2.0
#include "cmif/model/oblivious_rows.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "cmif/base/random.h"

namespace cmif::model {
namespace {

// Random bytes as rows of f32; some widths that no vector divides.
EmbeddingTable RandomTable(uint32_t rows, uint32_t width) {
  OsRandom random;
  SecretBytes bytes(size_t{rows} * width * 4);
  for (uint8_t& byte : bytes.bytes()) {
    byte = static_cast<uint8_t>(random.Next32());
  }
  return *EmbeddingTable::Create(*RowFormat::Create("f32", width), rows,
                                 std::move(bytes));
}

void ExpectOwnRows(const EmbeddingTable& table,
                   const std::vector<int32_t>& ids) {
  const SecretBytes copied = CopyRowsObliviously(table, ids);
  const size_t row_bytes = table.format().row_bytes();
  ASSERT_EQ(copied.size(), ids.size() * row_bytes);
  for (size_t i = 0; i < ids.size(); ++i) {
    EXPECT_TRUE(std::ranges::equal(
        copied.bytes().subspan(i * row_bytes, row_bytes), table.Row(ids[i])))
        << "row " << i << " of " << ids.size();
  }
}

TEST(ObliviousRowsTest, EveryRowIsTheTablesOwn) {
  for (const uint32_t width : {1U, 3U, 32U, 77U}) {
    const EmbeddingTable table = RandomTable(300, width);
    std::vector<int32_t> all(table.rows());
    for (size_t i = 0; i < all.size(); ++i) all[i] = static_cast<int32_t>(i);
    ExpectOwnRows(table, all);
  }
}

TEST(ObliviousRowsTest, AnyNumberOfIdsWithRepeats) {
  const EmbeddingTable table = RandomTable(50, 5);
  std::vector<int32_t> ids;
  for (const int32_t id : {0, 49, 7, 7, 0, 31, 49, 48, 1}) {
    ExpectOwnRows(table, ids);
    ids.push_back(id);
  }
  ExpectOwnRows(table, ids);
}

}  // namespace
}  // namespace cmif::model
