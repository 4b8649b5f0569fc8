// SPDX-License-Identifier: Apache-2.0
#include "cmif/tee/snp_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "cmif/tee/byte_fields.h"

namespace cmif::tee {
namespace {

// Reserved ranges [begin, end) that hold zeros in versions 2 to 5.
constexpr std::pair<size_t, size_t> kReserved[] = {{0x4C, 0x50},
                                                   {0x18B, 0x1A0},
                                                   {0x1EB, 0x1EC},
                                                   {0x1EF, 0x1F0},
                                                   {0x208, 0x2A0}};

// A number of 72 little-endian bytes, whose upper 24 must be zero, to 48
// big-endian ones.
bool CopyNumber(std::span<const uint8_t> little, uint8_t* big) {
  if (!IsZero(little.subspan(48))) return false;
  std::ranges::reverse_copy(little.first(48), big);
  return true;
}

std::optional<std::array<uint8_t, 96>> ReadSignature(
    std::span<const uint8_t> bytes) {
  std::array<uint8_t, 96> signature;
  if (!CopyNumber(bytes.subspan(0x2A0, 72), signature.data()) ||
      !CopyNumber(bytes.subspan(0x2E8, 72), signature.data() + 48) ||
      !IsZero(bytes.subspan(0x330))) {
    return std::nullopt;
  }
  return signature;
}

}  // namespace

bool SnpTcb::AtLeast(const SnpTcb& other) const {
  return fmc >= other.fmc && bootloader >= other.bootloader &&
         tee >= other.tee && snp >= other.snp && microcode >= other.microcode;
}

std::string SnpTcb::ToText() const {
  return fmt::format("{}bootloader {}, tee {}, snp {}, microcode {}",
                     fmc != 0 ? fmt::format("fmc {}, ", fmc) : "", bootloader,
                     tee, snp, microcode);
}

SnpTcb DecodeSnpTcb(SnpProduct product, std::span<const uint8_t, 8> b) {
  if (product == SnpProduct::kTurin) {
    return {.fmc = b[0],
            .bootloader = b[1],
            .tee = b[2],
            .snp = b[3],
            .microcode = b[7]};
  }
  return {.bootloader = b[0], .tee = b[1], .snp = b[6], .microcode = b[7]};
}

Result<SnpReport> SnpReport::Parse(std::span<const uint8_t> bytes) {
  if (bytes.size() != kBytes) {
    return DataLoss(fmt::format("an SEV-SNP report has {} bytes, not {}",
                                kBytes, bytes.size()));
  }
  SnpReport report{};
  report.version = NumberAt<uint32_t>(bytes, 0x00);
  report.guest_svn = NumberAt<uint32_t>(bytes, 0x04);
  report.policy = NumberAt<uint64_t>(bytes, 0x08);
  report.vmpl = NumberAt<uint32_t>(bytes, 0x30);
  report.signature_algorithm = NumberAt<uint32_t>(bytes, 0x34);
  report.current_tcb = ArrayAt<8>(bytes, 0x38);
  report.platform_info = NumberAt<uint64_t>(bytes, 0x40);
  report.key_info = NumberAt<uint32_t>(bytes, 0x48);
  report.report_data = ArrayAt<64>(bytes, 0x50);
  report.measurement = ArrayAt<48>(bytes, 0x90);
  report.host_data = ArrayAt<32>(bytes, 0xC0);
  report.id_key_digest = ArrayAt<48>(bytes, 0xE0);
  report.author_key_digest = ArrayAt<48>(bytes, 0x110);
  report.report_id = ArrayAt<32>(bytes, 0x140);
  report.reported_tcb = ArrayAt<8>(bytes, 0x180);
  report.family = bytes[0x188];
  report.model = bytes[0x189];
  report.stepping = bytes[0x18A];
  report.chip_id = ArrayAt<64>(bytes, 0x1A0);
  report.committed_tcb = ArrayAt<8>(bytes, 0x1E0);
  report.launch_tcb = ArrayAt<8>(bytes, 0x1F0);
  report.reserved_is_zero =
      report.key_info >> 5 == 0 &&
      std::ranges::all_of(kReserved, [&](const auto& range) {
        return IsZero(bytes.subspan(range.first, range.second - range.first));
      });
  report.signature = ReadSignature(bytes);
  return report;
}

bool SnpReport::masked_chip_id() const { return IsZero(chip_id); }

std::optional<SnpProduct> SnpReport::product() const {
  // Families and models as virtee/sev lists them; A0 to AF are Bergamo and
  // Siena, of the Genoa line.
  if (version < 3) return std::nullopt;
  if (family == 0x19) {
    if (model <= 0x0F) return SnpProduct::kMilan;
    if ((model >= 0x10 && model <= 0x1F) || (model >= 0xA0 && model <= 0xAF)) {
      return SnpProduct::kGenoa;
    }
  }
  if (family == 0x1A && model <= 0x11) return SnpProduct::kTurin;
  return std::nullopt;
}

}  // namespace cmif::tee
