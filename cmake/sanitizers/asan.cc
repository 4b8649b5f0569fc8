// SPDX-License-Identifier: Apache-2.0
// Settings of AddressSanitizer and LeakSanitizer, within the program: once it
// is hardened it can read no file of suppressions.

// Names need whole stacks.
extern "C" const char* __asan_default_options() {
  return "fast_unwind_on_malloc=0";
}

// gRPC 1.51 leaves threads running at exit that have been in a TLS handshake or
// have asked a name server; what OpenSSL and c-ares keep for such a thread
// cannot be reached any more.
extern "C" const char* __lsan_default_suppressions() {
  return "leak:libgrpc.so\n";
}
