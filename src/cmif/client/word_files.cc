// SPDX-License-Identifier: Apache-2.0
#include "cmif/client/word_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <functional>
#include <nlohmann/json.hpp>

#include "cmif/base/file.h"
#include "cmif/text/lower_case.h"
#include "cmif/text/words.h"

namespace cmif::client {
namespace {

constexpr std::string_view kSpaces = " \t\r\v\f";

using Fields = std::vector<std::string_view>;

Fields SplitFields(std::string_view line) {
  Fields fields;
  while (true) {
    const size_t begin = line.find_first_not_of(kSpaces);
    if (begin == std::string_view::npos) return fields;
    line.remove_prefix(begin);
    const size_t end = std::min(line.find_first_of(kSpaces), line.size());
    fields.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
}

std::unexpected<Status> BadLine(size_t line, std::string_view what) {
  return InvalidArgument(fmt::format("line {} {}", line, what));
}

// Calls `use` with the number and the fields of every line that is not empty.
Result<void> ForEachLine(
    std::string_view text,
    const std::function<Result<void>(size_t, const Fields&)>& use) {
  // A byte-order mark, as editors of Windows write it.
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  for (size_t number = 1; !text.empty(); ++number) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.size() > kMaxLineBytes) {
      return BadLine(number,
                     fmt::format("is longer than {} bytes", kMaxLineBytes));
    }
    if (line.find('\0') != std::string_view::npos || !text::IsUtf8(line)) {
      return BadLine(number, "is not text in UTF-8");
    }
    const Fields fields = SplitFields(line);
    if (!fields.empty()) CMIF_TRY(use(number, fields));
  }
  return {};
}

Result<double> ParseCount(std::string_view field) {
  double value = 0;
  const auto [end, error] =
      std::from_chars(field.data(), field.data() + field.size(), value);
  if (error != std::errc() || end != field.data() + field.size()) {
    return InvalidArgument("has a count that is no number");
  }
  return value;
}

Result<void> AddCount(std::string_view word, double count, WordCounts& counts) {
  if (!std::isfinite(count)) {
    return InvalidArgument("has a count that is not finite");
  }
  if (count < 0) return InvalidArgument("has a negative count");
  double& sum = counts[std::string(word)];
  sum += count;
  if (!std::isfinite(sum)) return InvalidArgument("makes a sum overflow");
  return {};
}

Result<WordCounts> ParseLines(std::string_view text) {
  WordCounts counts;
  CMIF_TRY(ForEachLine(
      text, [&](size_t number, const Fields& fields) -> Result<void> {
        if (fields.size() != 2) {
          return BadLine(number, "is not a word and its count");
        }
        const auto count = ParseCount(fields[1]);
        if (!count) return BadLine(number, count.error().message());
        const auto added = AddCount(fields[0], *count, counts);
        if (!added) return BadLine(number, added.error().message());
        return {};
      }));
  return counts;
}

Result<WordCounts> ParseJson(std::string_view text) {
  const auto parsed = nlohmann::json::parse(text, nullptr, false);
  if (!parsed.is_object()) {
    return InvalidArgument("this begins like JSON, but is no object of counts");
  }
  WordCounts counts;
  size_t entry = 0;
  for (const auto& [word, count] : parsed.items()) {
    ++entry;
    if (!count.is_number()) {
      return InvalidArgument(
          fmt::format("entry {} has a count that is no number", entry));
    }
    const auto added = AddCount(word, count.get<double>(), counts);
    if (!added) {
      return InvalidArgument(
          fmt::format("entry {} {}", entry, added.error().message()));
    }
  }
  return counts;
}

// What a parser makes of a file.
template <typename T>
Result<T> ReadWith(const std::filesystem::path& path,
                   Result<T> (*parse)(std::string_view)) {
  CMIF_ASSIGN(const std::string text, ReadFile(path, kMaxWordFileBytes));
  auto parsed = parse(text);
  if (!parsed) return std::unexpected(parsed.error().At(path.string()));
  return parsed;
}

}  // namespace

Result<std::vector<std::string>> ParseWordList(std::string_view text) {
  std::vector<std::string> words;
  CMIF_TRY(ForEachLine(
      text, [&](size_t number, const Fields& fields) -> Result<void> {
        if (fields.size() != 1) {
          return BadLine(number, "has several words; write one word a line");
        }
        words.push_back(text::LowerCase(fields[0]));
        return {};
      }));
  if (words.empty()) return InvalidArgument("the list has no word");
  return words;
}

Result<std::vector<std::pair<std::string, std::string>>> ParseWordPairs(
    std::string_view text) {
  std::vector<std::pair<std::string, std::string>> pairs;
  CMIF_TRY(ForEachLine(
      text, [&](size_t number, const Fields& fields) -> Result<void> {
        if (fields.size() != 2) return BadLine(number, "has not two words");
        pairs.emplace_back(text::LowerCase(fields[0]),
                           text::LowerCase(fields[1]));
        return {};
      }));
  if (pairs.empty()) return InvalidArgument("the file has no pair");
  return pairs;
}

Result<WordCounts> ParseWordCounts(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\r\n");
  const bool json = first != std::string_view::npos && text[first] == '{';
  CMIF_ASSIGN(WordCounts counts, json ? ParseJson(text) : ParseLines(text));
  if (std::ranges::none_of(
          counts, [](const auto& entry) { return entry.second > 0; })) {
    return InvalidArgument("no word has a count above zero");
  }
  return counts;
}

Result<std::vector<std::string>> ReadWordList(
    const std::filesystem::path& path) {
  return ReadWith(path, ParseWordList);
}
Result<std::vector<std::pair<std::string, std::string>>> ReadWordPairs(
    const std::filesystem::path& path) {
  return ReadWith(path, ParseWordPairs);
}
Result<WordCounts> ReadWordCounts(const std::filesystem::path& path) {
  return ReadWith(path, ParseWordCounts);
}

Result<std::vector<double>> CountsOfUnits(const UnitTable& units,
                                          const WordCounts& counts) {
  std::vector<double> of_id(static_cast<size_t>(units.size()), 0.0);
  bool any = false;
  for (int32_t id = 0; id < units.size(); ++id) {
    const int32_t its_class = units.class_of()[static_cast<size_t>(id)];
    // Digits at a word's start have an odd class: DigitsClass().
    const bool digits = its_class >= kFirstDigitsClass && its_class % 2 == 1;
    if (its_class != kWordClass && !digits) continue;
    auto found = counts.find(units.Written(id));
    if (found == counts.end()) {
      found = counts.find(text::LowerCase(units.Written(id)));
    }
    if (found == counts.end()) continue;
    of_id[static_cast<size_t>(id)] = found->second;
    any = any || found->second > 0;
  }
  if (!any) {
    return InvalidArgument(
        "none of the words with a count is in the vocabulary as it writes "
        "them (it may have lower case alone)");
  }
  return of_id;
}

WordsByForm WordsByLowerCase(const UnitTable& units) {
  WordsByForm forms;
  for (const int32_t id : units.words()) {
    forms[text::LowerCase(units.Written(id))].push_back(id);
  }
  return forms;
}

}  // namespace cmif::client
