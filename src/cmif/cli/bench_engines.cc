// SPDX-License-Identifier: Apache-2.0
#include "cmif/cli/bench_engines.h"

#include <utility>

namespace cmif::cli {

Result<std::unique_ptr<Engines>> Engines::Start(
    const DemoModel& demo, const engine::testing::PlainLlamaOptions& plain) {
  CMIF_ASSIGN(auto model, client::ClientModel::Open(demo.folder));
  CMIF_ASSIGN(ServerProcess server,
              ServerProcess::Start(demo.folder / model::kBodyFile, {}));
  client::RemoteOptions options;
  options.address = server.address();
  CMIF_ASSIGN(auto remote, client::Remote::Connect(options, model->facts()));
  CMIF_ASSIGN(auto reference,
              engine::testing::PlainLlama::Load(demo.source, plain));
  return std::make_unique<Engines>(Engines{.server = std::move(server),
                                           .model = std::move(model),
                                           .remote = std::move(remote),
                                           .plain = std::move(reference)});
}

Result<client::Generation> GenerateGreedily(client::Remote& remote,
                                            client::ClientModel& model,
                                            std::span<const int32_t> prompt,
                                            uint32_t tokens) {
  client::GenerateOptions options;
  options.max_tokens = tokens;
  options.stop_at_end = false;
  return client::Generate(remote, model, client::PlainRows(model, prompt),
                          options, {});
}

}  // namespace cmif::cli
