// SPDX-License-Identifier: Apache-2.0
#include "cmif/client/policy.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <set>

namespace cmif::client {
namespace {

constexpr size_t kMaxNameLength = 32;
constexpr size_t kMaxKinds = 64;
constexpr size_t kMaxDigits = 64;  // units.cc has no longer digits
constexpr std::string_view kFrequentPrefix = "frequent=";
constexpr std::string_view kDigitsPrefix = "digits";

Result<double> ParseNumber(std::string_view text) {
  double value = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    return InvalidArgument("a number is missing");
  }
  return value;
}

Result<void> LoadPublicSet(const std::string& text, PrivacyPolicy& policy) {
  using Public = PrivacyPolicy::Public;
  if (text == "none") return {};
  if (text == "stopwords") {
    policy.public_set = Public::kStopWords;
    return {};
  }
  if (text.starts_with(kFrequentPrefix)) {
    const auto fraction =
        ParseNumber(std::string_view(text).substr(kFrequentPrefix.size()));
    if (!fraction || !(*fraction > 0 && *fraction < 1)) {
      return InvalidArgument(
          "frequent= takes a fraction above 0 and below 1, e.g. frequent=0.1");
    }
    policy.public_set = Public::kFrequent;
    policy.frequent = *fraction;
    return {};
  }
  policy.public_set = Public::kWords;
  CMIF_ASSIGN(policy.public_words, ReadWordList(text));
  return {};
}

Result<void> LoadCounts(const std::string& path, PrivacyPolicy& policy) {
  if (path.empty()) return {};
  if (policy.public_set != PrivacyPolicy::Public::kFrequent) {
    return InvalidArgument("only --public frequent=FRACTION uses it");
  }
  CMIF_ASSIGN(policy.counts, ReadWordCounts(path));
  return {};
}

bool IsName(std::string_view name) {
  return !name.empty() && name.size() <= kMaxNameLength &&
         std::ranges::all_of(name, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
         });
}

// The N of "digitsN"; 0 for what is a file's name.
size_t DigitsOf(std::string_view source) {
  if (!source.starts_with(kDigitsPrefix)) return 0;
  source.remove_prefix(kDigitsPrefix.size());
  size_t digits = 0;
  const auto [end, error] =
      std::from_chars(source.data(), source.data() + source.size(), digits);
  const bool whole = end == source.data() + source.size();
  return error == std::errc() && whole && digits <= kMaxDigits ? digits : 0;
}

Result<Kind> LoadKind(const std::string& text) {
  const size_t equals = text.find('=');
  const size_t colon = text.rfind(':');
  if (equals == std::string::npos || colon == std::string::npos ||
      colon < equals + 2) {
    return InvalidArgument("takes NAME=FILE:EPSILON or NAME=digitsN:EPSILON");
  }
  const std::string name = text.substr(0, equals);
  if (!IsName(name)) {
    return InvalidArgument(
        fmt::format("a name has 1 to {} of a-z, 0-9 and '-'", kMaxNameLength));
  }
  const auto number = ParseNumber(std::string_view(text).substr(colon + 1));
  if (!number) return std::unexpected(number.error().At("its epsilon"));
  auto epsilon = privacy::Epsilon::Create(*number);
  if (!epsilon) return std::unexpected(epsilon.error().At("its epsilon"));
  const std::string source = text.substr(equals + 1, colon - equals - 1);
  Kind kind{name, {}, DigitsOf(source), *epsilon};
  if (kind.digits == 0) {
    CMIF_ASSIGN(kind.words, ReadWordList(source));
  }
  return kind;
}

}  // namespace

Result<PrivacyPolicy> LoadPolicy(const PolicyOptions& options) {
  PrivacyPolicy policy;
  const auto loaded = LoadPublicSet(options.public_set, policy);
  if (!loaded) return std::unexpected(loaded.error().At("--public"));
  if (options.kinds.size() > kMaxKinds) {
    return InvalidArgument(fmt::format("--kind: {} of them, {} are possible",
                                       options.kinds.size(), kMaxKinds));
  }
  std::set<std::string> names;
  for (const std::string& text : options.kinds) {
    auto kind = LoadKind(text);
    if (!kind) return std::unexpected(kind.error().At("--kind"));
    if (!names.insert(kind->name).second) {
      return InvalidArgument("--kind: two kinds have one name");
    }
    policy.kinds.push_back(*std::move(kind));
  }
  const auto counted = LoadCounts(options.counts, policy);
  if (!counted) return std::unexpected(counted.error().At("--counts"));
  return policy;
}

}  // namespace cmif::client
