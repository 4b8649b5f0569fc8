// SPDX-License-Identifier: Apache-2.0
#include "cmif/client/channel_store.h"

#include <fmt/format.h>

#include <utility>

#include "cmif/base/byte_reader.h"
#include "cmif/client/channel_file.h"
#include "cmif/model/verify.h"

namespace cmif::client {
namespace {

// Raised when the way channels are computed changes.
constexpr int kAlgorithmVersion = 2;

template <typename T>
std::string HashValues(const std::vector<T>& values) {
  return model::HashBytes({reinterpret_cast<const uint8_t*>(values.data()),
                           values.size() * sizeof(T)});
}

privacy::ChannelDomain DomainOf(const ClientModel& model,
                                const ChannelOptions& options) {
  return options.domain.clustering ? options.domain : ModelDomain(model);
}

}  // namespace

privacy::ChannelSpec DefaultSpec(const model::ModelFacts& facts,
                                 privacy::Epsilon epsilon) {
  return {.mechanism = "optimal",
          .epsilon = epsilon,
          .hub_cap = facts.labels.empty()};
}

privacy::ChannelDomain ModelDomain(const ClientModel& model) {
  privacy::ChannelDomain domain{.clustering = model.clustering()};
  for (const auto& cluster : domain.clustering->clusters()) {
    domain.class_of_cluster.push_back(
        model.units().class_of()[static_cast<size_t>(cluster[0])]);
  }
  return domain;
}

std::string PriorHash(const ChannelOptions& options) {
  return options.prior.empty() ? "uniform" : HashValues(options.prior);
}

std::filesystem::path ChannelPath(const ClientModel& model,
                                  const ChannelOptions& options) {
  const privacy::ChannelSpec& spec = options.spec;
  const privacy::ChannelDomain domain = DomainOf(model, options);
  const std::string name = fmt::format(
      "cmif channel {} {} {} {} {} {} {} {} {} {} {} {}\n", kAlgorithmVersion,
      spec.mechanism, spec.epsilon.micro(),
      spec.calibrate ? "calibrated" : "textbook",
      spec.hub_cap ? "capped" : "uncapped",
      privacy::AdjacencyName(spec.adjacency),
      spec.epsilon_cluster ? spec.epsilon_cluster->micro() : 0,
      model.facts().model_id, model::HashBytes(domain.clustering->ToBytes()),
      HashValues(domain.class_of_cluster),
      HashValues(domain.epsilon_micro_of_cluster), PriorHash(options));
  return model.folder() / "channels" /
         (model::HashBytes(AsBytes(name)) + ".channel");
}

Result<privacy::Channel> ComputeChannel(ClientModel& model,
                                        const ChannelOptions& options,
                                        const ProgressFn& progress) {
  CMIF_ASSIGN(const privacy::RowMatrix* const rows, model.Rows());
  return privacy::BuildChannel(options.spec, DomainOf(model, options), *rows,
                               options.prior, HardwareThreads(), progress);
}

Result<std::shared_ptr<const privacy::Channel>> OpenChannel(
    ClientModel& model, const ChannelOptions& options,
    const ProgressFn& progress) {
  const std::filesystem::path path = ChannelPath(model, options);
  if (auto file = ReadChannelFile(path)) {
    const privacy::ChannelDomain domain = DomainOf(model, options);
    if (file->channel.spec() == options.spec &&
        file->channel.clustering().ToBytes() == domain.clustering->ToBytes()) {
      return std::make_shared<const privacy::Channel>(std::move(file->channel));
    }
  }
  CMIF_ASSIGN(privacy::Channel channel,
              ComputeChannel(model, options, progress));
  std::error_code ignored;
  std::filesystem::create_directories(path.parent_path(), ignored);
  // A cache: may fail.
  (void)WriteChannelFile(path, model, channel, PriorHash(options));
  return std::make_shared<const privacy::Channel>(std::move(channel));
}

}  // namespace cmif::client
