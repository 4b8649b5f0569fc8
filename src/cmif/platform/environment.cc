// SPDX-License-Identifier: Apache-2.0
#include "cmif/platform/environment.h"

#include <fmt/format.h>

#include <array>
#include <cstdlib>

namespace cmif::platform {
namespace {

constexpr std::array kRefused = {"LD_PRELOAD", "LD_AUDIT"};

// Those that glibc drops for programs with more rights than their caller
// (sysdeps/generic/unsecvars.h), and those by which OpenSSL, gRPC and ggml load
// code or write down keys and traffic.
constexpr std::array kRemoved = {
    "GCONV_PATH",      "GETCONF_DIR",      "GLIBC_TUNABLES",
    "HOSTALIASES",     "LD_DEBUG",         "LD_DEBUG_OUTPUT",
    "LD_DYNAMIC_WEAK", "LD_ORIGIN_PATH",   "LD_PROFILE",
    "LD_SHOW_AUXV",    "LD_LIBRARY_PATH",  "LOCALDOMAIN",
    "LOCPATH",         "MALLOC_TRACE",     "NIS_PATH",
    "NLSPATH",         "RESOLV_HOST_CONF", "RES_OPTIONS",
    "OPENSSL_CONF",    "OPENSSL_ENGINES",  "OPENSSL_MODULES",
    "SSLKEYLOGFILE",   "GRPC_TRACE",       "GGML_BACKEND_PATH"};

}  // namespace

Result<Measure> ScrubEnvironment() {
  for (const char* name : kRefused) {
    const char* value = std::getenv(name);
    if (HasSanitizer() || value == nullptr || *value == '\0') continue;
    return PermissionDenied(fmt::format(
        "{} is set, so foreign code runs in this process: unset it, or give "
        "--no-hardening if it is meant",
        name));
  }
  size_t removed = 0;
  for (const char* name : kRemoved) {
    if (std::getenv(name) == nullptr) continue;
    unsetenv(name);
    ++removed;
  }
  return Measure{"environment", true,
                 fmt::format("{} variables removed by which libraries load "
                             "code or write down keys and traffic",
                             removed)};
}

}  // namespace cmif::platform
