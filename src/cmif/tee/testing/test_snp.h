// SPDX-License-Identifier: Apache-2.0
// SEV-SNP evidence of tests' own making: roots, a chip and its reports.
#ifndef CMIF_TEE_TESTING_TEST_SNP_H_
#define CMIF_TEE_TESTING_TEST_SNP_H_

#include <cstdint>
#include <string>
#include <vector>

#include "cmif/tee/snp_report.h"
#include "cmif/tee/testing/test_certificate.h"
#include "cmif/tee/verify.h"

namespace cmif::tee::testing {

// A platform whose report of version 5 is accepted by a policy that lists its
// measurement, until a field of it is changed. Serial numbers: ASK 2, VCEK 3.
struct TestSnp {
  explicit TestSnp(SnpProduct product = SnpProduct::kTurin);
  // A chip with the extensions of another VEK, for its report.
  TestSnp(const Certificate& vek, const std::vector<uint8_t>& report);

  // Writes a little-endian number into the report.
  template <typename T>
  void Set(size_t at, T value) {
    for (size_t i = 0; i < sizeof(T); ++i) {
      report[at + i] = static_cast<uint8_t>(uint64_t{value} >> 8 * i);
    }
  }
  // The report, signed by the VEK.
  Evidence Sign() const;
  Verdict Judge(const Policy& policy) const;
  // A deployment policy for the report's measurement, with more rules.
  Policy Deployment(const std::string& more = "") const;

  Identity ark;
  Identity ask;
  Identity vek;
  Roots roots;
  std::vector<uint8_t> report;
  std::vector<std::vector<uint8_t>> crls;  // one that revokes nothing
  Time now = {1'800'000'000};
};

}  // namespace cmif::tee::testing

#endif  // CMIF_TEE_TESTING_TEST_SNP_H_
