// SPDX-License-Identifier: Apache-2.0
// Files about words that users give: lists, pairs and counts. All parsers are
// safe on hostile bytes; messages name the line, never a word. Pure functions
// of the text; thread-safe.
#ifndef CMIF_CLIENT_WORD_FILES_H_
#define CMIF_CLIENT_WORD_FILES_H_

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "cmif/base/status.h"
#include "cmif/client/units.h"

namespace cmif::client {

// How often words occur in some public corpus. A word may stand in several
// forms of case; each has its own count.
using WordCounts = std::unordered_map<std::string, double>;

// What a longer line cannot be: it is refused.
inline constexpr size_t kMaxLineBytes = 4096;
inline constexpr uint64_t kMaxWordFileBytes = 1ULL << 28;

// One word a line, white space around it ignored, empty lines skipped; the
// words lower-cased, as they come. INVALID_ARGUMENT, naming the line: two
// words in it, bytes that are not UTF-8 or are NUL, a line over
// kMaxLineBytes; also a list without any word.
Result<std::vector<std::string>> ParseWordList(std::string_view text);

// Two words a line, as in PPDB's and WordNet's lists; lower-cased. Errors as
// above, for a line that has not two words.
Result<std::vector<std::pair<std::string, std::string>>> ParseWordPairs(
    std::string_view text);

// "word count" a line, with any white space between, or a JSON object
// {"word": count, ...}. Counts are finite numbers >= 0; those of a word that
// comes again add up. INVALID_ARGUMENT, naming the line (for JSON: the entry),
// for anything else, and for a file whose counts are all zero.
Result<WordCounts> ParseWordCounts(std::string_view text);

// The same from files of at most kMaxWordFileBytes: their errors with the path
// in front, and those of ReadFile().
Result<std::vector<std::string>> ReadWordList(const std::filesystem::path&);
Result<std::vector<std::pair<std::string, std::string>>> ReadWordPairs(
    const std::filesystem::path&);
Result<WordCounts> ReadWordCounts(const std::filesystem::path&);

// Counts per token id, for priors, ranks and public sets: a unit of
// kWordClass, or of digits at a word's start, has the count of its written
// form, or where the file does not have that, of its lower-cased form; all
// others 0. INVALID_ARGUMENT when no unit has a count: the file is of another
// language or format.
Result<std::vector<double>> CountsOfUnits(const UnitTable& units,
                                          const WordCounts& counts);

// Ids of kWordClass by their lower-cased written form.
using WordsByForm = std::unordered_map<std::string, std::vector<int32_t>>;
WordsByForm WordsByLowerCase(const UnitTable& units);

}  // namespace cmif::client

#endif  // CMIF_CLIENT_WORD_FILES_H_
