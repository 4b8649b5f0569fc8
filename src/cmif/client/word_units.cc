// SPDX-License-Identifier: Apache-2.0
#include "cmif/client/word_units.h"

#include <algorithm>
#include <iterator>

#include "cmif/text/lower_case.h"

namespace cmif::client {
namespace {

constexpr size_t kMaxSearchedWords = 65536;
constexpr size_t kMaxSearchedWordBytes = 64;

}  // namespace

Result<const NearestUnit*> WordUnits::Nearest() {
  if (nearest_ != nullptr) return nearest_;
  const std::vector<int32_t>& words = model_->units().words();
  std::vector<int32_t> sensitive;
  std::ranges::copy_if(words, std::back_inserter(sensitive), is_sensitive_);
  if (sensitive.size() == words.size()) {
    CMIF_ASSIGN(nearest_, model_->Nearest());
    return nearest_;
  }
  if (sensitive.empty()) {
    return FailedPrecondition("the policy leaves no sensitive words");
  }
  CMIF_ASSIGN(const privacy::RowMatrix* const rows, model_->Rows());
  own_nearest_ = std::make_shared<const NearestUnit>(*rows, sensitive);
  nearest_ = own_nearest_.get();
  return nearest_;
}

Result<int32_t> WordUnits::Search(std::string_view word) {
  CMIF_ASSIGN(std::vector<int32_t> ids, model_->tokenizer().EncodeWord(word));
  std::erase_if(ids,
                [&](int32_t id) { return model_->tokenizer().IsUnknown(id); });
  // A public unit passes: it stands for a word that differs in case alone, not
  // for one that lost characters to the tokenizer.
  if (ids.size() == 1 &&
      model_->units().class_of()[static_cast<size_t>(ids[0])] == kWordClass &&
      (is_sensitive_(ids[0]) ||
       text::LowerCase(word) == model_->units().Written(ids[0]))) {
    return ids[0];
  }
  CMIF_ASSIGN(const NearestUnit* const nearest, Nearest());
  return nearest->Find(ids);
}

Result<int32_t> WordUnits::OfWord(std::string_view word) {
  if (const int32_t unit = model_->units().FindWord(word); unit >= 0) {
    return unit;
  }
  const std::string key(word);
  if (const auto known = searched_.find(key); known != searched_.end()) {
    return known->second;
  }
  CMIF_ASSIGN(const int32_t unit, Search(word));
  if (word.size() > kMaxSearchedWordBytes) return unit;
  if (searched_.size() >= kMaxSearchedWords) searched_.clear();
  searched_.emplace(key, unit);
  return unit;
}

Result<std::vector<int32_t>> WordUnits::OfDigits(std::string_view digits) {
  const std::vector<int32_t>& class_of = model_->units().class_of();
  // Byte-pair tokenizers would make the space a token of the run.
  CMIF_ASSIGN(std::vector<int32_t> ids,
              model_->tokenizer().Encode(digits, false));
  std::erase_if(ids, [&](int32_t id) {
    return model_->units().Written(id).empty();  // a word mark alone
  });
  const bool all_digits = std::ranges::all_of(ids, [&](int32_t id) {
    return class_of[static_cast<size_t>(id)] >= kFirstDigitsClass;
  });
  if (all_digits && !ids.empty()) return ids;
  // A vocabulary without digits: the run counts as a word.
  CMIF_ASSIGN(const int32_t unit, OfWord(digits));
  return std::vector<int32_t>{unit};
}

}  // namespace cmif::client
