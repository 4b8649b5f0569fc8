// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_CLIENT_WORD_UNITS_H_
#define CMIF_CLIENT_WORD_UNITS_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "cmif/base/status.h"
#include "cmif/client/client_model.h"
#include "cmif/client/nearest_unit.h"

namespace cmif::client {

// Which units stand for a word or a run of digits: what goes through the
// channel, and what an audit attacks. A public function of the model and of
// which units are sensitive. Remembers words that needed a search. Not
// thread-safe.
class WordUnits {
 public:
  // `is_sensitive` says of a unit of kWordClass whether a word of several
  // tokens may stand for it: it must not become a public one, which would
  // pass, unless it is that word in other case. It is asked when the first such
  // word comes. The model must outlive the object.
  WordUnits(ClientModel& model, std::function<bool(int32_t)> is_sensitive)
      : model_(&model), is_sensitive_(std::move(is_sensitive)) {}

  // The unit that is written so; else the nearest one to the mean row of the
  // word's tokens. FAILED_PRECONDITION: no unit is sensitive; the tokenizer's
  // and ClientModel::Rows()'s errors.
  Result<int32_t> OfWord(std::string_view word);
  // One for each token of a run of digits; where the vocabulary has none, the
  // run counts as a word.
  Result<std::vector<int32_t>> OfDigits(std::string_view digits);

 private:
  Result<const NearestUnit*> Nearest();
  Result<int32_t> Search(std::string_view word);

  ClientModel* model_;
  std::function<bool(int32_t)> is_sensitive_;
  // Set by the first search: the model's, or where words are public our own.
  const NearestUnit* nearest_ = nullptr;
  std::shared_ptr<const NearestUnit> own_nearest_;
  std::unordered_map<std::string, int32_t> searched_;  // bounded
};

}  // namespace cmif::client

#endif  // CMIF_CLIENT_WORD_UNITS_H_
