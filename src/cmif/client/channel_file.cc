// SPDX-License-Identifier: Apache-2.0
#include "cmif/client/channel_file.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "cmif/base/byte_reader.h"
#include "cmif/model/container.h"

namespace cmif::client {
namespace {

using nlohmann::json;

constexpr std::string_view kFacts = "facts";
constexpr std::string_view kWords = "words";
constexpr std::string_view kChannel = "channel";

std::string Compact(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

Result<json> ReadJson(model::ContainerReader& reader, std::string_view name) {
  CMIF_ASSIGN(const SecretBytes bytes, reader.Read(name));
  json value = json::parse(AsText(std::as_const(bytes).bytes()), nullptr,
                           /*allow_exceptions=*/false);
  if (value.is_discarded()) {
    return DataLoss("the channel file's " + std::string(name) +
                    " are malformed; build the channel again");
  }
  return value;
}

Result<std::string> ReadText(const json& facts, const char* key) {
  const auto found = facts.is_object() ? facts.find(key) : facts.end();
  if (found == facts.end() || !found->is_string()) {
    return DataLoss(std::string("the channel file's facts lack ") + key +
                    "; build the channel again");
  }
  return found->get<std::string>();
}

}  // namespace

Result<ChannelFile> ReadChannelFile(const std::filesystem::path& path,
                                    const crypto::SealKey* key) {
  CMIF_ASSIGN(auto reader, model::ContainerReader::Open(path, key));
  if (!reader.Has(kChannel)) {
    return DataLoss(path.string() + " is no channel file of CMIF");
  }
  if (key != nullptr && !reader.header().sealed) {
    return DataLoss(path.string() +
                    " is in the clear, but channels of a sealed bundle are "
                    "sealed with its key");
  }
  CMIF_ASSIGN(const SecretBytes bytes, reader.Read(kChannel));
  CMIF_ASSIGN(privacy::Channel channel,
              privacy::Channel::FromBytes(std::as_const(bytes).bytes()));
  CMIF_ASSIGN(const json facts, ReadJson(reader, kFacts));
  ChannelFile file{std::move(channel),
                   {},
                   {},
                   crypto::Sha256Of(std::as_const(bytes).bytes())};
  CMIF_ASSIGN(file.model_id, ReadText(facts, "model_id"));
  CMIF_ASSIGN(file.prior_sha256, ReadText(facts, "prior_sha256"));
  return file;
}

crypto::Digest HashOf(const privacy::Channel& channel) {
  return crypto::Sha256Of(channel.ToBytes());
}

Result<std::vector<std::string>> ReadChannelWords(
    const std::filesystem::path& path, const crypto::SealKey* key) {
  CMIF_ASSIGN(auto reader, model::ContainerReader::Open(path, key));
  CMIF_ASSIGN(const json words, ReadJson(reader, kWords));
  std::vector<std::string> result;
  for (const json& word : words) {
    if (!word.is_string()) {
      return DataLoss("the channel file's words are malformed");
    }
    result.push_back(word.get<std::string>());
  }
  return result;
}

Result<void> WriteChannelFile(const std::filesystem::path& path,
                              const ClientModel& model,
                              const privacy::Channel& channel,
                              const std::string& prior_sha256) {
  json words = json::array();
  for (int32_t id = 0; id < model.units().size(); ++id) {
    words.push_back(model.units().Written(id));
  }
  const std::string facts = Compact(
      {{"model_id", model.facts().model_id}, {"prior_sha256", prior_sha256}});
  const std::string written = Compact(words);
  const std::vector<uint8_t> bytes = channel.ToBytes();
  const model::Section sections[] = {
      {std::string(kFacts), AsBytes(facts)},
      {std::string(kWords), AsBytes(written)},
      {std::string(kChannel), bytes},
  };
  if (model.channel_key() == nullptr) {
    return model::WriteContainer(path, sections);
  }
  const model::Sealing sealing{.key = model.channel_key()};
  return model::WriteContainer(path, sections, &sealing);
}

}  // namespace cmif::client
