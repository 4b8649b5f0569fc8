// SPDX-License-Identifier: Apache-2.0
#include "cmif/tee/endorsements.h"

#include <iterator>

#include "cmif/base/byte_reader.h"
#include "cmif/tee/cert_table.h"
#include "cmif/tee/encoding.h"

namespace cmif::tee {

Result<void> Endorsements::AddPem(std::string_view text) {
  CMIF_ASSIGN(std::vector<Certificate> found, CertificatesFromPem(text));
  const bool has_crl = text.find("BEGIN X509 CRL") != text.npos;
  if (has_crl) {
    CMIF_ASSIGN(Crl crl, Crl::FromPem(text));
    crls_.push_back(std::move(crl));
  }
  if (found.empty() && !has_crl) {
    return DataLoss("a PEM text holds neither certificates nor a CRL");
  }
  certificates_.insert(certificates_.end(), found.begin(), found.end());
  return {};
}

Result<void> Endorsements::AddJson(std::string_view text) {
  CMIF_ASSIGN(Collateral found, ReadCollateral(text));
  const auto append = [](auto& to, auto& from) {
    to.insert(to.end(), std::make_move_iterator(from.begin()),
              std::make_move_iterator(from.end()));
  };
  append(certificates_, found.certificates);
  append(crls_, found.crls);
  append(tcb_infos_, found.tcb_infos);
  append(qe_identities_, found.qe_identities);
  return {};
}

Result<void> Endorsements::Add(std::span<const uint8_t> file) {
  if (++files_ > kMaxFiles) {
    return ResourceExhausted("there are more than 4096 endorsements");
  }
  if (LooksLikeJson(file)) return AddJson(AsText(file));
  if (AsText(file).find(kPemBegin) != std::string_view::npos) {
    return AddPem(AsText(file));
  }
  const std::vector<uint8_t> bytes = Unwrapped(file);
  if (LooksLikeCertTable(bytes)) {
    CMIF_ASSIGN(const std::vector<Certificate> found, ReadCertTable(bytes));
    certificates_.insert(certificates_.end(), found.begin(), found.end());
    return {};
  }
  if (auto certificate = Certificate::FromDer(bytes)) {
    certificates_.push_back(*std::move(certificate));
    return {};
  }
  if (auto crl = Crl::FromDer(bytes)) {
    crls_.push_back(*std::move(crl));
    return {};
  }
  return DataLoss(
      "this is neither a certificate, a certificate table, a revocation list "
      "nor Intel's collateral");
}

}  // namespace cmif::tee
