// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_TEE_CERT_TABLE_H_
#define CMIF_TEE_CERT_TABLE_H_

#include <cstdint>
#include <span>
#include <vector>

#include "cmif/base/status.h"
#include "cmif/tee/x509.h"

namespace cmif::tee {

// The certificates of a GHCB certificate table (AMD 56421 4.1.8.1), as
// configfs-tsm gives it in auxblob: entries {GUID, u32 offset, u32 length}
// that end with a zero entry, then the certificates in DER. Entries of other
// GUIDs than VCEK, VLEK, ASK and ARK are passed over. DATA_LOSS: an entry that
// reaches out of the table or into its entries, bytes that belong to no entry
// and are not zero, or a broken certificate; RESOURCE_EXHAUSTED: more than 32
// entries or 256 KiB. An empty table is fine.
Result<std::vector<Certificate>> ReadCertTable(std::span<const uint8_t> table);

// Whether the bytes begin with an entry of one of those four GUIDs.
bool LooksLikeCertTable(std::span<const uint8_t> bytes);

}  // namespace cmif::tee

#endif  // CMIF_TEE_CERT_TABLE_H_
