// SPDX-License-Identifier: Apache-2.0
#include "cmif/engine/llama_runner.h"

#include <fmt/format.h>
#include <ggml-backend.h>
#include <llama.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <mutex>
#include <numeric>

#include "cmif/engine/huge_pages.h"
#include "cmif/model/llama_log.h"

namespace cmif::engine {
namespace {

// The rows of one call with the arrays that llama_batch points to.
class Batch {
 public:
  explicit Batch(uint32_t width) : width_(width) {}

  void Clear() {
    rows_.clear();
    positions_.clear();
    sequences_.clear();
    outputs_.clear();
    last_.clear();
  }
  void Add(int sequence, int32_t first_position, std::span<const float> rows,
           bool all_output) {
    rows_.insert(rows_.end(), rows.begin(), rows.end());
    const size_t count = rows.size() / width_;
    for (size_t i = 0; i < count; ++i) {
      positions_.push_back(first_position + static_cast<int32_t>(i));
      sequences_.push_back(sequence);
      outputs_.push_back(all_output || i + 1 == count ? 1 : 0);
    }
    last_.push_back(static_cast<int32_t>(positions_.size()) - 1);
  }
  // Index of the last row of the part.
  int32_t last(size_t part) const { return last_[part]; }

  llama_batch View() {
    counts_.assign(positions_.size(), 1);
    pointers_.resize(positions_.size());
    for (size_t i = 0; i < sequences_.size(); ++i)
      pointers_[i] = &sequences_[i];
    return {.n_tokens = static_cast<int32_t>(positions_.size()),
            .token = nullptr,
            .embd = rows_.data(),
            .pos = positions_.data(),
            .n_seq_id = counts_.data(),
            .seq_id = pointers_.data(),
            .logits = outputs_.data()};
  }

 private:
  uint32_t width_;
  std::vector<float> rows_;
  std::vector<llama_pos> positions_;
  std::vector<llama_seq_id> sequences_;
  std::vector<int8_t> outputs_;
  std::vector<int32_t> last_;
  std::vector<int32_t> counts_;
  std::vector<llama_seq_id*> pointers_;
};

void PrepareProcess() {
  static std::once_flag once;
  std::call_once(once, [] {
    // ggml_abort would run a debugger and print a stack (engine.md 1).
    setenv("GGML_NO_BACKTRACE", "1", 1);
    model::CaptureLlamaLog();
    llama_backend_init();
  });
}

bool HasGpu() {
  return ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_GPU) != nullptr ||
         ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_IGPU) != nullptr;
}

Result<void> CheckOptions(const RunnerOptions& options) {
  if (options.threads < 1 || options.threads > GGML_MAX_N_THREADS) {
    return InvalidArgument(fmt::format("threads must be 1 to {}, not {}",
                                       GGML_MAX_N_THREADS, options.threads));
  }
  if (options.sequences < 1 ||
      options.sequences > llama_max_parallel_sequences()) {
    return InvalidArgument(fmt::format("sessions must be 1 to {}, not {}",
                                       llama_max_parallel_sequences(),
                                       options.sequences));
  }
  if (options.sequence_tokens < 1 || options.batch_rows < 1 ||
      options.batch_rows > 65'536 || options.sequence_tokens > (1U << 24)) {
    return InvalidArgument(
        "tokens of a session must be 1 to 16,777,216 and rows of a batch 1 to "
        "65,536");
  }
  // llama.cpp would go on without a word, on the CPU.
  if (options.gpu_layers != 0 && !HasGpu()) {
    return Unimplemented(
        "llama.cpp finds no GPU here for these GPU layers: build it for one "
        "(CMIF_CUDA=1 ./run), look for the driver, or use 0");
  }
  return {};
}

}  // namespace

struct LlamaRunner::Impl {
  explicit Impl() : batch(0) {}
  ~Impl() {
    if (context != nullptr) llama_free(context);
    if (model != nullptr) llama_model_free(model);
  }
  llama_model* model = nullptr;
  llama_context* context = nullptr;
  Batch batch;
  std::atomic<bool> abort = false;
};

LlamaRunner::LlamaRunner(const RunnerOptions& options)
    : options_(options), impl_(std::make_unique<Impl>()) {}

LlamaRunner::~LlamaRunner() = default;

Result<std::unique_ptr<LlamaRunner>> LlamaRunner::Load(
    const std::filesystem::path& path, const RunnerOptions& options) {
  PrepareProcess();
  CMIF_TRY(CheckOptions(options));
  std::unique_ptr<LlamaRunner> runner(new LlamaRunner(options));
  CMIF_TRY(runner->LoadModel(path));
  CMIF_TRY(runner->CreateContext());
  UseHugePages();
  return runner;
}

Result<void> LlamaRunner::LoadModel(const std::filesystem::path& path) {
  llama_model_params params = llama_model_default_params();
  params.n_gpu_layers = options_.gpu_layers;
  // Not mapped: a mapped file that the page cache drops makes single steps 3 to
  // 5 times slower (engine.md 5), one that is truncated kills the process.
  params.load_mode = LLAMA_LOAD_MODE_NONE;
  model::TakeLlamaError();
  llama_model* model = llama_model_load_from_file(path.c_str(), params);
  if (model == nullptr) {
    return DataLoss(fmt::format("llama.cpp cannot load {}: {}", path.string(),
                                model::TakeLlamaError()));
  }
  impl_->model = model;
  width_ = static_cast<uint32_t>(llama_model_n_embd_inp(model));
  vocabulary_ =
      static_cast<uint32_t>(llama_vocab_n_tokens(llama_model_get_vocab(model)));
  labels_ = options_.classifier ? llama_model_n_cls_out(model) : 0;
  impl_->batch = Batch(width_);
  const auto context = static_cast<uint32_t>(llama_model_n_ctx_train(model));
  options_.sequence_tokens = std::min(options_.sequence_tokens, context);
  // An encoder takes whole sentences only.
  if (options_.classifier) {
    options_.batch_rows =
        std::max(options_.batch_rows, options_.sequence_tokens);
  }
  return {};
}

Result<void> LlamaRunner::CreateContext() {
  llama_context_params params = llama_context_default_params();
  // Each sequence gets its own cache (kv_unified off): a NaN of one cannot
  // reach another (engine.md 1).
  constexpr uint32_t kPadding = 256;
  const uint32_t padded =
      (options_.sequence_tokens + kPadding - 1) / kPadding * kPadding;
  params.n_ctx = padded * options_.sequences;
  params.n_batch = options_.batch_rows;
  params.n_ubatch = options_.batch_rows;
  params.n_seq_max = options_.sequences;
  params.kv_unified = false;
  params.n_threads = options_.threads;
  params.n_threads_batch = options_.threads;
  params.no_perf = true;
  params.embeddings = options_.hidden_states || options_.classifier;
  params.pooling_type =
      options_.classifier ? LLAMA_POOLING_TYPE_RANK : LLAMA_POOLING_TYPE_NONE;
  params.abort_callback = [](void* flag) {
    return static_cast<std::atomic<bool>*>(flag)->load(
        std::memory_order_relaxed);
  };
  params.abort_callback_data = &impl_->abort;
  impl_->context = llama_init_from_model(impl_->model, params);
  if (impl_->context == nullptr) {
    return ResourceExhausted(fmt::format(
        "llama.cpp cannot make a context for {} sessions of {} tokens: {}",
        options_.sequences, options_.sequence_tokens, model::TakeLlamaError()));
  }
  return {};
}

Result<void> LlamaRunner::CheckParts(
    std::span<const SequencePart> parts) const {
  size_t rows = 0;
  int last_sequence = -1;
  for (const SequencePart& part : parts) {
    const size_t count = part.rows.size() / width_;
    rows += count;
    if (count == 0 || part.rows.size() % width_ != 0) {
      return InvalidArgument("a part of a batch must hold whole rows");
    }
    if (part.sequence <= last_sequence ||
        part.sequence >= static_cast<int>(options_.sequences)) {
      return InvalidArgument("sequences of a batch must ascend and exist");
    }
    last_sequence = part.sequence;
    if (part.first_position < 0 ||
        part.first_position + count > options_.sequence_tokens) {
      return InvalidArgument(
          fmt::format("positions {} to {} do not fit into {} of a sequence",
                      part.first_position, part.first_position + count,
                      options_.sequence_tokens));
    }
  }
  if (rows == 0 || rows > options_.batch_rows) {
    return InvalidArgument(fmt::format(
        "a batch of {} rows; it may have 1 to {}", rows, options_.batch_rows));
  }
  return {};
}

Result<void> LlamaRunner::Decode(std::span<const SequencePart> parts) {
  if (options_.classifier) {
    return FailedPrecondition("a classifier does not generate");
  }
  CMIF_TRY(CheckParts(parts));
  impl_->batch.Clear();
  for (const SequencePart& part : parts) {
    impl_->batch.Add(part.sequence, part.first_position, part.rows,
                     options_.hidden_states);
  }
  const int code = llama_decode(impl_->context, impl_->batch.View());
  if (code == 2) return Fail(Code::kCancelled, "the call was aborted");
  if (code != 0) {
    return Internal(fmt::format("llama_decode failed with code {}", code));
  }
  return {};
}

std::span<const float> LlamaRunner::Logits(size_t part) const {
  const float* logits =
      llama_get_logits_ith(impl_->context, impl_->batch.last(part));
  if (logits == nullptr) return {};
  return {logits, vocabulary_};
}

std::span<const float> LlamaRunner::HiddenState(size_t part) const {
  const float* state =
      llama_get_embeddings_ith(impl_->context, impl_->batch.last(part));
  if (state == nullptr) return {};
  return {state, static_cast<size_t>(llama_model_n_embd_out(impl_->model))};
}

Result<std::vector<float>> LlamaRunner::Classify(
    std::span<const std::span<const float>> sentences) {
  if (!options_.classifier) {
    return FailedPrecondition("this model does not classify");
  }
  std::vector<SequencePart> parts;
  for (const auto sentence : sentences) {
    parts.push_back({.sequence = static_cast<int>(parts.size()),
                     .first_position = 0,
                     .rows = sentence});
  }
  CMIF_TRY(CheckParts(parts));
  impl_->batch.Clear();
  for (const SequencePart& part : parts) {
    impl_->batch.Add(part.sequence, 0, part.rows, true);
  }
  const int code = llama_encode(impl_->context, impl_->batch.View());
  if (code == 2) return Fail(Code::kCancelled, "the call was aborted");
  if (code != 0) {
    return Internal(fmt::format("llama_encode failed with code {}", code));
  }
  std::vector<float> logits;
  for (const SequencePart& part : parts) {
    const float* out = llama_get_embeddings_seq(impl_->context, part.sequence);
    if (out == nullptr) return Internal("llama.cpp gave no logits");
    logits.insert(logits.end(), out, out + labels_);
  }
  return logits;
}

void LlamaRunner::ClearSequence(int sequence) {
  llama_memory_seq_rm(llama_get_memory(impl_->context), sequence, -1, -1);
}

void LlamaRunner::WipeAll() {
  llama_memory_clear(llama_get_memory(impl_->context), /*data=*/true);
}

void LlamaRunner::Abort() { impl_->abort = true; }

}  // namespace cmif::engine
