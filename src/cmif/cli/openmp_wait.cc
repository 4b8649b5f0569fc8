// SPDX-License-Identifier: Apache-2.0
// How long llama.cpp's threads spin when they wait for each other. libgomp's
// own default is milliseconds: on a machine with few cores that keeps them from
// whoever has work, be it gRPC's threads or a client on the same machine
// (classification 3 %, a head on the client a factor of two; docs/tee.md).
#include <cstdlib>

namespace {

void SpinShortly(int /*argc*/, char** /*argv*/, char** /*environment*/) {
  if (getenv("OMP_WAIT_POLICY") != nullptr) return;
  setenv("GOMP_SPINCOUNT", "1000", 0);  // some 30 us
}

}  // namespace

// libgomp reads the environment when it is loaded: before main(), but after the
// program's own functions of this kind.
extern "C" {
[[gnu::section(".preinit_array"),
  gnu::used]] void (*const kCmifSpinShortly)(int, char**, char**) = SpinShortly;
}
