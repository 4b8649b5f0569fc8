// SPDX-License-Identifier: Apache-2.0
#include "cmif/platform/hardening.h"

#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "cmif/crypto/key_heap.h"
#include "cmif/platform/capabilities.h"
#include "cmif/platform/environment.h"
#include "cmif/platform/landlock.h"
#include "cmif/platform/seccomp_filter.h"

namespace cmif::platform {
namespace {

std::string Refused(std::string_view call) {
  return fmt::format("the kernel refused {}: {}", call, strerror(errno));
}

Measure Prctl(std::string id, std::string_view call, int option,
              unsigned long value, std::string_view does) {
  const bool on = prctl(option, value, 0, 0, 0) == 0;
  return {std::move(id), on, on ? std::string(does) : Refused(call)};
}

Measure NoCore() {
  const rlimit none{0, 0};
  const bool on = setrlimit(RLIMIT_CORE, &none) == 0;
  return {"core", on, on ? "no core dumps" : Refused("setrlimit")};
}

// What the parent left open would be reached past Landlock.
Measure NoDescriptors() {
  constexpr unsigned kFirst = 3;
  const bool on = syscall(SYS_close_range, kFirst, ~0U, 0) == 0;
  return {"descriptors", on,
          on ? "none but standard input, output and error is open"
             : Refused("close_range")};
}

// As much as this process may allow itself: without capabilities it cannot.
void RaiseLockLimit() {
  const rlimit all{RLIM_INFINITY, RLIM_INFINITY};
  rlimit limit{};
  if (setrlimit(RLIMIT_MEMLOCK, &all) == 0 ||
      getrlimit(RLIMIT_MEMLOCK, &limit) != 0) {
    return;
  }
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_MEMLOCK, &limit);
}

Measure KeyHeap() {
  RaiseLockLimit();
  const bool on = crypto::StartKeyHeap();
  return {"key_heap", on,
          on ? "OpenSSL's private keys are locked and not dumped"
             : "OpenSSL's private keys may be swapped: 1 MiB cannot be "
               "locked (LimitMEMLOCK=, ulimit -l)"};
}

Measure NotDumpable() {
  if (HasSanitizer()) {
    return {"dumpable", false,
            "this build has a sanitizer, which needs ptrace"};
  }
  return Prctl("dumpable", "PR_SET_DUMPABLE", PR_SET_DUMPABLE, 0,
               "other processes of this user cannot read its memory");
}

}  // namespace

const Measure* HardeningReport::Find(std::string_view id) const {
  const auto found = std::ranges::find(measures, id, &Measure::id);
  return found == measures.end() ? nullptr : &*found;
}

bool HardeningReport::AllOn() const {
  return std::ranges::all_of(measures, &Measure::on);
}

std::string HardeningReport::Line() const {
  const auto on = std::ranges::count(measures, true, &Measure::on);
  std::string line =
      fmt::format("hardening: {} of {} measures on", on, measures.size());
  for (const char* start = "; off: "; const Measure& measure : measures) {
    if (measure.on) continue;
    line += fmt::format("{}{} ({})", start, measure.id, measure.detail);
    start = ", ";
  }
  return line;
}

bool HasSanitizer() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
  return true;
#else
  return false;
#endif
#else
  return false;
#endif
}

Result<HardeningReport> Harden(const HardeningPlan& plan) {
  HardeningReport report;
  auto& measures = report.measures;
  CMIF_ASSIGN(measures.emplace_back(), ScrubEnvironment());
  measures.push_back(NoDescriptors());
  measures.push_back(NoCore());
  measures.push_back(NotDumpable());
  measures.push_back(Prctl("no_new_privileges", "PR_SET_NO_NEW_PRIVS",
                           PR_SET_NO_NEW_PRIVS, 1,
                           "no program can give it more rights"));
  measures.push_back(KeyHeap());
  measures.push_back(DropCapabilities(plan));
  umask(077);
  measures.push_back({"umask", true, "077: new files are its owner's alone"});
  for (Measure& measure : RestrictWithLandlock(plan)) {
    measures.push_back(std::move(measure));
  }
  measures.push_back(RestrictSystemCalls(!plan.listen_ports.empty()));
  return report;
}

}  // namespace cmif::platform
