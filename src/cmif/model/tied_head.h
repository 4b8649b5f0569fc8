// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_MODEL_TIED_HEAD_H_
#define CMIF_MODEL_TIED_HEAD_H_

#include "cmif/model/gguf_file.h"

namespace cmif::model {

// Whether who holds the output head of this Llama model holds its embedding
// table: it has no head of its own, or one whose rows are the table's but for
// how they are quantised (judged by 64 rows: a squared distance below a quarter
// of the rows' own). Thread-safe.
bool IsTied(const GgufFile& file);

}  // namespace cmif::model

#endif  // CMIF_MODEL_TIED_HEAD_H_
