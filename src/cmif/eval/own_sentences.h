// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_EVAL_OWN_SENTENCES_H_
#define CMIF_EVAL_OWN_SENTENCES_H_

#include <string>
#include <string_view>
#include <vector>

#include "cmif/base/status.h"

namespace cmif::eval {

// Twenty sentences written for this project: what attacks are tried on where
// no text is given. Nobody's data.
std::vector<std::string> OwnSentences();

// The texts of a file: one a line, the first column where lines have tabs;
// without the heading ("sentence") of such a file, without blank lines and
// without lines that CheckText() refuses; at most `limit`. INVALID_ARGUMENT
// when none is left.
Result<std::vector<std::string>> TextsOf(std::string_view file, size_t limit);

}  // namespace cmif::eval

#endif  // CMIF_EVAL_OWN_SENTENCES_H_
