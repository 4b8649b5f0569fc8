// SPDX-License-Identifier: Apache-2.0
#include "cmif/tee/trustee.h"

#include <algorithm>

#include "cmif/tee/encoding.h"
#include "cmif/tee/snp_report.h"
#include "cmif/tee/strict_json-inl.h"

namespace cmif::tee {
namespace {

using nlohmann::json;

constexpr size_t kMaxListBytes = 64 << 10;

// A list of whole numbers below 256; of `size` of them unless size is 0.
std::vector<uint8_t> ByteArray(JsonReader& fields, const char* key,
                               size_t size) {
  const json& list = fields.Array(key);
  std::vector<uint8_t> bytes;
  const bool fits = size == 0 ? !list.empty() && list.size() <= kMaxListBytes
                              : list.size() == size;
  for (const json& entry : list) {
    if (!fits || !entry.is_number_unsigned() || entry.get<uint64_t>() > 255) {
      break;
    }
    bytes.push_back(entry.get<uint8_t>());
  }
  if (bytes.size() != list.size() || !fits) {
    fields.Bad(key, "a list of bytes of the right length");
    return std::vector<uint8_t>(size);
  }
  return bytes;
}

// Writes fields of a report at their offsets (snp_report.cc).
class ReportBuilder {
 public:
  explicit ReportBuilder(JsonReader& fields) : fields_(fields) {}

  void Number(size_t at, const char* key, size_t bytes) {
    const uint64_t most =
        bytes == 8 ? UINT64_MAX : (uint64_t{1} << 8 * bytes) - 1;
    Write(at, fields_.Number(key, most), bytes);
  }
  void Bytes(size_t at, const char* key, size_t size) {
    std::ranges::copy(ByteArray(fields_, key, size), report_.begin() + At(at));
  }
  // Levels as Milan and Genoa place them.
  void Tcb(size_t at, const char* key) {
    const json* object = fields_.Find(key);
    if (object == nullptr) return fields_.Bad(key, "an object");
    JsonReader levels(*object, key);
    for (const auto& [place, name] : {std::pair{0, "bootloader"},
                                      {1, "tee"},
                                      {6, "snp"},
                                      {7, "microcode"}}) {
      report_[at + static_cast<size_t>(place)] =
          static_cast<uint8_t>(levels.Number(name, 255));
    }
    if (!levels.Done()) fields_.Bad(key, "a set of patch levels");
  }
  void Firmware(size_t at, const char* key) {
    const json* object = fields_.Find(key);
    if (object == nullptr) return fields_.Bad(key, "an object");
    JsonReader version(*object, key);
    for (const char* name : {"build", "minor", "major"}) {
      report_[at++] = static_cast<uint8_t>(version.Number(name, 255));
    }
    if (!version.Done()) fields_.Bad(key, "a version");
  }
  void Signature(size_t at, const char* key) {
    const json* object = fields_.Find(key);
    if (object == nullptr) return fields_.Bad(key, "an object");
    JsonReader numbers(*object, key);
    for (const char* name : {"r", "s"}) {
      std::ranges::copy(ByteArray(numbers, name, 72), report_.begin() + At(at));
      at += 72;
    }
    if (!numbers.Done()) fields_.Bad(key, "a signature");
  }
  std::vector<uint8_t> Release() { return std::move(report_); }

 private:
  static ptrdiff_t At(size_t offset) { return static_cast<ptrdiff_t>(offset); }
  void Write(size_t at, uint64_t value, size_t bytes) {
    for (size_t i = 0; i < bytes; ++i) {
      report_[at + i] = static_cast<uint8_t>(value >> 8 * i);
    }
  }

  JsonReader& fields_;
  std::vector<uint8_t> report_ = std::vector<uint8_t>(SnpReport::kBytes);
};

Result<std::vector<uint8_t>> BuildReport(const json& object) {
  JsonReader fields(object, "attestation_report");
  if (fields.Number("version", UINT32_MAX) > 4 ||
      fields.Number("cpuid_fam_id", 255) != 0x19) {
    return Unimplemented(
        "this form of an SEV-SNP report is read for versions up to 4 and for "
        "Milan and Genoa alone: give the report in binary");
  }
  ReportBuilder report(fields);
  report.Number(0x00, "version", 4);
  report.Number(0x04, "guest_svn", 4);
  report.Number(0x08, "policy", 8);
  report.Bytes(0x10, "family_id", 16);
  report.Bytes(0x20, "image_id", 16);
  report.Number(0x30, "vmpl", 4);
  report.Number(0x34, "sig_algo", 4);
  report.Tcb(0x38, "current_tcb");
  report.Number(0x40, "plat_info", 8);
  report.Number(0x48, "key_info", 4);
  report.Bytes(0x50, "report_data", 64);
  report.Bytes(0x90, "measurement", 48);
  report.Bytes(0xC0, "host_data", 32);
  report.Bytes(0xE0, "id_key_digest", 48);
  report.Bytes(0x110, "author_key_digest", 48);
  report.Bytes(0x140, "report_id", 32);
  report.Bytes(0x160, "report_id_ma", 32);
  report.Tcb(0x180, "reported_tcb");
  report.Number(0x188, "cpuid_fam_id", 1);
  report.Number(0x189, "cpuid_mod_id", 1);
  report.Number(0x18A, "cpuid_step", 1);
  report.Bytes(0x1A0, "chip_id", 64);
  report.Tcb(0x1E0, "committed_tcb");
  report.Firmware(0x1E8, "current");
  report.Firmware(0x1EC, "committed");
  report.Tcb(0x1F0, "launch_tcb");
  report.Signature(0x2A0, "signature");
  CMIF_TRY(fields.Done());
  return report.Release();
}

Result<TrusteeEvidence> ReadFields(JsonReader& fields) {
  TrusteeEvidence read;
  CMIF_ASSIGN(read.evidence, BuildReport(*fields.Find("attestation_report")));
  for (const json& entry : fields.Array("cert_chain")) {
    JsonReader one(entry, "cert_chain");
    const std::vector<uint8_t> der = ByteArray(one, "data", 0);
    CMIF_TRY(one.Done());
    CMIF_ASSIGN(Certificate certificate, Certificate::FromDer(der));
    if (read.certificates.size() == kMaxCertificates) {
      return ResourceExhausted("evidence has more than 64 certificates");
    }
    read.certificates.push_back(std::move(certificate));
  }
  CMIF_TRY(fields.Done());
  return read;
}

Result<std::vector<uint8_t>> Decoded(const std::string& base64) {
  auto bytes = FromBase64(base64);
  if (!bytes) return DataLoss("evidence in JSON is not base64");
  return bytes;
}

}  // namespace

Result<TrusteeEvidence> ReadTrusteeJson(std::string_view text) {
  CMIF_ASSIGN(const json object, ParseStrictJson(text));
  JsonReader fields(object, "");
  if (fields.Has("attestation_report")) return ReadFields(fields);
  TrusteeEvidence read;
  if (fields.Has("quote")) {
    CMIF_ASSIGN(read.evidence, Decoded(fields.Text("quote")));
  } else if (fields.Has("report")) {
    CMIF_ASSIGN(read.evidence, Decoded(fields.Text("report")));
    for (const std::string& base64 : fields.Texts("certs")) {
      CMIF_ASSIGN(const std::vector<uint8_t> der, Decoded(base64));
      CMIF_ASSIGN(Certificate certificate, Certificate::FromDer(der));
      read.certificates.push_back(std::move(certificate));
    }
  } else if (fields.Has("svn") && fields.Has("report_data")) {
    return Unimplemented(
        "this is a sample of Trustee's, which proves nothing and is never "
        "accepted");
  } else {
    return DataLoss("a JSON text holds no evidence that this program knows");
  }
  CMIF_TRY(fields.Done());
  return read;
}

}  // namespace cmif::tee
