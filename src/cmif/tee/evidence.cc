// SPDX-License-Identifier: Apache-2.0
#include "cmif/tee/evidence.h"

#include "cmif/base/byte_reader.h"
#include "cmif/tee/byte_fields.h"
#include "cmif/tee/cert_table.h"
#include "cmif/tee/encoding.h"
#include "cmif/tee/evidence_certificate.h"
#include "cmif/tee/hcl_blob.h"
#include "cmif/tee/quote.h"
#include "cmif/tee/simulated_evidence.h"
#include "cmif/tee/snp_report.h"
#include "cmif/tee/trustee.h"

namespace cmif::tee {
namespace {

// A report says 1 (ECDSA P-384) where its signature's kind stands; versions
// are small. Which versions are accepted is the verdict's matter.
bool LooksLikeSnpReport(std::span<const uint8_t> bytes) {
  return bytes.size() >= SnpReport::kBytes &&
         NumberAt<uint32_t>(bytes, 0x34) == 1 &&
         NumberAt<uint32_t>(bytes, 0x00) < 0x10000;
}

Evidence ReadSnp(std::span<const uint8_t> bytes) {
  Evidence evidence{.platform = Evidence::Platform::kSnp, .form = "report"};
  const auto report = bytes.first(SnpReport::kBytes);
  const auto rest = bytes.subspan(SnpReport::kBytes);
  evidence.bytes.assign(report.begin(), report.end());
  if (IsZero(rest)) return evidence;
  if (auto certificates = ReadCertTable(rest)) {
    evidence.form = "report with certificates";
    evidence.certificates = *std::move(certificates);
  } else {
    evidence.trailing.assign(rest.begin(), rest.end());
  }
  return evidence;
}

Result<Evidence> ReadHcl(std::span<const uint8_t> bytes) {
  CMIF_ASSIGN(const HclBlob blob, HclBlob::Parse(bytes));
  if (!LooksLikeSnpReport(blob.report)) {
    return DataLoss("an HCL blob has no SEV-SNP report");
  }
  Evidence evidence = ReadSnp(blob.report);
  evidence.form = "HCL blob";
  evidence.runtime_claims.emplace(blob.claims.begin(), blob.claims.end());
  return evidence;
}

constexpr size_t kOeHeaderBytes = 16;

// Open Enclave's header: version 1, kind 2 (remote), the length of what
// follows.
bool HasOeHeader(std::span<const uint8_t> bytes) {
  return bytes.size() > kOeHeaderBytes &&
         NumberAt<uint64_t>(bytes, 0) == 0x200000001 &&
         NumberAt<uint64_t>(bytes, 8) == bytes.size() - kOeHeaderBytes;
}

Evidence ReadQuote(std::span<const uint8_t> bytes) {
  Evidence evidence{.form = "quote"};
  // Whether the rest fits is the verdict's matter.
  evidence.platform = NumberAt<uint32_t>(bytes, 4) == 0
                          ? Evidence::Platform::kSgx
                          : Evidence::Platform::kTdx;
  evidence.bytes.assign(bytes.begin(), bytes.end());
  return evidence;
}

Evidence ReadSimulated(std::span<const uint8_t> bytes) {
  return {.platform = Evidence::Platform::kSimulated,
          .form = "simulated",
          .bytes = {bytes.begin(), bytes.end()}};
}

bool IsKnownBinary(std::span<const uint8_t> bytes) {
  return LooksSimulated(bytes) || LooksLikeHclBlob(bytes) ||
         HasOeHeader(bytes) || LooksLikeQuote(bytes) ||
         LooksLikeSnpReport(bytes);
}

Result<Evidence> ReadBinary(std::span<const uint8_t> bytes) {
  if (LooksSimulated(bytes)) return ReadSimulated(bytes);
  if (LooksLikeHclBlob(bytes)) return ReadHcl(bytes);
  if (HasOeHeader(bytes)) bytes = bytes.subspan(kOeHeaderBytes);
  if (LooksLikeQuote(bytes)) return ReadQuote(bytes);
  if (LooksLikeSnpReport(bytes)) return ReadSnp(bytes);
  return DataLoss(
      "this is no evidence that this program knows: an SEV-SNP report, a "
      "quote, an HCL blob, a certificate with evidence or Trustee's JSON, "
      "binary or in hex or base64");
}

Result<Evidence> ReadCarrier(const Certificate& certificate) {
  CMIF_ASSIGN(CarriedEvidence carried, ReadCarriedEvidence(certificate));
  CMIF_ASSIGN(Evidence evidence, ReadBinary(carried.evidence));
  if (!carried.cert_table.empty()) {
    CMIF_ASSIGN(evidence.certificates, ReadCertTable(carried.cert_table));
  }
  evidence.form = "certificate";
  evidence.carrier = certificate;
  evidence.carrier_claims = std::move(carried.claims);
  return evidence;
}

Result<Evidence> ReadPem(std::string_view text) {
  CMIF_ASSIGN(const std::vector<Certificate> found, CertificatesFromPem(text));
  if (found.empty()) return DataLoss("a PEM text holds no certificate");
  return ReadCarrier(found[0]);
}

Result<Evidence> ReadTrustee(std::string_view text) {
  CMIF_ASSIGN(TrusteeEvidence read, ReadTrusteeJson(text));
  CMIF_ASSIGN(Evidence evidence, ReadBinary(read.evidence));
  evidence.form = "Trustee JSON";
  evidence.certificates.insert(evidence.certificates.end(),
                               read.certificates.begin(),
                               read.certificates.end());
  return evidence;
}

// A quote holds PEM too, so what is binary is looked for first.
Result<Evidence> ReadAny(std::span<const uint8_t> file) {
  const std::vector<uint8_t> bytes = Unwrapped(file);
  if (IsKnownBinary(bytes)) return ReadBinary(bytes);
  if (LooksLikeJson(file)) return ReadTrustee(AsText(file));
  if (AsText(file).find(kPemBegin) != std::string_view::npos) {
    return ReadPem(AsText(file));
  }
  if (const auto certificate = Certificate::FromDer(bytes)) {
    return ReadCarrier(*certificate);
  }
  return ReadBinary(bytes);
}

}  // namespace

Result<Evidence> ReadEvidence(std::span<const uint8_t> file) {
  if (file.size() > kMaxEvidenceBytes) {
    return ResourceExhausted("evidence has more than 1 MiB");
  }
  CMIF_ASSIGN(Evidence evidence, ReadAny(file));
  evidence.file_sha256 = crypto::Sha256Of(file);
  return evidence;
}

}  // namespace cmif::tee
