// SPDX-License-Identifier: Apache-2.0
#include "cmif/attest/challenge.h"

#include "cmif/base/byte_reader.h"
#include "cmif/base/random.h"
#include "cmif/crypto/sha512.h"

namespace cmif::attest {

Nonce FreshNonce() {
  OsRandom random;
  Nonce nonce{};
  FillRandom(random, nonce);
  return nonce;
}

std::array<uint8_t, 64> AnswerReportData(const Nonce& nonce,
                                         const Binding& binding) {
  ByteWriter fields;
  const auto add = [&](std::span<const uint8_t> field) {
    fields.Write(static_cast<uint32_t>(field.size()));
    fields.Append(field);
  };
  add(AsBytes("cmif-attest-v1"));
  add(AsBytes(RoleName(binding.attester)));
  add(nonce);
  add(binding.attester_key);
  add(binding.verifier_key);
  add(AsBytes(binding.context));
  return crypto::Sha512Of(fields.bytes());
}

}  // namespace cmif::attest
