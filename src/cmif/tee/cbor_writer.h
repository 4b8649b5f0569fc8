// SPDX-License-Identifier: Apache-2.0
// Items of CBOR (RFC 8949), written in the shortest form with definite lengths:
// what ReadCbor() reads. Each function gives one whole item.
#ifndef CMIF_TEE_CBOR_WRITER_H_
#define CMIF_TEE_CBOR_WRITER_H_

#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace cmif::tee {

std::vector<uint8_t> CborNumber(uint64_t number);
std::vector<uint8_t> CborBytes(std::span<const uint8_t> bytes);
std::vector<uint8_t> CborText(std::string_view utf8);
std::vector<uint8_t> CborArray(const std::vector<std::vector<uint8_t>>& items);
// Keys in the order given; none may occur twice.
std::vector<uint8_t> CborMap(
    const std::vector<std::pair<std::string_view, std::vector<uint8_t>>>&
        members);
std::vector<uint8_t> CborTag(uint64_t tag, const std::vector<uint8_t>& item);

}  // namespace cmif::tee

#endif  // CMIF_TEE_CBOR_WRITER_H_
