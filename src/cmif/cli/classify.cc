// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <deque>
#include <memory>

#include "cmif/base/random.h"
#include "cmif/cli/commands.h"
#include "cmif/cli/hardening.h"
#include "cmif/cli/json_line.h"
#include "cmif/cli/line_reader.h"
#include "cmif/cli/privacy_options.h"
#include "cmif/cli/terminal.h"
#include "cmif/cli/tls_options.h"
#include "cmif/client/classifier.h"

namespace cmif::cli {
namespace {

struct Flags {
  PrivacyOptions privacy;
  RemoteFlags remote;
  bool json = false;
};

// A text without tabs, which separate the columns of a line.
std::string OneColumn(std::string text) {
  std::ranges::replace(text, '\t', ' ');
  return text;
}

// A line on its way: its sanitized form, or why it failed.
struct Item {
  size_t number;
  Result<client::Sanitized> sanitized;
  std::vector<client::PromptRow> rows;
  uint64_t bytes_sent = 0;
};
using Batch = std::vector<Item>;

// Reads lines, keeps up to two batches on the wire, prints in order.
class Pipeline {
 public:
  Pipeline(client::Sanitizer& sanitizer, client::PromptRows& rows,
           client::Remote& remote,
           std::unique_ptr<client::Classifier> classifier, privacy::Delta delta,
           bool json)
      : sanitizer_(sanitizer),
        rows_(rows),
        remote_(remote),
        classifier_(std::move(classifier)),
        delta_(delta),
        losses_(sanitizer, delta),
        json_(json) {}

  int Run() {
    // Where standard output cannot be written {fmt} throws; what left is told
    // all the same.
    try {
      Pass();
    } catch (...) {
      TellCharges();
      throw;
    }
    TellCharges();
    if (broken_) return ExitCodeOf(*broken_);
    if (const auto read = lines_.error(); !read) return Report(read.error());
    return exit_code_;  // main() sees whether all of it was written
  }

 private:
  void TellCharges() const {
    if (const std::string line = losses_.Line(); !line.empty()) Note(line);
    Note(RevealedLine(sanitizer_.model().ledger()));
  }

  // All lines, in batches.
  void Pass() {
    Batch batch;
    size_t tokens = 0;
    for (size_t number = 1; auto line = lines_.Next(); ++number) {
      Item item = Prepare(number, *line);
      if (!batch.empty() &&
          tokens + item.rows.size() > classifier_->max_batch_tokens()) {
        Send(std::exchange(batch, {}));
        tokens = 0;
        if (pending_.size() > 1) ReceiveOldest();
      }
      tokens += item.rows.size();
      batch.push_back(std::move(item));
      const bool full = batch.size() >= classifier_->max_sentences();
      if (!full && lines_.Ready()) continue;
      Send(std::exchange(batch, {}));
      tokens = 0;
      if (pending_.size() > 1) ReceiveOldest();
      while (!lines_.Ready() && !pending_.empty()) ReceiveOldest();
    }
    if (!batch.empty()) Send(std::move(batch));
    while (!pending_.empty()) ReceiveOldest();
  }

  Item Prepare(size_t number, const LineReader::Line& line) {
    if (broken_) return {number, std::unexpected(*broken_), {}};
    if (line.too_long) return {number, LineReader::TooLong(), {}};
    Item item{number, sanitizer_.Sanitize(line.text, random_), {}};
    if (!item.sanitized) return item;
    auto rows = RowsOf(item.sanitized->text);
    if (rows) {
      item.rows = *std::move(rows);
    } else {
      item.sanitized = std::unexpected(rows.error());
    }
    return item;
  }

  Result<std::vector<client::PromptRow>> RowsOf(const std::string& text) {
    CMIF_ASSIGN(std::vector<int32_t> ids,
                sanitizer_.model().tokenizer().Encode(text, true));
    if (ids.size() > classifier_->max_tokens()) {
      return OutOfRange(fmt::format(
          "the line has {} tokens, the model takes at most {}: shorten it",
          ids.size(), classifier_->max_tokens()));
    }
    return rows_.OfText(std::move(ids));
  }

  void Send(Batch batch) {
    std::vector<std::vector<client::PromptRow>> sentences;
    for (const Item& item : batch) {
      if (item.sanitized) sentences.push_back(item.rows);
    }
    if (!sentences.empty() && !broken_) {
      auto bytes = classifier_->Send(sentences);
      if (!bytes && pending_.empty() && Restart()) {
        bytes = classifier_->Send(sentences);
      }
      if (!bytes && bytes.error().code() == Code::kResourceExhausted &&
          batch.size() > 1) {
        return SendApart(std::move(batch));
      }
      // Answered or not, and whether or not all of it left.
      for (const Item& item : batch) {
        if (item.sanitized) losses_.Add(item.sanitized->charges);
      }
      if (!bytes) {
        // What was sent before is answered, if the stream still lives.
        while (!pending_.empty()) ReceiveOldest();
        Break(bytes.error());
      } else {
        size_t next = 0;
        for (Item& item : batch) {
          if (item.sanitized) item.bytes_sent = (*bytes)[next++];
        }
      }
    }
    pending_.push_back(std::move(batch));
  }

  // What a lease allows may be enough for the first of them.
  void SendApart(Batch batch) {
    for (Item& item : batch) {
      Batch one;
      one.push_back(std::move(item));
      Send(std::move(one));
      while (pending_.size() > 1) ReceiveOldest();
    }
  }

  // A server ends streams that have been idle for minutes: nothing was lost, so
  // one new stream is tried.
  bool Restart() {
    auto fresh = client::Classifier::Start(remote_, sanitizer_.model());
    if (!fresh) return false;
    classifier_ = *std::move(fresh);
    return true;
  }

  void ReceiveOldest() {
    Batch batch = std::move(pending_.front());
    pending_.pop_front();
    const bool expects = std::ranges::any_of(
        batch, [](const Item& item) { return item.sanitized.has_value(); });
    std::vector<std::vector<float>> logits;
    if (expects && !broken_) {
      auto received = classifier_->Receive();
      if (received) {
        logits = *std::move(received);
      } else {
        Break(received.error());
      }
    }
    size_t next = 0;
    for (Item& item : batch) {
      if (item.sanitized && broken_) {
        item.sanitized = std::unexpected(*broken_);
      }
      if (item.sanitized) {
        Print(item, logits[next++]);
      } else {
        PrintError(item);
      }
    }
    if (pending_.empty()) fflush(stdout);
  }

  void Break(const Status& status) {
    if (broken_) return;
    broken_ = status;
    Report(status);
  }

  void Print(const Item& item, const std::vector<float>& logits) {
    const auto& labels = sanitizer_.model().facts().labels;
    const std::vector<double> probabilities = client::Softmax(logits);
    const size_t best = client::Likeliest(probabilities);
    if (!json_) {
      fmt::print("{}\t{:.4f}\t{}\n", labels[best], probabilities[best],
                 OneColumn(item.sanitized->text));
      return;
    }
    auto json = SanitizedJson(sanitizer_, *item.sanitized, delta_);
    json["rows"] = client::RowKindName(rows_.kind());
    json["label"] = labels[best];
    for (size_t i = 0; i < labels.size(); ++i) {
      json["probabilities"][labels[i]] = probabilities[i];
    }
    json["bytes_sent"] = item.bytes_sent;
    json["rows_revealed"] = sanitizer_.model().ledger().rows_revealed();
    fmt::print("{}\n", JsonLine(json));
  }

  void PrintError(const Item& item) {
    exit_code_ = kSomeLinesFailed;
    const Status& status = item.sanitized.error();
    if (!broken_) Report(status.At(fmt::format("line {}", item.number)));
    const nlohmann::json error = {{"error", status.message()}};
    fmt::print("{}\n", json_ ? JsonLine(error) : "error");
  }

  client::Sanitizer& sanitizer_;
  client::PromptRows& rows_;
  client::Remote& remote_;
  std::unique_ptr<client::Classifier> classifier_;
  privacy::Delta delta_;
  DocumentLosses losses_;
  bool json_;
  LineReader lines_{STDIN_FILENO};
  OsRandom random_;
  std::deque<Batch> pending_;
  std::optional<Status> broken_;
  int exit_code_ = kOk;
};

int Run(const Flags& flags) {
  const auto delta =
      CheckPrivacyOptions(flags.privacy, &flags.remote.server_key);
  if (!delta) return Report(delta.error());
  auto model = OpenModel(flags.privacy.bundle);
  if (!model) return Report(model.error());
  auto remote = ConnectTo(flags.remote, (*model)->facts(),
                          flags.privacy.bundle.broker.UsesAttester());
  if (!remote) return Report(remote.error());
  auto classifier = client::Classifier::Start(**remote, **model);
  if (!classifier) return Report(classifier.error());
  auto sanitizer = MakeSanitizer(*model, flags.privacy);
  if (!sanitizer) return Report(sanitizer.error());
  auto rows = MakePromptRows(*sanitizer, flags.privacy);
  if (!rows) return Report(rows.error());
  Note(GuaranteeLine(*sanitizer));
  return Pipeline(*sanitizer, *rows, **remote, *std::move(classifier), *delta,
                  flags.json)
      .Run();
}

}  // namespace

void AddClassify(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand(
      "classify",
      "classify each input line on a server that never sees its words");
  auto flags = std::make_shared<Flags>();
  AddPrivacyOptions(*command, flags->privacy);
  AddRowsOption(*command, flags->privacy);
  AddRemoteOptions(*command, flags->remote);
  command->add_flag("--json", flags->json, "one JSON object a line");
  AddHardeningOption(*command);
  command->callback([flags, command, &exit_code] {
    exit_code = RunHardened(*command, [&] { return Run(*flags); });
  });
}

}  // namespace cmif::cli
