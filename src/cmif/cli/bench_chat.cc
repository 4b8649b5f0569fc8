// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <thread>

#include "cmif/base/parallel.h"
#include "cmif/cli/bench_engines.h"
#include "cmif/cli/bench_report.h"
#include "cmif/cli/bench_text.h"
#include "cmif/cli/demo_models.h"
#include "cmif/cli/terminal.h"
#include "cmif/client/client_model.h"
#include "cmif/client/generator.h"
#include "cmif/client/remote.h"
#include "cmif/text/words.h"

namespace cmif::cli {
namespace {

constexpr size_t kPromptTokens = 384;
constexpr uint32_t kDecodeTokens = 64;
constexpr uint32_t kMixedTokens = 16;  // each waits for a chunk of a prompt

double CountWords(std::string_view text) {
  const auto pieces = text::SplitWords(text);
  return static_cast<double>(
      std::ranges::count(pieces, text::Piece::kWord, &text::Piece::kind));
}

// Of the passage alone: a prompt that repeats it needs few rows anew.
Result<void> ReportBytes(Engines& engines, BenchReport& report) {
  CMIF_ASSIGN(const std::vector<int32_t> prompt,
              engines.model->tokenizer().Encode(kPassage, true));
  const double words = CountWords(kPassage);
  CMIF_ASSIGN(const auto one,
              GenerateGreedily(*engines.remote, *engines.model, prompt, 1));
  CMIF_ASSIGN(const auto many, GenerateGreedily(*engines.remote, *engines.model,
                                                prompt, kDecodeTokens + 1));
  const double width = engines.model->facts().width;
  const auto prompt_tokens = static_cast<double>(one.tokens_in);
  const double tokens_a_word = prompt_tokens / words;
  const double prompt_word = static_cast<double>(one.bytes_sent) / words;
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
  return {};
}

struct ChatRates {
  Pairs prompt;
  Pairs decode;
  bool same = true;  // both sides wrote the same tokens
};

Result<void> CompareRates(Engines& engines, std::span<const int32_t> prompt,
                          int count, ChatRates& rates) {
  for (int pair = 0; pair < count; ++pair) {
    CMIF_ASSIGN(const auto ours,
                GenerateGreedily(*engines.remote, *engines.model, prompt,
                                 kDecodeTokens + 1));
    std::vector<uint32_t> reference;
    const double first = Timed([&] { engines.plain->Greedy(prompt, 1); });
    const double whole = Timed(
        [&] { reference = engines.plain->Greedy(prompt, kDecodeTokens + 1); });
    rates.same = rates.same &&
                 std::ranges::equal(ours.ids, reference, {}, [](int32_t id) {
                   return static_cast<uint32_t>(id);
                 });
    rates.prompt.Add(static_cast<double>(prompt.size()) / ours.prompt_seconds,
                     static_cast<double>(prompt.size()) / first);
    rates.decode.Add(ours.tokens_per_second(), kDecodeTokens / (whole - first));
  }
  return {};
}

Result<void> ReportRates(const ChatRates& rates, BenchReport& report) {
  report.Row("prompt tokens", rates.prompt, "tokens/s", "plain llama.cpp");
  report.Row("decode tokens", rates.decode, "tokens/s", "plain llama.cpp");
  if (rates.same) return {};
  return Internal(
      "the answers differ from plain llama.cpp's: the rates above compare "
      "different work");
}

// Prompt after prompt in a session of its own, until it is stopped.
class Neighbour {
 public:
  Neighbour(client::Remote& remote, client::ClientModel& model,
            std::span<const int32_t> prompt)
      : thread_([this, &remote, &model, prompt](const std::stop_token& stop) {
          while (outcome_ && !stop.stop_requested()) {
            const auto one = GenerateGreedily(remote, model, prompt, 1);
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
Result<void> CompareMixed(Engines& engines, const DemoModel& demo,
                          std::span<const int32_t> prompt,
                          BenchReport& report) {
  CMIF_ASSIGN(const auto other_model, client::ClientModel::Open(demo.folder));
  client::RemoteOptions options;
  options.address = engines.server.address();
  CMIF_ASSIGN(const auto other_remote,
              client::Remote::Connect(options, other_model->facts()));
  const auto start = prompt.first(16);
  Pairs times;
  for (int pair = 0; pair < report.pairs(); ++pair) {
    const auto decode = [&] {
      return GenerateGreedily(*engines.remote, *engines.model, start,
                              kMixedTokens);
    };
    CMIF_ASSIGN(const auto alone, decode());
    Neighbour neighbour(*other_remote, *other_model, prompt);
    CMIF_ASSIGN(const auto beside, decode());
    CMIF_TRY(neighbour.Stop());
    times.Add(1000 / beside.tokens_per_second(),
              1000 / alone.tokens_per_second());
  }
  report.Row("decode beside another's prompts", times, "ms/token",
             "the same decode alone");
  return {};
}

}  // namespace

Result<void> BenchChat(BenchReport& report) {
  CMIF_ASSIGN(const std::optional<DemoModel> demo, ChatModel());
  if (!demo) {
    Note("bench: the chat model is not in the cache: its rows are left out");
    return {};
  }
  const std::string text =
      std::string(kPassage) + std::string(kPassage) + std::string(kPassage);
  std::vector<int32_t> prompt;
  std::unique_ptr<Engines> engines;
  ChatRates rates;
  for (int start = 0; start < report.starts(); ++start) {
    engines.reset();
    CMIF_ASSIGN(engines, Engines::Start(*demo, {.threads = HardwareThreads()}));
    CMIF_ASSIGN(prompt, engines->model->tokenizer().Encode(text, true));
    CMIF_TRY(CompareRates(*engines, std::span(prompt).first(kPromptTokens),
                          report.pairs_a_start(), rates));
  }
  CMIF_TRY(ReportRates(rates, report));
  prompt.resize(kPromptTokens);
  CMIF_TRY(ReportBytes(*engines, report));
  return CompareMixed(*engines, *demo, prompt, report);
}

}  // namespace cmif::cli
