// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_TEE_TESTING_TEST_DER_H_
#define CMIF_TEE_TESTING_TEST_DER_H_

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <vector>

namespace cmif::tee::testing {

using Bytes = std::vector<uint8_t>;

// One element of DER with this tag; content up to 65535 bytes.
Bytes Der(uint8_t tag, std::span<const uint8_t> content);
Bytes DerNumber(uint32_t number);
Bytes DerText(const std::string& ia5);
Bytes DerOctets(std::span<const uint8_t> bytes);
Bytes DerObjectId(const std::string& dotted);
Bytes DerSequence(const std::vector<Bytes>& elements);

}  // namespace cmif::tee::testing

#endif  // CMIF_TEE_TESTING_TEST_DER_H_
