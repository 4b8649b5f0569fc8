// SPDX-License-Identifier: Apache-2.0
#include "cmif/client/head_sampler.h"

#include <fmt/format.h>

#include <cstring>
#include <utility>
#include <vector>

#include "cmif/base/parallel.h"

namespace cmif::client {

Result<HeadSampler> HeadSampler::Create(const ClientModel& model,
                                        const Options& options) {
  const auto& table = model.head();
  if (!table) return Internal("the bundle holds no output head");
  CMIF_ASSIGN(auto sampler,
              model::TokenSampler::Create(options.temperature, options.top_p,
                                          options.seed));
  CMIF_ASSIGN(auto head, model::OutputHead::Create(*table, HardwareThreads()));
  HeadSampler made(std::move(head), std::move(sampler));
  if (options.stop_at_end) {
    const auto ends = model.tokenizer().EndTokens();
    made.end_tokens_.insert(ends.begin(), ends.end());
  }
  return made;
}

Result<std::optional<int32_t>> HeadSampler::Next(std::string_view state) {
  std::vector<float> values(head_.width());
  if (state.size() != values.size() * sizeof(float)) {
    return Internal(
        fmt::format("the server sent a hidden state of {} bytes; {} were "
                    "expected",
                    state.size(), values.size() * sizeof(float)));
  }
  std::memcpy(values.data(), state.data(), state.size());
  CMIF_ASSIGN(const auto logits, head_.Logits(values));
  CMIF_ASSIGN(const uint32_t token, sampler_.Sample(logits));
  const auto id = static_cast<int32_t>(token);
  if (end_tokens_.contains(id)) return std::nullopt;
  return id;
}

}  // namespace cmif::client
