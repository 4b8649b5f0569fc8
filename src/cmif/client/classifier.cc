// SPDX-License-Identifier: Apache-2.0
#include "cmif/client/classifier.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <deque>
#include <optional>

#include "cmif/client/prove-inl.h"
#include "cmif/client/remote-inl.h"
#include "cmif/client/watchdog-inl.h"
#include "cmif/wire/grpc_status.h"
#include "cmif/wire/limits.h"
#include "cmif/wire/row_sender.h"

namespace cmif::client {

namespace {

// A server that accepts sentences and never answers must not hang a client.
constexpr std::chrono::seconds kAnswerLimit{120};

}  // namespace

struct Classifier::Impl {
  Impl(Remote& remote_in, ClientModel& model_in)
      : remote(remote_in),
        model(model_in),
        sender(model_in.table().format().row_bytes(),
               remote_in.facts().max_slots),
        proof(remote_in.impl().NewProof("Classify")) {}
  ~Impl() {
    if (!stream) return;
    context.TryCancel();
    stream->Finish();
  }

  // Why the stream broke.
  std::unexpected<Status> Broken() {
    const bool too_late = watchdog.fired();
    watchdog.Arm(kStatusLimit);
    const auto status = wire::FromGrpc(EndOf(*stream));
    watchdog.Disarm();
    stream.reset();
    if (too_late) {
      end = {Code::kDeadlineExceeded,
             fmt::format("the server did not answer within {} s",
                         kAnswerLimit.count())};
    } else if (watchdog.fired()) {
      end = Unreadable().error();
    } else if (!status) {
      end = remote.Explained(status.error());
    }
    return std::unexpected(end);
  }

  // Replies that came before the stream broke are kept.
  Result<void> ReadPending() {
    while (early.size() < pending.size()) {
      CMIF_ASSIGN(early.emplace_back(), ReadReply());
    }
    return {};
  }

  // Lets a round of the exchange pass if one is due.
  Result<void> ProveIfDue() {
    if (!proof.Due(attest::ProofClock::now())) return {};
    CMIF_TRY(ReadPending());  // the server answers in order
    watchdog.Arm(kAnswerLimit);
    const auto proven =
        Prove(*stream, context, proof, [this] { return Broken(); });
    watchdog.Disarm();
    if (proven || !stream) return proven;
    context.TryCancel();
    stream->Finish();
    stream.reset();
    return proven;
  }

  Result<v1::ClassifyReply> ReadReply() {
    v1::ClassifyReply reply;
    watchdog.Arm(kAnswerLimit);
    const bool read = stream->Read(&reply);
    watchdog.Disarm();
    if (!read) return Broken();
    return reply;
  }

  Remote& remote;
  ClientModel& model;
  wire::RowSender sender;
  attest::ClientProof proof;
  grpc::ClientContext context;
  Watchdog watchdog{context};
  std::unique_ptr<
      grpc::ClientReaderWriter<v1::ClassifyRequest, v1::ClassifyReply>>
      stream;
  // Once there is no stream any more.
  Status end{Code::kUnavailable,
             "the server ended the stream early; is it stopping?"};
  std::deque<size_t> pending;  // sentences of each batch not received
  // Replies to the first of them, read in front of a challenge or of the end.
  std::deque<v1::ClassifyReply> early;
};

namespace {

size_t VarintBytes(uint64_t value) {
  size_t size = 1;
  while (value >= 128) {
    value >>= 7;
    ++size;
  }
  return size;
}

}  // namespace

Classifier::Classifier(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Classifier::~Classifier() = default;

Result<std::unique_ptr<Classifier>> Classifier::Start(Remote& remote,
                                                      ClientModel& model) {
  const size_t labels = model.facts().labels.size();
  if (labels == 0) {
    return FailedPrecondition("model '" + model.facts().name +
                              "' is not a classifier; cmif ask talks to chat "
                              "models");
  }
  if (remote.facts().labels != labels) {
    return FailedPrecondition(
        fmt::format("the server gives {} labels, the model has {}",
                    remote.facts().labels, labels));
  }
  auto impl = std::make_unique<Impl>(remote, model);
  impl->stream = remote.impl().stub->Classify(&impl->context);
  CMIF_TRY(impl->ProveIfDue());
  return std::unique_ptr<Classifier>(new Classifier(std::move(impl)));
}

uint32_t Classifier::max_tokens() const {
  return impl_->remote.facts().max_tokens;
}
uint32_t Classifier::max_sentences() const {
  return impl_->remote.facts().max_sentences;
}

size_t Classifier::max_batch_tokens() const {
  return std::max<size_t>(
      1, std::min<size_t>(wire::kMaxRowBytesPerMessage /
                              impl_->model.table().format().row_bytes(),
                          impl_->remote.facts().max_slots));
}

Result<std::vector<uint64_t>> Classifier::Send(
    std::span<const std::vector<PromptRow>> sentences) {
  if (!impl_->stream) return std::unexpected(impl_->end);
  CMIF_TRY(impl_->ProveIfDue());
  v1::ClassifyRequest request;
  std::vector<uint32_t> keys;
  for (const auto& sentence : sentences) {
    for (const PromptRow& row : sentence) keys.push_back(row.key);
  }
  CMIF_TRY(impl_->model.ledger().Reveal(keys));
  if (impl_->sender.free_slots() < keys.size()) {
    impl_->sender.Reset();
    request.set_reset_slots(true);
  }
  std::vector<uint64_t> bytes;
  for (const auto& sentence : sentences) {
    const size_t before = impl_->sender.new_row_bytes();
    uint64_t size = VarintBytes(sentence.size());
    for (const PromptRow& row : sentence) {
      CMIF_ASSIGN(const uint32_t slot,
                  impl_->sender.SlotOf(row.key, row.bytes));
      request.mutable_rows()->add_slots(slot);
      size += VarintBytes(slot);
    }
    request.add_lengths(static_cast<uint32_t>(sentence.size()));
    bytes.push_back(size + impl_->sender.new_row_bytes() - before);
  }
  request.mutable_rows()->set_new_rows(impl_->sender.TakeNewRows());
  impl_->watchdog.Arm(kAnswerLimit);
  const bool written = impl_->stream->Write(request);
  impl_->watchdog.Disarm();
  if (!written) {
    CMIF_TRY(impl_->ReadPending());
    return impl_->Broken();
  }
  impl_->pending.push_back(sentences.size());
  return bytes;
}

Result<std::vector<std::vector<float>>> Classifier::Receive() {
  if (impl_->pending.empty() || (!impl_->stream && impl_->early.empty())) {
    return std::unexpected(impl_->end);
  }
  v1::ClassifyReply reply;
  if (impl_->early.empty()) {
    CMIF_ASSIGN(reply, impl_->ReadReply());
  } else {
    reply = std::move(impl_->early.front());
    impl_->early.pop_front();
  }
  const size_t sentences = impl_->pending.front();
  impl_->pending.pop_front();
  const size_t labels = impl_->model.facts().labels.size();
  const bool finite = std::ranges::all_of(
      reply.logits(), [](float logit) { return std::isfinite(logit); });
  if (static_cast<size_t>(reply.logits_size()) != sentences * labels ||
      !finite) {
    return Internal("the server's reply does not have the right shape");
  }
  std::vector<std::vector<float>> logits(sentences);
  for (size_t i = 0; i < sentences; ++i) {
    const auto* begin = reply.logits().data() + i * labels;
    logits[i].assign(begin, begin + labels);
  }
  return logits;
}

size_t Likeliest(std::span<const double> probabilities) {
  return static_cast<size_t>(std::ranges::max_element(probabilities) -
                             probabilities.begin());
}

}  // namespace cmif::client
