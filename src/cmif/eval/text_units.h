// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_EVAL_TEXT_UNITS_H_
#define CMIF_EVAL_TEXT_UNITS_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cmif/base/status.h"
#include "cmif/client/client_model.h"
#include "cmif/privacy/clustering.h"

namespace cmif::eval {

// A word of a text as the sanitizer sees it: the unit that goes through the
// channel. Several for a run of digits.
struct UnitWord {
  int32_t unit = 0;
  size_t offset = 0;  // bytes; where the word begins in the text
  // The unit is the word itself; otherwise it is the nearest one, and who
  // recovers the unit has not recovered the word.
  bool exact = false;
};

struct UnitText {
  std::string text;
  std::vector<UnitWord> words;
};

// The units of each text, as the sanitizer of a channel over `clustering` sees
// them (client/word_units.h). Errors: CheckText()'s, naming the text by its
// number; those of WordUnits.
Result<std::vector<UnitText>> UnitsOf(client::ClientModel& model,
                                      const privacy::Clustering& clustering,
                                      std::span<const std::string> texts);

// How often each id occurs, plus `add` for each id: a unigram prior. One value
// for each id of the vocabulary.
std::vector<double> UnigramPrior(std::span<const UnitText> texts,
                                 int vocabulary_size, double add);

}  // namespace cmif::eval

#endif  // CMIF_EVAL_TEXT_UNITS_H_
