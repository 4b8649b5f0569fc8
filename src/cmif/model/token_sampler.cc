// SPDX-License-Identifier: Apache-2.0
#include "cmif/model/token_sampler.h"

#include <fmt/format.h>
#include <llama.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace cmif::model {
namespace {

struct Peak {
  bool finite = true;  // no NaN or infinity anywhere
  uint32_t index = 0;  // the first of the largest
};

// Blocks of lanes that do not depend on each other, so that the compiler uses
// vectors: ten times faster than std::max_element on 49,152 logits, which
// counts against the 5 ms of a small model's step.
Peak FindPeak(std::span<const float> values) {
  constexpr size_t kLanes = 16;
  constexpr size_t kBlock = 64 * kLanes;
  constexpr float kMax = std::numeric_limits<float>::max();
  Peak peak;
  float best = -std::numeric_limits<float>::infinity();
  for (size_t start = 0; start < values.size(); start += kBlock) {
    const auto block =
        values.subspan(start, std::min(kBlock, values.size() - start));
    float largest[kLanes];
    uint32_t broken[kLanes] = {};
    std::fill_n(largest, kLanes, -kMax);
    size_t i = 0;
    for (; i + kLanes <= block.size(); i += kLanes) {
      for (size_t lane = 0; lane < kLanes; ++lane) {
        const float value = block[i + lane];
        largest[lane] = value > largest[lane] ? value : largest[lane];
        broken[lane] |= std::fabs(value) <= kMax ? 0U : 1U;
      }
    }
    for (; i < block.size(); ++i) {
      largest[0] = std::max(largest[0], block[i]);
      broken[0] |= std::fabs(block[i]) <= kMax ? 0U : 1U;
    }
    for (const uint32_t lane : broken) peak.finite &= lane == 0;
    const float top = *std::max_element(largest, largest + kLanes);
    if (top <= best) continue;
    best = top;
    peak.index = static_cast<uint32_t>(
        start + (std::find(block.begin(), block.end(), top) - block.begin()));
  }
  return peak;
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
  const Peak peak = FindPeak(logits);
  if (logits.empty() || !peak.finite) {
    return Internal("the model gave values that are not finite");
  }
  // As llama.cpp's greedy sampler.
  if (chain_ == nullptr) return peak.index;
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

}  // namespace cmif::model
