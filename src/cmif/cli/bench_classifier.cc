// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <memory>

#include "cmif/base/parallel.h"
#include "cmif/base/random.h"
#include "cmif/cli/bench_engines.h"
#include "cmif/cli/bench_report.h"
#include "cmif/cli/bench_text.h"
#include "cmif/cli/demo_models.h"
#include "cmif/client/channel_store.h"
#include "cmif/client/classifier.h"
#include "cmif/client/client_model.h"
#include "cmif/client/remote.h"
#include "cmif/client/sanitizer.h"

namespace cmif::cli {
namespace {

using Sentences = std::vector<std::vector<int32_t>>;
using Rows = std::vector<std::vector<client::PromptRow>>;

constexpr size_t kRounds = 8;  // passes over the reviews a measurement
// A measurement takes less than half a second, which a moment of other work on
// the machine may fill: so many more pairs of them.
constexpr int kPairsTimes = 4;
// The paper's overhead of its sanitizer is 0.6 to 0.74 %: the middle.
constexpr double kPaperSharePercent = 0.67;

Rows RowsOf(const client::ClientModel& model, const Sentences& sentences) {
  Rows rows;
  for (const auto& ids : sentences) {
    rows.push_back(client::PlainRows(model, ids));
  }
  return rows;
}

Result<void> RunOurs(client::Remote& remote, client::ClientModel& model,
                     const std::vector<Sentences>& batches) {
  CMIF_ASSIGN(const auto classifier, client::Classifier::Start(remote, model));
  size_t ahead = 0;
  for (size_t round = 0; round < kRounds; ++round) {
    for (const Sentences& batch : batches) {
      CMIF_TRY(classifier->Send(RowsOf(model, batch)));
      if (++ahead < 2) continue;
      CMIF_TRY(classifier->Receive());
      --ahead;
    }
  }
  for (; ahead > 0; --ahead) CMIF_TRY(classifier->Receive());
  return {};
}

Result<std::vector<Sentences>> Batches(const model::Tokenizer& tokenizer,
                                       size_t batch_size) {
  std::vector<Sentences> batches;
  for (size_t i = 0; i < kReviews.size(); ++i) {
    if (i % batch_size == 0) batches.emplace_back();
    CMIF_ASSIGN(auto ids, tokenizer.Encode(kReviews[i], true));
    batches.back().push_back(std::move(ids));
  }
  return batches;
}

Result<void> CompareRates(Engines& engines, size_t batch_size, int count,
                          Pairs& rates) {
  CMIF_ASSIGN(const auto batches,
              Batches(engines.model->tokenizer(), batch_size));
  const double sentences = static_cast<double>(kReviews.size() * kRounds);
  for (int pair = 0; pair < count; ++pair) {
    Result<void> ran;
    const double ours =
        Timed([&] { ran = RunOurs(*engines.remote, *engines.model, batches); });
    CMIF_TRY(ran);
    const double reference = Timed([&] {
      for (size_t round = 0; round < kRounds; ++round) {
        for (const Sentences& batch : batches) engines.plain->Classify(batch);
      }
    });
    rates.Add(sentences / ours, sentences / reference);
  }
  return {};
}

struct Seconds {
  double sanitizing = 0;
  double whole = 0;
  double SharePercent() const { return 100 * sanitizing / whole; }
};

// Requests of one sentence each: all reviews once.
Result<void> OnePass(client::Classifier& classifier,
                     client::Sanitizer& sanitizer, RandomSource& random,
                     Seconds& sum) {
  for (const std::string_view review : kReviews) {
    Result<client::Sanitized> result;
    const double sanitizing =
        Timed([&] { result = sanitizer.Sanitize(review, random); });
    if (!result) return std::unexpected(result.error());
    Result<void> sent;
    const double rest = Timed([&] {
      sent = [&]() -> Result<void> {
        CMIF_ASSIGN(const auto ids,
                    sanitizer.model().tokenizer().Encode(result->text, true));
        CMIF_TRY(classifier.Send(RowsOf(sanitizer.model(), {ids})));
        CMIF_TRY(classifier.Receive());
        return {};
      }();
    });
    CMIF_TRY(sent);
    sum.sanitizing += sanitizing;
    sum.whole += sanitizing + rest;
  }
  return {};
}

// Share of the sanitizer in a request, channel at eps = 1: with words that it
// has met before, and with none (each word of several tokens is then searched
// for among all units; the table for that is ready in both).
Result<void> MeasureShare(client::Remote& remote,
                          const std::shared_ptr<client::ClientModel>& model,
                          BenchReport& report) {
  CMIF_ASSIGN(const privacy::Epsilon epsilon, privacy::Epsilon::Create(1));
  CMIF_ASSIGN(
      const auto opened,
      client::OpenChannelWithHash(
          *model, {.spec = client::DefaultSpec(model->facts(), epsilon)}, {}));
  CMIF_TRY(model->Nearest());
  CMIF_ASSIGN(const auto classifier, client::Classifier::Start(remote, *model));
  OsRandom random;
  Pairs shares_of_new;
  Pairs shares_of_known;
  for (int pair = 0; pair < report.pairs(); ++pair) {
    Seconds first;
    Seconds again;
    CMIF_ASSIGN(
        client::Sanitizer sanitizer,
        client::Sanitizer::Create(model, opened.channel,
                                  client::Repeats::kFresh, opened.sha256));
    CMIF_TRY(OnePass(*classifier, sanitizer, random, first));
    CMIF_TRY(OnePass(*classifier, sanitizer, random, again));
    shares_of_new.Add(first.SharePercent(), kPaperSharePercent);
    shares_of_known.Add(again.SharePercent(), kPaperSharePercent);
  }
  const std::string paper = "the paper's 0.6 to 0.74 %, not measured here";
  report.Row("sanitizer's share, words met before", shares_of_known, "%",
             paper);
  report.Row("sanitizer's share, all words new", shares_of_new, "%", paper);
  return {};
}

}  // namespace

Result<void> BenchClassifier(BenchReport& report) {
  CMIF_ASSIGN(const DemoModel demo, ClassifierModel());
  const engine::testing::PlainLlamaOptions plain = {
      .threads = HardwareThreads(),
      .context = 512,
      .batch = 512,
      .sequences = 16,
      .classifier = true};
  constexpr size_t kBatchSizes[] = {4, 8, 16};
  Pairs rates[std::size(kBatchSizes)];
  std::unique_ptr<Engines> engines;
  for (int start = 0; start < report.starts(); ++start) {
    engines.reset();
    CMIF_ASSIGN(engines, Engines::Start(demo, plain));
    for (size_t i = 0; i < std::size(kBatchSizes); ++i) {
      CMIF_TRY(CompareRates(*engines, kBatchSizes[i],
                            kPairsTimes * report.pairs_a_start(), rates[i]));
    }
  }
  for (size_t i = 0; i < std::size(kBatchSizes); ++i) {
    report.Row(fmt::format("classify, {} sentences a call", kBatchSizes[i]),
               rates[i], "sentences/s", "plain llama.cpp");
  }
  return MeasureShare(*engines->remote, engines->model, report);
}

}  // namespace cmif::cli
