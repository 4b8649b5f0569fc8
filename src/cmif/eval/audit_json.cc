// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "cmif/eval/audit_report.h"

namespace cmif::eval {
namespace {

using nlohmann::ordered_json;

ordered_json Json(const Interval& interval) {
  return {interval.low, interval.high};
}

ordered_json Json(const Spread& spread) {
  return {{"mean", spread.mean},
          {"p5", spread.p5},
          {"p95", spread.p95},
          {"least", spread.least},
          {"most", spread.most}};
}

ordered_json Json(const MutualInformation& information) {
  return {{"output_bits", information.output_bits},
          {"word_bits", information.word_bits},
          {"public_bits", information.public_bits}};
}

ordered_json Json(const AttackResult& attack) {
  return {{"name", attack.name},
          {"hits", attack.hits},
          {"trials", attack.trials},
          {"success", attack.rate()},
          {"interval_95", Json(attack.interval)},
          {"bound", attack.bound},
          {"bound_of_text", attack.bound_of_text},
          {"by_public_alone", attack.by_public_alone}};
}

ordered_json Json(const NearestRowResult& result) {
  return {{"trials", result.trials},
          {"nearest", result.first},
          {"nearest_interval_95", Json(result.first_interval)},
          {"in_ten", result.in_ten},
          {"in_ten_interval_95", Json(result.in_ten_interval)}};
}

ordered_json Json(const PairBound& pair) {
  return {{"ids", {pair.pair.first, pair.pair.second}},
          {"outputs", pair.outputs},
          {"hits", {pair.first_hits, pair.second_hits}},
          {"epsilon_lower", pair.epsilon_lower}};
}

ordered_json Json(const RenyiPoint& point) {
  return {{"order", point.order}, {"divergence", point.divergence}};
}

ordered_json Json(const BaselineFigures& figures) {
  ordered_json json = {{"name", figures.name},
                       {"adjacency", figures.adjacency},
                       {"epsilon", figures.epsilon},
                       {"epsilon_star", nullptr},
                       {"keep", figures.keep},
                       {"words", figures.words},
                       {"out_of_vocabulary", figures.out_of_vocabulary},
                       {"numbers", figures.numbers},
                       {"stop_words", figures.stop_words}};
  if (figures.epsilon_star) json["epsilon_star"] = *figures.epsilon_star;
  return json;
}

ordered_json Json(const SweepPoint& point) {
  return {{"mechanism", point.mechanism},
          {"epsilon", point.epsilon},
          {"epsilon_star", point.epsilon_star},
          {"mean_cosine", point.mean_cosine},
          {"keep", point.keep},
          {"bayes_success", point.bayes_success},
          {"bound", point.bound}};
}

ordered_json Json(const client::AppliedKind& kind) {
  return {{"name", kind.name},
          {"epsilon", kind.epsilon.value()},
          {"words", kind.units},
          {"words_without_unit", kind.words_without_unit}};
}

template <typename T>
ordered_json List(const std::vector<T>& all) {
  ordered_json list = ordered_json::array();
  for (const T& one : all) list.push_back(Json(one));
  return list;
}

ordered_json WorstWords(const Audit& audit) {
  ordered_json list = ordered_json::array();
  for (size_t i = 0; i < audit.exact.worst_words.size(); ++i) {
    const WordFigures& word = audit.exact.worst_words[i];
    list.push_back({{"id", word.id},
                    {"word", audit.worst_written[i]},
                    {"cluster", word.cluster},
                    {"keep", word.keep},
                    {"loss", word.loss}});
  }
  return list;
}

ordered_json ChannelJson(const Audit& audit) {
  const ExactAudit& exact = audit.exact;
  const privacy::ChannelSpec& spec = audit.channel;
  ordered_json json = {{"mechanism", spec.mechanism},
                       {"epsilon", exact.epsilon_asked},
                       {"epsilon_certified", exact.epsilon_certified},
                       {"calibrated", spec.calibrate},
                       {"hub_cap", spec.hub_cap},
                       {"prior", audit.labels.prior},
                       {"adjacency", privacy::AdjacencyName(spec.adjacency)},
                       {"epsilon_cluster", nullptr},
                       {"public_set", audit.labels.public_set},
                       {"kinds", List(audit.labels.kinds)},
                       {"clusters", exact.clusters},
                       {"groups", exact.groups},
                       {"public_bits", exact.public_bits},
                       {"words", exact.words},
                       {"words_revealed", exact.revealed_words},
                       {"ids_public", exact.public_ids},
                       {"sha256", audit.labels.sha256}};
  if (spec.epsilon_cluster) {
    json["epsilon_cluster"] = spec.epsilon_cluster->value();
  }
  return json;
}

ordered_json ExactJson(const Audit& audit) {
  const ExactAudit& exact = audit.exact;
  return {{"epsilon_recomputed", exact.epsilon_recomputed},
          {"keep", Json(exact.keep)},
          {"distinct_draws", exact.distinct_draws},
          {"distinct", Json(exact.distinct)},
          {"mutual_information_uniform", Json(exact.uniform)},
          {"mutual_information_unigram", Json(exact.under_prior)},
          {"renyi", List(exact.renyi)},
          {"loss_bin_width", exact.losses.bin_width},
          {"loss_pairs", exact.losses.counts},
          {"worst_words", WorstWords(audit)}};
}

ordered_json BlackBoxJson(const BlackBoxAudit& audit) {
  return {{"draws_per_input", audit.draws},
          {"alpha", audit.alpha},
          {"outside_group", audit.outside_group},
          {"epsilon_lower", audit.epsilon_lower},
          {"pairs", List(audit.pairs)}};
}

ordered_json TextJson(const TextFacts& text) {
  return {{"own_sentences", text.own_sentences},
          {"texts", text.texts},
          {"words", text.words},
          {"words_public", text.words_public},
          {"words_nearest_unit_only", text.words_inexact},
          {"prior_of_these_texts", text.prior_of_these_texts}};
}

}  // namespace

std::string AuditJson(const Audit& audit) {
  const ordered_json json = {
      {"model_id", audit.model_id},
      {"channel", ChannelJson(audit)},
      {"insecure_seed", audit.insecure_seed},
      {"exact", ExactJson(audit)},
      {"black_box", BlackBoxJson(audit.black_box)},
      {"text", TextJson(audit.text)},
      {"attacks", List(audit.attacks)},
      {"repeated_words", List(audit.repeated)},
      {"nearest_row_raw", Json(audit.nearest_raw)},
      {"nearest_row_sanitized", Json(audit.nearest_sanitized)},
      {"baselines", List(audit.baselines)},
      {"sweep",
       {{"adjacency", privacy::AdjacencyName(privacy::Adjacency::kCluster)},
        {"clusters", audit.sweep.clusters},
        {"points", List(audit.sweep.points)}}}};
  // Vocabularies hold words that are parts of characters: U+FFFD, no throw.
  return json.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

}  // namespace cmif::eval
