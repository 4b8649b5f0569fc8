// SPDX-License-Identifier: Apache-2.0
// Settings of LeakSanitizer, within the program: once it is hardened it can
// read no file of suppressions.

// Where a connection fails, what OpenSSL keeps for each thread (its random
// generators) and c-ares for its channels cannot be reached any more at exit;
// gRPC 1.51 leaves threads running then. Leaks of our own are looked for by the
// unit tests, which are not linked with this.
// NOLINTNEXTLINE(bugprone-reserved-identifier): the sanitizer calls it so.
extern "C" const char* __lsan_default_suppressions() {
  return "leak:libcrypto.so\nleak:libcares.so\n";
}

// Tests compare all that the program says.
// NOLINTNEXTLINE(bugprone-reserved-identifier): likewise.
extern "C" const char* __lsan_default_options() {
  return "print_suppressions=0";
}
