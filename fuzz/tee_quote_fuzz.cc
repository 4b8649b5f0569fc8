// SPDX-License-Identifier: Apache-2.0
// Hostile quotes: what is read lies within the bytes, and can be rated.
#include <cstdint>
#include <cstdlib>
#include <span>

#include "cmif/base/byte_reader.h"
#include "cmif/tee/intel_tcb.h"
#include "cmif/tee/pck.h"
#include "cmif/tee/quote.h"
#include "cmif/tee/x509.h"

namespace {

using namespace cmif::tee;

void RequireWithin(std::span<const uint8_t> part,
                   std::span<const uint8_t> whole) {
  if (part.empty()) return;
  if (part.data() < whole.data() ||
      part.data() + part.size() > whole.data() + whole.size()) {
    std::abort();
  }
}

// Levels of every kind, so that a quote can reach some of them.
void Rate(const Quote& quote, const PckExtension& pck) {
  TcbInfo info{};
  info.levels.resize(2);
  info.levels[0].sgx_components.fill(3);
  info.levels[0].status = "UpToDate";
  info.levels[1].status = "OutOfDate";
  info.module = TdxModule{};
  info.modules = {
      TdxModule{.id = "TDX_01",
                .mr_signer = {},
                .attributes = {},
                .attributes_mask = {},
                .levels = {{3, "UpToDate", "", {}}, {1, "OutOfDate", "", {}}}}};
  QeIdentity identity{};
  identity.levels = {{4, "UpToDate", "", {}}, {0, "OutOfDate", "", {}}};
  const IntelTcb tcb = RateIntelTcb(info, identity, pck, quote);
  if (IntelTcbStatusOf(IntelTcbStatusName(tcb.status)) != tcb.status) {
    std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::span<const uint8_t> bytes(data, size);
  const auto quote = Quote::Parse(bytes);
  if (!quote) return 0;
  for (const auto part :
       {quote->signed_bytes, quote->signature, quote->attestation_key,
        quote->qe_report_bytes, quote->qe_signature, quote->qe_auth,
        quote->certificates, quote->trailing}) {
    RequireWithin(part, bytes);
  }
  PckExtension pck{};
  const auto chain = CertificatesFromPem(cmif::AsText(quote->certificates));
  if (chain && !chain->empty()) {
    if (const auto value = (*chain)[0].Extension(kPckExtensionOid)) {
      if (const auto read = PckExtension::Parse(*value)) pck = *read;
    }
  }
  Rate(*quote, pck);
  return 0;
}
