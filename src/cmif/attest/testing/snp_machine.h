// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_ATTEST_TESTING_SNP_MACHINE_H_
#define CMIF_ATTEST_TESTING_SNP_MACHINE_H_

#include <atomic>
#include <memory>
#include <string>

#include "cmif/attest/evidence_judge.h"
#include "cmif/attest/own_identity.h"
#include "cmif/platform/attester.h"
#include "cmif/tee/testing/test_snp.h"

namespace cmif::attest::testing {

// An SEV-SNP machine of a test's own, whose reports are correctly signed under
// roots of its own. Outlives what it gives.
class SnpMachine {
 public:
  SnpMachine();

  // Asks this machine. Thread-safe.
  std::unique_ptr<platform::Attester> NewAttester();
  std::shared_ptr<OwnIdentity> NewIdentity(const AttestedOptions& options = {});

  // Accepts this machine's code, and with `more` rules of section "snp".
  std::shared_ptr<EvidenceJudge> NewJudge(const std::string& more = "") const;

  // Evidence that was given.
  int collected() const { return collected_; }
  // While set, no evidence is given.
  std::atomic<bool> fails = false;
  // Runs other code, which NewJudge() did not see.
  void ChangeMeasurement() { snp_.report[0x90] ^= 1; }

  Result<std::vector<uint8_t>> Collect(const platform::ReportData& data);

 private:
  tee::testing::TestSnp snp_;
  std::atomic<int> collected_ = 0;
};

}  // namespace cmif::attest::testing

#endif  // CMIF_ATTEST_TESTING_SNP_MACHINE_H_
