// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_SERVER_TESTING_SERVER_FIXTURE_H_
#define CMIF_SERVER_TESTING_SERVER_FIXTURE_H_

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "cmif/base/testing/temp_folder.h"
#include "cmif/model/source_model.h"
#include "cmif/model/testing/tiny_models.h"
#include "cmif/server/server.h"
#include "cmif/server/testing/raw_client.h"

namespace cmif::server::testing {

// A server on a free loopback port with the body of a tiny random model.
class ServerFixture : public ::testing::Test {
 protected:
  void SetUp() override {
    engine_.threads = 1;  // tiny models: more only wait for each other
    server_.listen = "127.0.0.1:0";
    server_.body_sha256 = "feed";
    server_.log = [this](const std::string& line) {
      const std::lock_guard lock(log_mutex_);
      log_ += line + "\n";
    };
  }
  void TearDown() override { running_.reset(); }

  void StartLlama(bool head_on_client = false) {
    ASSERT_TRUE(
        model::testing::WriteTinyLlama(Whole(), {.table_type = "q8_0"}));
    Start(head_on_client);
  }
  void StartBert() {
    ASSERT_TRUE(model::testing::WriteTinyBert(Whole(), {.table_type = "f16"}));
    Start(false);
  }

  std::filesystem::path Whole() const { return folder_ / "whole.gguf"; }
  RawClient Client() { return {running_->address(), *table_}; }
  engine::testing::PlainLlama& Plain() {
    if (!plain_) {
      const bool classifier = labels_ > 0;
      auto plain = engine::testing::PlainLlama::Load(
          Whole(), {.threads = 1,
                    .sequences = classifier ? 16U : 1U,
                    .classifier = classifier});
      EXPECT_TRUE(plain) << plain.error().message();
      plain_ = *std::move(plain);
    }
    return *plain_;
  }
  std::string Log() {
    const std::lock_guard lock(log_mutex_);
    return log_;
  }
  static std::vector<int32_t> Tokens(int count, int seed) {
    std::vector<int32_t> tokens;
    tokens.reserve(static_cast<size_t>(count));
    for (int i = 0; i < count; ++i) tokens.push_back((i * 37 + seed) % 400);
    return tokens;
  }

  const cmif::testing::TempFolder folder_;
  engine::EngineOptions engine_;
  ServerOptions server_;
  std::unique_ptr<Server> running_;
  std::unique_ptr<engine::testing::TableRows> table_;

 private:
  void Start(bool head_on_client) {
    auto source = model::SourceModel::Open(Whole(), head_on_client);
    ASSERT_TRUE(source) << source.error().message();
    source->Identify({});
    const auto body = folder_ / "body.gguf";
    ASSERT_TRUE(source->WriteBody(body, {}));
    auto table = engine::testing::TableRows::Open(Whole());
    ASSERT_TRUE(table) << table.error().message();
    table_ = std::make_unique<engine::testing::TableRows>(*std::move(table));
    auto engine = engine::Engine::Load(body, engine_);
    ASSERT_TRUE(engine) << engine.error().message();
    labels_ = (*engine)->info().labels;
    auto server = Server::Start(*std::move(engine), server_);
    ASSERT_TRUE(server) << server.error().message();
    running_ = *std::move(server);
  }

  uint32_t labels_ = 0;
  std::unique_ptr<engine::testing::PlainLlama> plain_;
  std::mutex log_mutex_;
  std::string log_;
};

}  // namespace cmif::server::testing

#endif  // CMIF_SERVER_TESTING_SERVER_FIXTURE_H_
