// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_CLI_BENCH_ENGINES_H_
#define CMIF_CLI_BENCH_ENGINES_H_

#include <cstdint>
#include <memory>
#include <span>

#include "cmif/base/status.h"
#include "cmif/cli/demo_models.h"
#include "cmif/cli/server_process.h"
#include "cmif/client/client_model.h"
#include "cmif/client/generator.h"
#include "cmif/client/remote.h"
#include "cmif/engine/testing/plain_llama.h"

namespace cmif::cli {

// One start of both sides of a comparison: a server process with a client
// connected to it, and llama.cpp alone on the whole model.
struct Engines {
  static Result<std::unique_ptr<Engines>> Start(
      const DemoModel& demo, const engine::testing::PlainLlamaOptions& plain);

  ServerProcess server;
  std::shared_ptr<client::ClientModel> model;
  std::unique_ptr<client::Remote> remote;
  std::unique_ptr<engine::testing::PlainLlama> plain;
};

// A greedy generation of `tokens` through server and client, without a stop.
Result<client::Generation> GenerateGreedily(client::Remote& remote,
                                            client::ClientModel& model,
                                            std::span<const int32_t> prompt,
                                            uint32_t tokens);

}  // namespace cmif::cli

#endif  // CMIF_CLI_BENCH_ENGINES_H_
