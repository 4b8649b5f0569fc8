// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_CLIENT_WORD_VECTORS_H_
#define CMIF_CLIENT_WORD_VECTORS_H_

#include <cstdint>
#include <filesystem>
#include <string_view>
#include <vector>

#include "cmif/base/status.h"
#include "cmif/client/units.h"
#include "cmif/client/word_files.h"
#include "cmif/privacy/row_matrix.h"

namespace cmif::client {

// Vectors from outside for the words of a vocabulary.
struct WordVectors {
  // One row per id: mean-centred over `ids`, of unit norm; zero elsewhere.
  privacy::RowMatrix rows;
  std::vector<int32_t> ids;  // units of kWordClass with a vector, ascending
};

// word2vec's and GloVe's text format: "word v1 v2 ..." a line, by choice after
// a line "number-of-words width". A unit takes the vector of its written form,
// or if there is none, of its lower-cased form; of a form that comes again the
// first counts. INVALID_ARGUMENT, naming the line: widths that differ, a value
// that is no finite number, more than 4,096 values; also compressed files, and
// a file that has no word of the vocabulary. Only vectors of the vocabulary's
// words are kept. Pure.
Result<WordVectors> ParseWordVectors(std::string_view text,
                                     const UnitTable& units);

// The same from a file, mapped: errors with the path in front.
Result<WordVectors> ReadWordVectors(const std::filesystem::path& path,
                                    const UnitTable& units);

}  // namespace cmif::client

#endif  // CMIF_CLIENT_WORD_VECTORS_H_
