// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <thread>

#include "cmif/base/parallel.h"
#include "cmif/cli/bench_report.h"
#include "cmif/cli/bench_text.h"
#include "cmif/cli/demo_models.h"
#include "cmif/cli/server_process.h"
#include "cmif/cli/terminal.h"
#include "cmif/client/client_model.h"
#include "cmif/client/generator.h"
#include "cmif/client/remote.h"
#include "cmif/engine/testing/plain_llama.h"

namespace cmif::cli {
namespace {

constexpr size_t kPromptTokens = 384;
constexpr uint32_t kDecodeTokens = 64;

// One generation of kDecodeTokens after the first through server and client.
Result<client::Generation> Ours(client::Remote& remote,
                                client::ClientModel& model,
                                std::span<const int32_t> prompt,
                                uint32_t tokens) {
  client::GenerateOptions options;
  options.max_tokens = tokens;
  options.stop_at_end = false;
  return client::Generate(remote, model, prompt, options, {});
}

void ReportBytes(const client::Generation& one, const client::Generation& many,
                 const client::ClientModel& model, size_t words,
                 BenchReport& report) {
  const double width = model.facts().width;
  const auto prompt_tokens = static_cast<double>(one.tokens_in);
  const double tokens_a_word = prompt_tokens / static_cast<double>(words);
  const double prompt_word =
      static_cast<double>(one.bytes_sent) / static_cast<double>(words);
  report.Row("chat bytes/prompt word vs f16", prompt_word,
             tokens_a_word * width * 2, "bytes", "an f16 row a token");
  report.Row("chat bytes/prompt word vs f32", prompt_word,
             tokens_a_word * width * 4, "bytes", "an f32 row a token");
  const double generated =
      static_cast<double>(many.bytes_sent - one.bytes_sent) /
      static_cast<double>(many.tokens_out - one.tokens_out);
  report.Row("chat bytes/generated token vs f16", generated, width * 2, "bytes",
             "an f16 row a token");
  report.Row("chat bytes/generated token vs f32", generated, width * 4, "bytes",
             "an f32 row a token");
}

Result<void> Compare(client::Remote& remote, client::ClientModel& model,
                     engine::testing::PlainLlama& plain,
                     std::span<const int32_t> prompt, size_t words,
                     BenchReport& report) {
  Pairs prompt_rate;
  Pairs decode_rate;
  bool same = true;
  client::Generation many;
  for (int pair = 0; pair < Pairs::kPairs; ++pair) {
    CMIF_ASSIGN(many, Ours(remote, model, prompt, kDecodeTokens + 1));
    std::vector<uint32_t> reference;
    const double first = Timed([&] { plain.Greedy(prompt, 1); });
    const double whole =
        Timed([&] { reference = plain.Greedy(prompt, kDecodeTokens + 1); });
    same = same && std::ranges::equal(many.ids, reference, {}, [](int32_t id) {
             return static_cast<uint32_t>(id);
           });
    prompt_rate.Add(static_cast<double>(prompt.size()) / many.prompt_seconds,
                    static_cast<double>(prompt.size()) / first);
    decode_rate.Add(many.tokens_per_second(), kDecodeTokens / (whole - first));
  }
  report.Row("prompt tokens", prompt_rate, "tokens/s", "plain llama.cpp");
  report.Row("decode tokens", decode_rate, "tokens/s", "plain llama.cpp");
  CMIF_ASSIGN(const client::Generation one, Ours(remote, model, prompt, 1));
  ReportBytes(one, many, model, words, report);
  if (!same) {
    return Internal(
        "the answers differ from plain llama.cpp's: the rates "
        "above compare different work");
  }
  return {};
}

// Prompt after prompt in a session of its own, until it is stopped.
class Neighbour {
 public:
  Neighbour(client::Remote& remote, client::ClientModel& model,
            std::span<const int32_t> prompt)
      : thread_([this, &remote, &model, prompt](const std::stop_token& stop) {
          while (outcome_ && !stop.stop_requested()) {
            const auto one = Ours(remote, model, prompt, 1);
            if (!one) outcome_ = std::unexpected(one.error());
          }
        }) {}
  // Why a prompt of it failed, if one did.
  Result<void> Stop() {
    thread_.request_stop();
    thread_.join();
    return outcome_;
  }

 private:
  Result<void> outcome_;
  std::jthread thread_;  // last: uses all above
};

// What a session that generates pays for another one's prompts.
Result<void> CompareMixed(const client::RemoteOptions& options,
                          client::Remote& remote, client::ClientModel& model,
                          const std::filesystem::path& folder,
                          std::span<const int32_t> prompt,
                          BenchReport& report) {
  CMIF_ASSIGN(const auto other_model, client::ClientModel::Open(folder));
  CMIF_ASSIGN(const auto other_remote,
              client::Remote::Connect(options, other_model->facts()));
  const auto start = prompt.first(16);
  Pairs times;
  for (int pair = 0; pair < Pairs::kPairs; ++pair) {
    CMIF_ASSIGN(const auto alone, Ours(remote, model, start, kDecodeTokens));
    Neighbour neighbour(*other_remote, *other_model, prompt);
    CMIF_ASSIGN(const auto beside, Ours(remote, model, start, kDecodeTokens));
    CMIF_TRY(neighbour.Stop());
    times.Add(1000 / beside.tokens_per_second(),
              1000 / alone.tokens_per_second());
  }
  report.Row("decode beside another's prompts", times, "ms/token",
             "the same decode alone");
  return {};
}

size_t CountWords(std::string_view text) {
  return static_cast<size_t>(std::ranges::count(text, ' '));
}

}  // namespace

Result<void> BenchChat(BenchReport& report) {
  CMIF_ASSIGN(const std::optional<DemoModel> demo, ChatModel());
  if (!demo) {
    Note("bench: the chat model is not in the cache: its rows are left out");
    return {};
  }
  CMIF_ASSIGN(const auto model, client::ClientModel::Open(demo->folder));
  const std::string text =
      std::string(kPassage) + std::string(kPassage) + std::string(kPassage);
  CMIF_ASSIGN(std::vector<int32_t> prompt,
              model->tokenizer().Encode(text, true));
  const double share =
      static_cast<double>(kPromptTokens) / static_cast<double>(prompt.size());
  prompt.resize(kPromptTokens);
  CMIF_ASSIGN(const ServerProcess server,
              ServerProcess::Start(demo->folder / model::kBodyFile, {}));
  client::RemoteOptions options;
  options.address = server.address();
  CMIF_ASSIGN(const auto remote,
              client::Remote::Connect(options, model->facts()));
  CMIF_ASSIGN(const auto plain,
              engine::testing::PlainLlama::Load(
                  demo->source, {.threads = HardwareThreads()}));
  const auto words =
      static_cast<size_t>(share * static_cast<double>(CountWords(text)));
  CMIF_TRY(Compare(*remote, *model, *plain, prompt, words, report));
  return CompareMixed(options, *remote, *model, demo->folder, prompt, report);
}

}  // namespace cmif::cli
