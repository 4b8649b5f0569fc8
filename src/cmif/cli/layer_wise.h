// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_CLI_LAYER_WISE_H_
#define CMIF_CLI_LAYER_WISE_H_

#include <compare>
#include <cstdint>
#include <filesystem>
#include <vector>

#include "cmif/base/status.h"

namespace cmif::cli {

// Bytes that go into the TEE and come back for one operation inside it.
struct Crossing {
  uint64_t in_bytes = 0;
  uint64_t out_bytes = 0;
  friend auto operator<=>(const Crossing&, const Crossing&) = default;
};

// What of a Llama-like model decides how often a token crosses.
struct BlockShape {
  uint64_t layers = 0;
  uint64_t width = 0;
  uint64_t heads = 0;
  uint64_t feed_forward = 0;

  // NOT_FOUND naming the key that the file lacks.
  static Result<BlockShape> Of(const std::filesystem::path& gguf);
};

// The partition of earlier systems (arXiv 2509.09091, section 1: linear layers
// on the GPU, non-linear ones in the TEE): all crossings of one token that
// attends to `positions` of the context, as f32. Of each layer: the norm before
// attention, the soft-max of its scores, the norm before the feed-forward part,
// its gated activation (two vectors in, one out); and the last norm.
std::vector<Crossing> LayerWiseCrossings(const BlockShape& shape,
                                         uint64_t positions);

}  // namespace cmif::cli

#endif  // CMIF_CLI_LAYER_WISE_H_
