// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_BROKER_BOUND_CONFIGURATION_H_
#define CMIF_BROKER_BOUND_CONFIGURATION_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cmif/base/status.h"
#include "cmif/crypto/ed25519.h"
#include "cmif/crypto/sha256.h"
#include "cmif/tee/evidence.h"

namespace cmif::broker {

// What an owner lets a client do with a model. What is absent is not bound.
struct BoundSettings {
  std::string model_id;   // 64 hex digits
  std::string partition;  // "embedding" or "embedding+head"
  std::optional<crypto::Ed25519PublicKey> owner_key = {};  // of the bundle
  std::optional<crypto::Digest> broker_key = {};  // of SubjectPublicKeyInfo
  std::vector<crypto::Digest> server_keys = {};   // likewise; empty: any
  // The most that a word may lose, in micro-eps, and between which words.
  // Both or none; none only where words may leave as they are.
  uint64_t epsilon_max_micro = 0;  // 0: none
  std::string adjacency = {};      // "cluster", "two-level", "mixture"
  std::optional<crypto::Digest> channel_sha256 = {};
  std::optional<crypto::Digest> public_set_sha256 = {};
  bool allow_plain = false;  // words may leave as they are
};

// What a client was asked to run with, before anything is open.
struct ClientSettings {
  std::optional<crypto::Ed25519PublicKey> owner_key = {};
  std::optional<crypto::Digest> broker_key = {};
  // Whom rows are sent to; a command that sends none names none.
  bool sends_rows = false;
  std::optional<crypto::Digest> server_key = {};
  bool plain = false;
  // Not with `plain`.
  uint64_t epsilon_micro = 0;
  std::string adjacency = {};
};

// The channel that a client's words go through.
struct ClientChannel {
  uint64_t epsilon_certified_micro = 0;
  std::string adjacency;
  crypto::Digest sha256{};
  crypto::Digest public_set_sha256{};
};

// A configuration whose hash a host puts where evidence carries it: HOST_DATA
// (SEV-SNP), MRCONFIGID (TDX). Those fields are the host's choice, so the
// client compares them with what it runs with, and a key broker with the
// hashes that its policy lists: only both together make "no word loses more
// than epsilon" a fact. Immutable.
class BoundConfiguration {
 public:
  static constexpr size_t kMaxBytes = 65536;

  // INVALID_ARGUMENT naming the key that is wrong or missing.
  static Result<BoundConfiguration> Create(const BoundSettings& settings);
  // A JSON object of such keys, however it is spaced. DATA_LOSS naming the
  // key: wrong, missing or unknown; RESOURCE_EXHAUSTED beyond kMaxBytes.
  static Result<BoundConfiguration> Read(std::string_view json);

  const BoundSettings& settings() const { return settings_; }
  // RFC 8785; one text for one meaning: what is hashed.
  const std::string& text() const { return text_; }
  crypto::Digest Sha256() const;           // SEV-SNP, simulated
  std::array<uint8_t, 48> Sha384() const;  // TDX

  // FAILED_PRECONDITION naming the option that differs. To be called in this
  // order, each before what it covers is used. CheckKeys() is the part of
  // CheckSettings() for a command whose words do not leave.
  Result<void> CheckKeys(const ClientSettings& asked) const;
  Result<void> CheckSettings(const ClientSettings& asked) const;
  Result<void> CheckModel(std::string_view model_id,
                          std::string_view partition) const;
  Result<void> CheckChannel(const ClientChannel& channel) const;
  // What the client's own attester says: the hash must stand in it. SGX has no
  // such field: there the measured manifest names the file.
  // FAILED_PRECONDITION, and DATA_LOSS where the evidence cannot be read.
  Result<void> CheckEvidence(const tee::Evidence& evidence) const;

 private:
  BoundConfiguration(BoundSettings settings, std::string text)
      : settings_(std::move(settings)), text_(std::move(text)) {}
  Result<void> CheckPrivacy(const ClientSettings& asked) const;
  BoundSettings settings_;
  std::string text_;
};

}  // namespace cmif::broker

#endif  // CMIF_BROKER_BOUND_CONFIGURATION_H_
