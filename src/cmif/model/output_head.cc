// SPDX-License-Identifier: Apache-2.0
#include "cmif/model/output_head.h"

#include <fmt/format.h>
#include <ggml-cpu.h>
#include <ggml.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace cmif::model {

// One product, built once; its tensors lie in memory of ours.
struct OutputHead::Graph {
  ~Graph() { ggml_free(context); }
  ggml_context* context = nullptr;
  ggml_cgraph* graph = nullptr;
  ggml_cplan plan{};
  std::vector<float> state;
  std::vector<float> logits;
  std::vector<uint8_t> work;
};

OutputHead::OutputHead(std::unique_ptr<Graph> graph)
    : graph_(std::move(graph)) {}
OutputHead::~OutputHead() = default;
OutputHead::OutputHead(OutputHead&&) noexcept = default;
OutputHead& OutputHead::operator=(OutputHead&&) noexcept = default;

Result<OutputHead> OutputHead::Create(const EmbeddingTable& rows, int threads) {
  const auto type = static_cast<ggml_type>(rows.format().type_number());
  if (ggml_get_type_traits_cpu(type)->vec_dot == nullptr) {
    return Unimplemented(
        fmt::format("an output head of type {} cannot be run on the client",
                    rows.format().type()));
  }
  const auto width = static_cast<int64_t>(rows.format().width());
  auto made = std::make_unique<Graph>();
  made->state.resize(rows.format().width());
  made->logits.resize(rows.rows());
  constexpr size_t kTensors = 3;
  made->context = ggml_init(
      {.mem_size = kTensors * ggml_tensor_overhead() + ggml_graph_overhead(),
       .mem_buffer = nullptr,
       .no_alloc = true});
  if (made->context == nullptr) return Internal("ggml gave no context");
  ggml_tensor* weights =
      ggml_new_tensor_2d(made->context, type, width, rows.rows());
  // ggml does not write to it.
  weights->data = const_cast<uint8_t*>(rows.Row(0).data());
  ggml_tensor* state = ggml_new_tensor_1d(made->context, GGML_TYPE_F32, width);
  state->data = made->state.data();
  ggml_tensor* logits = ggml_mul_mat(made->context, weights, state);
  logits->data = made->logits.data();
  made->graph = ggml_new_graph(made->context);
  ggml_build_forward_expand(made->graph, logits);
  made->plan = ggml_graph_plan(made->graph, threads, nullptr);
  made->work.resize(made->plan.work_size);
  made->plan.work_data = made->work.data();
  return OutputHead(std::move(made));
}

uint32_t OutputHead::width() const {
  return static_cast<uint32_t>(graph_->state.size());
}

Result<std::span<const float>> OutputHead::Logits(
    std::span<const float> state) {
  std::ranges::copy(state, graph_->state.begin());
  if (ggml_graph_compute(graph_->graph, &graph_->plan) != GGML_STATUS_SUCCESS) {
    return Internal("the output head could not be computed");
  }
  return graph_->logits;
}

}  // namespace cmif::model
