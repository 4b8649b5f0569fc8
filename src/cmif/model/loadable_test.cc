// SPDX-License-Identifier: Apache-2.0
#include "cmif/model/loadable.h"

#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <limits>

#include "cmif/base/testing/temp_folder.h"
#include "cmif/model/gguf_writer.h"
#include "cmif/model/testing/tiny_models.h"

namespace cmif::model {
namespace {

using Spoil = std::function<void(GgufWriter&)>;

class LoadableTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(testing::WriteTinyLlama(folder_ / "m", {.layers = 2}));
  }
  // The tiny model with other keys, without the tensors named so, and with
  // another type for one.
  std::string Finding(const Spoil& spoil, const std::string& without = "none",
                      const std::string& retyped = "none",
                      const std::string& type = "i32") {
    const auto whole = GgufFile::Open(folder_ / model_);
    GgufWriter writer;
    writer.CopyKeys(*whole);
    spoil(writer);
    for (const GgufTensor& tensor : whole->tensors()) {
      if (tensor.name.starts_with(without)) continue;
      const bool other = tensor.name == retyped;
      const size_t bytes =
          type == "f16" && other ? tensor.data.size() / 2 : tensor.data.size();
      EXPECT_TRUE(writer.AddTensor(tensor.name, other ? type : tensor.type,
                                   tensor.shape, tensor.data.first(bytes)));
    }
    EXPECT_TRUE(writer.Write(folder_ / "n"));
    const auto checked = CheckLoadable(*GgufFile::Open(folder_ / "n"));
    return checked ? "" : checked.error().message();
  }
  template <typename T>
  std::string WithKey(const std::string& key, T value) {
    return Finding([&](GgufWriter& writer) { writer.Set(key, value); });
  }
  static void Nothing(GgufWriter& /*writer*/) {}

  const cmif::testing::TempFolder folder_;
  std::string model_ = "m";
};

class LoadableBertTest : public LoadableTest {
 protected:
  void SetUp() override {
    ASSERT_TRUE(testing::WriteTinyBert(folder_ / "b", {}));
    model_ = "b";
  }
};

TEST_F(LoadableTest, WhatWeWriteIs) {
  EXPECT_EQ(Finding(Nothing), "");
  for (const char* type : {"f32", "f16", "q8_0"}) {
    ASSERT_TRUE(testing::WriteTinyBert(folder_ / "b", {.table_type = type}));
    EXPECT_TRUE(CheckLoadable(*GgufFile::Open(folder_ / "b"))) << type;
  }
}

TEST_F(LoadableTest, KeysThatEndTheProcessAreNamed) {
  const std::string a = "llama.attention.";
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const float bad : {nan, -1.0F, 2.0F}) {
    EXPECT_NE(WithKey(a + "layer_norm_rms_epsilon", bad), "") << bad;
  }
  for (const float bad : {nan, 0.0F, -1.0F}) {
    EXPECT_NE(WithKey("llama.rope.freq_base", bad), "") << bad;
  }
  EXPECT_NE(WithKey("llama.rope.scaling.factor", nan), "");
  EXPECT_NE(WithKey("llama.rope.scaling.type", std::string("bogus")), "");
  for (const uint32_t layers : {0U, 3U, 513U, UINT32_MAX}) {
    EXPECT_NE(WithKey("llama.block_count", layers), "") << layers;
  }
  for (const uint32_t experts : {1U, 8U, 513U, UINT32_MAX}) {
    EXPECT_NE(WithKey("llama.expert_count", experts), "") << experts;
  }
  EXPECT_NE(WithKey("llama.expert_used_count", 1U), "");
  EXPECT_NE(WithKey("llama.expert_group_count", 2U), "");
  EXPECT_NE(WithKey("llama.nextn_predict_layers", 9U), "");
  EXPECT_NE(WithKey("split.count", 3U), "");
  for (const uint32_t heads : {0U, 3U}) {
    EXPECT_NE(WithKey(a + "head_count_kv", heads), "") << heads;
  }
  const std::vector<int32_t> differ = {2, 1};
  EXPECT_NE(WithKey<std::span<const int32_t>>(a + "head_count_kv", differ), "");
  EXPECT_NE(WithKey(a + "value_length", 3U), "");
  for (const uint32_t turned : {0U, 1U, 4096U}) {
    EXPECT_NE(WithKey("llama.rope.dimension_count", turned), "") << turned;
  }
}

TEST_F(LoadableTest, OtherOutputsAndListsOfExpertsAreNamed) {
  const std::vector<int32_t> ones = {1, 1};
  EXPECT_NE(WithKey<std::span<const int32_t>>("llama.expert_used_count", ones),
            "");
  const auto width =
      GgufFile::Open(folder_ / "m")->Int("llama.embedding_length").value();
  for (const int64_t out : {width - 1, width + 1, int64_t{4096}}) {
    EXPECT_NE(WithKey("llama.embedding_length_out", static_cast<uint32_t>(out)),
              "");
  }
  EXPECT_EQ(WithKey("llama.embedding_length_out", static_cast<uint32_t>(width)),
            "");
}

TEST_F(LoadableBertTest, ClassifiersGiveTheirLabelsAndNothingElse) {
  EXPECT_EQ(Finding(Nothing), "");
  EXPECT_NE(Finding(Nothing, "cls.output").find("cls.output.weight"),
            std::string::npos);
}

TEST_F(LoadableBertTest, HeadsTakeTheWholeWidth) {
  EXPECT_NE(WithKey("bert.attention.head_count", 3U), "");
  EXPECT_NE(Finding([](GgufWriter& writer) {
              writer.Set("bert.attention.key_length", 2U);
              writer.Set("bert.attention.value_length", 2U);
            }),
            "");
}

TEST_F(LoadableTest, UsualValuesPass) {
  EXPECT_EQ(WithKey("llama.rope.scaling.type", std::string("linear")), "");
  EXPECT_EQ(WithKey("split.count", 1U), "");
  EXPECT_EQ(WithKey("split.count", 0U), "");  // joined
  const std::vector<int32_t> heads = {2, 2};
  EXPECT_EQ(
      WithKey<std::span<const int32_t>>("llama.attention.head_count_kv", heads),
      "");
  EXPECT_EQ(Finding([](GgufWriter& writer) {
              writer.Set("llama.expert_count", 8U);
              writer.Set("llama.expert_used_count", 2U);
            }),
            "");
}

TEST_F(LoadableTest, MissingTensorsAreNamed) {
  EXPECT_NE(Finding(Nothing, "blk.1.").find("blk.1"), std::string::npos);
  EXPECT_NE(Finding(Nothing, "blk.1.attn_norm").find("blk.1"),
            std::string::npos);
  EXPECT_NE(Finding(Nothing, "blk."), "");
}

TEST_F(LoadableTest, TypesThatCannotBeComputedWithAreNamed) {
  for (const char* name : {"blk.0.attn_q.weight", "blk.1.ffn_norm.weight"}) {
    EXPECT_NE(Finding(Nothing, "none", name).find(name), std::string::npos);
  }
  const std::string norm = "blk.1.ffn_norm.weight";
  EXPECT_NE(Finding(Nothing, "none", norm, "f16").find(norm),
            std::string::npos);
  EXPECT_EQ(Finding(Nothing, "none", "blk.0.attn_q.weight", "f16"), "");
  const Spoil with_scale = [](GgufWriter& writer) {
    static constexpr std::array<uint8_t, 2> kOne = {0, 0x3c};
    const std::vector<int64_t> shape = {1};
    EXPECT_TRUE(writer.AddTensor("blk.0.attn_q.scale", "f16", shape, kOne));
    EXPECT_TRUE(writer.AddTensor("blk.1.attn_q.scale", "f16", shape, kOne));
  };
  EXPECT_NE(Finding(with_scale).find("attn_q.scale"), std::string::npos);
}

}  // namespace
}  // namespace cmif::model
