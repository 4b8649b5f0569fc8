// SPDX-License-Identifier: Apache-2.0
#include "cmif/client/generator.h"

#include <fmt/format.h>

#include <algorithm>

#include "cmif/client/remote-inl.h"
#include "cmif/wire/grpc_status.h"
#include "cmif/wire/limits.h"
#include "cmif/wire/row_sender.h"

namespace cmif::client {
namespace {

using Clock = std::chrono::steady_clock;
using Stream = grpc::ClientReaderWriter<v1::GenerateRequest, v1::GenerateReply>;

double Seconds(Clock::duration time) {
  return std::chrono::duration<double>(time).count();
}

// Bytes at the end of `text` that begin a UTF-8 character and do not end it.
size_t CutCharacterBytes(std::string_view text) {
  for (size_t back = 1; back <= std::min<size_t>(3, text.size()); ++back) {
    const auto byte = static_cast<uint8_t>(text[text.size() - back]);
    if ((byte & 0xC0) == 0x80) continue;  // inside a character
    const size_t length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : 2;
    return byte >= 0xC0 && length > back ? back : 0;
  }
  return 0;
}

// One generation, in order: SendPrompt(), then Step() until it is done.
class Run {
 public:
  Run(Remote& remote, ClientModel& model, const GenerateOptions& options)
      : model_(model),
        options_(options),
        sender_(model.table().format().row_bytes(), remote.facts().max_slots),
        assembler_(options.stop) {
    context_.set_deadline(std::chrono::system_clock::now() + options.timeout);
    stream_ = remote.impl().stub->Generate(&context_);
  }
  ~Run() {
    if (stream_ == nullptr) return;
    context_.TryCancel();
    stream_->Finish();
  }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  Result<void> SendPrompt(std::span<const int32_t> prompt) {
    v1::GenerateRequest request;
    SetSampling(*request.mutable_sampling());
    for (size_t i = 0; i < prompt.size(); ++i) {
      CMIF_TRY(AddRow(prompt[i], request));
      const bool last = i + 1 == prompt.size();
      const bool full =
          sender_.new_row_bytes() >= wire::kMaxRowBytesPerMessage / 2;
      if (!last && !full) continue;
      request.set_prompt_done(last);
      CMIF_TRY(Write(request));
      request.Clear();
    }
    return {};
  }

  // Reads one reply. False when the answer is complete.
  Result<bool> Step(const std::function<void(std::string_view)>& on_text) {
    v1::GenerateReply reply;
    if (!stream_->Read(&reply)) return Broken();
    result_.bytes_received += reply.ByteSizeLong();
    CMIF_TRY(CheckReply(reply));
    if (reply.wants_row()) {
      v1::GenerateRequest answer;
      CMIF_TRY(
          AddRow(static_cast<int32_t>(reply.tokens().rbegin()[0]), answer));
      CMIF_TRY(Write(answer));
    }
    for (const uint32_t token : reply.tokens()) {
      const auto id = static_cast<int32_t>(token);
      Count(id);
      Show(assembler_.Add(model_.tokenizer().Piece(id)), on_text);
      if (!assembler_.stopped()) continue;
      result_.reason = "stop";
      return false;
    }
    if (!reply.has_done()) return true;
    Finish(reply.done());
    Show(assembler_.Finish(), on_text);
    return false;
  }

  Generation Take() {
    result_.decode_seconds = Seconds(last_token_ - first_token_);
    return std::move(result_);
  }

 private:
  Result<void> CheckReply(const v1::GenerateReply& reply) const {
    if (!reply.hidden_state().empty()) {
      return Unimplemented(
          "the server sends hidden states; generation with "
          "the head on the client is not built yet");
    }
    if (reply.tokens().empty() && (reply.wants_row() || !reply.has_done())) {
      return Internal("the server sent a reply without tokens");
    }
    if (result_.tokens_out + static_cast<uint64_t>(reply.tokens_size()) >
        options_.max_tokens) {
      return Internal(
          "the server goes on beyond the tokens that were asked "
          "for; the connection was closed");
    }
    const uint32_t vocabulary = model_.facts().vocabulary;
    if (std::ranges::any_of(reply.tokens(),
                            [&](uint32_t id) { return id >= vocabulary; })) {
      return Internal("the server names a token outside the vocabulary");
    }
    return {};
  }
  void SetSampling(v1::Sampling& sampling) {
    sampling.set_temperature(options_.temperature);
    sampling.set_top_p(options_.top_p);
    sampling.set_seed(options_.seed);
    sampling.set_max_tokens(options_.max_tokens);
    if (!options_.stop_at_end) return;
    for (const int32_t id : model_.tokenizer().EndTokens()) {
      sampling.add_stop_tokens(static_cast<uint32_t>(id));
    }
  }
  Result<void> AddRow(int32_t id, v1::GenerateRequest& request) {
    CMIF_ASSIGN(const uint32_t slot, sender_.SlotOf(static_cast<uint32_t>(id),
                                                    model_.table().Row(id)));
    request.mutable_rows()->add_slots(slot);
    return {};
  }
  Result<void> Write(v1::GenerateRequest& request) {
    request.mutable_rows()->set_new_rows(sender_.TakeNewRows());
    result_.bytes_sent += request.ByteSizeLong();
    if (!stream_->Write(request)) return Broken();
    return {};
  }
  std::unexpected<Status> Broken() {
    const auto status = wire::FromGrpc(stream_->Finish());
    stream_.reset();
    if (!status) return std::unexpected(Explained(status.error()));
    return Unavailable("the server ended the stream early; is it stopping?");
  }
  // gRPC's own words for these say little.
  Status Explained(const Status& status) const {
    if (status.code() == Code::kDeadlineExceeded &&
        status.message() == "Deadline Exceeded") {
      return {status.code(), fmt::format("no whole answer within {} s; allow "
                                         "more with --timeout",
                                         options_.timeout.count())};
    }
    if (status.code() == Code::kCancelled) {
      return {Code::kUnavailable, "the server stopped during the answer"};
    }
    return status;
  }
  void Count(int32_t id) {
    last_token_ = Clock::now();
    if (result_.ids.empty()) {
      first_token_ = last_token_;
      result_.prompt_seconds = Seconds(first_token_ - start_);
    }
    result_.ids.push_back(id);
    ++result_.tokens_out;
  }
  void Show(const std::string& text,
            const std::function<void(std::string_view)>& on_text) {
    result_.text += text;
    if (on_text && !text.empty()) on_text(text);
  }
  void Finish(const v1::Done& done) {
    result_.reason = done.reason() == v1::Done::STOP         ? "stop"
                     : done.reason() == v1::Done::MAX_TOKENS ? "length"
                                                             : "context";
  }

  ClientModel& model_;
  const GenerateOptions& options_;
  wire::RowSender sender_;
  TextAssembler assembler_;
  grpc::ClientContext context_;
  std::unique_ptr<Stream> stream_;
  Clock::time_point start_ = Clock::now();
  Clock::time_point first_token_ = start_;
  Clock::time_point last_token_ = start_;
  Generation result_;
};

}  // namespace

std::string TextAssembler::Add(std::string_view bytes) {
  if (stopped_) return {};
  held_ += bytes;
  size_t keep = CutCharacterBytes(held_);
  for (const std::string& stop : stop_) {
    if (const size_t at = held_.find(stop);
        !stop.empty() && at != std::string::npos) {
      stopped_ = true;
      held_.resize(at);
      keep = 0;
      continue;
    }
    // The longest end of the text that begins the stop text.
    for (size_t n =
             std::min(stop.size() - (stop.empty() ? 0 : 1), held_.size());
         n > keep; --n) {
      if (std::string_view(held_).ends_with(
              std::string_view(stop).substr(0, n))) {
        keep = n;
        break;
      }
    }
  }
  if (stopped_) keep = 0;
  std::string shown = held_.substr(0, held_.size() - keep);
  held_.erase(0, shown.size());
  return shown;
}

std::string TextAssembler::Finish() {
  return stopped_ ? std::string() : std::exchange(held_, {});
}

Result<Generation> Generate(
    Remote& remote, ClientModel& model, std::span<const int32_t> prompt,
    const GenerateOptions& options,
    const std::function<void(std::string_view)>& on_text) {
  if (prompt.empty()) return InvalidArgument("the prompt is empty");
  if (model.facts().partition == model::kPartitionHead) {
    return Unimplemented(
        "this model was split with --head client; generation "
        "with the head on the client is not built yet: split "
        "it with --head server");
  }
  if (prompt.size() >= remote.facts().max_tokens) {
    return OutOfRange(fmt::format(
        "the prompt has {} tokens, the server takes at most {} a session "
        "(with room for one answer token); shorten it or raise the server's "
        "--tokens",
        prompt.size(), remote.facts().max_tokens));
  }
  Run run(remote, model, options);
  CMIF_TRY(run.SendPrompt(prompt));
  while (true) {
    CMIF_ASSIGN(const bool more, run.Step(on_text));
    if (!more) break;
  }
  Generation result = run.Take();
  result.tokens_in = prompt.size();
  return result;
}

}  // namespace cmif::client
