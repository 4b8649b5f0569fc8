// SPDX-License-Identifier: Apache-2.0
// Hostile JSON web keys, tokens and encryption: only what the fixed key signed
// or can open comes out.
#include <cstdint>
#include <cstdlib>

#include "cmif/base/byte_reader.h"
#include "cmif/crypto/jwe.h"
#include "cmif/crypto/jwt.h"
#include "cmif/crypto/testing/jwk_key.h"

namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cmif::crypto;
  // RFC 7515, appendix A.3; make_broker_corpus.cc has the same.
  static const P256Key key =
      testing::KeyOfJwk("jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI");
  const std::string_view text = cmif::AsText({data, size});
  if (const auto read = P256PublicKey::FromJwk(text)) {
    const auto again = P256PublicKey::FromJwk(read->ToJwk());
    Require(again && *again == *read);
  }
  if (const auto claims = VerifyJwt(key.public_key(), text)) {
    Require(claims->size() < size);
  }
  if (const auto plain = DecryptJwe(key, text)) {
    Require(plain->size() < size);
  }
  return 0;
}
