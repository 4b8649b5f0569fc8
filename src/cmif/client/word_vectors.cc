// SPDX-License-Identifier: Apache-2.0
#include "cmif/client/word_vectors.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <unordered_map>
#include <unordered_set>

#include "cmif/base/byte_reader.h"
#include "cmif/base/file.h"
#include "cmif/text/lower_case.h"

namespace cmif::client {
namespace {

constexpr size_t kMaxWidth = 4096;
constexpr std::string_view kSpaces = " \t\r";

// The next field of a line, cut off it; empty at the end.
std::string_view TakeField(std::string_view& line) {
  const size_t begin = line.find_first_not_of(kSpaces);
  if (begin == std::string_view::npos) {
    line = {};
    return {};
  }
  line.remove_prefix(begin);
  const size_t end = std::min(line.find_first_of(kSpaces), line.size());
  const std::string_view field = line.substr(0, end);
  line.remove_prefix(end);
  return field;
}

// "word v1 v2 ...": appends the values of a line.
Result<void> ParseValues(std::string_view line, std::vector<float>& values) {
  while (true) {
    const std::string_view field = TakeField(line);
    if (field.empty()) return {};
    float value = 0;
    const auto [end, error] =
        std::from_chars(field.data(), field.data() + field.size(), value);
    if (error != std::errc() || end != field.data() + field.size() ||
        !std::isfinite(value)) {
      return InvalidArgument("has a value that is no finite number");
    }
    if (values.size() == kMaxWidth) {
      return InvalidArgument(fmt::format("has over {} values", kMaxWidth));
    }
    values.push_back(value);
  }
}

bool IsHeader(std::string_view line) {
  const auto is_number = [](std::string_view field) {
    return !field.empty() && std::ranges::all_of(field, [](char c) {
      return c >= '0' && c <= '9';
    });
  };
  const std::string_view count = TakeField(line);
  const std::string_view width = TakeField(line);
  return is_number(count) && is_number(width) && TakeField(line).empty();
}

// The forms under which units look for a vector.
std::unordered_set<std::string> WantedForms(const UnitTable& units) {
  std::unordered_set<std::string> forms;
  for (const int32_t id : units.words()) {
    forms.insert(units.Written(id));
    forms.insert(text::LowerCase(units.Written(id)));
  }
  return forms;
}

class Reader {
 public:
  explicit Reader(const UnitTable& units) : wanted_(WantedForms(units)) {}

  Result<void> AddLine(std::string_view line) {
    const std::string word(TakeField(line));
    if (word.empty()) return {};
    values_.clear();
    CMIF_TRY(ParseValues(line, values_));
    if (width_ == 0) width_ = values_.size();
    if (values_.empty() || values_.size() != width_) {
      return InvalidArgument("has another number of values than the first");
    }
    if (wanted_.contains(word)) vectors_.try_emplace(word, values_);
    return {};
  }

  const std::vector<float>* Find(const std::string& written) const {
    auto found = vectors_.find(written);
    if (found == vectors_.end()) {
      found = vectors_.find(text::LowerCase(written));
    }
    return found == vectors_.end() ? nullptr : &found->second;
  }
  size_t width() const { return width_; }

 private:
  std::unordered_set<std::string> wanted_;
  std::unordered_map<std::string, std::vector<float>> vectors_;
  std::vector<float> values_;
  size_t width_ = 0;
};

Result<WordVectors> Gather(const Reader& reader, const UnitTable& units) {
  const auto size = static_cast<size_t>(units.size());
  std::vector<float> raw(size * reader.width(), 0.0F);
  WordVectors vectors;
  for (const int32_t id : units.words()) {
    const std::vector<float>* const values = reader.Find(units.Written(id));
    if (values == nullptr) continue;
    std::ranges::copy(
        *values, raw.begin() + static_cast<std::ptrdiff_t>(
                                   static_cast<size_t>(id) * reader.width()));
    vectors.ids.push_back(id);
  }
  if (vectors.ids.empty()) {
    return InvalidArgument("has no vector of any word of the vocabulary");
  }
  CMIF_ASSIGN(vectors.rows, privacy::CentredUnitRows(
                                units.size(), static_cast<int>(reader.width()),
                                raw, vectors.ids));
  return vectors;
}

}  // namespace

Result<WordVectors> ParseWordVectors(std::string_view text,
                                     const UnitTable& units) {
  if (text.starts_with("\x1f\x8b") || text.starts_with("BZh") ||
      text.starts_with("PK\x03\x04") ||
      text.starts_with("\xfd"
                       "7zXZ")) {
    return InvalidArgument("is compressed; unpack it first, e.g. with gunzip");
  }
  Reader reader(units);
  for (size_t number = 1; !text.empty(); ++number) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (number == 1 && IsHeader(line)) continue;
    const auto added = reader.AddLine(line);
    if (!added) {
      return InvalidArgument(
          fmt::format("line {} {}", number, added.error().message()));
    }
  }
  return Gather(reader, units);
}

Result<WordVectors> ReadWordVectors(const std::filesystem::path& path,
                                    const UnitTable& units) {
  CMIF_ASSIGN(const MappedFile file, MappedFile::Open(path));
  auto vectors = ParseWordVectors(AsText(file.bytes()), units);
  if (!vectors) return std::unexpected(vectors.error().At(path.string()));
  return vectors;
}

}  // namespace cmif::client
