// SPDX-License-Identifier: Apache-2.0
// Quotes and collateral of tests' own making: a root, a platform, its quoting
// enclave, and what Intel would say of them.
#ifndef CMIF_TEE_TESTING_TEST_INTEL_H_
#define CMIF_TEE_TESTING_TEST_INTEL_H_

#include <cstdint>
#include <string>
#include <vector>

#include "cmif/tee/quote.h"
#include "cmif/tee/testing/test_certificate.h"
#include "cmif/tee/testing/test_der.h"
#include "cmif/tee/verify.h"

namespace cmif::tee::testing {

// A platform whose quote is accepted by inspection until something of it is
// changed. Serial numbers: PCK CA 2, PCK 3, TCB signer 4. Its patch level: all
// components 5, PCE 10, quoting enclave 6.
struct TestIntel {
  enum class Kind { kSgx, kTdx10, kTdx15 };
  explicit TestIntel(Kind kind = Kind::kTdx15);
  // Signs the body of another quote, for a platform with its PCK extension.
  TestIntel(const Quote& quote, const Bytes& pck_extension);

  // The body's bytes in `signed_bytes`, behind header and descriptor.
  uint8_t& Body(size_t at) { return signed_bytes[body_at + at]; }
  Bytes Sign() const;
  // The collateral's texts, signed anew each time.
  Endorsements Collateral() const;
  Verdict Judge(const Policy& policy = Policy::Inspection()) const;

  Time now = {1'800'000'000};  // first: the rest is made for it
  Identity root;
  Identity pck_ca;
  Identity pck;
  Identity tcb_signer;
  Roots roots;
  size_t body_at;
  Bytes signed_bytes;
  Bytes qe_report;
  std::string tcb_info;
  std::string qe_identity;
  std::vector<int64_t> revoked_by_root = {};
  std::vector<int64_t> revoked_by_pck_ca = {};
};

}  // namespace cmif::tee::testing

#endif  // CMIF_TEE_TESTING_TEST_INTEL_H_
