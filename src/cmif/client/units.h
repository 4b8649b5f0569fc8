// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_CLIENT_UNITS_H_
#define CMIF_CLIENT_UNITS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "cmif/base/status.h"
#include "cmif/model/tokenizer.h"
#include "cmif/privacy/clustering.h"

namespace cmif::client {

// Classes of token ids. No word ever becomes a token of another class. A class
// of digits has the number of its digits (and whether it begins a word) in the
// number: see DigitsClass().
inline constexpr int32_t kPublicClass = -1;  // special tokens, punctuation,
                                             // white space
inline constexpr int32_t kWordClass = 0;     // a whole word, at its start
inline constexpr int32_t kContinuationClass = 1;  // word characters within
inline constexpr int32_t kMixedClass = 2;   // words mixed with other things
inline constexpr int32_t kUnusedClass = 3;  // [unused12] and the like
inline constexpr int32_t kBytesClass = 4;   // bytes, parts of characters
inline constexpr int32_t kFirstDigitsClass = 16;

constexpr int32_t DigitsClass(size_t digits, bool begins_word) {
  return kFirstDigitsClass + 2 * static_cast<int32_t>(digits) +
         (begins_word ? 1 : 0);
}

// "words", "continuations", "digits of length 3 (word start)", ...
std::string ClassName(int32_t unit_class);

// What every token id of a vocabulary is, and how units are written. A public
// function of the vocabulary. Immutable; thread-safe.
class UnitTable {
 public:
  static UnitTable Create(const model::Tokenizer& tokenizer);

  int size() const { return static_cast<int>(class_of_.size()); }
  const std::vector<int32_t>& class_of() const { return class_of_; }
  // How the unit is written in text, without a leading space.
  const std::string& Written(int32_t id) const {
    return written_[static_cast<size_t>(id)];
  }
  // The unit of kWordClass that is written so; -1 if there is none.
  int32_t FindWord(std::string_view written) const;
  // Ids of kWordClass, ascending.
  const std::vector<int32_t>& words() const { return words_; }

 private:
  UnitTable() = default;
  std::vector<int32_t> class_of_;
  std::vector<std::string> written_;
  std::vector<int32_t> words_;
  std::unordered_map<std::string_view, int32_t> by_text_;  // into written_
};

// The class of each cluster's words, in order of the clusters. Precondition:
// every cluster is of one class.
std::vector<int32_t> ClassesOf(const UnitTable& units,
                               const privacy::Clustering& clustering);

// That every id that is not public lies in exactly one cluster, all of one
// class, and no public id in any. DATA_LOSS names the first cluster or class
// that breaks this.
Result<void> CheckClusters(const UnitTable& units,
                           const privacy::Clustering& clustering);

}  // namespace cmif::client

#endif  // CMIF_CLIENT_UNITS_H_
