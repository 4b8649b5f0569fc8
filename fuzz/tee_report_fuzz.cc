// SPDX-License-Identifier: Apache-2.0
// Hostile evidence of every form: what is read has a report of the one length,
// and its certificates can be looked at.
#include <cstdint>
#include <cstdlib>

#include "cmif/tee/evidence.h"
#include "cmif/tee/snp_report.h"
#include "cmif/tee/snp_vek.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cmif::tee;
  const auto evidence = ReadEvidence({data, size});
  if (!evidence) return 0;
  if (evidence->platform == Evidence::Platform::kSnp) {
    const auto report = SnpReport::Parse(evidence->bytes);
    if (!report) std::abort();
    DecodeSnpTcb(report->product().value_or(SnpProduct::kMilan),
                 report->reported_tcb);
  }
  for (const Certificate& certificate : evidence->certificates) {
    const auto vek = SnpVek::Parse(certificate);
    const bool is_vcek = vek && vek->signer == SnpSigner::kVcek;
    if (vek && vek->chip_id.has_value() != is_vcek) std::abort();
  }
  return 0;
}
