// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_CLIENT_STOP_WORDS_H_
#define CMIF_CLIENT_STOP_WORDS_H_

#include <span>
#include <string_view>

namespace cmif::client {

// English function words, in lower case, sorted, each once: pronouns,
// articles, auxiliaries, prepositions, conjunctions and adverbs that carry
// grammar and little else. Our own list. It holds no word that is also a
// common name or noun of its own ("will" and "may" are accepted as verbs), and
// of contractions the parts that text::SplitWords leaves ("don't" is don, t;
// "don" stays out, it is a name). docs: --public stopwords.
std::span<const std::string_view> StopWords();

}  // namespace cmif::client

#endif  // CMIF_CLIENT_STOP_WORDS_H_
