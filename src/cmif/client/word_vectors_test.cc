// SPDX-License-Identifier: Apache-2.0
#include "cmif/client/word_vectors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cmif/client/testing/tiny_split.h"
#include "cmif/privacy/score_kernel.h"

namespace cmif::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class WordVectorsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    model_ = testing::SplitTiny(testing::Kind::kBert, folder_).value();
  }
  std::string Word(size_t n) const {
    return model_->units().Written(model_->units().words()[n]);
  }
  int32_t Id(size_t n) const { return model_->units().words()[n]; }
  auto Parse(std::string_view text) const {
    return ParseWordVectors(text, model_->units());
  }
  std::string Error(std::string_view text) const {
    const auto vectors = Parse(text);
    return vectors ? "" : vectors.error().message();
  }
  testing::TempFolder folder_;
  std::shared_ptr<ClientModel> model_;
};

TEST_F(WordVectorsTest, KnownWordsGetTheirVectors) {
  const auto vectors = Parse("4 2\n" + Word(0) + " 1 0\nnosuchword 5 5\r\n" +
                             Word(2) + "\t-1 0 \n\n" + Word(0) + " 9 9\n")
                           .value();
  EXPECT_THAT(vectors.ids, ElementsAre(Id(0), Id(2)));
  EXPECT_EQ(vectors.rows.width, 2);
  EXPECT_NEAR(privacy::Dot(vectors.rows.Row(Id(0)), vectors.rows.Row(Id(2))),
              -1, 1e-6);
  EXPECT_EQ(privacy::Dot(vectors.rows.Row(Id(1)), vectors.rows.Row(Id(1))), 0);
}

TEST_F(WordVectorsTest, TheHeaderIsOptional) {
  EXPECT_EQ(Parse(Word(0) + " 1 0\n" + Word(1) + " 0 1").value().ids.size(),
            2U);
}

TEST_F(WordVectorsTest, BadFilesAreRefused) {
  EXPECT_THAT(Error("\x1f\x8b\x08"), HasSubstr("compressed"));
  EXPECT_THAT(Error(Word(0) + " 1 2\n" + Word(1) + " 1\n"),
              HasSubstr("line 2 has another number"));
  EXPECT_THAT(Error(Word(0) + "\n"), HasSubstr("line 1 has another number"));
  EXPECT_THAT(Error(Word(0) + " 1 x\n"), HasSubstr("no finite number"));
  EXPECT_THAT(Error(Word(0) + " 1 nan\n"), HasSubstr("no finite number"));
  EXPECT_THAT(Error("nosuchword 1 2\n"), HasSubstr("no vector of any word"));
  EXPECT_NE(Error(""), "");
  std::string wide = Word(0);
  for (int i = 0; i < 4'097; ++i) wide += " 1";
  EXPECT_THAT(Error(wide), HasSubstr("over 4096"));
}

TEST_F(WordVectorsTest, MissingFileIsNotFound) {
  EXPECT_EQ(ReadWordVectors("/nowhere", model_->units()).error().code(),
            Code::kNotFound);
}

}  // namespace
}  // namespace cmif::client
