// SPDX-License-Identifier: Apache-2.0
#include "cmif/client/channel_store.h"

#include <fmt/format.h>

#include "cmif/base/byte_reader.h"
#include "cmif/base/file.h"
#include "cmif/model/verify.h"

namespace cmif::client {
namespace {

// Raised when the way channels are computed changes.
constexpr int kAlgorithmVersion = 1;

}  // namespace

std::filesystem::path ChannelPath(ClientModel& model,
                                  const ChannelOptions& options) {
  const std::string name = fmt::format(
      "cmif channel {} {} {} {} {} {}\n", kAlgorithmVersion, options.mechanism,
      options.epsilon.micro(), options.calibrate ? "calibrated" : "textbook",
      model.facts().model_id, model::HashBytes(model.clustering()->ToBytes()));
  return model.folder() / "channels" /
         (model::HashBytes(AsBytes(name)) + ".channel");
}

Result<std::shared_ptr<const privacy::Channel>> OpenChannel(
    ClientModel& model, const ChannelOptions& options,
    const ProgressFn& progress) {
  const std::filesystem::path path = ChannelPath(model, options);
  if (const auto file = MappedFile::Open(path)) {
    auto channel =
        privacy::Channel::FromBytes(file->bytes(), model.clustering());
    if (channel && channel->mechanism() == options.mechanism &&
        channel->epsilon() == options.epsilon) {
      return std::make_shared<const privacy::Channel>(*std::move(channel));
    }
  }
  CMIF_ASSIGN(const privacy::RowMatrix* const rows, model.Rows());
  CMIF_ASSIGN(privacy::Channel channel,
              privacy::BuildChannel(
                  model.clustering(), *rows, options.mechanism, options.epsilon,
                  options.calibrate, HardwareThreads(), progress));
  std::error_code ignored;
  std::filesystem::create_directories(path.parent_path(), ignored);
  (void)WriteFileAtomically(path, channel.ToBytes());  // a cache: may fail
  return std::make_shared<const privacy::Channel>(std::move(channel));
}

}  // namespace cmif::client
