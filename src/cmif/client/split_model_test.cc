// SPDX-License-Identifier: Apache-2.0
#include "cmif/client/split_model.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "cmif/base/byte_reader.h"
#include "cmif/base/file.h"
#include "cmif/base/random.h"
#include "cmif/client/testing/tiny_split.h"
#include "cmif/crypto/ed25519.h"
#include "cmif/crypto/sealed_stream.h"
#include "cmif/model/gguf_file.h"
#include "cmif/model/gguf_writer.h"
#include "cmif/model/verify.h"

namespace cmif::client {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using testing::Kind;
using ::testing::UnorderedElementsAre;

class SplitModelTest : public ::testing::Test {
 protected:
  // Splits the tiny BERT into out/ with the text as clusters file.
  Result<SplitResult> SplitWith(std::string_view clusters) {
    EXPECT_TRUE(testing::WriteTiny(Kind::kBert, folder_ / "m").has_value());
    EXPECT_TRUE(WriteFileAtomically(folder_ / "clusters", AsBytes(clusters)));
    SplitOptions options = Options();
    options.clustering.clusters_file = folder_ / "clusters";
    return SplitModel(options, {});
  }
  void ExpectRefused(std::string_view clusters) {
    const auto result = SplitWith(clusters);
    ASSERT_FALSE(result.has_value()) << clusters;
    EXPECT_FALSE(result.error().message().empty());
    EXPECT_EQ(folder_.Names("out"), std::vector<std::string>()) << clusters;
  }
  SplitOptions Options() {
    SplitOptions options;
    options.source = folder_ / "m";
    options.folder = folder_ / "out";
    return options;
  }
  // Ids of the tiny BERT: two words, a continuation, a public one.
  const UnitTable& Units() {
    if (!units_) {
      EXPECT_TRUE(testing::WriteTiny(Kind::kBert, folder_ / "m").has_value());
      const auto bytes = MappedFile::Open(folder_ / "m");
      units_ =
          UnitTable::Create(model::Tokenizer::Create(bytes->bytes()).value());
    }
    return *units_;
  }
  int32_t FirstOf(int32_t unit_class) {
    const auto& class_of = Units().class_of();
    return static_cast<int32_t>(std::ranges::find(class_of, unit_class) -
                                class_of.begin());
  }

  testing::TempFolder folder_;
  std::optional<UnitTable> units_;
};

TEST_F(SplitModelTest, WholeSplitVerifies) {
  for (const Kind kind : {Kind::kLlama, Kind::kBert}) {
    const testing::TempFolder folder;
    const auto model = testing::SplitTiny(kind, folder);
    ASSERT_TRUE(model.has_value()) << model.error().message();
    EXPECT_EQ(model::VerifySplit(folder / "split").value(),
              std::vector<std::string>());
    EXPECT_THAT(
        folder.Names("split"),
        UnorderedElementsAre("body.gguf", "embedding.cmif", "manifest.json"));
  }
}

TEST_F(SplitModelTest, EveryIdIsInOneClusterOrPublic) {
  for (const Kind kind : {Kind::kLlama, Kind::kBert}) {
    const testing::TempFolder folder;
    const auto model = testing::SplitTiny(kind, folder).value();
    const auto& class_of = model->units().class_of();
    for (int32_t id = 0; id < model->units().size(); ++id) {
      const bool is_public = class_of[static_cast<size_t>(id)] == kPublicClass;
      EXPECT_EQ(model->clustering()->cluster_of(id) < 0, is_public) << id;
    }
  }
}

TEST_F(SplitModelTest, ClusterSizesOfAClassDifferByAtMostOne) {
  const auto model = testing::SplitTiny(Kind::kBert, folder_).value();
  std::map<int32_t, std::pair<size_t, size_t>> sizes;
  for (const auto& cluster : model->clustering()->clusters()) {
    const auto size = cluster.size();
    EXPECT_LE(size, 20U);
    const int32_t unit_class =
        model->units().class_of()[static_cast<size_t>(cluster[0])];
    const auto found = sizes.try_emplace(unit_class, size, size).first;
    auto& [least, most] = found->second;
    least = std::min(least, size);
    most = std::max(most, size);
    EXPECT_LE(most - least, 1U) << ClassName(unit_class);
  }
}

TEST_F(SplitModelTest, SameModelGivesTheSameBytes) {
  std::vector<std::string> hashes;
  for (int i = 0; i < 2; ++i) {
    const testing::TempFolder folder;
    ASSERT_TRUE(testing::SplitTiny(Kind::kLlama, folder).has_value());
    hashes.push_back(
        model::HashFile(folder.path() / "split/embedding.cmif").value());
  }
  EXPECT_EQ(hashes[0], hashes[1]);
}

TEST_F(SplitModelTest, EarlierSplitIsKeptUnlessOverwritten) {
  ASSERT_TRUE(testing::WriteTiny(Kind::kBert, folder_ / "m").has_value());
  ASSERT_TRUE(SplitModel(Options(), {}).has_value());
  const auto before = fs::last_write_time(folder_.path() / "out/body.gguf");
  const auto again = SplitModel(Options(), {});
  ASSERT_FALSE(again.has_value());
  EXPECT_EQ(again.error().code(), Code::kAlreadyExists);
  EXPECT_EQ(fs::last_write_time(folder_.path() / "out/body.gguf"), before);
  SplitOptions options = Options();
  options.overwrite = true;
  EXPECT_TRUE(SplitModel(options, {}).has_value());
}

TEST_F(SplitModelTest, WhatAKilledSplitLeftIsClearedAway) {
  ASSERT_TRUE(testing::WriteTiny(Kind::kBert, folder_ / "m").has_value());
  fs::create_directories(folder_ / "out/.split-killed");
  ASSERT_TRUE(WriteFileAtomically(folder_ / "out/.split-killed/body.gguf",
                                  AsBytes("half")));
  EXPECT_TRUE(SplitModel(Options(), {}).has_value());
  EXPECT_FALSE(fs::exists(folder_ / "out/.split-killed"));
}

TEST_F(SplitModelTest, WhatAKilledSplitWasAboutToReplaceIsPutBack) {
  for (const bool all_gone : {false, true}) {
    const testing::TempFolder folder;
    ASSERT_TRUE(testing::SplitTiny(Kind::kBert, folder).has_value());
    const fs::path split = folder / "split";
    const fs::path staging = split / ".split-abcdef";
    fs::create_directories(staging / "old");
    fs::create_directories(split / "channels");
    fs::rename(split / "manifest.json", staging / "old/manifest.json");
    if (all_gone) {
      for (const char* part : {"embedding.cmif", "body.gguf"}) {
        fs::rename(split / part, staging / "old" / part);
      }
      std::ofstream(staging / "all-gone") << "";
      std::ofstream(split / "channels/new.channel") << "of the new one";
      std::ofstream(split / "body.gguf") << "of the new one";
    }
    SplitOptions options = Options();
    options.folder = split;
    EXPECT_EQ(CheckSplitTarget(options).error().code(), Code::kAlreadyExists);
    EXPECT_EQ(model::VerifySplit(split).value(), std::vector<std::string>());
    EXPECT_FALSE(fs::exists(split / "channels/new.channel"));
    EXPECT_FALSE(fs::exists(staging));
  }
}

// Neither a key without its bundle nor a bundle without its key.
TEST_F(SplitModelTest, TheKeyIsKeptBeforeThePartsTakeTheirPlaces) {
  ASSERT_TRUE(testing::WriteTiny(Kind::kBert, folder_ / "m").has_value());
  OsRandom random;
  const auto owner = crypto::Ed25519Signer::Generate();
  SplitOptions options = Options();
  options.seal_key = std::make_shared<const crypto::SealKey>(
      crypto::SealKey::FromRandom(random));
  options.owner = &owner;
  options.keep_key = []() -> Result<void> {
    return ResourceExhausted("no room for the key");
  };
  EXPECT_EQ(SplitModel(options, {}).error().code(), Code::kResourceExhausted);
  EXPECT_EQ(folder_.Names("out"), std::vector<std::string>());
  options.keep_key = [this]() -> Result<void> {
    EXPECT_FALSE(fs::exists(folder_ / "out/embedding.cmif"));
    return {};
  };
  EXPECT_TRUE(SplitModel(options, {}).has_value());
}

TEST_F(SplitModelTest, TwoSplitsDoNotWorkInOneFolder) {
  ASSERT_TRUE(testing::WriteTiny(Kind::kBert, folder_ / "m").has_value());
  fs::create_directories(folder_ / "out");
  const int lock = open((folder_ / "out").c_str(), O_RDONLY | O_DIRECTORY);
  ASSERT_EQ(flock(lock, LOCK_EX | LOCK_NB), 0);
  SplitOptions options = Options();
  options.overwrite = true;
  EXPECT_EQ(SplitModel(options, {}).error().code(), Code::kAlreadyExists);
  close(lock);
  EXPECT_TRUE(SplitModel(options, {}).has_value());
}

// They may be of another key, or in the clear where the bundle is sealed now.
TEST_F(SplitModelTest, ReplacingASplitTakesItsChannelsAway) {
  ASSERT_TRUE(testing::WriteTiny(Kind::kBert, folder_ / "m").has_value());
  SplitOptions options = Options();
  options.epsilons = {privacy::Epsilon::Create(1).value()};
  ASSERT_TRUE(SplitModel(options, {}).has_value());
  ASSERT_EQ(folder_.Names("out/channels").size(), 1U);
  const std::string before = folder_.Names("out/channels")[0];
  options.overwrite = true;
  options.epsilons = {privacy::Epsilon::Create(2).value()};
  ASSERT_TRUE(SplitModel(options, {}).has_value());
  ASSERT_EQ(folder_.Names("out/channels").size(), 1U);
  EXPECT_NE(folder_.Names("out/channels")[0], before);
}

TEST_F(SplitModelTest, FolderThatCannotBeMadeIsRefusedFirst) {
  ASSERT_TRUE(testing::WriteTiny(Kind::kBert, folder_ / "m").has_value());
  SplitOptions options = Options();
  options.folder = folder_.path() / "m" / "out";  // below a file
  bool started = false;
  const auto result =
      SplitModel(options, [&](std::string_view, double) { started = true; });
  ASSERT_FALSE(result.has_value());
  EXPECT_FALSE(started);
}

TEST_F(SplitModelTest, ReadOnlyFolderIsRefusedFirst) {
  if (geteuid() == 0) GTEST_SKIP() << "SKIPPED, root may write anywhere";
  ASSERT_TRUE(testing::WriteTiny(Kind::kBert, folder_ / "m").has_value());
  fs::create_directory(folder_ / "out");
  fs::permissions(folder_ / "out", fs::perms::owner_read);
  const auto result = SplitModel(Options(), {});
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code(), Code::kPermissionDenied);
}

TEST_F(SplitModelTest, ClustersOfAFileAreKept) {
  const std::vector<int32_t> pair = {Units().words()[5], Units().words()[9]};
  const auto result = SplitWith(nlohmann::json({pair}).dump());
  ASSERT_TRUE(result.has_value()) << result.error().message();
  const auto model = ClientModel::Open(folder_ / "out").value();
  EXPECT_EQ(model->clustering()->clusters()[0], pair);
}

TEST_F(SplitModelTest, ClustersThatAreNoListOfListsLeaveNothing) {
  for (const char* text :
       {"", "no json", "{}", "[1, 2]", "[[\"a\"]]", "[[-1]]", "[[1.5]]",
        "[[99999999999]]", "[[]]", "[[7, 8]", "null"}) {
    ExpectRefused(text);
  }
}

TEST_F(SplitModelTest, ClustersWithWrongIdsLeaveNothing) {
  const int32_t word = Units().words()[0];
  const int32_t other = Units().words()[1];
  const int32_t inner = FirstOf(kContinuationClass);
  using Lists = std::vector<std::vector<int32_t>>;
  for (const Lists& lists : {
           Lists{{Units().size()}},         // out of range
           Lists{{word, word}},             // twice in a cluster
           Lists{{word}, {other, word}},    // twice in two
           Lists{{word, inner}},            // mixed classes
           Lists{{FirstOf(kPublicClass)}},  // public
           Lists{{word}},                   // alone: it would leave as it is
           Lists{std::vector<int32_t>(Units().words().begin(),
                                      Units().words().begin() + 21)}  // above K
       }) {
    ExpectRefused(nlohmann::json(lists).dump());
  }
}

TEST_F(SplitModelTest, TheModelItselfIsNeverReplaced) {
  fs::create_directories(folder_ / "out");
  const fs::path model = folder_ / "out/body.gguf";
  ASSERT_TRUE(testing::WriteTiny(Kind::kBert, model).has_value());
  const std::string before = model::HashFile(model).value();
  for (const bool force : {false, true}) {
    SplitOptions options = Options();
    options.source = model;
    options.overwrite = force;
    const auto result = SplitModel(options, {});
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().code(), Code::kInvalidArgument);
    EXPECT_EQ(model::HashFile(model).value(), before);
  }
}

TEST_F(SplitModelTest, OnlyChannelsLeaveAFolderOfChannels) {
  ASSERT_TRUE(testing::WriteTiny(Kind::kBert, folder_ / "m").has_value());
  SplitOptions options = Options();
  options.epsilons = {privacy::Epsilon::Create(1).value()};
  ASSERT_TRUE(SplitModel(options, {}).has_value());
  const auto before = folder_.Names("out/channels");
  EXPECT_EQ(before.size(), 1U);
  std::ofstream(folder_ / "out/channels/mine.txt") << "mine";
  std::ofstream(folder_ / "out/channels/old.channel") << "old";
  options.overwrite = true;
  ASSERT_TRUE(SplitModel(options, {}).has_value());
  EXPECT_THAT(folder_.Names("out/channels"),
              UnorderedElementsAre("mine.txt", before[0]));
}

// As where a file is mounted of its own.
TEST_F(SplitModelTest, WhatCannotBeReplacedKeepsTheEarlierSplit) {
  ASSERT_TRUE(testing::SplitTiny(Kind::kBert, folder_).has_value());
  const std::string before =
      model::HashFile(folder_ / "split/body.gguf").value();
  ASSERT_TRUE(testing::WriteTiny(Kind::kLlama, folder_ / "m").has_value());
  SplitOptions options = Options();
  options.folder = folder_ / "split";
  options.overwrite = true;
  options.epsilons = {privacy::Epsilon::Create(1).value()};
  // Channels cannot be moved to where a file has their folder's name.
  std::ofstream(folder_ / "split/channels") << "a file";
  EXPECT_FALSE(SplitModel(options, {}).has_value());
  EXPECT_EQ(model::HashFile(folder_ / "split/body.gguf").value(), before);
  EXPECT_EQ(model::VerifySplit(folder_ / "split").value(),
            std::vector<std::string>());
}

TEST_F(SplitModelTest, WhatIsNoSplitIsNotReplaced) {
  ASSERT_TRUE(testing::WriteTiny(Kind::kBert, folder_ / "m").has_value());
  fs::create_directories(folder_ / "out/embedding.cmif/inside");
  SplitOptions options = Options();
  options.overwrite = true;
  EXPECT_EQ(SplitModel(options, {}).error().code(), Code::kAlreadyExists);
  fs::remove_all(folder_ / "out/embedding.cmif");
  std::ofstream(folder_ / "out/body.gguf") << "another's";
  options.overwrite = false;
  EXPECT_EQ(SplitModel(options, {}).error().code(), Code::kAlreadyExists);
  EXPECT_EQ(folder_.Names("out"), std::vector<std::string>{"body.gguf"});
}

TEST_F(SplitModelTest, ATableThatIsNotFiniteLeavesNothing) {
  ASSERT_TRUE(testing::WriteTiny(Kind::kBert, folder_ / "m").has_value());
  const auto whole = model::GgufFile::Open(folder_ / "m");
  model::GgufWriter writer;
  writer.CopyKeys(*whole);
  std::vector<uint8_t> spoiled;
  for (const model::GgufTensor& tensor : whole->tensors()) {
    auto data = tensor.data;
    if (tensor.name == "token_embd.weight") {
      spoiled.assign(data.begin(), data.end());
      std::fill_n(spoiled.begin(), 4, uint8_t{0xff});  // NaN in every type
      data = spoiled;
    }
    ASSERT_TRUE(writer.AddTensor(tensor.name, tensor.type, tensor.shape, data));
  }
  ASSERT_TRUE(writer.Write(folder_ / "nan"));
  SplitOptions options = Options();
  options.source = folder_ / "nan";
  EXPECT_EQ(SplitModel(options, {}).error().code(), Code::kDataLoss);
  EXPECT_EQ(folder_.Names("out"), std::vector<std::string>());
}

TEST_F(SplitModelTest, ClustersFileThatIsMissingLeavesNothing) {
  ASSERT_TRUE(testing::WriteTiny(Kind::kBert, folder_ / "m").has_value());
  SplitOptions options = Options();
  options.clustering.clusters_file = folder_ / "nowhere";
  const auto result = SplitModel(options, {});
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code(), Code::kNotFound);
  EXPECT_EQ(folder_.Names("out"), std::vector<std::string>());
}

TEST_F(SplitModelTest, BodyIsNoModelToSplit) {
  ASSERT_TRUE(testing::SplitTiny(Kind::kLlama, folder_).has_value());
  SplitOptions options = Options();
  options.source = folder_.path() / "split/body.gguf";
  const auto result = SplitModel(options, {});
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code(), Code::kFailedPrecondition);
}

TEST_F(SplitModelTest, BundleOfAnotherModelIsNotOpened) {
  ASSERT_TRUE(testing::SplitTiny(Kind::kLlama, folder_).has_value());
  const testing::TempFolder other;
  ASSERT_TRUE(testing::SplitTiny(Kind::kBert, other).has_value());
  fs::copy_file(other.path() / "split/embedding.cmif",
                folder_.path() / "split/embedding.cmif",
                fs::copy_options::overwrite_existing);
  const auto model = ClientModel::Open(folder_ / "split");
  ASSERT_FALSE(model.has_value());
  EXPECT_EQ(model.error().code(), Code::kFailedPrecondition);
}

TEST_F(SplitModelTest, HeadOnClientIsLlamaAlone) {
  ASSERT_TRUE(testing::WriteTiny(Kind::kBert, folder_ / "m").has_value());
  SplitOptions options = Options();
  options.head_on_client = true;
  const auto result = SplitModel(options, {});
  ASSERT_FALSE(result.has_value());
  EXPECT_THAT(result.error().message(), HasSubstr("llama"));
}

}  // namespace
}  // namespace cmif::client
