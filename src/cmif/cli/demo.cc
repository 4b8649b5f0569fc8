// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <memory>

#include "cmif/base/random.h"
#include "cmif/cli/commands.h"
#include "cmif/cli/demo_models.h"
#include "cmif/cli/json_line.h"
#include "cmif/cli/privacy_options.h"
#include "cmif/cli/server_process.h"
#include "cmif/cli/terminal.h"
#include "cmif/client/chat.h"
#include "cmif/client/classifier.h"
#include "cmif/client/generator.h"

namespace cmif::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::array<std::string_view, 10> kSentences = {
    "a warm and funny film that stays with you for days",
    "the plot is thin, the jokes are old and the end comes far too late",
    "My sister Margaret from Dublin cried through the whole second half.",
    "It cost 250 million dollars and looks as if it had cost 25.",
    "Dr. Okafor's diagnosis scene is the best acting I have seen this year!",
    "never have two hours felt so long",
    "I'd watch it again tomorrow 😀 with the kids",
    "The camera loves her; the script, sadly, does not.",
    "unwatchable, overlong, and strangely proud of both",
    "Call me on 555-0199 if you want the spare ticket, it is wonderful."};
constexpr std::string_view kQuestion =
    "What is the capital of France, and what is it famous for?";

// Where to: with --json objects go to standard output and the rest to standard
// error.
struct View {
  explicit View(bool as_json)
      : json(as_json),
        out(as_json ? stderr : stdout),
        colours(as_json ? STDERR_FILENO : STDOUT_FILENO) {}
  bool json;
  std::FILE* out;
  Colours colours;
};

double SecondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Original and sanitized words under each other, what changed in colour.
void PrintWords(const client::Sanitized& result, const View& view) {
  std::string before;
  std::string after;
  for (const client::WordChange& word : result.words) {
    before += word.before + " ";
    after += word.changed()
                 ? view.colours.yellow + word.after + view.colours.reset
                 : view.colours.dim + word.after + view.colours.reset;
    after += " ";
  }
  fmt::print(view.out, "  words  {}\n  left   {}\n", before, after);
}

struct Label {
  std::string name;
  double probability = 0;
  uint64_t bytes = 0;

  std::string Text() const {
    return fmt::format("{} {:.2f}", name, probability);
  }
};

Result<Label> Classify(client::Classifier& classifier,
                       const client::ClientModel& model,
                       const std::string& text) {
  CMIF_ASSIGN(const std::vector<int32_t> ids,
              model.tokenizer().Encode(text, true));
  const std::vector<std::vector<client::PromptRow>> batch = {
      client::PlainRows(model, ids)};
  CMIF_ASSIGN(const std::vector<uint64_t> bytes, classifier.Send(batch));
  CMIF_ASSIGN(const auto logits, classifier.Receive());
  const std::vector<double> probabilities = client::Softmax(logits[0]);
  const size_t best = client::Likeliest(probabilities);
  return Label{model.facts().labels[best], probabilities[best], bytes[0]};
}

struct Totals {
  uint64_t words = 0;
  uint64_t changed = 0;
  uint64_t charged = 0;
  uint64_t bytes = 0;
  int same_label = 0;
  double sanitizing_seconds = 0;
  double asking_seconds = 0;
};

Result<void> ShowSentence(std::string_view sentence,
                          client::Classifier& classifier,
                          client::Sanitizer& sanitizer, RandomSource& random,
                          const View& view, Totals& totals) {
  auto start = Clock::now();
  CMIF_ASSIGN(const client::Sanitized result,
              sanitizer.Sanitize(sentence, random));
  totals.sanitizing_seconds += SecondsSince(start);
  start = Clock::now();
  CMIF_ASSIGN(const Label shown,
              Classify(classifier, sanitizer.model(), result.text));
  CMIF_ASSIGN(const Label bare,
              Classify(classifier, sanitizer.model(), std::string(sentence)));
  totals.asking_seconds += SecondsSince(start);
  PrintWords(result, view);
  const bool same = shown.name == bare.name;
  fmt::print(view.out,
             "  label  {}{}{} protected, {} without; {} of {} words changed, "
             "{} bytes sent\n\n",
             same ? view.colours.green : view.colours.red, shown.Text(),
             view.colours.reset, bare.Text(), result.words_changed,
             result.words.size(), shown.bytes);
  if (view.json) {
    auto json = SanitizedJson(sanitizer, result, privacy::Delta::Default());
    json["label"] = shown.name;
    json["label_unprotected"] = bare.name;
    json["bytes_sent"] = shown.bytes;
    fmt::print("{}\n", JsonLine(json));
  }
  totals.words += result.words.size();
  totals.changed += result.words_changed;
  totals.charged += result.words_charged;
  totals.bytes += shown.bytes;
  totals.same_label += same ? 1 : 0;
  return {};
}

struct Half {
  DemoModel demo;
  std::shared_ptr<client::ClientModel> model;
  ServerProcess server;
  std::unique_ptr<client::Remote> remote;
};

Result<Half> Open(DemoModel demo, const View& view) {
  auto start = Clock::now();
  CMIF_ASSIGN(auto model, client::ClientModel::Open(demo.folder));
  const double open_seconds = SecondsSince(start);
  start = Clock::now();
  CMIF_ASSIGN(ServerProcess server,
              ServerProcess::Start(demo.folder / model::kBodyFile, {}));
  const double server_seconds = SecondsSince(start);
  client::RemoteOptions options;
  options.address = server.address();
  CMIF_ASSIGN(auto remote, client::Remote::Connect(options, model->facts()));
  fmt::print(view.out,
             "  server process {} at {} holds body.gguf and nothing else\n"
             "  split {:.1f} s, bundle opened in {:.2f} s, server ready in "
             "{:.2f} s\n",
             server.pid(), server.address(), demo.split_seconds, open_seconds,
             server_seconds);
  return Half{std::move(demo), std::move(model), std::move(server),
              std::move(remote)};
}

Result<void> ShowClassifier(const PrivacyOptions& privacy, const View& view) {
  fmt::print(view.out,
             "{}1. Classification{}: ten sentences, every word randomised\n",
             view.colours.bold, view.colours.reset);
  CMIF_ASSIGN(DemoModel demo, ClassifierModel());
  CMIF_ASSIGN(const Half half, Open(std::move(demo), view));
  CMIF_ASSIGN(auto sanitizer, MakeSanitizer(half.model, privacy));
  CMIF_ASSIGN(auto classifier,
              client::Classifier::Start(*half.remote, *half.model));
  fmt::print(view.out, "  {}\n\n", GuaranteeLine(sanitizer));
  OsRandom random;
  Totals totals;
  for (const std::string_view sentence : kSentences) {
    CMIF_TRY(
        ShowSentence(sentence, *classifier, sanitizer, random, view, totals));
  }
  const uint64_t f32 = uint64_t{half.model->facts().width} * 4;
  fmt::print(
      view.out,
      "  {} of {} words changed; {} of {} labels as without protection; {} "
      "words charged\n  {} bytes sent ({:.0f} a word; one f32 row is {}); "
      "sanitizing took {:.1f} ms, {} requests {:.2f} s\n\n",
      totals.changed, totals.words, totals.same_label, kSentences.size(),
      totals.charged, totals.bytes,
      static_cast<double>(totals.bytes) / static_cast<double>(totals.words),
      f32, 1000 * totals.sanitizing_seconds, 2 * kSentences.size(),
      totals.asking_seconds);
  return {};
}

Result<void> ShowAnswer(const Half& half, const PrivacyOptions& privacy,
                        const View& view) {
  CMIF_ASSIGN(auto sanitizer, MakeSanitizer(half.model, privacy));
  fmt::print(view.out, "  {}\n", GuaranteeLine(sanitizer));
  CMIF_ASSIGN(auto rows, MakePromptRows(sanitizer, privacy));
  OsRandom random;
  client::GenerateOptions options;
  options.max_tokens = 48;
  CMIF_ASSIGN(const client::ChatPrompt prompt,
              client::PrepareChat(sanitizer, rows, "", kQuestion, random));
  CMIF_ASSIGN(
      const client::Generation made,
      client::Generate(*half.remote, *half.model, prompt.rows, options, {}));
  PrintWords(prompt.sanitized, view);
  if (view.json) {
    auto json =
        SanitizedJson(sanitizer, prompt.sanitized, privacy::Delta::Default());
    json["answer"] = made.text;
    json["bytes_sent"] = made.bytes_sent;
    fmt::print("{}\n", JsonLine(json));
  }
  std::string text = made.text;
  std::ranges::replace(text, '\n', ' ');
  fmt::print(view.out,
             "  answer {}\n  {} tokens in, {} out ({:.1f} a second), {} bytes "
             "sent, {} received\n\n",
             text, made.tokens_in, made.tokens_out, made.tokens_per_second(),
             made.bytes_sent, made.bytes_received);
  return {};
}

Result<void> ShowChat(const PrivacyOptions& privacy, const View& view) {
  fmt::print(view.out,
             "{}2. Chat{}: one question, with and without protection\n",
             view.colours.bold, view.colours.reset);
  CMIF_ASSIGN(std::optional<DemoModel> demo, ChatModel());
  if (!demo) {
    fmt::print(view.out,
               "  skipped: the chat model is not in {}; ./run fetches it when "
               "there is a network\n\n",
               CacheFolder().string());
    return {};
  }
  CMIF_ASSIGN(const Half half, Open(*std::move(demo), view));
  PrivacyOptions linked = privacy;
  linked.repeats = "linked";  // as cmif ask does
  CMIF_TRY(ShowAnswer(half, linked, view));
  PrivacyOptions bare = privacy;
  bare.mechanism = "identity";
  bare.epsilon = "inf";
  return ShowAnswer(half, bare, view);
}

int Run(const PrivacyOptions& privacy, bool as_json) {
  if (const auto wanted = ParseChannel(privacy); !wanted) {
    return Report(wanted.error());
  }
  const View view(as_json);
  const auto start = Clock::now();
  if (const auto shown = ShowClassifier(privacy, view); !shown) {
    return Report(shown.error());
  }
  if (const auto shown = ShowChat(privacy, view); !shown) {
    return Report(shown.error());
  }
  fmt::print(
      view.out,
      "Servers stopped; {:.1f} s in all. What was protected: which word of its "
      "cluster each word was.\nWhat was not: the cluster, the number and "
      "places "
      "of words, punctuation, and the generated answer.\n",
      SecondsSince(start));
  return kOk;
}

}  // namespace

void AddDemo(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand(
      "demo", "the main job on the default models: what ./run ends with");
  auto flags = std::make_shared<PrivacyOptions>();
  auto json = std::make_shared<bool>(false);
  AddMechanismOptions(*command, *flags);
  command->add_flag("--json", *json,
                    "one JSON object a sentence and answer on standard "
                    "output, the rest on standard error");
  command->callback(
      [flags, json, &exit_code] { exit_code = Run(*flags, *json); });
}

}  // namespace cmif::cli
