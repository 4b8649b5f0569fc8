// SPDX-License-Identifier: Apache-2.0
#include "cmif/model/tied_head.h"

#include <gtest/gtest.h>

#include "cmif/base/testing/temp_folder.h"
#include "cmif/model/gguf_writer.h"
#include "cmif/model/row_format.h"
#include "cmif/model/testing/tiny_models.h"

namespace cmif::model {
namespace {

class TiedHeadTest : public ::testing::Test {
 protected:
  // A tiny model's table and, as its head, `values` of each row times `factor`
  // in `type`.
  GgufFile WithHead(const std::string& type, float factor) {
    EXPECT_TRUE(testing::WriteTinyLlama(folder_ / "m", {.tied = true}));
    const auto whole = GgufFile::Open(folder_ / "m");
    const GgufTensor& table = *whole->FindTensor("token_embd.weight");
    const auto width = static_cast<uint32_t>(table.shape[0]);
    const auto from = RowFormat::Create(table.type, width).value();
    const auto to = RowFormat::Create(type, width).value();
    std::vector<uint8_t> head;
    std::vector<float> values(width);
    for (int64_t row = 0; row < table.shape[1]; ++row) {
      from.Expand(
          table.data.subspan(static_cast<size_t>(row) * from.row_bytes(),
                             from.row_bytes()),
          values);
      for (float& value : values) value *= factor;
      const auto bytes = to.Compress(values).value();
      head.insert(head.end(), bytes.begin(), bytes.end());
    }
    GgufWriter writer;
    writer.CopyKeys(*whole);
    EXPECT_TRUE(writer.AddTensor("token_embd.weight", table.type, table.shape,
                                 table.data));
    EXPECT_TRUE(writer.AddTensor("output.weight", type, table.shape, head));
    EXPECT_TRUE(writer.Write(folder_ / "n"));
    return GgufFile::Open(folder_ / "n").value();
  }

  const cmif::testing::TempFolder folder_;
};

TEST_F(TiedHeadTest, NoHeadOfItsOwnIsTied) {
  ASSERT_TRUE(testing::WriteTinyLlama(folder_ / "m", {.tied = true}));
  EXPECT_TRUE(IsTied(*GgufFile::Open(folder_ / "m")));
}

TEST_F(TiedHeadTest, AnotherHeadIsNot) {
  ASSERT_TRUE(testing::WriteTinyLlama(folder_ / "m", {.tied = false}));
  EXPECT_FALSE(IsTied(*GgufFile::Open(folder_ / "m")));
  EXPECT_FALSE(IsTied(WithHead("f32", -1)));
}

TEST_F(TiedHeadTest, ACopyOfTheTableIs) {
  for (const char* type : {"f32", "f16", "q8_0", "q4_0"}) {
    EXPECT_TRUE(IsTied(WithHead(type, 1))) << type;
  }
}

TEST_F(TiedHeadTest, ClassifiersHaveNone) {
  ASSERT_TRUE(testing::WriteTinyBert(folder_ / "m", {}));
  EXPECT_FALSE(IsTied(*GgufFile::Open(folder_ / "m")));
}

}  // namespace
}  // namespace cmif::model
