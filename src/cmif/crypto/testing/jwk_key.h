// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_CRYPTO_TESTING_JWK_KEY_H_
#define CMIF_CRYPTO_TESTING_JWK_KEY_H_

#include <string>
#include <string_view>
#include <vector>

#include "cmif/crypto/base64url.h"
#include "cmif/crypto/p256.h"

namespace cmif::crypto::testing {

// The key whose private number a JWK spells as "d", by way of SEC 1's DER.
inline P256Key KeyOfJwk(std::string_view d) {
  std::vector<uint8_t> der = {0x30, 0x31, 0x02, 0x01, 0x01, 0x04, 0x20};
  const auto number = FromBase64Url(d).value();
  der.insert(der.end(), number.begin(), number.end());
  for (const uint8_t byte : {0xa0, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
                             0x3d, 0x03, 0x01, 0x07}) {
    der.push_back(byte);
  }
  return P256Key::FromPem("-----BEGIN EC PRIVATE KEY-----\n" + ToBase64(der) +
                          "\n-----END EC PRIVATE KEY-----\n")
      .value();
}

}  // namespace cmif::crypto::testing

#endif  // CMIF_CRYPTO_TESTING_JWK_KEY_H_
