// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "cmif/base/file.h"
#include "cmif/base/random.h"
#include "cmif/cli/bench_report.h"
#include "cmif/cli/bench_text.h"
#include "cmif/cli/bench_timing.h"
#include "cmif/cli/demo_models.h"
#include "cmif/cli/terminal.h"
#include "cmif/client/channel_store.h"
#include "cmif/client/client_model.h"
#include "cmif/client/conversation.h"
#include "cmif/client/nearest_unit.h"
#include "cmif/client/sanitizer.h"
#include "cmif/model/oblivious_rows.h"
#include "cmif/privacy/accountant.h"
#include "cmif/text/words.h"

namespace cmif::cli {
namespace {

constexpr int kDraws = 200'000;

// Report-Noisy-Max as the formula reads, at run time: K cosines, Laplace
// noise, argmax. What the tables replace.
int32_t NaiveDraw(const privacy::RowMatrix& rows,
                  const std::vector<int32_t>& candidates, int32_t id,
                  std::mt19937_64& engine) {
  std::exponential_distribution<double> exponential(0.5);
  const auto row = rows.Row(id);
  double best = -1e9;
  int32_t chosen = id;
  for (const int32_t candidate : candidates) {
    const auto other = rows.Row(candidate);
    double score = 0;
    for (size_t i = 0; i < row.size(); ++i) score += row[i] * other[i];
    score += exponential(engine) - exponential(engine);
    if (score > best) {
      best = score;
      chosen = candidate;
    }
  }
  return chosen;
}

Result<void> MeasureDraw(client::ClientModel& model,
                         const privacy::Channel& channel,
                         const std::string& name, BenchReport& report) {
  CMIF_ASSIGN(const privacy::Sampler sampler,
              privacy::Sampler::Create(channel));
  CMIF_ASSIGN(const privacy::RowMatrix* const rows, model.Rows());
  std::mt19937_64 engine(1);
  std::vector<int32_t> ids(kDraws);
  const auto& words = model.units().words();
  for (int32_t& id : ids) id = words[engine() % words.size()];
  OsRandom random;
  Pairs pairs;
  int64_t sum = 0;  // keeps the work alive
  for (int pair = 0; pair < report.pairs(); ++pair) {
    const double ours = Timed([&] {
      for (const int32_t id : ids) sum += sampler.Draw(id, random);
    });
    constexpr int kNaive = kDraws / 50;
    const double naive = Timed([&] {
      for (int i = 0; i < kNaive; ++i) {
        const int32_t id = ids[static_cast<size_t>(i)];
        const int cluster = model.clustering()->cluster_of(id);
        sum += NaiveDraw(
            *rows, model.clustering()->clusters()[static_cast<size_t>(cluster)],
            id, engine);
      }
    });
    pairs.Add(1e9 * ours / kDraws, 1e9 * naive / kNaive);
  }
  if (sum == 42) Note("");
  report.Row("draw, " + name, pairs, "ns/word", "scores and noise at run time");
  report.Row("draw's time between two halves of the words, |t|, " + name,
             std::abs(DrawTimingT(sampler, words, false)),
             std::abs(DrawTimingT(sampler, words, true)), "t (below 4.5)",
             "the same test of a draw that does leak");
  return {};
}

// The draw as the sanitizer makes it, keyed by conversation, place and unit,
// beside one from the operating system's randomness.
Result<void> MeasureKeyedDraw(client::ClientModel& model,
                              const privacy::Channel& channel,
                              const std::string& name, BenchReport& report) {
  CMIF_ASSIGN(const privacy::Sampler sampler,
              privacy::Sampler::Create(channel));
  std::mt19937_64 engine(2);
  std::vector<int32_t> ids(kDraws);
  const auto& words = model.units().words();
  for (int32_t& id : ids) id = words[engine() % words.size()];
  OsRandom random;
  const client::Conversation conversation({}, client::Repeats::kFresh, random);
  const client::MessageNoise noise = conversation.NoiseOf({});
  Pairs pairs;
  int64_t sum = 0;  // keeps the work alive
  for (int pair = 0; pair < report.pairs(); ++pair) {
    const double keyed = Timed([&] {
      uint32_t word = 0;
      for (const int32_t id : ids) {
        crypto::KeyedRandom source = noise.For({word++, 0, id, 0});
        sum += sampler.Draw(id, source);
      }
    });
    const double plain = Timed([&] {
      for (const int32_t id : ids) sum += sampler.Draw(id, random);
    });
    pairs.Add(1e9 * keyed / kDraws, 1e9 * plain / kDraws);
  }
  if (sum == 42) Note("");
  report.Row("draw, keyed, " + name, pairs, "ns/word",
             "a draw from OS randomness");
  return {};
}

// The curve of a cluster, and an account of a hundred words with all curves
// there.
Result<void> MeasureAccount(
    const std::shared_ptr<const privacy::Channel>& channel,
    const std::string& name, BenchReport& report) {
  constexpr int kClusters = 100;
  const int clusters = std::min(
      kClusters, static_cast<int>(channel->clustering().clusters().size()));
  Pairs pairs;
  for (int pair = 0; pair < report.pairs(); ++pair) {
    CMIF_ASSIGN(const auto accountant, privacy::Accountant::Create(channel));
    privacy::Charges charges;
    const double curves = Timed([&] {
      for (int c = 0; c < clusters; ++c) {
        accountant.CurveOf(c);
        charges.Add(c);
      }
    });
    Result<privacy::DocumentLoss> loss;
    const double account = Timed(
        [&] { loss = accountant.LossOf(charges, privacy::Delta::Default()); });
    if (!loss) return std::unexpected(loss.error());
    pairs.Add(1e6 * curves / clusters, 1e6 * account);
  }
  report.Row("Renyi curve, " + name, pairs, "us/cluster",
             "the account of 100 words, curves kept");
  return {};
}

Result<void> MeasureText(client::ClientModel& model,
                         client::Sanitizer& sanitizer, const std::string& name,
                         BenchReport& report) {
  OsRandom random;
  std::string text;
  for (const std::string_view review : kReviews)
    text += std::string(review) + " ";
  Pairs segmentation;
  Pairs sanitizing;
  for (int pair = 0; pair < report.pairs(); ++pair) {
    size_t words = 0;
    const double split = Timed([&] {
      for (const auto& piece : text::SplitWords(text)) {
        if (piece.kind == text::Piece::kWord) ++words;
      }
    });
    Result<std::vector<int32_t>> ids;
    const double tokens =
        Timed([&] { ids = model.tokenizer().Encode(text, true); });
    Result<client::Sanitized> sanitized;
    const double whole =
        Timed([&] { sanitized = sanitizer.Sanitize(text, random); });
    if (!ids) return std::unexpected(ids.error());
    if (!sanitized) return std::unexpected(sanitized.error());
    const auto count = static_cast<double>(words);
    segmentation.Add(1e9 * split / count, 1e9 * tokens / count);
    sanitizing.Add(1e9 * whole / count, 1e9 * tokens / count);
  }
  report.Row("segmentation, " + name, segmentation, "ns/word",
             "tokenizing the whole text once");
  report.Row("sanitizing, " + name, sanitizing, "ns/word",
             "tokenizing the whole text once");
  return {};
}

Result<void> MeasureNearest(client::ClientModel& model, const std::string& name,
                            BenchReport& report) {
  CMIF_ASSIGN(const client::NearestUnit* const nearest, model.Nearest());
  const size_t width = (size_t{model.facts().width} + 63) / 64 * 64;
  const size_t count = model.units().words().size();
  std::vector<int16_t> rows(width * count, 3);
  const std::vector<int16_t> query(width, 5);
  std::vector<int32_t> out(count);
  const std::vector<int32_t> ids = {model.units().words()[7],
                                    model.units().words()[99]};
  Pairs pairs;
  for (int pair = 0; pair < report.pairs(); ++pair) {
    const double ours = Timed([&] { nearest->Find(ids); });
    const double scalar =
        Timed([&] { client::DotProductsScalar(rows, query, out); });
    pairs.Add(1e6 * ours, 1e6 * scalar);
  }
  report.Row("nearest-unit search, " + name, pairs, "us/search",
             "the scalar twin's products alone");
  return {};
}

// What --oblivious costs a row, eight of them at a time.
void MeasureObliviousRows(const client::ClientModel& model,
                          const std::string& name, BenchReport& report) {
  const model::EmbeddingTable& table = model.table();
  std::vector<int32_t> ids(8);
  for (size_t i = 0; i < ids.size(); ++i) {
    ids[i] = static_cast<int32_t>(i * (table.rows() / ids.size()));
  }
  const auto rows = static_cast<double>(ids.size());
  SecretBytes copy(ids.size() * table.format().row_bytes());
  Pairs pairs;
  for (int pair = 0; pair < report.pairs(); ++pair) {
    const double ours =
        Timed([&] { copy = model::CopyRowsObliviously(table, ids); });
    const double direct = Timed([&] {
      uint8_t* to = copy.bytes().data();
      for (const int32_t id : ids) {
        to = std::ranges::copy(table.Row(id), to).out;
      }
    });
    pairs.Add(1e6 * ours / rows, 1e6 * direct / rows);
  }
  report.Row("embedding fetch, oblivious, " + name, pairs, "us/row",
             "copying the rows alone");
}

Result<void> MeasureStart(const DemoModel& demo, const std::string& name,
                          BenchReport& report) {
  Pairs pairs;
  for (int pair = 0; pair < report.pairs(); ++pair) {
    Result<void> opened;
    const double ours = Timed([&] {
      const auto model = client::ClientModel::Open(demo.folder);
      if (!model) opened = std::unexpected(model.error());
    });
    CMIF_TRY(opened);
    Result<std::string> read;
    const double plain = Timed(
        [&] { read = ReadFile(demo.folder / model::kBundleFile, 1ULL << 34); });
    CMIF_TRY(read);
    pairs.Add(ours, plain);
  }
  report.Row("client start, " + name, pairs, "s", "reading the bundle's bytes");
  return {};
}

Result<void> BenchModel(const DemoModel& demo, const std::string& name,
                        BenchReport& report) {
  CMIF_ASSIGN(const auto model, client::ClientModel::Open(demo.folder));
  CMIF_ASSIGN(const privacy::Epsilon epsilon, privacy::Epsilon::Create(1));
  CMIF_ASSIGN(
      const auto opened,
      client::OpenChannelWithHash(
          *model, {.spec = client::DefaultSpec(model->facts(), epsilon)}, {}));
  CMIF_TRY(MeasureDraw(*model, *opened.channel, name, report));
  CMIF_TRY(MeasureKeyedDraw(*model, *opened.channel, name, report));
  MeasureObliviousRows(*model, name, report);
  CMIF_TRY(MeasureAccount(opened.channel, name, report));
  CMIF_ASSIGN(
      client::Sanitizer sanitizer,
      client::Sanitizer::Create(model, opened.channel, client::Repeats::kFresh,
                                opened.sha256));
  CMIF_TRY(MeasureText(*model, sanitizer, name, report));
  CMIF_TRY(MeasureNearest(*model, name, report));
  return MeasureStart(demo, name, report);
}

}  // namespace

Result<void> BenchSanitizer(BenchReport& report) {
  CMIF_ASSIGN(const DemoModel classifier, ClassifierModel());
  CMIF_TRY(BenchModel(classifier, "classifier", report));
  CMIF_ASSIGN(const std::optional<DemoModel> chat, ChatModel());
  if (!chat) return {};
  return BenchModel(*chat, "chat", report);
}

}  // namespace cmif::cli
