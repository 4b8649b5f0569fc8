// SPDX-License-Identifier: Apache-2.0
#include "cmif/broker/collateral_floors.h"

#include <algorithm>

#include "cmif/base/byte_reader.h"
#include "cmif/tee/quote.h"

namespace cmif::broker {
namespace {

uint64_t NewestList(const tee::Endorsements& endorsements,
                    const tee::Certificate& issuer, tee::Time now) {
  int64_t newest = 0;
  for (const tee::Crl& crl : endorsements.crls()) {
    if (crl.this_update() <= now && crl.this_update().seconds > newest &&
        crl.IsIssuedBy(issuer)) {
      newest = crl.this_update().seconds;
    }
  }
  return static_cast<uint64_t>(newest);
}

// Whose lists count for this platform.
std::vector<tee::Certificate> Issuers(const Presented& presented,
                                      const tee::Verdict& verdict) {
  std::vector<tee::Certificate> issuers;
  if (verdict.platform == "snp") {
    const std::string product = TextClaim(verdict, "product");
    for (const tee::AmdRoots& one : presented.roots.amd) {
      if (tee::SnpProductName(one.product) == product) {
        issuers.push_back(one.ark);
      }
    }
    return issuers;
  }
  const auto quote = tee::Quote::Parse(presented.evidence.bytes);
  if (!quote) return issuers;
  const auto pck = tee::CertificatesFromPem(AsText(quote->certificates));
  if (!pck || pck->empty()) return issuers;
  // The verdict has judged this chain; its leaf issues nothing.
  const auto chain = tee::BuildChain(pck->front(), *pck, presented.roots.intel);
  if (chain) issuers.assign(chain->begin() + 1, chain->end());
  return issuers;
}

}  // namespace

Floors CollateralFloors(const Presented& presented, const tee::Verdict& verdict,
                        tee::Time now) {
  Floors floors;
  for (const tee::Certificate& issuer : Issuers(presented, verdict)) {
    floors["crl " + issuer.subject()] =
        NewestList(presented.endorsements, issuer, now);
  }
  if (verdict.tcb.evaluation_number > 0) {
    floors["tcb " + verdict.platform + " " + TextClaim(verdict, "fmspc")] =
        verdict.tcb.evaluation_number;
  }
  return floors;
}

}  // namespace cmif::broker
