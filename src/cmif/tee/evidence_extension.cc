// SPDX-License-Identifier: Apache-2.0
#include "cmif/tee/evidence_extension.h"

#include <openssl/asn1.h>

#include <algorithm>

#include "cmif/crypto/openssl-inl.h"
#include "cmif/tee/byte_fields.h"
#include "cmif/tee/cbor_writer.h"
#include "cmif/tee/evidence.h"
#include "cmif/tee/evidence_certificate.h"
#include "cmif/tee/snp_report.h"
#include "cmif/tee/x509.h"

namespace cmif::tee {
namespace {

using Bytes = std::vector<uint8_t>;

// What is left of a certificate's size for the rest of it.
constexpr size_t kMaxExtensionBytes = kMaxCertificateBytes - 4096;

Result<Bytes> OctetString(const Bytes& content) {
  const crypto::Owned<ASN1_OCTET_STRING, ASN1_OCTET_STRING_free> octets(
      ASN1_OCTET_STRING_new());
  if (octets == nullptr ||
      ASN1_OCTET_STRING_set(octets.get(), content.data(),
                            static_cast<int>(content.size())) != 1) {
    return Internal("OpenSSL has no memory for an extension");
  }
  return crypto::ToDer(i2d_ASN1_OCTET_STRING, octets.get());
}

Bytes CmwValue(const Evidence& read, std::span<const uint8_t> evidence,
               std::span<const uint8_t> claims) {
  if (read.form == "quote") {
    return CborMap(
        {{"quote", CborBytes(evidence)}, {"claims", CborBytes(claims)}});
  }
  if (read.form == "simulated" || IsZero(evidence.subspan(SnpReport::kBytes))) {
    return CborMap(
        {{"report", CborBytes(read.bytes)}, {"claims", CborBytes(claims)}});
  }
  return CborMap({{"report", CborBytes(read.bytes)},
                  {"certs", CborBytes(evidence.subspan(SnpReport::kBytes))},
                  {"claims", CborBytes(claims)}});
}

}  // namespace

Bytes KeyClaims(const crypto::Digest& key_sha256) {
  // 1: SHA-256 in the named information hash registry (RFC 6920).
  return CborMap(
      {{"pubkey-hash",
        CborBytes(CborArray({CborNumber(1), CborBytes(key_sha256)}))}});
}

std::array<uint8_t, 64> ReportDataOf(std::span<const uint8_t> claims) {
  std::array<uint8_t, 64> report_data{};
  std::ranges::copy(crypto::Sha256Of(claims), report_data.begin());
  return report_data;
}

Result<std::vector<std::pair<std::string, Bytes>>> WriteEvidenceExtensions(
    std::span<const uint8_t> evidence, std::span<const uint8_t> claims) {
  CMIF_ASSIGN(const Evidence read, ReadEvidence(evidence));
  if (read.form != "report" && read.form != "report with certificates" &&
      read.form != "quote" && read.form != "simulated") {
    return DataLoss("a certificate cannot carry evidence of this form: " +
                    read.form);
  }
  std::vector<std::pair<std::string, Bytes>> extensions;
  if (read.form == "quote") {
    extensions.emplace_back(
        kRaTlsOid, CborTag(kRaTlsQuoteTag, CborArray({CborBytes(evidence),
                                                      CborBytes(claims)})));
  }
  // 4: the record holds evidence (RFC 9999).
  const Bytes record =
      CborArray({CborText(kCmwType),
                 CborBytes(CmwValue(read, evidence, claims)), CborNumber(4)});
  CMIF_ASSIGN(Bytes value, OctetString(record));
  extensions.emplace_back(kCmwOid, std::move(value));
  size_t total = 0;
  for (const auto& [oid, bytes] : extensions) total += bytes.size();
  if (total > kMaxExtensionBytes) {
    return ResourceExhausted("the evidence is too large for a certificate");
  }
  return extensions;
}

}  // namespace cmif::tee
