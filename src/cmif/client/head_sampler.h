// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_CLIENT_HEAD_SAMPLER_H_
#define CMIF_CLIENT_HEAD_SAMPLER_H_

#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_set>

#include "cmif/base/status.h"
#include "cmif/client/client_model.h"
#include "cmif/model/output_head.h"
#include "cmif/model/token_sampler.h"

namespace cmif::client {

// Partition embedding+head: head and sampling on the client, so that the
// server sees hidden states and no token. Uses all processors. Not
// thread-safe; the model must outlive it.
class HeadSampler {
 public:
  struct Options {
    float temperature = 0;
    float top_p = 1;
    uint64_t seed = 0;
    bool stop_at_end = true;  // at the model's end-of-turn tokens
  };
  // TokenSampler::Create()'s and OutputHead::Create()'s errors.
  static Result<HeadSampler> Create(const ClientModel& model,
                                    const Options& options);

  // The token after a hidden state as it came from the server: `width` values,
  // f32, little-endian. nullopt: the answer ends. INTERNAL: another size, or
  // values that are not finite.
  Result<std::optional<int32_t>> Next(std::string_view state);

 private:
  HeadSampler(model::OutputHead head, model::TokenSampler sampler)
      : head_(std::move(head)), sampler_(std::move(sampler)) {}
  model::OutputHead head_;
  model::TokenSampler sampler_;
  std::unordered_set<int32_t> end_tokens_;
};

}  // namespace cmif::client

#endif  // CMIF_CLIENT_HEAD_SAMPLER_H_
