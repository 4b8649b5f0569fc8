// SPDX-License-Identifier: Apache-2.0
#include "cmif/crypto/key_heap.h"

#include <gtest/gtest.h>
#include <openssl/crypto.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include "cmif/crypto/ed25519.h"
#include "cmif/crypto/p256.h"
#include "cmif/crypto/tls_key.h"

namespace cmif::crypto {
namespace {

// What `act` gives in a process of its own that has the heap.
int InChild(const std::function<int()>& act) {
  const pid_t child = fork();
  if (child == 0) {
    StartKeyHeap();
    _exit(CRYPTO_secure_malloc_initialized() == 1 ? act() : 77);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// Whether `make` leaves something on the heap for as long as the key lives.
template <typename Make>
int Holds(Make make) {
  return InChild([&] {
    const size_t before = CRYPTO_secure_used();
    const auto key = make();
    return CRYPTO_secure_used() >= before + 32 ? 0 : 1;
  });
}

TEST(KeyHeapTest, KeysThatAreMadeLieThere) {
  EXPECT_EQ(Holds(P256Key::Generate), 0);
  EXPECT_EQ(Holds(TlsKey::Generate), 0);
  EXPECT_EQ(Holds(Ed25519Signer::Generate), 0);
}

TEST(KeyHeapTest, KeysThatAreReadLieThere) {
  const std::string pem = TlsKey::Generate().ToPem();
  EXPECT_EQ(Holds([&] { return P256Key::FromPem(pem); }), 0);
  EXPECT_EQ(Holds([&] { return TlsKey::FromPem(pem); }), 0);
}

TEST(KeyHeapTest, IsLeftEmptyByKeysThatAreGone) {
  EXPECT_EQ(InChild([] {
              {
                P256Key::Generate().Sign({});
              }  // starts what stays
              const size_t before = CRYPTO_secure_used();
              for (int i = 0; i < 100; ++i) P256Key::Generate().Sign({});
              return CRYPTO_secure_used() == before ? 0 : 1;
            }),
            0);
}

}  // namespace
}  // namespace cmif::crypto
