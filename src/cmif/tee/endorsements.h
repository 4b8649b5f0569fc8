// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_TEE_ENDORSEMENTS_H_
#define CMIF_TEE_ENDORSEMENTS_H_

#include <span>
#include <string>
#include <vector>

#include "cmif/base/status.h"
#include "cmif/tee/collateral.h"
#include "cmif/tee/x509.h"

namespace cmif::tee {

// What vendors say of their platforms, as it was collected: nothing is trusted
// before a verdict has checked it. Not thread-safe while files are added.
class Endorsements {
 public:
  static constexpr size_t kMaxFiles = 4096;

  // Adds what a file holds, recognised by its content: certificates (DER, PEM,
  // a certificate table), revocation lists (DER, PEM), Intel's collateral
  // (ReadCollateral); all but JSON and PEM also in hex or base64. DATA_LOSS:
  // something else, or broken; RESOURCE_EXHAUSTED: too much of it.
  Result<void> Add(std::span<const uint8_t> file);

  const std::vector<Certificate>& certificates() const { return certificates_; }
  const std::vector<Crl>& crls() const { return crls_; }
  const std::vector<TcbInfo>& tcb_infos() const { return tcb_infos_; }
  const std::vector<QeIdentity>& qe_identities() const {
    return qe_identities_;
  }

 private:
  Result<void> AddPem(std::string_view text);
  Result<void> AddJson(std::string_view text);
  std::vector<Certificate> certificates_;
  std::vector<Crl> crls_;
  std::vector<TcbInfo> tcb_infos_;
  std::vector<QeIdentity> qe_identities_;
  size_t files_ = 0;
};

}  // namespace cmif::tee

#endif  // CMIF_TEE_ENDORSEMENTS_H_
