// SPDX-License-Identifier: Apache-2.0
#include "cmif/engine/token_sampler.h"

#include <fmt/format.h>
#include <llama.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace cmif::engine {
namespace {

// False for NaN too. Written so that the compiler vectorizes it.
bool AllFinite(std::span<const float> values) {
  bool finite = true;
  for (const float value : values) {
    finite &= std::fabs(value) <= std::numeric_limits<float>::max();
  }
  return finite;
}

// llama.cpp's dist sampler takes 32 bits and reads one value as "random".
uint32_t FoldSeed(uint64_t seed) {
  const auto folded = static_cast<uint32_t>(seed ^ (seed >> 32));
  return folded == LLAMA_DEFAULT_SEED ? 0 : folded;
}

}  // namespace

struct TokenSampler::Chain {
  ~Chain() { llama_sampler_free(sampler); }
  llama_sampler* sampler = nullptr;
  std::vector<llama_token_data> candidates;
};

TokenSampler::TokenSampler(std::unique_ptr<Chain> chain)
    : chain_(std::move(chain)) {}
TokenSampler::~TokenSampler() = default;
TokenSampler::TokenSampler(TokenSampler&&) noexcept = default;
TokenSampler& TokenSampler::operator=(TokenSampler&&) noexcept = default;

Result<TokenSampler> TokenSampler::Create(float temperature, float top_p,
                                          uint64_t seed) {
  if (!(temperature >= 0 && temperature <= kMaxTemperature)) {
    return InvalidArgument(
        fmt::format("temperature must be 0 to {}", kMaxTemperature));
  }
  if (!(top_p >= 0 && top_p <= 1)) {
    return InvalidArgument("top_p must be above 0 and at most 1");
  }
  if (temperature < kGreedyBelow) return TokenSampler(nullptr);
  auto chain = std::make_unique<Chain>();
  llama_sampler_chain_params params = llama_sampler_chain_default_params();
  params.no_perf = true;
  chain->sampler = llama_sampler_chain_init(params);
  llama_sampler_chain_add(chain->sampler, llama_sampler_init_temp(temperature));
  if (top_p > 0 && top_p < 1) {
    llama_sampler_chain_add(chain->sampler, llama_sampler_init_top_p(top_p, 1));
  }
  llama_sampler_chain_add(chain->sampler,
                          llama_sampler_init_dist(FoldSeed(seed)));
  return TokenSampler(std::move(chain));
}

Result<uint32_t> TokenSampler::Sample(std::span<const float> logits) {
  if (logits.empty() || !AllFinite(logits)) {
    return Internal("the model gave values that are not finite");
  }
  if (chain_ == nullptr) {
    // The first of the largest, as llama.cpp's greedy sampler.
    return static_cast<uint32_t>(
        std::max_element(logits.begin(), logits.end()) - logits.begin());
  }
  auto& candidates = chain_->candidates;
  candidates.resize(logits.size());
  for (size_t i = 0; i < logits.size(); ++i) {
    candidates[i] = {static_cast<llama_token>(i), logits[i], 0};
  }
  llama_token_data_array array = {.data = candidates.data(),
                                  .size = candidates.size(),
                                  .selected = -1,
                                  .sorted = false};
  llama_sampler_apply(chain_->sampler, &array);
  if (array.selected < 0 ||
      array.selected >= static_cast<int64_t>(array.size)) {
    return Internal("the sampler chose no token");
  }
  const llama_token token = array.data[array.selected].id;
  llama_sampler_accept(chain_->sampler, token);
  return static_cast<uint32_t>(token);
}

}  // namespace cmif::engine
