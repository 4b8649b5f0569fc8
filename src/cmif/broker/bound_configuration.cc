// SPDX-License-Identifier: Apache-2.0
#include "cmif/broker/bound_configuration.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <span>

#include "cmif/base/byte_reader.h"
#include "cmif/crypto/canonical_json.h"
#include "cmif/crypto/sha512.h"
#include "cmif/tee/quote.h"
#include "cmif/tee/simulated_evidence.h"
#include "cmif/tee/snp_report.h"
#include "cmif/tee/strict_json-inl.h"

namespace cmif::broker {
namespace {

using nlohmann::json;

// The limits of privacy::Epsilon, which this room does not include.
constexpr uint64_t kLeastMicro = 1'000;
constexpr uint64_t kMostMicro = 16'000'000;
constexpr size_t kMaxServerKeys = 64;

std::unexpected<Status> Differs(const std::string& what) {
  return FailedPrecondition("the bound configuration does not allow this: " +
                            what);
}

bool IsModelId(std::string_view text) {
  return text.size() == 64 &&
         text.find_first_not_of("0123456789abcdef") == text.npos;
}

// The first key that is wrong, and what it should be; "" if none is.
std::string ProblemOf(const BoundSettings& settings) {
  if (!IsModelId(settings.model_id)) {
    return "model_id is not 64 hex digits in lower case";
  }
  if (settings.partition != "embedding" &&
      settings.partition != "embedding+head") {
    return "partition is not 'embedding' or 'embedding+head'";
  }
  if (settings.server_keys.size() > kMaxServerKeys) {
    return fmt::format("server_keys has more than {} keys", kMaxServerKeys);
  }
  const bool has_epsilon = settings.epsilon_max_micro != 0;
  if (has_epsilon == settings.adjacency.empty()) {
    return "epsilon_max and adjacency go together";
  }
  if (!has_epsilon) {
    return settings.allow_plain ? ""
                                : "epsilon_max is missing (only with "
                                  "allow_plain it may be)";
  }
  if (settings.epsilon_max_micro < kLeastMicro ||
      settings.epsilon_max_micro > kMostMicro) {
    return "epsilon_max is not from 0.001 to 16";
  }
  if (settings.adjacency != "cluster" && settings.adjacency != "two-level" &&
      settings.adjacency != "mixture") {
    return "adjacency is not 'cluster', 'two-level' or 'mixture'";
  }
  return "";
}

// The canonical text, of settings whose lists are sorted.
Result<std::string> TextOf(const BoundSettings& settings) {
  json object = {{"model_id", settings.model_id},
                 {"partition", settings.partition}};
  const auto add = [&](const char* key, const auto& bytes) {
    if (bytes) object[key] = crypto::ToHex(*bytes);
  };
  add("owner_key", settings.owner_key);
  add("broker_key", settings.broker_key);
  add("channel_sha256", settings.channel_sha256);
  add("public_set_sha256", settings.public_set_sha256);
  for (const crypto::Digest& key : settings.server_keys) {
    object["server_keys"].push_back(crypto::ToHex(key));
  }
  if (settings.epsilon_max_micro != 0) {
    object["epsilon_max"] =
        static_cast<double>(settings.epsilon_max_micro) / 1e6;
    object["adjacency"] = settings.adjacency;
  }
  if (settings.allow_plain) object["allow_plain"] = true;
  return crypto::CanonicalJson(object.dump());
}

// Millionths, if the number is a whole count of them; else 0.
uint64_t MicroOf(const json& value) {
  if (!value.is_number()) return 0;
  const double epsilon = value.get<double>();
  if (!(epsilon > 0 && epsilon <= 1e6)) return 0;
  const double micro = std::round(epsilon * 1e6);
  return micro / 1e6 == epsilon ? static_cast<uint64_t>(micro) : 0;
}

std::optional<crypto::Digest> DigestOf(tee::JsonReader& fields,
                                       const char* key) {
  if (!fields.Has(key)) return std::nullopt;
  crypto::Digest digest{};
  std::ranges::copy(fields.Hex(key, digest.size()), digest.begin());
  return digest;
}

Result<BoundSettings> SettingsOf(const json& object) {
  tee::JsonReader fields(object, "");
  BoundSettings settings;
  settings.model_id = fields.Text("model_id");
  settings.partition = fields.Text("partition");
  settings.owner_key = DigestOf(fields, "owner_key");
  settings.broker_key = DigestOf(fields, "broker_key");
  settings.channel_sha256 = DigestOf(fields, "channel_sha256");
  settings.public_set_sha256 = DigestOf(fields, "public_set_sha256");
  for (const auto& key : fields.HexList("server_keys", 32)) {
    std::ranges::copy(key, settings.server_keys.emplace_back().begin());
  }
  if (const json* const epsilon = fields.Find("epsilon_max")) {
    settings.epsilon_max_micro = MicroOf(*epsilon);
    if (settings.epsilon_max_micro == 0) {
      fields.Bad("epsilon_max", "a number of at most six decimals");
    }
  }
  if (fields.Has("adjacency")) settings.adjacency = fields.Text("adjacency");
  settings.allow_plain = fields.Flag("allow_plain", false);
  CMIF_TRY(fields.DoneStrictly());
  return settings;
}

bool Same(std::span<const uint8_t> a, std::span<const uint8_t> b) {
  return std::ranges::equal(a, b);
}

Result<void> Carries(const char* field, std::span<const uint8_t> observed,
                     std::span<const uint8_t> expected) {
  if (Same(observed, expected)) return {};
  return FailedPrecondition(fmt::format(
      "{} of this machine's evidence is not the hash of the bound "
      "configuration: start the machine with {}, or give the configuration "
      "that it was started with",
      field, crypto::ToHex(expected)));
}

}  // namespace

Result<BoundConfiguration> BoundConfiguration::Create(
    const BoundSettings& settings) {
  const std::string problem = ProblemOf(settings);
  if (!problem.empty()) {
    return InvalidArgument("a bound configuration's " + problem);
  }
  BoundSettings sorted = settings;
  std::ranges::sort(sorted.server_keys);
  sorted.server_keys.erase(std::ranges::unique(sorted.server_keys).begin(),
                           sorted.server_keys.end());
  CMIF_ASSIGN(std::string text, TextOf(sorted));
  return BoundConfiguration(std::move(sorted), std::move(text));
}

Result<BoundConfiguration> BoundConfiguration::Read(std::string_view text) {
  if (text.size() > kMaxBytes) {
    return ResourceExhausted("a bound configuration has more than 64 KiB");
  }
  CMIF_ASSIGN(const json object, tee::ParseStrictJson(text));
  CMIF_ASSIGN(const BoundSettings settings, SettingsOf(object));
  auto made = Create(settings);
  if (!made) return DataLoss(made.error().message());
  return made;
}

crypto::Digest BoundConfiguration::Sha256() const {
  return crypto::Sha256Of(AsBytes(text_));
}

std::array<uint8_t, 48> BoundConfiguration::Sha384() const {
  return crypto::Sha384Of(AsBytes(text_));
}

Result<void> BoundConfiguration::CheckKeys(const ClientSettings& asked) const {
  if (settings_.owner_key && asked.owner_key != settings_.owner_key) {
    return Differs(asked.owner_key ? "--owner-key is another key"
                                   : "--owner-key is missing");
  }
  if (settings_.broker_key && asked.broker_key != settings_.broker_key) {
    return Differs(asked.broker_key ? "--broker-key is another key"
                                    : "--broker-key is missing");
  }
  return {};
}

Result<void> BoundConfiguration::CheckSettings(
    const ClientSettings& asked) const {
  CMIF_TRY(CheckKeys(asked));
  if (asked.sends_rows && !settings_.server_keys.empty()) {
    if (!asked.server_key) {
      return Differs("--tls and --server-key are missing");
    }
    if (!std::ranges::binary_search(settings_.server_keys, *asked.server_key)) {
      return Differs("--server-key is none of its server_keys");
    }
  }
  return CheckPrivacy(asked);
}

Result<void> BoundConfiguration::CheckPrivacy(
    const ClientSettings& asked) const {
  if (asked.plain) {
    if (settings_.allow_plain) return {};
    return Differs("words would leave as they are (--mechanism identity)");
  }
  if (settings_.epsilon_max_micro == 0) return {};  // even plain is allowed
  if (asked.adjacency != settings_.adjacency) {
    return Differs(fmt::format("--adjacency is not {}", settings_.adjacency));
  }
  if (asked.epsilon_micro > settings_.epsilon_max_micro) {
    return Differs(
        fmt::format("epsilon {} was asked for and at most {} is allowed",
                    static_cast<double>(asked.epsilon_micro) / 1e6,
                    static_cast<double>(settings_.epsilon_max_micro) / 1e6));
  }
  return {};
}

Result<void> BoundConfiguration::CheckModel(std::string_view model_id,
                                            std::string_view partition) const {
  if (model_id != settings_.model_id) {
    return Differs("the bundle is of another model");
  }
  if (partition != settings_.partition) {
    return Differs(
        fmt::format("the bundle's partition is not {}", settings_.partition));
  }
  return {};
}

Result<void> BoundConfiguration::CheckChannel(
    const ClientChannel& channel) const {
  CMIF_TRY(CheckPrivacy({.epsilon_micro = channel.epsilon_certified_micro,
                         .adjacency = channel.adjacency}));
  if (settings_.channel_sha256 && channel.sha256 != settings_.channel_sha256) {
    return Differs("the channel is another one (channel_sha256)");
  }
  if (settings_.public_set_sha256 &&
      channel.public_set_sha256 != settings_.public_set_sha256) {
    return Differs("the words that stay public are others (--public, --kind)");
  }
  return {};
}

Result<void> BoundConfiguration::CheckEvidence(
    const tee::Evidence& evidence) const {
  using Platform = tee::Evidence::Platform;
  switch (evidence.platform) {
    case Platform::kSnp: {
      CMIF_ASSIGN(const tee::SnpReport report,
                  tee::SnpReport::Parse(evidence.bytes));
      return Carries("HOST_DATA", report.host_data, Sha256());
    }
    case Platform::kTdx: {
      CMIF_ASSIGN(const tee::Quote quote, tee::Quote::Parse(evidence.bytes));
      if (quote.td() == nullptr) return DataLoss("a quote is not of a TD");
      return Carries("MRCONFIGID", quote.td()->mr_config_id, Sha384());
    }
    case Platform::kSimulated: {
      CMIF_ASSIGN(const auto simulated,
                  tee::SimulatedEvidence::Parse(evidence.bytes));
      return Carries("host_data", simulated.host_data, Sha256());
    }
    case Platform::kSgx:
      return {};
  }
  return Internal("evidence of an unknown platform");
}

}  // namespace cmif::broker
