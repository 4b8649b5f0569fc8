// SPDX-License-Identifier: Apache-2.0
#include "cmif/client/stop_words.h"

#include <array>

namespace cmif::client {
namespace {

// clang-format off
constexpr std::array<std::string_view, 179> kStopWords = {
    "a", "about", "above", "across", "after", "again", "against", "all", "also",
    "although", "am", "among", "an", "and", "another", "any", "are", "aren",
    "around", "as", "at", "be", "because", "been", "before", "being", "below",
    "between", "both", "but", "by", "can", "cannot", "could", "couldn", "d",
    "did", "didn", "do", "does", "doesn", "doing", "done", "down", "during",
    "each", "either", "else", "even", "ever", "every", "few", "for", "from",
    "had", "hadn", "has", "hasn", "have", "having", "he", "her", "here", "hers",
    "herself", "him", "himself", "his", "how", "however", "i", "if", "in",
    "into", "is", "isn", "it", "its", "itself", "just", "least", "less", "like",
    "ll", "m", "many", "may", "me", "might", "mine", "more", "most", "much",
    "must", "my", "myself", "neither", "no", "none", "nor", "not", "now", "of",
    "off", "on", "one", "only", "or", "other", "our", "ours", "ourselves",
    "out", "over", "re", "s", "same", "shall", "she", "should", "shouldn",
    "since", "so", "some", "still", "such", "t", "than", "that", "the", "their",
    "theirs", "them", "themselves", "then", "there", "therefore", "these",
    "they", "this", "those", "though", "through", "to", "too", "under",
    "unless", "until", "up", "upon", "us", "ve", "very", "was", "wasn", "we",
    "were", "weren", "what", "when", "where", "whether", "which", "while",
    "who", "whom", "whose", "why", "will", "with", "within", "without", "would",
    "wouldn", "you", "your", "yours", "yourself", "yourselves"};
// clang-format on

}  // namespace

std::span<const std::string_view> StopWords() { return kStopWords; }

}  // namespace cmif::client
