// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_CRYPTO_TESTING_TEST_CA_H_
#define CMIF_CRYPTO_TESTING_TEST_CA_H_

#include <cstdint>
#include <string>

#include "cmif/crypto/tls_key.h"

namespace cmif::crypto::testing {

// What a test's certificate authority writes into a certificate.
struct IssueSpec {
  std::string names = "DNS:localhost,IP:127.0.0.1";  // empty: none
  std::string extended_key_usage = {};               // "clientAuth"; empty: any
  int64_t not_before = 1'000'000'000;
  int64_t not_after = 4'000'000'000;
};

// An authority of a test's own. Ends the process if OpenSSL fails.
class TestCa {
 public:
  explicit TestCa(const std::string& name = "test CA");

  const std::string& pem() const { return pem_; }
  // A certificate for this key, in PEM.
  std::string Issue(const TlsKey& key, const IssueSpec& spec = {}) const;

 private:
  TlsKey key_ = TlsKey::Generate();
  std::string name_;
  std::string pem_;
};

}  // namespace cmif::crypto::testing

#endif  // CMIF_CRYPTO_TESTING_TEST_CA_H_
