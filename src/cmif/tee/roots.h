// SPDX-License-Identifier: Apache-2.0
// The certificates that trust begins with. They are compiled in; nothing that
// comes with evidence can replace them.
#ifndef CMIF_TEE_ROOTS_H_
#define CMIF_TEE_ROOTS_H_

#include <span>
#include <string_view>

#include "cmif/tee/x509.h"

namespace cmif::tee {

// AMD's product lines with SEV-SNP; each has a root of its own.
enum class SnpProduct { kMilan, kGenoa, kTurin };
std::string_view SnpProductName(SnpProduct product);

struct AmdRoots {
  SnpProduct product;
  Certificate ark;   // self-signed root
  Certificate ask;   // signs VCEKs
  Certificate asvk;  // signs VLEKs
};

// What a verdict trusts. Tests make their own.
struct Roots {
  std::vector<AmdRoots> amd;
  std::vector<Certificate> intel;
};

// The vendors' roots, read once. Thread-safe. If they cannot be read (no
// memory, a broken OpenSSL) the lists are empty, and no evidence is accepted.
const Roots& VendorRoots();

}  // namespace cmif::tee

#endif  // CMIF_TEE_ROOTS_H_
