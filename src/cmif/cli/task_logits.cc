// SPDX-License-Identifier: Apache-2.0
#include "cmif/cli/task_logits.h"

#include <algorithm>
#include <memory>
#include <span>
#include <string_view>

#include "cmif/engine/llama_runner.h"
#include "cmif/model/source_model.h"
#include "cmif/model/tokenizer.h"

namespace cmif::cli {
namespace {

constexpr std::string_view kBefore = "it is";
constexpr std::string_view kAfter = ".";
constexpr uint32_t kSentences = 64;  // of one call
constexpr uint32_t kCallRows = 512;  // beyond, calls get slower (engine.md 4)

using Tokens = std::vector<int32_t>;

// Tokens before and after the word, with what the model wants around a text.
struct Frame {
  Tokens before;
  Tokens after;
};

// `inner` and where the word stands in it, found again in the tokens of the
// whole text.
Result<std::vector<Frame>> Frames(const model::Tokenizer& tokenizer) {
  CMIF_ASSIGN(const Tokens dot, tokenizer.Encode(kAfter, false));
  CMIF_ASSIGN(const Tokens framed, tokenizer.Encode(kAfter, true));
  CMIF_ASSIGN(const Tokens inner, tokenizer.Encode(kBefore, false));
  const auto found = std::ranges::search(framed, dot);
  if (found.empty()) return Internal("the tokenizer changes a lone mark");
  Frame bare{{framed.begin(), found.begin()}, {found.end(), framed.end()}};
  Frame sentence = bare;
  sentence.before.insert(sentence.before.end(), inner.begin(), inner.end());
  sentence.after.insert(sentence.after.begin(), dot.begin(), dot.end());
  return std::vector<Frame>{std::move(bare), std::move(sentence)};
}

class WordClassifier {
 public:
  WordClassifier(engine::LlamaRunner& runner,
                 const model::EmbeddingTable& table)
      : runner_(runner),
        width_(table.format().width()),
        rows_(table.Expanded(HardwareThreads())) {}

  // Adds the logits of `count` tokens from `first`, each in the frame.
  Result<void> Add(const Frame& frame, int32_t first, size_t count,
                   std::span<float> logits) {
    std::vector<std::vector<float>> sentences(count);
    std::vector<std::span<const float>> views;
    for (size_t i = 0; i < count; ++i) {
      Append(frame.before, sentences[i]);
      Append(Tokens{first + static_cast<int32_t>(i)}, sentences[i]);
      Append(frame.after, sentences[i]);
      views.emplace_back(sentences[i]);
    }
    CMIF_ASSIGN(const std::vector<float> found, runner_.Classify(views));
    for (size_t i = 0; i < found.size(); ++i) logits[i] += found[i];
    return {};
  }

 private:
  void Append(const Tokens& ids, std::vector<float>& rows) const {
    for (const int32_t id : ids) {
      const auto row =
          std::span(rows_).subspan(static_cast<size_t>(id) * width_, width_);
      rows.insert(rows.end(), row.begin(), row.end());
    }
  }

  engine::LlamaRunner& runner_;
  size_t width_;
  std::vector<float> rows_;
};

Result<std::unique_ptr<engine::LlamaRunner>> LoadClassifier(
    const std::filesystem::path& path, size_t longest) {
  engine::RunnerOptions options;
  options.threads = HardwareThreads();
  options.sequences = kSentences;
  options.sequence_tokens = static_cast<uint32_t>(longest);
  options.batch_rows = kCallRows;
  options.classifier = true;
  return engine::LlamaRunner::Load(path, options);
}

}  // namespace

Result<client::TaskLogits> ComputeTaskLogits(const std::filesystem::path& path,
                                             const ProgressFn& progress) {
  CMIF_ASSIGN(const model::SourceModel source,
              model::SourceModel::Open(path, false));
  const size_t labels = source.facts().labels.size();
  if (labels < 2) {
    return Unimplemented(
        "task clusters are for classifiers of two labels or more; this is a " +
        source.facts().architecture + " model without them");
  }
  CMIF_ASSIGN(const model::Tokenizer tokenizer,
              model::Tokenizer::Create(source.TokenizerGguf()));
  CMIF_ASSIGN(const std::vector<Frame> frames, Frames(tokenizer));
  const size_t longest = frames[1].before.size() + 1 + frames[1].after.size();
  CMIF_ASSIGN(const auto runner, LoadClassifier(path, longest));
  if (runner->labels() != labels) {
    return Internal(
        "the model's file names another number of labels than "
        "llama.cpp finds");
  }
  CMIF_ASSIGN(const model::EmbeddingTable table, source.Table());
  WordClassifier classifier(*runner, table);
  client::TaskLogits logits{static_cast<int>(labels), {}};
  const size_t count = table.rows();
  logits.values.assign(count * labels, 0.0F);
  const size_t call = std::min<size_t>(kSentences, kCallRows / longest);
  for (size_t first = 0; first < count; first += call) {
    const size_t words = std::min(call, count - first);
    const auto part =
        std::span(logits.values).subspan(first * labels, words * labels);
    for (const Frame& frame : frames) {
      CMIF_TRY(classifier.Add(frame, static_cast<int32_t>(first), words, part));
    }
    for (float& value : part) value /= static_cast<float>(frames.size());
    if (progress) {
      progress(static_cast<double>(first + words) / static_cast<double>(count));
    }
  }
  return logits;
}

}  // namespace cmif::cli
