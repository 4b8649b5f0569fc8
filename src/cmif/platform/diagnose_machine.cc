// SPDX-License-Identifier: Apache-2.0
#include "cmif/platform/diagnose_machine.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/timex.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <fstream>
#include <string>

#include "cmif/base/secret_memory.h"
#include "cmif/platform/hardening.h"

namespace cmif::platform {
namespace {

namespace fs = std::filesystem;

// The first lines of a small file, or nothing.
std::string TextOf(const fs::path& path) {
  std::ifstream file(path);
  std::string text(4096, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(file.gcount()));
  return text;
}

Finding Tee(const fs::path& root) {
  constexpr std::array kPlaces = {
      std::pair{"sys/kernel/config/tsm/report", "configfs-tsm"},
      std::pair{"dev/sev-guest", "an SEV-SNP guest's device"},
      std::pair{"dev/tdx_guest", "a TDX guest's device"},
      std::pair{"dev/attestation", "Gramine's files"}};
  std::string found;
  for (const auto& [path, name] : kPlaces) {
    std::error_code error;
    if (!fs::exists(root / path, error)) continue;
    found += fmt::format("{}{}", found.empty() ? "" : ", ", name);
  }
  if (!found.empty()) {
    return Pass("tee", found + ": this system can ask for evidence");
  }
  return Warn("tee", "nothing here can give evidence",
              "none is needed for development; to protect a table against who "
              "runs this machine, use an SEV-SNP or TDX guest or Gramine "
              "(docs/tee.md)");
}

Finding Swap(const fs::path& root) {
  const std::string swaps = TextOf(root / "proc/swaps");
  // The first line is a heading; zram keeps pages in memory.
  const auto lines = std::ranges::count(swaps, '\n');
  if (lines <= 1) return Pass("memory.swap", "no swap");
  return Warn("memory.swap", fmt::format("{} swap areas", lines - 1),
              "swapoff -a, or encrypt them with a random key (crypttab: swap)");
}

Finding CorePattern(const fs::path& root) {
  const std::string pattern = TextOf(root / "proc/sys/kernel/core_pattern");
  if (!pattern.starts_with('|')) {
    return Pass("core_pattern", "dumps of other programs go to files");
  }
  return Warn("core_pattern",
              "dumps go to a program, which ignores the limit of their size",
              "nothing for hardened commands, which are not dumped; for others "
              "sysctl kernel.core_pattern=core");
}

Finding Kernel() {
  utsname name{};
  uname(&name);
  return Pass("kernel", fmt::format("{} {} {}", name.sysname, name.release,
                                    name.machine));
}

// The program cannot be younger than now.
Finding Clock(const fs::path& root) {
  constexpr const char* kId = "clock";
  struct stat built{};
  const auto now =
      std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  if (stat((root / "proc/self/exe").c_str(), &built) == 0 &&
      built.st_mtim.tv_sec > now + 86400) {
    return Failed(kId, "the time is before this program was built",
                  "set the clock: certificates and evidence are judged by it");
  }
  timex state{};
  if (adjtimex(&state) == TIME_ERROR) {
    return Warn(kId, "the kernel's clock is not synchronised",
                "run chrony or systemd-timesyncd; in a virtual machine its "
                "host may keep it");
  }
  return Pass(kId, "synchronised");
}

constexpr const char* kMoreLocked =
    "raise the limit of locked memory: LimitMEMLOCK= of the systemd unit, or "
    "ulimit -l";

// What SecretBytes gets, asked for like a measure.
Measure KeyMemory() {
  const SecretKind kind = ProbeSecretMemory(32);
  return {"memory.keys", kind >= SecretKind::kLocked,
          kind == SecretKind::kUnmapped
              ? "out of the kernel's map (memfd_secret), never swapped"
          : kind == SecretKind::kLocked ? "locked: never swapped"
                                        : "they may be swapped"};
}

Measure TableMemory() {
  constexpr size_t kTable = size_t{64} << 20;
  rlimit limit{};
  getrlimit(RLIMIT_MEMLOCK, &limit);
  const std::string allowed =
      limit.rlim_cur == RLIM_INFINITY
          ? "any amount"
          : fmt::format("{} KiB a process, of which tables take half",
                        limit.rlim_cur >> 10);
  const bool on = ProbeSecretMemory(kTable) == SecretKind::kLocked;
  return {
      "memory.table", on,
      fmt::format("an embedding table of 64 MiB {} (limit: {})",
                  on ? "is locked: never swapped" : "may be swapped", allowed)};
}

// A measure a line: id, tab, 1 or 0, tab, detail.
std::string HardenedReport() {
  auto report = Harden({});
  if (!report) return "environment\t0\t" + report.error().message() + "\n";
  report->measures.push_back(KeyMemory());
  report->measures.push_back(TableMemory());
  std::string text;
  for (const Measure& measure : report->measures) {
    text +=
        fmt::format("{}\t{:d}\t{}\n", measure.id, measure.on, measure.detail);
  }
  return text;
}

std::string HardenedChild() {
  std::array<int, 2> ends{};
  if (pipe(ends.data()) != 0) return "";
  const pid_t child = fork();
  if (child == 0) {
    // Hardening closes all but the standard descriptors.
    dup2(ends[1], STDOUT_FILENO);
    const std::string text = HardenedReport();
    const bool sent = write(STDOUT_FILENO, text.data(), text.size()) > 0;
    _exit(sent ? 0 : 1);
  }
  close(ends[1]);
  std::string said;
  std::array<char, 512> piece{};
  for (ssize_t got = 0;
       (got = read(ends[0], piece.data(), piece.size())) > 0;) {
    said.append(piece.data(), static_cast<size_t>(got));
  }
  close(ends[0]);
  if (child > 0) waitpid(child, nullptr, 0);
  return said;
}

Finding OfMeasure(std::string_view line) {
  const size_t first = line.find('\t');
  std::string id(line.substr(0, first));
  const bool on = line.substr(first + 1, 1) == "1";
  std::string detail(line.substr(first + 3));
  const bool of_memory = id.starts_with("memory.");
  if (!of_memory) id = "hardening." + id;
  if (on) return Pass(id, std::move(detail));
  if (id == "hardening.environment") {
    return Failed(id, std::move(detail), "unset it");
  }
  if (id == "memory.keys") return Failed(id, std::move(detail), kMoreLocked);
  if (of_memory || id == "hardening.key_heap") {
    return Warn(id, std::move(detail), kMoreLocked);
  }
  return Warn(id, std::move(detail),
              "a kernel from 6.12 on with Landlock in its list (lsm=), and a "
              "container that lets landlock and seccomp calls through");
}

}  // namespace

std::vector<Finding> DiagnoseMachine(const fs::path& root) {
  return {Tee(root), Swap(root), CorePattern(root), Kernel(), Clock(root)};
}

std::vector<Finding> DiagnoseHardening() {
  const std::string said = HardenedChild();
  std::vector<Finding> findings;
  for (size_t at = 0; at < said.size();) {
    const size_t end = std::min(said.find('\n', at), said.size());
    findings.push_back(OfMeasure(std::string_view(said).substr(at, end - at)));
    at = end + 1;
  }
  if (findings.empty()) {
    findings.push_back(Failed("hardening", "no process could be started",
                              "raise the limit of processes (ulimit -u)"));
  }
  return findings;
}

}  // namespace cmif::platform
