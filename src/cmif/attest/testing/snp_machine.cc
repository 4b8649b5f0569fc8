// SPDX-License-Identifier: Apache-2.0
#include "cmif/attest/testing/snp_machine.h"

#include <algorithm>
#include <cstdlib>

#include "cmif/attest/clock.h"
#include "cmif/tee/testing/test_cert_table.h"

namespace cmif::attest::testing {
namespace {

constexpr int64_t kDay = 86400;

class SnpAttester final : public platform::Attester {
 public:
  explicit SnpAttester(SnpMachine& machine) : machine_(machine) {}
  std::string_view platform() const override { return "snp"; }
  Result<std::vector<uint8_t>> Collect(
      const platform::ReportData& data) override {
    return machine_.Collect(data);
  }

 private:
  SnpMachine& machine_;
};

}  // namespace

SnpMachine::SnpMachine() {
  // Tests of channels use the clock.
  snp_.crls = {
      tee::testing::MakeCrl(snp_.ark, {}, {Now() - kDay}, {Now() + kDay})};
}

std::unique_ptr<platform::Attester> SnpMachine::NewAttester() {
  return std::make_unique<SnpAttester>(*this);
}

std::shared_ptr<OwnIdentity> SnpMachine::NewIdentity(
    const AttestedOptions& options) {
  auto identity = OwnIdentity::MakeAttested(NewAttester(), options);
  if (!identity) std::abort();
  return *std::move(identity);
}

std::shared_ptr<EvidenceJudge> SnpMachine::NewJudge(
    const std::string& more) const {
  tee::Endorsements endorsements;
  if (!endorsements.Add(snp_.crls[0])) std::abort();
  return std::make_shared<EvidenceJudge>(snp_.Deployment(more),
                                         std::move(endorsements), snp_.roots);
}

Result<std::vector<uint8_t>> SnpMachine::Collect(
    const platform::ReportData& data) {
  if (fails) return Unavailable("the machine gives no evidence now");
  ++collected_;
  tee::testing::TestSnp snp = snp_;
  std::ranges::copy(data, snp.report.begin() + 0x50);
  std::vector<uint8_t> evidence = snp.Sign().bytes;
  const auto table = tee::testing::CertTable(
      {{tee::testing::kVcekGuid, snp.vek.certificate.der()}});
  evidence.insert(evidence.end(), table.begin(), table.end());
  return evidence;
}

}  // namespace cmif::attest::testing
