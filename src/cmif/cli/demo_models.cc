// SPDX-License-Identifier: Apache-2.0
#include "cmif/cli/demo_models.h"

#include <chrono>
#include <cstdlib>

#include "cmif/cli/server_process.h"
#include "cmif/cli/terminal.h"
#include "cmif/client/client_model.h"
#include "cmif/client/split_model.h"
#include "cmif/model/verify.h"

namespace cmif::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kClassifier = "sst2-minilm-sanitized-q8_0.gguf";
constexpr const char* kClusters = "sst2-minilm-sanitized.clusters.json";
constexpr const char* kChat = "SmolLM2-135M-Instruct.Q4_1.gguf";

// Whether the folder holds the split of this very file, and one that this
// version still takes.
bool IsSplitOf(const fs::path& folder, const fs::path& source) {
  const auto model = client::ClientModel::Open(folder);
  if (!model || !fs::exists(folder / model::kBodyFile)) return false;
  const auto hash = model::HashFile(source);
  return hash && *hash == (*model)->facts().model_id;
}

Result<DemoModel> Split(const fs::path& source, const std::string& name,
                        std::optional<fs::path> clusters,
                        bool head_on_client = false) {
  DemoModel demo{source, CacheFolder() / "demo" / name};
  if (IsSplitOf(demo.folder, source)) return demo;
  Note("splitting " + source.filename().string() + " into " +
       demo.folder.string());
  const auto start = std::chrono::steady_clock::now();
  client::SplitOptions options;
  options.source = source;
  options.folder = demo.folder;
  options.head_on_client = head_on_client;
  options.clustering.clusters_file = std::move(clusters);
  options.overwrite = true;
  CMIF_ASSIGN(const privacy::Epsilon epsilon, privacy::Epsilon::Create(1));
  if (!head_on_client) options.epsilons = {epsilon};
  Progress progress;
  CMIF_TRY(client::SplitModel(options, [&](std::string_view step, double done) {
    progress.Update(step, done);
  }));
  demo.split_seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start)
          .count();
  return demo;
}

}  // namespace

fs::path CacheFolder() {
  const char* const cache = std::getenv("CMIF_CACHE");
  if (cache != nullptr && *cache != '\0') return cache;
  const char* home = std::getenv("HOME");
  return fs::path(home == nullptr ? "/tmp" : home) / ".cache/cmif";
}

Result<DemoModel> ClassifierModel() {
  const fs::path program = OwnBinary().parent_path();
  for (const fs::path& folder :
       {program / "../models", program / "../share/cmif/models"}) {
    if (!fs::exists(folder / kClassifier)) continue;
    return Split(fs::canonical(folder / kClassifier), "classifier",
                 folder / kClusters);
  }
  return NotFound(std::string("the default classifier ") + kClassifier +
                  " is not beside the program; run it from the project's "
                  "build folder or from an installation");
}

Result<std::optional<DemoModel>> ChatModel() {
  const fs::path source = CacheFolder() / kChat;
  if (!fs::exists(source)) return std::nullopt;
  CMIF_ASSIGN(DemoModel demo, Split(source, "chat", std::nullopt));
  return std::optional<DemoModel>(std::move(demo));
}

Result<DemoModel> ChatModelWithoutHead(const DemoModel& chat) {
  return Split(chat.source, "chat-head", std::nullopt, true);
}

}  // namespace cmif::cli
