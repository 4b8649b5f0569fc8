// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cmath>
#include <iterator>

#include "cmif/eval/audit_report.h"

namespace cmif::eval {
namespace {

// A vocabulary's word in a table: printable, without what Markdown or HTML
// would read as its own. Bytes beyond ASCII stay.
std::string Cell(std::string_view text) {
  std::string out = "`";
  for (const char c : text) {
    const auto byte = static_cast<uint8_t>(c);
    const bool plain = byte >= 0x20 && byte != 0x7F && c != '`' && c != '|' &&
                       c != '<' && c != '>' && c != '&';
    out += plain ? c : '?';
  }
  return out + "`";
}

std::string Percent(double share) {
  return fmt::format("{:.2f} %", 100 * share);
}

std::string Percent(const Interval& interval) {
  return fmt::format("{:.2f} to {:.2f} %", 100 * interval.low,
                     100 * interval.high);
}

class Writer {
 public:
  template <typename... Args>
  void Line(fmt::format_string<Args...> form, Args&&... args) {
    fmt::format_to(std::back_inserter(text_), form,
                   std::forward<Args>(args)...);
    text_ += '\n';
  }
  std::string Done() && { return std::move(text_); }

 private:
  std::string text_;
};

// What the adjacency leaves public of a word.
std::string_view GroupName(const Audit& audit) {
  return audit.channel.adjacency == privacy::Adjacency::kCluster ? "cluster"
                                                                 : "class";
}

std::string OnOff(bool on) { return on ? "on" : "off"; }

// "; names (epsilon 0.5, 812 words)", and so on.
std::string KindsText(const std::vector<client::AppliedKind>& kinds) {
  std::string text;
  for (const client::AppliedKind& kind : kinds) {
    text +=
        fmt::format("{}{} (epsilon {:.6g}, {} words)", text.empty() ? "" : "; ",
                    Cell(kind.name), kind.epsilon.value(), kind.units);
  }
  return text.empty() ? "none" : text;
}

void ChannelTable(const Audit& audit, Writer& out) {
  const privacy::ChannelSpec& spec = audit.channel;
  const ExactAudit& exact = audit.exact;
  out.Line("| channel | |");
  out.Line("|---|---|");
  out.Line("| mechanism | {} |", spec.mechanism);
  out.Line("| epsilon asked | {:.6g} |", exact.epsilon_asked);
  out.Line("| adjacency | {} |", privacy::AdjacencyName(spec.adjacency));
  if (spec.epsilon_cluster) {
    out.Line("| epsilon of the cluster | {:.6g} |",
             spec.epsilon_cluster->value());
  }
  out.Line("| calibrated | {} |", OnOff(spec.calibrate));
  out.Line("| hub cap (`optimal` alone) | {} |", OnOff(spec.hub_cap));
  out.Line("| prior (`optimal` and `medoid`) | {} |", Cell(audit.labels.prior));
  out.Line("| public set | {}, {} ids of the vocabulary |",
           Cell(audit.labels.public_set), exact.public_ids);
  out.Line("| kinds with an epsilon of their own | {} |",
           KindsText(audit.labels.kinds));
  out.Line("| clusters | {} |", exact.clusters);
  if (spec.adjacency != privacy::Adjacency::kCluster) {
    out.Line("| classes | {} |", exact.groups);
  }
  out.Line("| SHA-256 of the tables | {} |", Cell(audit.labels.sha256));
}

void Head(const Audit& audit, std::string_view command, Writer& out) {
  const ExactAudit& exact = audit.exact;
  const std::string_view group = GroupName(audit);
  out.Line("# Audit of a channel\n");
  out.Line("Made by {}. Model id {}. Seed {} (insecure: evaluation only).\n",
           Cell(command), Cell(audit.model_id), audit.insecure_seed);
  out.Line(
      "Every epsilon here is about two words of the same {0}. **The {0} itself "
      "is not hidden**: {1} of them, up to {2:.1f} bits a word.\n",
      group, exact.groups, exact.public_bits);
  ChannelTable(audit, out);
  out.Line("\n| what | value |");
  out.Line("|---|---|");
  out.Line("| eps*, certified in integers | {:.6f} |", exact.epsilon_certified);
  out.Line("| eps*, recomputed here from the tables | {:.6f} |",
           exact.epsilon_recomputed);
  out.Line("| eps, lower bound from draws ({} per input, alpha {}) | {:.4f} |",
           audit.black_box.draws, audit.black_box.alpha,
           audit.black_box.epsilon_lower);
  out.Line("| words randomised | {} |", exact.words);
  out.Line("| words alone in their {}: revealed, not protected | {} |", group,
           exact.revealed_words);
}

void Exact(const ExactAudit& exact, std::string_view group, Writer& out) {
  out.Line("\n## Exact, from the tables\n");
  out.Line("| over the words | mean | 5 % | 95 % | least | most |");
  out.Line("|---|---|---|---|---|---|");
  const auto row = [&](std::string_view name, const Spread& s) {
    out.Line("| {} | {:.4f} | {:.4f} | {:.4f} | {:.4f} | {:.4f} |", name,
             s.mean, s.p5, s.p95, s.least, s.most);
  };
  row("N_w = P(word stays), worst is the most", exact.keep);
  row(fmt::format("E[S_w]: different outputs in {} draws, worst is the least",
                  exact.distinct_draws),
      exact.distinct);
  out.Line("\n| bits a word | uniform prior | unigram prior |");
  out.Line("|---|---|---|");
  const auto bits = [&](std::string_view name,
                        double MutualInformation::* value) {
    out.Line("| {} | {:.4f} | {:.4f} |", name, exact.uniform.*value,
             exact.under_prior.*value);
  };
  bits(fmt::format("what the output tells beyond the {}", group),
       &MutualInformation::output_bits);
  bits(fmt::format("what there is to tell beyond the {}", group),
       &MutualInformation::word_bits);
  bits(fmt::format("what the {} tells (not hidden)", group),
       &MutualInformation::public_bits);
  out.Line("\n| Renyi order | largest divergence of a pair |");
  out.Line("|---|---|");
  for (const RenyiPoint& point : exact.renyi) {
    out.Line("| {:.4g} | {:.5f} |", point.order, point.divergence);
  }
  out.Line("\n![Losses of all ordered pairs of words of a {}](losses.svg)",
           group);
}

void WorstWords(const Audit& audit, Writer& out) {
  out.Line(
      "\nWords that stay most often (vocabulary words, which are public):\n");
  out.Line("| id | word | cluster | stays | largest loss |");
  out.Line("|---|---|---|---|---|");
  for (size_t i = 0; i < audit.exact.worst_words.size(); ++i) {
    const WordFigures& word = audit.exact.worst_words[i];
    out.Line("| {} | {} | {} | {:.4f} | {:.4f} |", word.id,
             Cell(audit.worst_written[i]), word.cluster, word.keep, word.loss);
  }
}

void BlackBox(const BlackBoxAudit& audit, double certified, Writer& out) {
  out.Line("\n## Black box: draws from the sampler\n");
  out.Line(
      "For {} pairs the largest likelihood ratio was chosen on held-out draws "
      "and counted on {} fresh draws per input; Clopper-Pearson, Bonferroni. "
      "The probability that any of these bounds exceeds the true loss is at "
      "most {}. {}\n",
      audit.pairs.size(), audit.draws, audit.alpha,
      audit.Refutes(certified)
          ? "**The certified epsilon IS REFUTED.**"
          : "The certified epsilon is not refuted, which is no proof of it.");
  out.Line(
      "| ids | outputs in the event | hits, first | hits, second | eps at "
      "least |");
  out.Line("|---|---|---|---|---|");
  for (const PairBound& pair : audit.pairs) {
    out.Line("| {}, {} | {} | {} | {} | {:.4f} |", pair.pair.first,
             pair.pair.second, pair.outputs, pair.first_hits, pair.second_hits,
             pair.epsilon_lower);
  }
  if (audit.outside_group > 0) {
    out.Line("\n**{} draws were no word of the input's cluster or class.**",
             audit.outside_group);
  }
}

void AttackTable(const std::vector<AttackResult>& attacks,
                 std::string_view group, Writer& out) {
  out.Line(
      "| attack | recovered | of | share | 95 % interval | by the {} alone | "
      "bound, attacker's prior | bound, the words' own frequencies |",
      group);
  out.Line("|---|---|---|---|---|---|---|---|");
  for (const AttackResult& attack : attacks) {
    out.Line("| {} | {} | {} | {} | {} | {} | {} | {} |", attack.name,
             attack.hits, attack.trials, Percent(attack.rate()),
             Percent(attack.interval), Percent(attack.by_public_alone),
             Percent(attack.bound), Percent(attack.bound_of_text));
  }
}

void Attacks(const Audit& audit, Writer& out) {
  const TextFacts& text = audit.text;
  out.Line("\n## Attacks\n");
  out.Line(
      "On {} ({} texts, {} words through the channel, {} public; {} words are "
      "not in the vocabulary and stand for their nearest unit, which is what "
      "is recovered). The unigram prior is that of {}.\n",
      text.own_sentences ? "sentences written for this project"
                         : "the given text",
      text.texts, text.words, text.words_public, text.words_inexact,
      text.prior_of_these_texts ? "these very texts, more than any attacker has"
                                : "the given prior text");
  AttackTable(audit.attacks, GroupName(audit), out);
  out.Line(
      "\nThe first bound, p e^eps / (1 + p (e^eps - 1)) per {0}, holds in "
      "expectation if words come from the attacker's own prior (p: its "
      "largest); the second for every attacker who judges word by word, "
      "whatever he believes. \"By the {0} alone\": the same attacker who sees "
      "only the {0}, which no channel hides. An attacker who reads the context "
      "may exceed both without any contradiction to epsilon: his bound is that "
      "of his own prior at each place.\n",
      GroupName(audit));
  out.Line(
      "The same word several times, each drawn anew (words of the vocabulary, "
      "uniform prior):\n");
  AttackTable(audit.repeated, GroupName(audit), out);
  out.Line("\nNearest row of the embedding table to the row that was sent:\n");
  out.Line(
      "| rows | nearest is the word | 95 % | word among ten nearest | 95 % |");
  out.Line("|---|---|---|---|---|");
  const auto row = [&](std::string_view name, const NearestRowResult& result) {
    const auto share = [&](uint64_t hits) {
      return Percent(static_cast<double>(hits) /
                     static_cast<double>(result.trials));
    };
    out.Line("| {} | {} | {} | {} | {} |", name, share(result.first),
             Percent(result.first_interval), share(result.in_ten),
             Percent(result.in_ten_interval));
  };
  row("of the words themselves (no channel)", audit.nearest_raw);
  row("of what the channel sends", audit.nearest_sanitized);
  out.Line(
      "\nRows that are sent without a channel hide nothing: whoever holds the "
      "table reads the text.");
}

void Baselines(const Audit& audit, Writer& out) {
  if (audit.baselines.empty()) return;
  out.Line("\n## Published baselines on these texts\n");
  out.Line(
      "For comparison only; CMIF does not offer them. The epsilons are "
      "about different things and are not comparable.\n");
  out.Line(
      "| baseline | epsilon | about | eps* | words that stay | not covered: no "
      "vector or not in the vocabulary / numbers / stop words |");
  out.Line("|---|---|---|---|---|---|");
  for (const BaselineFigures& figures : audit.baselines) {
    out.Line("| {} | {:.4g} | {} | {} | {} | {} / {} / {} of {} |",
             figures.name, figures.epsilon, figures.adjacency,
             figures.epsilon_star ? fmt::format("{:.4f}", *figures.epsilon_star)
                                  : "-",
             Percent(figures.keep), figures.out_of_vocabulary, figures.numbers,
             figures.stop_words, figures.words);
  }
}

void SweepTable(const Audit& audit, Writer& out) {
  const Sweep& sweep = audit.sweep;
  out.Line("\n## Every mechanism, adjacency cluster\n");
  if (audit.channel.adjacency != privacy::Adjacency::kCluster) {
    out.Line(
        "**This section is about adjacency cluster alone**: tables as they are "
        "within clusters. What adjacency {} adds to them, and takes from their "
        "usefulness, is not in it, but in all sections above.\n",
        privacy::AdjacencyName(audit.channel.adjacency));
  }
  out.Line(
      "Exact, over {} clusters ({} words) chosen at random; uniform prior; "
      "calibrated where nothing else is said.\n",
      sweep.clusters, sweep.words);
  out.Line(
      "| mechanism | epsilon | eps* | mean cosine | stays | Bayes-optimal "
      "attacker | bound |");
  out.Line("|---|---|---|---|---|---|---|");
  for (const SweepPoint& p : sweep.points) {
    out.Line("| {} | {:.4g} | {:.4f} | {:.4f} | {} | {} | {} |", p.mechanism,
             p.epsilon, p.epsilon_star, p.mean_cosine, Percent(p.keep),
             Percent(p.bayes_success), Percent(p.bound));
  }
  out.Line(
      "\nWithout any mechanism (identity) every word stays and every word is "
      "recovered. The attacker here already knows the cluster.\n");
  out.Line("![Utility](utility.svg)\n\n![Attack](attack.svg)");
}

}  // namespace

std::string AuditMarkdown(const Audit& audit, std::string_view command) {
  Writer out;
  Head(audit, command, out);
  Exact(audit.exact, GroupName(audit), out);
  WorstWords(audit, out);
  BlackBox(audit.black_box, audit.exact.epsilon_certified, out);
  Attacks(audit, out);
  Baselines(audit, out);
  SweepTable(audit, out);
  return std::move(out).Done();
}

}  // namespace cmif::eval
