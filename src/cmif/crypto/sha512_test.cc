// SPDX-License-Identifier: Apache-2.0
#include "cmif/crypto/sha512.h"

#include <gtest/gtest.h>

#include "cmif/base/byte_reader.h"
#include "cmif/crypto/sha256.h"

namespace cmif::crypto {
namespace {

// FIPS 180-4's examples.
TEST(Sha512Test, KnownAnswers) {
  EXPECT_EQ(ToHex(Sha512Of(AsBytes("abc"))),
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
            "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
  EXPECT_EQ(ToHex(Sha512Of({})),
            "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
            "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e");
  EXPECT_EQ(ToHex(Sha384Of(AsBytes("abc"))),
            "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
            "8086072ba1e7cc2358baeca134c825a7");
}

}  // namespace
}  // namespace cmif::crypto
