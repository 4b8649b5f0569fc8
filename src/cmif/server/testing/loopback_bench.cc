// SPDX-License-Identifier: Apache-2.0
// loopback_bench MODEL.gguf [pairs] [prompt] [tokens] [TEXT]: prompt and decode
// speed of a server (its own process, rows over loopback) against plain
// llama.cpp on the same whole model in this process, greedy, interleaved;
// medians of the ratios. `loopback_bench --serve MODEL.gguf` is the server
// process.
#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

#include "cmif/base/file.h"
#include "cmif/model/tokenizer.h"
#include "cmif/server/server.h"
#include "cmif/server/testing/raw_client.h"

namespace {

using cmif::engine::testing::PlainLlama;
using cmif::engine::testing::TableRows;
using cmif::server::testing::RawClient;
using Clock = std::chrono::steady_clock;

constexpr int kThreads = 2;

double Seconds(Clock::time_point from, Clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

struct Speed {
  double prompt = 0;  // tokens/s
  double decode = 0;
  std::vector<uint32_t> tokens;
  int asked = 0;
  double overhead_us = 0;  // a token, beyond the engine's calls
};

int Serve(const char* model) {
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  auto engine = cmif::engine::Engine::Load(
      model, {.threads = kThreads, .allow_whole_model = true});
  if (!engine) return fmt::print("{}\n", engine.error().message()), 1;
  auto server = cmif::server::Server::Start(*std::move(engine),
                                            {.listen = "127.0.0.1:0"});
  if (!server) return fmt::print("{}\n", server.error().message()), 1;
  fmt::print("{}\n", (*server)->address());
  std::fflush(stdout);
  pause();
  return 0;
}

std::string StartServer(const char* model) {
  int ends[2];
  if (pipe(ends) != 0) std::exit(1);
  if (fork() == 0) {
    dup2(ends[1], 1);
    execl("/proc/self/exe", "loopback_bench", "--serve", model, nullptr);
    std::exit(1);
  }
  close(ends[1]);
  std::string line;
  char c = 0;
  while (read(ends[0], &c, 1) == 1 && c != '\n') line += c;
  return line;
}

Speed RunPlain(PlainLlama& plain, std::span<const int32_t> prompt,
               uint32_t count) {
  Speed speed;
  const auto start = Clock::now();
  plain.Clear();
  speed.tokens = {plain.Next(prompt)};
  const auto first = Clock::now();
  for (uint32_t i = 1; i < count; ++i) {
    const auto last = static_cast<int32_t>(speed.tokens.back());
    speed.tokens.push_back(plain.Next({&last, 1}));
  }
  const auto end = Clock::now();
  speed.prompt = static_cast<double>(prompt.size()) / Seconds(start, first);
  speed.decode = (count - 1) / Seconds(first, end);
  return speed;
}

Speed RunServer(RawClient& client, std::span<const int32_t> prompt,
                uint32_t count) {
  cmif::wire::RowSender sender(client.table().row_bytes(), 65536);
  Speed speed;
  grpc::ClientContext context;
  const auto start = Clock::now();
  const auto stream = client.stub().Generate(&context);
  cmif::v1::GenerateRequest request;
  *request.mutable_sampling() = cmif::server::testing::Greedy(count);
  *request.mutable_rows() = client.Rows(sender, prompt);
  request.set_prompt_done(true);
  stream->Write(request);
  auto first = start;
  auto end = start;
  cmif::v1::GenerateReply reply;
  while (stream->Read(&reply)) {
    if (reply.has_done()) {
      speed.overhead_us = (Seconds(first, end) * 1e6 -
                           static_cast<double>(reply.done().decode_micros())) /
                          (count - 1);
    }
    if (!reply.has_token()) continue;
    end = Clock::now();
    if (speed.tokens.empty()) first = end;
    speed.tokens.push_back(reply.token().id());
    if (!reply.token().wants_row()) continue;
    ++speed.asked;
    const auto token = static_cast<int32_t>(reply.token().id());
    cmif::v1::GenerateRequest row;
    *row.mutable_rows() = client.Rows(sender, {&token, 1});
    stream->Write(row);
  }
  const auto status = stream->Finish();
  if (!status.ok()) fmt::print("{}\n", status.error_message());
  speed.prompt = static_cast<double>(prompt.size()) / Seconds(start, first);
  speed.decode = (count - 1) / Seconds(first, end);
  return speed;
}

// The first tokens of a text file: of real text the model makes real text,
// whose tokens seldom repeat.
std::vector<int32_t> Prompt(const char* model, const char* file, int length) {
  const auto gguf = cmif::MappedFile::Open(model);
  const auto tokenizer = cmif::model::Tokenizer::Create(gguf->bytes());
  const auto text = cmif::ReadFile(file, 1U << 24);
  auto prompt = *tokenizer->Encode(*text, false);
  prompt.resize(std::min<size_t>(prompt.size(), static_cast<size_t>(length)));
  return prompt;
}

double Median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 3 && std::string(argv[1]) == "--serve") return Serve(argv[2]);
  if (argc < 2) return 1;
  const int pairs = argc > 2 ? std::atoi(argv[2]) : 7;
  const int length = argc > 3 ? std::atoi(argv[3]) : 256;
  const auto count = static_cast<uint32_t>(argc > 4 ? std::atoi(argv[4]) : 64);
  const auto table = TableRows::Open(argv[1]);
  auto plain = PlainLlama::Load(argv[1], {.threads = kThreads});
  if (!table || !plain) return 1;
  RawClient client(StartServer(argv[1]), *table);
  const auto prompt = Prompt(argv[1], argc > 5 ? argv[5] : argv[0], length);
  std::vector<double> prompts;
  std::vector<double> decodes;
  for (int i = 0; i <= pairs; ++i) {
    const Speed direct = RunPlain(**plain, prompt, count);
    // GOMP's worker of this process spins on for a while.
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    const Speed served = RunServer(client, prompt, count);
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    fmt::print(
        "prompt {:6.1f} / {:6.1f} t/s  decode {:6.1f} / {:6.1f} t/s  "
        "{} rows asked, overhead {:.0f} us a token  {}\n",
        served.prompt, direct.prompt, served.decode, direct.decode,
        served.asked, served.overhead_us,
        served.tokens == direct.tokens ? "same" : "DIFFERENT TOKENS");
    if (i == 0) continue;  // warm-up
    prompts.push_back(served.prompt / direct.prompt);
    decodes.push_back(served.decode / direct.decode);
  }
  fmt::print("ratio: prompt {:.3f} decode {:.3f}\n", Median(prompts),
             Median(decodes));
  return 0;
}
