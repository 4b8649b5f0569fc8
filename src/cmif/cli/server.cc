// SPDX-License-Identifier: Apache-2.0
#include "cmif/server/server.h"

#include <fmt/format.h>
#include <semaphore.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <memory>
#include <string>

#include "cmif/cli/commands.h"
#include "cmif/cli/hardening.h"
#include "cmif/cli/terminal.h"
#include "cmif/cli/tls_options.h"
#include "cmif/crypto/sha256.h"
#include "cmif/engine/engine.h"
#include "cmif/model/verify.h"

namespace cmif::cli {
namespace {

constexpr std::chrono::seconds kDrainLimit{10};

struct Flags {
  std::string body;
  server::ServerOptions server;
  ServerTlsFlags tls;
  engine::EngineOptions engine;
  int parent = 0;
};

// SIGTERM and SIGINT end the program at once while it loads, when nothing can
// be lost; once it serves they are waited for.
class StopSignals {
 public:
  StopSignals() {
    sem_init(&Told(), 0, 0);
    for (const int signal : {SIGTERM, SIGINT}) {
      std::signal(signal, [](int) { sem_post(&Told()); });
    }
  }
  void Wait() {
    while (sem_wait(&Told()) != 0 && errno == EINTR) {
    }
  }

 private:
  static sem_t& Told() {
    static sem_t told;
    return told;
  }
};

// Each connection takes a descriptor, and gRPC 1.51 accepts none any more once
// there was none left (CVE-2023-4785).
void AllowDescriptors() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

int Run(Flags& flags, const CLI::App& command) {
  if (flags.parent != 0) {
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != flags.parent) return kOk;  // gone already
  }
  AllowDescriptors();
  const auto hardened = HardenFor(command);
  if (!hardened) return Report(hardened.error());
  flags.server.log = [](const std::string& line) { Note("server: " + line); };
  if (const auto tls = LoadServerTls(flags.tls, flags.server); !tls) {
    return Report(tls.error());
  }
  if (const auto can = server::Server::CheckListen(flags.server); !can) {
    return Report(can.error());
  }
  const auto hash = model::HashFile(flags.body);
  if (!hash) return Report(hash.error());
  auto engine = engine::Engine::Load(flags.body, flags.engine);
  if (!engine) return Report(engine.error());
  StopSignals stop;
  flags.server.body_sha256 = *hash;
  const auto server = server::Server::Start(*std::move(engine), flags.server);
  if (!server) return Report(server.error());
  if (!hardened->measures.empty()) flags.server.log(hardened->Line());
  fmt::print("listening on {}\n", (*server)->address());
  if (flags.server.identity) {
    fmt::print("TLS key sha256 {}\n",
               crypto::ToHex(flags.server.identity->key_sha256()));
    if (flags.server.identity->attests()) {
      fmt::print("evidence {}\n", flags.server.identity->platform());
    }
  }
  fflush(stdout);
  stop.Wait();
  (*server)->Drain(kDrainLimit);
  return kOk;
}

void AddEngineOptions(CLI::App& command, engine::EngineOptions& options) {
  command.add_option("--threads", options.threads, "0: all")
      ->capture_default_str()
      ->check(CLI::Range(0, 1024));
  command
      .add_option("--tokens", options.session_tokens,
                  "positions a session may take")
      ->capture_default_str()
      ->check(CLI::Range(16U, 1U << 20));
  command.add_option("--sessions", options.sessions, "sessions at once")
      ->capture_default_str()
      ->check(CLI::Range(1U, 256U));
  command
      .add_option("--queue", options.waiting_sessions,
                  "sessions that may wait; more are refused")
      ->capture_default_str()
      ->check(CLI::Range(0U, 10000U));
  command
      .add_option("--gpu-layers", options.gpu_layers,
                  "layers on the GPU (-1: all), where llama.cpp was built "
                  "for one")
      ->capture_default_str()
      ->check(CLI::Range(-1, 100000));
}

}  // namespace

void AddServer(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand(
      "server", "serve the body of a split model; never sees a text");
  auto flags = std::make_shared<Flags>();
  command->add_option("--body", flags->body, "body.gguf of a split model")
      ->required();
  command
      ->add_option("--listen", flags->server.listen,
                   "HOST:PORT; port 0 takes a free one")
      ->capture_default_str();
  command->add_flag("--insecure-bind", flags->server.insecure_bind,
                    "allow an address beyond this machine, without "
                    "encryption");
  AddServerTlsOptions(*command, flags->tls);
  AddEngineOptions(*command, flags->engine);
  // For demo and bench, whose servers shall not outlive them.
  command->add_option("--stop-with-parent", flags->parent)->group("");
  AddHardeningOption(*command);
  command->callback(
      [flags, command, &exit_code] { exit_code = Run(*flags, *command); });
}

}  // namespace cmif::cli
