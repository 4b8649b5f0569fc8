// SPDX-License-Identifier: Apache-2.0
// What a policy demands of each platform; docs/tee.md says what each key means.
#ifndef CMIF_TEE_RULES_H_
#define CMIF_TEE_RULES_H_

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cmif/tee/roots.h"
#include "cmif/tee/snp_report.h"

namespace cmif::tee {

using ByteList = std::vector<std::vector<uint8_t>>;

// For SEV-SNP. An empty list of host_data, id_key_digests or chip_ids asks for
// nothing; all other lists are what is allowed.
struct SnpRules {
  ByteList measurements;  // 48 bytes
  std::vector<uint32_t> vmpl = {0};
  ByteList host_data;       // 32 bytes
  ByteList id_key_digests;  // 48 bytes
  ByteList chip_ids;        // 64 bytes; a masked id is never one of them
  std::map<SnpProduct, SnpTcb> minimum_tcb;
  uint32_t minimum_report_version = 2;
  bool require_single_socket = false;
  bool require_smt_off = false;
  bool require_ciphertext_hiding = false;
  bool require_committed_tcb = false;  // committed equals current
  // Relaxations.
  bool allow_absent_crl = false;
  bool allow_absent_alias_check_in_version_2 = false;
};

// What a TD may be: MRTD (the firmware), and the registers that firmware,
// loader and kernel extend.
struct TdxImage {
  std::vector<uint8_t> mr_td;
  // Unset: anything. RTMR1 and RTMR2 are set unless mr_td_implies_rtmrs.
  std::array<std::optional<std::vector<uint8_t>>, 4> rtmr;
};

// For TDX. Lists of mr_*, if empty, ask for nothing.
struct TdxRules {
  std::vector<TdxImage> images;
  ByteList mr_config_ids;     // 48 bytes
  ByteList mr_owners;         // 48 bytes
  ByteList mr_owner_configs;  // 48 bytes
  ByteList service_tds;       // MRSERVICETD beside zero; 48 bytes
  ByteList platform_ids;      // PPIDs or platform instance ids, 16 bytes
  bool allow_clear_sept_ve_disable = false;
};

// An enclave by what it is, or by who signed it.
struct SgxEnclave {
  std::optional<std::vector<uint8_t>> mr_enclave;  // 32 bytes
  std::optional<std::vector<uint8_t>> mr_signer;   // 32 bytes
  uint16_t product_id = 0;                         // with mr_signer
  uint16_t minimum_svn = 0;
};

struct SgxRules {
  std::vector<SgxEnclave> enclaves;
  ByteList config_ids;    // 64 bytes; empty: anything
  ByteList platform_ids;  // as for TDX
};

// For simulated evidence. Lists but `keys` are as for SEV-SNP.
struct SimulatedRules {
  ByteList keys;          // Ed25519 public keys, 32 bytes
  ByteList measurements;  // 48 bytes
  ByteList host_data;     // 32 bytes
  ByteList platform_ids;  // 64 bytes
};

// For both of Intel's platforms. All but the minimum are relaxations.
struct IntelRules {
  // SWHardeningNeeded, ConfigurationNeeded, ConfigurationAndSWHardeningNeeded.
  std::vector<std::string> allow_statuses;
  std::vector<std::string> allow_advisories;
  uint64_t collateral_grace_days = 0;
  uint64_t minimum_evaluation_number = 0;
};

}  // namespace cmif::tee

#endif  // CMIF_TEE_RULES_H_
