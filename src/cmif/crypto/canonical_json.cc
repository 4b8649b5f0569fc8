// SPDX-License-Identifier: Apache-2.0
#include "cmif/crypto/canonical_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>
#include <vector>

namespace cmif::crypto {
namespace {

using nlohmann::json;

constexpr size_t kMaxBytes = 1 << 20;
constexpr int kMaxDepth = 16;
constexpr int64_t kMaxWhole = int64_t{1} << 53;

bool IsAscii(std::string_view text) {
  return std::ranges::all_of(
      text, [](char c) { return static_cast<uint8_t>(c) < 0x80; });
}

// ECMAScript's Number::toString: the shortest digits that read back the same,
// as a plain number from 1e-6 up to below 1e21.
std::string NumberText(double value) {
  if (value == 0) return "0";  // of both signs
  std::array<char, 40> buffer{};
  const auto written =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(),
                    std::abs(value), std::chars_format::scientific);
  std::string_view text(buffer.data(), written.ptr);
  const size_t e = text.find('e');
  int exponent = 0;
  const std::string_view power = text.substr(e + 1);
  std::from_chars(power.data() + (power.starts_with('+') ? 1 : 0),
                  power.data() + power.size(), exponent);
  std::string digits;
  for (const char c : text.substr(0, e)) {
    if (c != '.') digits += c;
  }
  const int size = static_cast<int>(digits.size());
  const int point = exponent + 1;  // digits in front of the point
  std::string out;
  if (point >= size && point <= 21) {
    out = digits + std::string(static_cast<size_t>(point - size), '0');
  } else if (point > 0 && point <= 21) {
    out = digits.insert(static_cast<size_t>(point), ".");
  } else if (point > -6 && point <= 0) {
    out = "0." + std::string(static_cast<size_t>(-point), '0') + digits;
  } else {
    if (size > 1) digits.insert(1, ".");
    out = fmt::format("{}e{:+}", digits, exponent);
  }
  return (value < 0 ? "-" : "") + out;
}

class Writer {
 public:
  Result<void> Write(const json& value) {
    if (value.is_object()) return Members(value);
    if (value.is_array()) return Entries(value);
    if (value.is_number_integer()) return Whole(value);
    if (value.is_number_float()) {
      out_ += NumberText(value.get<double>());
      return {};
    }
    // Strings, true, false and null: nlohmann's own form is RFC 8785's.
    out_ += value.dump();
    return {};
  }
  std::string Take() { return std::move(out_); }

 private:
  Result<void> Members(const json& value) {
    out_ += '{';
    bool first = true;
    // nlohmann's objects are sorted by bytes, which for ASCII is the order.
    for (const auto& [name, member] : value.items()) {
      if (!IsAscii(name)) {
        return InvalidArgument("a JSON text has a name that is not ASCII");
      }
      if (!first) out_ += ',';
      first = false;
      out_ += json(name).dump() + ":";
      CMIF_TRY(Write(member));
    }
    out_ += '}';
    return {};
  }
  Result<void> Entries(const json& value) {
    out_ += '[';
    for (size_t i = 0; i < value.size(); ++i) {
      if (i > 0) out_ += ',';
      CMIF_TRY(Write(value[i]));
    }
    out_ += ']';
    return {};
  }
  Result<void> Whole(const json& value) {
    const bool fits = value.is_number_unsigned()
                          ? value.get<uint64_t>() <= uint64_t{kMaxWhole}
                          : value.get<int64_t>() >= -kMaxWhole;
    std::string text = value.dump();
    // Beyond it only what a double is written as: 1e17 and 100000000000000000.
    if (!fits && NumberText(value.get<double>()) != text) {
      return InvalidArgument(
          "a JSON text has a whole number beyond 2^53 that no double has");
    }
    out_ += text;
    return {};
  }

  std::string out_;
};

}  // namespace

Result<std::string> CanonicalJson(std::string_view text) {
  if (text.size() > kMaxBytes) {
    return InvalidArgument("a JSON text has more than 1 MiB");
  }
  std::vector<std::set<std::string>> names;  // of the open objects
  bool good = true;
  const auto watch = [&](int depth, json::parse_event_t event, json& parsed) {
    good = good && depth <= kMaxDepth;
    if (event == json::parse_event_t::object_start) names.emplace_back();
    if (event == json::parse_event_t::object_end) names.pop_back();
    if (event == json::parse_event_t::key && !names.empty()) {
      good = names.back().insert(parsed.get<std::string>()).second && good;
    }
    return good;
  };
  const json parsed = json::parse(text, watch, /*allow_exceptions=*/false);
  if (!good || parsed.is_discarded()) {
    return InvalidArgument(
        "a text is no JSON, is nested too deeply, or has a name twice");
  }
  Writer writer;
  CMIF_TRY(writer.Write(parsed));
  return writer.Take();
}

}  // namespace cmif::crypto
