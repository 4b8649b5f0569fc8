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
constexpr int kAlgorithmVersion = 4;

template <typename T>
std::string HashValues(const std::vector<T>& values) {
  return model::HashBytes({reinterpret_cast<const uint8_t*>(values.data()),
                           values.size() * sizeof(T)});
}

privacy::ChannelDomain DomainOf(const ClientModel& model,
                                const ChannelOptions& options) {
  return options.domain.clustering ? options.domain : ModelDomain(model);
}

// Whether the file was made for just this; its name may lie.
bool IsAsked(const ChannelFile& file, const ClientModel& model,
             const ChannelOptions& options) {
  const privacy::ChannelDomain asked = DomainOf(model, options);
  const privacy::ChannelDomain& kept = file.channel.domain();
  const size_t clusters = kept.clustering->clusters().size();
  std::vector<int32_t> classes = asked.class_of_cluster;
  std::vector<uint64_t> epsilons = asked.epsilon_micro_of_cluster;
  classes.resize(clusters);  // none given: all 0
  epsilons.resize(clusters);
  return file.channel.spec() == options.spec &&
         file.model_id == model.facts().model_id &&
         file.prior_sha256 == PriorHash(options) &&
         kept.clustering->vocabulary_size() ==
             asked.clustering->vocabulary_size() &&
         kept.clustering->clusters() == asked.clustering->clusters() &&
         kept.class_of_cluster == classes &&
         kept.epsilon_micro_of_cluster == epsilons;
}

}  // namespace

privacy::ChannelSpec DefaultSpec(const model::ModelFacts& facts,
                                 privacy::Epsilon epsilon) {
  return {.mechanism = "optimal",
          .epsilon = epsilon,
          .hub_cap = facts.labels.empty()};
}

privacy::ChannelDomain ModelDomain(const ClientModel& model) {
  return {.clustering = model.clustering(),
          .class_of_cluster = ClassesOf(model.units(), *model.clustering())};
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
  return model.folder() / kChannelFolder /
         (model::HashBytes(AsBytes(name)) + kChannelExtension);
}

Result<privacy::Channel> ComputeChannel(ClientModel& model,
                                        const ChannelOptions& options,
                                        const ProgressFn& progress) {
  CMIF_ASSIGN(const privacy::RowMatrix* const rows, model.Rows());
  return privacy::BuildChannel(options.spec, DomainOf(model, options), *rows,
                               options.prior, HardwareThreads(), progress);
}

Result<OpenedChannel> OpenChannelWithHash(ClientModel& model,
                                          const ChannelOptions& options,
                                          const ProgressFn& progress) {
  const std::filesystem::path path = ChannelPath(model, options);
  if (auto file = ReadChannelFile(path, model.channel_key());
      file && IsAsked(*file, model, options)) {
    return OpenedChannel{
        std::make_shared<const privacy::Channel>(std::move(file->channel)),
        file->sha256,
        {}};
  }
  CMIF_ASSIGN(privacy::Channel channel,
              ComputeChannel(model, options, progress));
  std::error_code ignored;
  std::filesystem::create_directories(path.parent_path(), ignored);
  Result<void> kept =
      WriteChannelFile(path, model, channel, PriorHash(options));
  const crypto::Digest sha256 = HashOf(channel);
  return OpenedChannel{
      std::make_shared<const privacy::Channel>(std::move(channel)), sha256,
      std::move(kept)};
}

Result<std::shared_ptr<const privacy::Channel>> OpenChannel(
    ClientModel& model, const ChannelOptions& options,
    const ProgressFn& progress) {
  CMIF_ASSIGN(OpenedChannel opened,
              OpenChannelWithHash(model, options, progress));
  return std::move(opened.channel);
}

}  // namespace cmif::client
