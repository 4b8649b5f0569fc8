// SPDX-License-Identifier: Apache-2.0
#include "cmif/client/generator.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "cmif/client/head_sampler.h"
#include "cmif/client/prove-inl.h"
#include "cmif/client/remote-inl.h"
#include "cmif/client/text_assembler.h"
#include "cmif/client/watchdog-inl.h"
#include "cmif/wire/grpc_status.h"
#include "cmif/wire/limits.h"
#include "cmif/wire/row_sender.h"

namespace cmif::client {
namespace {

using Clock = std::chrono::steady_clock;
using OnText = std::function<void(std::string_view)>;
using Stream = grpc::ClientReaderWriter<v1::GenerateRequest, v1::GenerateReply>;

double Seconds(Clock::duration time) {
  return std::chrono::duration<double>(time).count();
}

// One generation, in order: SendPrompt(), then Step() until it is done.
class Run {
 public:
  // `head`: where the partition has the client draw the tokens.
  Run(Remote& remote, ClientModel& model, const GenerateOptions& options,
      std::optional<HeadSampler> head)
      : remote_(remote),
        model_(model),
        options_(options),
        head_(std::move(head)),
        proof_(remote.impl().NewProof("Generate")),
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

  Result<void> SendPrompt(std::span<const PromptRow> prompt) {
    CMIF_TRY(ProveIfDue());
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
  Result<bool> Step(const OnText& on_text) {
    v1::GenerateReply reply;
    if (!stream_->Read(&reply)) return Broken();
    result_.bytes_received += reply.ByteSizeLong();
    ++result_.messages;
    CMIF_TRY(CheckReply(reply));
    CMIF_ASSIGN(const bool goes_on, head_ ? TakeState(*head_, reply, on_text)
                                          : TakeTokens(reply, on_text));
    if (!goes_on) return false;
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
  // Lets a round of the exchange pass if one is due; the server waits.
  Result<void> ProveIfDue() {
    if (!proof_.Due(attest::ProofClock::now())) return {};
    return Prove(*stream_, context_, proof_, [this] { return Broken(); });
  }
  Result<void> CheckReply(const v1::GenerateReply& reply) const {
    const bool states = !reply.hidden_state().empty();
    const bool tokens = !reply.tokens().empty();
    if (head_ ? tokens : states) {
      return Internal(
          "the server sent what does not belong to the model's partition");
    }
    if (!states && !tokens && (reply.wants_row() || !reply.has_done())) {
      return Internal("the server sent a reply without tokens");
    }
    const auto count = states ? 1 : static_cast<uint64_t>(reply.tokens_size());
    if (result_.tokens_out + count > options_.max_tokens) {
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
  // Each of these: false when the answer ends here.
  Result<bool> TakeTokens(const v1::GenerateReply& reply, const OnText& show) {
    if (reply.wants_row()) {
      CMIF_TRY(ProveIfDue());
      v1::GenerateRequest answer;
      CMIF_TRY(
          AddOwnRow(static_cast<int32_t>(reply.tokens().rbegin()[0]), answer));
      CMIF_TRY(Write(answer));
    }
    for (const uint32_t token : reply.tokens()) {
      if (!TakeToken(static_cast<int32_t>(token), show)) return false;
    }
    return true;
  }
  Result<bool> TakeState(HeadSampler& head, const v1::GenerateReply& reply,
                         const OnText& show) {
    if (reply.hidden_state().empty()) return true;
    CMIF_ASSIGN(const auto token, head.Next(reply.hidden_state()));
    if (!token) {
      result_.reason = "stop";
      Show(assembler_.Finish(), show);
      return false;
    }
    if (!TakeToken(*token, show)) return false;
    if (reply.has_done() || result_.tokens_out == options_.max_tokens) {
      return true;
    }
    CMIF_TRY(ProveIfDue());
    v1::GenerateRequest answer;
    CMIF_TRY(AddOwnRow(*token, answer));
    // Fails where this state filled the context: the last reply says so.
    Send(answer);
    return true;
  }
  bool TakeToken(int32_t id, const OnText& show) {
    Count(id);
    Show(assembler_.Add(model_.tokenizer().Piece(id)), show);
    if (!assembler_.stopped()) return true;
    result_.reason = "stop";
    return false;
  }
  void SetSampling(v1::Sampling& sampling) {
    sampling.set_max_tokens(options_.max_tokens);
    if (head_) return;  // drawn here: the server needs to know no more
    sampling.set_temperature(options_.temperature);
    sampling.set_top_p(options_.top_p);
    sampling.set_seed(options_.seed);
    if (!options_.stop_at_end) return;
    for (const int32_t id : model_.tokenizer().EndTokens()) {
      sampling.add_stop_tokens(static_cast<uint32_t>(id));
    }
  }
  Result<void> AddRow(const PromptRow& row, v1::GenerateRequest& request) {
    CMIF_TRY(model_.ledger().Reveal({&row.key, 1}));
    CMIF_ASSIGN(const uint32_t slot, sender_.SlotOf(row.key, row.bytes));
    request.mutable_rows()->add_slots(slot);
    return {};
  }
  // Of a generated token.
  Result<void> AddOwnRow(int32_t id, v1::GenerateRequest& request) {
    return AddRow(PlainRow(model_, id), request);
  }
  bool Send(v1::GenerateRequest& request) {
    request.mutable_rows()->set_new_rows(sender_.TakeNewRows());
    result_.bytes_sent += request.ByteSizeLong();
    ++result_.messages;
    return stream_->Write(request);
  }
  Result<void> Write(v1::GenerateRequest& request) {
    if (!Send(request)) return Broken();
    return {};
  }
  std::unexpected<Status> Broken() {
    Watchdog watchdog(context_);
    watchdog.Arm(kStatusLimit);
    const auto status = wire::FromGrpc(EndOf(*stream_));
    stream_.reset();
    if (watchdog.fired()) return Unreadable();
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
    return remote_.Explained(status);
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
  void Show(const std::string& text, const OnText& on_text) {
    result_.text += text;
    if (on_text && !text.empty()) on_text(text);
  }
  void Finish(const v1::Done& done) {
    result_.reason = done.reason() == v1::Done::STOP         ? "stop"
                     : done.reason() == v1::Done::MAX_TOKENS ? "length"
                                                             : "context";
  }

  const Remote& remote_;
  ClientModel& model_;
  const GenerateOptions& options_;
  std::optional<HeadSampler> head_;
  attest::ClientProof proof_;
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

Result<Generation> Generate(Remote& remote, ClientModel& model,
                            std::span<const PromptRow> prompt,
                            const GenerateOptions& options,
                            const OnText& on_text) {
  if (prompt.empty()) return InvalidArgument("the prompt is empty");
  if (prompt.size() >= remote.facts().max_tokens) {
    return OutOfRange(fmt::format(
        "the prompt has {} tokens, the server takes at most {} a session "
        "(with room for one answer token); shorten it or raise the server's "
        "--tokens",
        prompt.size(), remote.facts().max_tokens));
  }
  std::optional<HeadSampler> head;
  if (model.facts().partition == model::kPartitionHead) {
    CMIF_ASSIGN(
        head, HeadSampler::Create(model, {.temperature = options.temperature,
                                          .top_p = options.top_p,
                                          .seed = options.seed,
                                          .stop_at_end = options.stop_at_end}));
  }
  Run run(remote, model, options, std::move(head));
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
