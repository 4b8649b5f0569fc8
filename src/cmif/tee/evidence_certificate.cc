// SPDX-License-Identifier: Apache-2.0
#include "cmif/tee/evidence_certificate.h"

#include <openssl/evp.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cmif/base/byte_reader.h"
#include "cmif/tee/cbor.h"
#include "cmif/tee/der.h"
#include "cmif/tee/encoding.h"

namespace cmif::tee {
namespace {

using Kind = CborItem::Kind;

// Algorithms of the named information hash registry (RFC 6920).
constexpr uint64_t kSha256 = 1;
constexpr uint64_t kSha384 = 7;
constexpr uint64_t kSha512 = 8;

std::unexpected<Status> Malformed() {
  return DataLoss(
      "a certificate's extension holds no evidence that this "
      "program knows");
}

std::vector<uint8_t> Copy(std::span<const uint8_t> bytes) {
  return {bytes.begin(), bytes.end()};
}

// The map that is the value of our record.
Result<CarriedEvidence> ReadMap(std::span<const uint8_t> value) {
  CMIF_ASSIGN(const CborItem map, ReadCbor(value));
  const CborItem* report = map.Find("report");
  const CborItem* quote = map.Find("quote");
  const CborItem* claims = map.Find("claims");
  const CborItem* certs = map.Find("certs");
  const CborItem* evidence = report != nullptr ? report : quote;
  const auto is_bytes = [](const CborItem* item) {
    return item != nullptr && item->kind == Kind::kBytes;
  };
  if ((report == nullptr) == (quote == nullptr) || !is_bytes(evidence) ||
      !is_bytes(claims) ||
      (certs != nullptr && (report == nullptr || !is_bytes(certs)))) {
    return Malformed();
  }
  return CarriedEvidence{
      Copy(evidence->bytes),
      certs == nullptr ? std::vector<uint8_t>{} : Copy(certs->bytes),
      Copy(claims->bytes)};
}

// A record [type, value, indicator?] in CBOR.
Result<CarriedEvidence> ReadCborRecord(std::span<const uint8_t> bytes) {
  CMIF_ASSIGN(const CborItem record, ReadCbor(bytes));
  const bool good = record.kind == Kind::kArray && record.items.size() >= 2 &&
                    record.items.size() <= 3 &&
                    record.items[0].kind == Kind::kText &&
                    AsText(record.items[0].bytes) == kCmwType &&
                    record.items[1].kind == Kind::kBytes;
  if (!good) return Malformed();
  return ReadMap(record.items[1].bytes);
}

// The same in JSON, with the value in base64url.
Result<CarriedEvidence> ReadJsonRecord(std::string_view text) {
  const auto record = nlohmann::json::parse(text, nullptr, false);
  if (!record.is_array() || record.size() < 2 || record.size() > 3 ||
      !record[0].is_string() ||
      record[0].get_ref<const std::string&>() != kCmwType ||
      !record[1].is_string()) {
    return Malformed();
  }
  const auto value = FromBase64(record[1].get_ref<const std::string&>());
  if (!value) return Malformed();
  return ReadMap(*value);
}

const EVP_MD* HashOf(uint64_t algorithm) {
  switch (algorithm) {
    case kSha256:
      return EVP_sha256();
    case kSha384:
      return EVP_sha384();
    case kSha512:
      return EVP_sha512();
    default:
      return nullptr;
  }
}

}  // namespace

Result<CarriedEvidence> ReadRaTlsExtension(std::span<const uint8_t> value) {
  CMIF_ASSIGN(const CborItem tag, ReadCbor(value));
  if (tag.kind != Kind::kTag || tag.number != kRaTlsQuoteTag ||
      tag.items[0].kind != Kind::kArray || tag.items[0].items.size() != 2) {
    return Malformed();
  }
  const CborItem& quote = tag.items[0].items[0];
  const CborItem& claims = tag.items[0].items[1];
  if (quote.kind != Kind::kBytes || claims.kind != Kind::kBytes) {
    return Malformed();
  }
  return CarriedEvidence{Copy(quote.bytes), {}, Copy(claims.bytes)};
}

Result<CarriedEvidence> ReadCmwExtension(std::span<const uint8_t> value) {
  CMIF_ASSIGN(const DerElement element, ReadOneDer(value));
  if (element.tag == DerElement::kOctetString) {
    return ReadCborRecord(element.content);
  }
  if (element.tag == DerElement::kUtf8String) {
    return ReadJsonRecord(AsText(element.content));
  }
  return Malformed();
}

Result<CarriedEvidence> ReadCarriedEvidence(const Certificate& certificate) {
  if (const auto value = certificate.Extension(kRaTlsOid)) {
    return ReadRaTlsExtension(*value);
  }
  if (const auto value = certificate.Extension(kCmwOid))
    return ReadCmwExtension(*value);
  return NotFound("a certificate carries no evidence");
}

bool ClaimsNameKey(std::span<const uint8_t> claims,
                   const Certificate& certificate) {
  const auto map = ReadCbor(claims);
  const CborItem* wrapped = map ? map->Find("pubkey-hash") : nullptr;
  if (wrapped == nullptr || wrapped->kind != Kind::kBytes) return false;
  const auto pair = ReadCbor(wrapped->bytes);
  if (!pair || pair->kind != Kind::kArray || pair->items.size() != 2 ||
      pair->items[0].kind != Kind::kUnsigned ||
      pair->items[1].kind != Kind::kBytes) {
    return false;
  }
  const EVP_MD* algorithm = HashOf(pair->items[0].number);
  const std::vector<uint8_t> key = certificate.PublicKeyInfo();
  uint8_t hash[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  return algorithm != nullptr && !key.empty() &&
         EVP_Digest(key.data(), key.size(), hash, &size, algorithm, nullptr) ==
             1 &&
         std::ranges::equal(pair->items[1].bytes, std::span(hash, size));
}

}  // namespace cmif::tee
