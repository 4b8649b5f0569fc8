// SPDX-License-Identifier: Apache-2.0
#include "cmif/tee/roots.h"

#include <vector>

#include "cmif/tee/roots_data.h"

namespace cmif::tee {
namespace {

Result<Certificate> One(const char* pem) {
  CMIF_ASSIGN(const std::vector<Certificate> found, CertificatesFromPem(pem));
  if (found.size() != 1) return Internal("a root is not one certificate");
  return found[0];
}

Result<AmdRoots> Amd(SnpProduct product, const char* ark, const char* ask,
                     const char* asvk) {
  CMIF_ASSIGN(Certificate root, One(ark));
  CMIF_ASSIGN(Certificate vcek_signer, One(ask));
  CMIF_ASSIGN(Certificate vlek_signer, One(asvk));
  return AmdRoots{product, std::move(root), std::move(vcek_signer),
                  std::move(vlek_signer)};
}

Result<Roots> Read() {
  Roots roots;
  CMIF_ASSIGN(AmdRoots milan,
              Amd(SnpProduct::kMilan, kMilanArk, kMilanAsk, kMilanAsvk));
  CMIF_ASSIGN(AmdRoots genoa,
              Amd(SnpProduct::kGenoa, kGenoaArk, kGenoaAsk, kGenoaAsvk));
  CMIF_ASSIGN(AmdRoots turin,
              Amd(SnpProduct::kTurin, kTurinArk, kTurinAsk, kTurinAsvk));
  CMIF_ASSIGN(Certificate intel, One(kIntelSgxRoot));
  roots.amd = {std::move(milan), std::move(genoa), std::move(turin)};
  roots.intel = {std::move(intel)};
  return roots;
}

}  // namespace

std::string_view SnpProductName(SnpProduct product) {
  switch (product) {
    case SnpProduct::kMilan:
      return "Milan";
    case SnpProduct::kGenoa:
      return "Genoa";
    case SnpProduct::kTurin:
      return "Turin";
  }
  return "?";
}

const Roots& VendorRoots() {
  static const Roots roots = Read().value_or(Roots{});
  return roots;
}

}  // namespace cmif::tee
