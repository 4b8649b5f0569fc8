// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_MODEL_OUTPUT_HEAD_H_
#define CMIF_MODEL_OUTPUT_HEAD_H_

#include <cstdint>
#include <memory>
#include <span>

#include "cmif/base/status.h"
#include "cmif/model/bundle.h"

namespace cmif::model {

// The output head of a headless body, run on the client: logits = W h, where W
// has one row a token and h is the body's hidden state after its last norm.
// Computed with ggml's own kernel for W's number format, as llama.cpp computes
// it on a CPU. Not thread-safe.
class OutputHead {
 public:
  // `rows` must outlive the head. UNIMPLEMENTED for a number format that
  // ggml's CPU code cannot multiply.
  static Result<OutputHead> Create(const EmbeddingTable& rows, int threads);
  ~OutputHead();
  OutputHead(OutputHead&&) noexcept;
  OutputHead& operator=(OutputHead&&) noexcept;

  uint32_t width() const;
  // state.size() == width(). One logit a token, valid until the next call.
  // INTERNAL when ggml fails.
  Result<std::span<const float>> Logits(std::span<const float> state);

 private:
  struct Graph;
  explicit OutputHead(std::unique_ptr<Graph> graph);
  std::unique_ptr<Graph> graph_;
};

}  // namespace cmif::model

#endif  // CMIF_MODEL_OUTPUT_HEAD_H_
