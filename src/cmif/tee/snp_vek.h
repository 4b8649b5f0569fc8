// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_TEE_SNP_VEK_H_
#define CMIF_TEE_SNP_VEK_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "cmif/base/status.h"
#include "cmif/tee/roots.h"
#include "cmif/tee/snp_report.h"
#include "cmif/tee/x509.h"

namespace cmif::tee {

// What AMD's extensions say of the key that signs reports (AMD 57230, VCEK
// certificate and VLEK certificate; OIDs below 1.3.6.1.4.1.3704.1).
struct SnpVek {
  SnpSigner signer;  // by the subject: SEV-VCEK or SEV-VLEK
  SnpProduct product;
  SnpTcb tcb;
  // VCEK: the chip, Turin's eight bytes followed by zeros; VLEK: none.
  std::optional<std::array<uint8_t, 64>> chip_id;
  std::string csp_id;  // VLEK: the cloud provider; else empty

  // DATA_LOSS: a missing or malformed extension, a VCEK without chip or with a
  // provider, a VLEK the other way round.
  static Result<SnpVek> Parse(const Certificate& certificate);
};

// Whether the subject names a key that signs reports.
bool IsSnpVek(const Certificate& certificate);

}  // namespace cmif::tee

#endif  // CMIF_TEE_SNP_VEK_H_
