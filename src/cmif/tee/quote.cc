// SPDX-License-Identifier: Apache-2.0
#include "cmif/tee/quote.h"

#include <fmt/format.h>

#include <algorithm>

#include "cmif/base/byte_reader.h"
#include "cmif/tee/byte_fields.h"

namespace cmif::tee {
namespace {

constexpr size_t kHeaderBytes = 48;
constexpr uint16_t kEcdsaP256 = 2;
constexpr uint32_t kSgx = 0x00;
constexpr uint32_t kTdx = 0x81;
constexpr uint16_t kBodySgx = 1;
constexpr uint16_t kBodyTd10 = 2;
constexpr uint16_t kBodyTd15 = 3;
// Kinds of certification data.
constexpr uint16_t kPckChain = 5;
constexpr uint16_t kQeReport = 6;

constexpr std::array<uint8_t, 16> kIntelQe = {
    0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9,
    0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07};

// How long the signed part is: header, descriptor (version 5) and body.
struct Layout {
  size_t body_at;
  size_t body_bytes;
  bool td;
};

Result<Layout> LayoutOf(uint16_t version, uint32_t tee,
                        std::span<const uint8_t> bytes) {
  if (version == 3 && tee == kSgx) {
    return Layout{kHeaderBytes, SgxBody::kBytes, false};
  }
  if (version == 4 && tee == kTdx) {
    return Layout{kHeaderBytes, TdBody::kBytes, true};
  }
  if (version == 5 && tee == kTdx && bytes.size() >= kHeaderBytes + 6) {
    const auto type = NumberAt<uint16_t>(bytes, kHeaderBytes);
    const auto size = NumberAt<uint32_t>(bytes, kHeaderBytes + 2);
    const bool td10 = type == kBodyTd10 && size == TdBody::kBytes;
    const bool td15 = type == kBodyTd15 && size == TdBody::kBytes15;
    if (td10 || td15) return Layout{kHeaderBytes + 6, size, true};
    if (type == kBodySgx || type == kBodyTd10 || type == kBodyTd15) {
      return DataLoss("a quote has a body of a wrong length");
    }
  }
  return Unimplemented(fmt::format(
      "a quote of version {} for TEE {:#x} is not known to this program",
      version, tee));
}

// A length of 32 bits, and so many bytes.
Result<std::span<const uint8_t>> TakeSized(ByteReader& reader) {
  CMIF_ASSIGN(const auto size, reader.Read<uint32_t>());
  return reader.Take(size);
}

// The QE's report, its signature, the QE's data and the PCK chain.
Result<void> ReadCertification(ByteReader& reader, Quote& quote) {
  CMIF_ASSIGN(quote.qe_report_bytes, reader.Take(SgxBody::kBytes));
  quote.qe_report =
      SgxBody::Read(quote.qe_report_bytes.first<SgxBody::kBytes>());
  CMIF_ASSIGN(quote.qe_signature, reader.Take(64));
  CMIF_ASSIGN(const auto auth_bytes, reader.Read<uint16_t>());
  CMIF_ASSIGN(quote.qe_auth, reader.Take(auth_bytes));
  CMIF_ASSIGN(const auto kind, reader.Read<uint16_t>());
  CMIF_ASSIGN(quote.certificates, TakeSized(reader));
  if (kind != kPckChain) {
    return Unimplemented(fmt::format(
        "a quote names its PCK certificate by data of kind {} and does not "
        "hold it: let the platform make quotes with the certificate (kind 5)",
        kind));
  }
  if (reader.remaining() != 0) {
    return DataLoss("a quote has bytes after its certificates");
  }
  return {};
}

// Everything behind the body, whose length `auth` is.
Result<void> ReadAuth(std::span<const uint8_t> auth, Quote& quote) {
  ByteReader reader(auth);
  CMIF_ASSIGN(quote.signature, reader.Take(64));
  CMIF_ASSIGN(quote.attestation_key, reader.Take(64));
  if (quote.sgx() != nullptr) return ReadCertification(reader, quote);
  CMIF_ASSIGN(const auto kind, reader.Read<uint16_t>());
  CMIF_ASSIGN(const auto data, TakeSized(reader));
  if (kind != kQeReport || reader.remaining() != 0) {
    return DataLoss("a TDX quote has no certification data of kind 6 alone");
  }
  ByteReader inner(data);
  return ReadCertification(inner, quote);
}

}  // namespace

SgxBody SgxBody::Read(std::span<const uint8_t, kBytes> bytes) {
  return {.cpu_svn = ArrayAt<16>(bytes, 0),
          .misc_select = ArrayAt<4>(bytes, 16),
          .attributes = ArrayAt<16>(bytes, 48),
          .mr_enclave = ArrayAt<32>(bytes, 64),
          .mr_signer = ArrayAt<32>(bytes, 128),
          .config_id = ArrayAt<64>(bytes, 192),
          .product_id = NumberAt<uint16_t>(bytes, 256),
          .svn = NumberAt<uint16_t>(bytes, 258),
          .config_svn = NumberAt<uint16_t>(bytes, 260),
          .report_data = ArrayAt<64>(bytes, 320)};
}

TdBody TdBody::Read(std::span<const uint8_t> bytes) {
  TdBody body = {.tee_tcb_svn = ArrayAt<16>(bytes, 0),
                 .mr_seam = ArrayAt<48>(bytes, 16),
                 .mr_signer_seam = ArrayAt<48>(bytes, 64),
                 .seam_attributes = ArrayAt<8>(bytes, 112),
                 .td_attributes = NumberAt<uint64_t>(bytes, 120),
                 .xfam = NumberAt<uint64_t>(bytes, 128),
                 .mr_td = ArrayAt<48>(bytes, 136),
                 .mr_config_id = ArrayAt<48>(bytes, 184),
                 .mr_owner = ArrayAt<48>(bytes, 232),
                 .mr_owner_config = ArrayAt<48>(bytes, 280),
                 .rtmr = {ArrayAt<48>(bytes, 328), ArrayAt<48>(bytes, 376),
                          ArrayAt<48>(bytes, 424), ArrayAt<48>(bytes, 472)},
                 .report_data = ArrayAt<64>(bytes, 520),
                 .tee_tcb_svn2 = std::nullopt,
                 .mr_service_td = std::nullopt};
  if (bytes.size() >= kBytes15) {
    body.tee_tcb_svn2 = ArrayAt<16>(bytes, 584);
    body.mr_service_td = ArrayAt<48>(bytes, 600);
  }
  return body;
}

Result<Quote> Quote::Parse(std::span<const uint8_t> bytes) {
  if (bytes.size() < kHeaderBytes) {
    return DataLoss("a quote ends within its header");
  }
  Quote quote{};
  quote.version = NumberAt<uint16_t>(bytes, 0);
  if (NumberAt<uint16_t>(bytes, 2) != kEcdsaP256) {
    return Unimplemented("a quote is not signed by ECDSA P-256");
  }
  CMIF_ASSIGN(const Layout layout,
              LayoutOf(quote.version, NumberAt<uint32_t>(bytes, 4), bytes));
  const size_t signed_bytes = layout.body_at + layout.body_bytes;
  if (bytes.size() < signed_bytes) {
    return DataLoss("a quote ends within its body");
  }
  quote.signed_bytes = bytes.first(signed_bytes);
  const auto body = bytes.subspan(layout.body_at, layout.body_bytes);
  if (layout.td) {
    quote.body = TdBody::Read(body);
  } else {
    quote.body = SgxBody::Read(body.first<SgxBody::kBytes>());
  }
  ByteReader reader(bytes.subspan(signed_bytes));
  CMIF_ASSIGN(const auto auth, TakeSized(reader));
  CMIF_TRY(ReadAuth(auth, quote));
  CMIF_ASSIGN(quote.trailing, reader.Take(reader.remaining()));
  return quote;
}

std::span<const uint8_t> Quote::report_data() const {
  return td() != nullptr ? td()->report_data : sgx()->report_data;
}

bool LooksLikeQuote(std::span<const uint8_t> bytes) {
  return bytes.size() >= kHeaderBytes && NumberAt<uint16_t>(bytes, 0) < 0x100 &&
         ArrayAt<16>(bytes, 12) == kIntelQe;
}

}  // namespace cmif::tee
