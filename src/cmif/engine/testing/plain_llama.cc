// SPDX-License-Identifier: Apache-2.0
#include "cmif/engine/testing/plain_llama.h"

#include <llama.h>

#include <algorithm>

#include "cmif/model/gguf_file.h"
#include "cmif/model/llama_log.h"
#include "cmif/model/loadable.h"
#include "cmif/model/row_format.h"

namespace cmif::engine::testing {

struct PlainLlama::Impl {
  ~Impl() {
    llama_sampler_free(sampler);
    llama_free(context);
    llama_model_free(model);
  }
  PlainLlamaOptions options;
  llama_model* model = nullptr;
  llama_context* context = nullptr;
  llama_sampler* sampler = nullptr;
};

PlainLlama::PlainLlama() : impl_(std::make_unique<Impl>()) {}
PlainLlama::~PlainLlama() = default;

Result<std::unique_ptr<PlainLlama>> PlainLlama::Load(
    const std::filesystem::path& path, const PlainLlamaOptions& options) {
  CMIF_ASSIGN(const model::GgufFile file, model::GgufFile::Open(path));
  CMIF_TRY(model::CheckLoadable(file));
  model::CaptureLlamaLog();
  llama_backend_init();
  std::unique_ptr<PlainLlama> plain(new PlainLlama());
  Impl& impl = *plain->impl_;
  impl.options = options;
  llama_model_params model_params = llama_model_default_params();
  model_params.load_mode = LLAMA_LOAD_MODE_NONE;
  impl.model = llama_model_load_from_file(path.c_str(), model_params);
  if (impl.model == nullptr) return DataLoss(model::TakeLlamaError());
  llama_context_params params = llama_context_default_params();
  params.n_ctx = options.context;
  params.n_batch = options.batch;
  params.n_ubatch = options.batch;
  params.n_seq_max = options.sequences;
  params.n_threads = options.threads;
  params.n_threads_batch = options.threads;
  params.embeddings = options.classifier || options.hidden_states;
  params.pooling_type =
      options.classifier ? LLAMA_POOLING_TYPE_RANK : LLAMA_POOLING_TYPE_NONE;
  impl.context = llama_init_from_model(impl.model, params);
  if (impl.context == nullptr) return DataLoss(model::TakeLlamaError());
  // A chain keeps its buffer from step to step.
  impl.sampler = llama_sampler_chain_init(llama_sampler_chain_default_params());
  llama_sampler_chain_add(impl.sampler, llama_sampler_init_greedy());
  return plain;
}

bool PlainLlama::Decode(std::span<const int32_t> tokens) {
  std::vector<llama_token> copy(tokens.begin(), tokens.end());
  for (size_t done = 0; done < copy.size();) {
    const size_t count =
        std::min<size_t>(impl_->options.batch, copy.size() - done);
    if (llama_decode(impl_->context,
                     llama_batch_get_one(copy.data() + done,
                                         static_cast<int32_t>(count))) != 0) {
      return false;
    }
    done += count;
  }
  return true;
}

std::vector<float> PlainLlama::Append(std::span<const int32_t> tokens) {
  if (!Decode(tokens)) return {};
  if (impl_->options.hidden_states) {
    const float* state = llama_get_embeddings_ith(impl_->context, -1);
    return {state, state + llama_model_n_embd_out(impl_->model)};
  }
  const float* logits = llama_get_logits_ith(impl_->context, -1);
  return {logits,
          logits + llama_vocab_n_tokens(llama_model_get_vocab(impl_->model))};
}

uint32_t PlainLlama::Next(std::span<const int32_t> tokens) {
  if (!Decode(tokens)) return 0;
  return static_cast<uint32_t>(
      llama_sampler_sample(impl_->sampler, impl_->context, -1));
}

std::vector<uint32_t> PlainLlama::Greedy(std::span<const int32_t> prompt,
                                         uint32_t count) {
  Clear();
  std::vector<uint32_t> tokens = {Next(prompt)};
  while (tokens.size() < count) {
    const auto last = static_cast<int32_t>(tokens.back());
    tokens.push_back(Next({&last, 1}));
  }
  return tokens;
}

std::vector<float> PlainLlama::Classify(
    const std::vector<std::vector<int32_t>>& sentences) {
  llama_batch batch =
      llama_batch_init(static_cast<int32_t>(impl_->options.batch), 0, 1);
  batch.n_tokens = 0;
  for (size_t s = 0; s < sentences.size(); ++s) {
    for (size_t i = 0; i < sentences[s].size(); ++i) {
      const int32_t at = batch.n_tokens++;
      batch.token[at] = sentences[s][i];
      batch.pos[at] = static_cast<int32_t>(i);
      batch.n_seq_id[at] = 1;
      batch.seq_id[at][0] = static_cast<int32_t>(s);
      batch.logits[at] = 1;
    }
  }
  std::vector<float> logits;
  if (llama_encode(impl_->context, batch) == 0) {
    const uint32_t labels = llama_model_n_cls_out(impl_->model);
    for (size_t s = 0; s < sentences.size(); ++s) {
      const float* out =
          llama_get_embeddings_seq(impl_->context, static_cast<int32_t>(s));
      logits.insert(logits.end(), out, out + labels);
    }
  }
  llama_batch_free(batch);
  return logits;
}

void PlainLlama::Clear() {
  llama_memory_clear(llama_get_memory(impl_->context), false);
}

Result<TableRows> TableRows::Open(const std::filesystem::path& path) {
  CMIF_ASSIGN(const model::GgufFile file, model::GgufFile::Open(path));
  const model::GgufTensor* table = file.FindTensor("token_embd.weight");
  if (table == nullptr) return NotFound("no table");
  TableRows rows;
  rows.type_ = table->type;
  rows.width_ = static_cast<uint32_t>(table->shape[0]);
  rows.count_ = static_cast<uint32_t>(table->shape[1]);
  CMIF_ASSIGN(const auto format,
              model::RowFormat::Create(rows.type_, rows.width_));
  rows.row_bytes_ = format.row_bytes();
  rows.bytes_.assign(table->data.begin(), table->data.end());
  return rows;
}

std::span<const uint8_t> TableRows::Row(uint32_t token) const {
  return std::span(bytes_).subspan(token * row_bytes_, row_bytes_);
}

std::vector<float> TableRows::Expand(std::span<const int32_t> tokens) const {
  const auto format = model::RowFormat::Create(type_, width_);
  std::vector<float> out(tokens.size() * width_);
  for (size_t i = 0; i < tokens.size(); ++i) {
    format->Expand(Row(static_cast<uint32_t>(tokens[i])),
                   std::span(out).subspan(i * width_, width_));
  }
  return out;
}

}  // namespace cmif::engine::testing
