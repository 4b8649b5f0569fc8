// SPDX-License-Identifier: Apache-2.0
#include "cmif/tee/hcl_blob.h"

#include "cmif/base/byte_reader.h"
#include "cmif/tee/byte_fields.h"

namespace cmif::tee {
namespace {

// Offsets as the recorded blobs have them.
constexpr size_t kHeaderBytes = 32;
constexpr size_t kReportBytes = 1184;
constexpr size_t kClaimsHeaderBytes = 20;
constexpr size_t kClaimsAt = kHeaderBytes + kReportBytes + kClaimsHeaderBytes;
constexpr uint32_t kSnpReport = 2;
constexpr uint32_t kTdReport = 4;
constexpr uint32_t kSha256 = 1;

}  // namespace

bool LooksLikeHclBlob(std::span<const uint8_t> bytes) {
  return AsText(bytes).starts_with("HCLA");
}

Result<HclBlob> HclBlob::Parse(std::span<const uint8_t> bytes) {
  if (!LooksLikeHclBlob(bytes) || bytes.size() < kClaimsAt) {
    return DataLoss("an HCL blob is too short for its report");
  }
  const auto header = bytes.subspan(kHeaderBytes + kReportBytes);
  const auto version = NumberAt<uint32_t>(bytes, 4);
  const auto type = NumberAt<uint32_t>(header, 8);
  const auto hash = NumberAt<uint32_t>(header, 12);
  const auto claims_bytes = NumberAt<uint32_t>(header, 16);
  if (version < 1 || version > 2 || hash != kSha256) {
    return DataLoss("an HCL blob has a version or hash that is not known");
  }
  if (type == kTdReport) {
    return Unimplemented(
        "this HCL blob holds a TDX report, which only its own machine can "
        "check: give the quote that Azure made of it");
  }
  if (type != kSnpReport || claims_bytes > bytes.size() - kClaimsAt ||
      !IsZero(bytes.subspan(kClaimsAt + claims_bytes))) {
    return DataLoss("an HCL blob has no SEV-SNP report or broken claims");
  }
  return HclBlob{bytes.subspan(kHeaderBytes, kReportBytes),
                 bytes.subspan(kClaimsAt, claims_bytes)};
}

}  // namespace cmif::tee
