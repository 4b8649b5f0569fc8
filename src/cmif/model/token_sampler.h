// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_MODEL_TOKEN_SAMPLER_H_
#define CMIF_MODEL_TOKEN_SAMPLER_H_

#include <cstdint>
#include <memory>
#include <span>

#include "cmif/base/status.h"

namespace cmif::model {

// Draws a token from logits with llama.cpp's samplers: greedy (first largest)
// below kGreedyBelow, else temperature, then top-p, then a draw from `seed`.
// Same options and logits, same tokens. Not thread-safe.
class TokenSampler {
 public:
  // Smaller temperatures would overflow the logits.
  static constexpr float kGreedyBelow = 1e-3F;
  static constexpr float kMaxTemperature = 100;

  // INVALID_ARGUMENT: temperature not in [0, 100] or NaN; top_p not in [0, 1]
  // or NaN (0 means 1).
  static Result<TokenSampler> Create(float temperature, float top_p,
                                     uint64_t seed);
  ~TokenSampler();
  TokenSampler(TokenSampler&&) noexcept;
  TokenSampler& operator=(TokenSampler&&) noexcept;

  // INTERNAL when a logit is not finite (a broken model), or none is given.
  Result<uint32_t> Sample(std::span<const float> logits);

 private:
  struct Chain;
  explicit TokenSampler(std::unique_ptr<Chain> chain);
  std::unique_ptr<Chain> chain_;  // null: greedy
};

}  // namespace cmif::model

#endif  // CMIF_MODEL_TOKEN_SAMPLER_H_
