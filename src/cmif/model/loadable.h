// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_MODEL_LOADABLE_H_
#define CMIF_MODEL_LOADABLE_H_

#include <cstdint>

#include "cmif/base/status.h"
#include "cmif/model/gguf_file.h"

namespace cmif::model {

// bert.pooling_type of classifiers (llama.cpp's LLAMA_POOLING_TYPE_RANK).
inline constexpr int64_t kPoolingRank = 4;

// Whether llama.cpp can load and run a Llama or BERT model, as far as its keys,
// the names and the types of its tensors tell. Much of this llama.cpp does not
// refuse: it ends the process. DATA_LOSS, naming the key or the tensor;
// UNIMPLEMENTED: one part of a model in several files, or layers for guessing
// ahead. Thread-safe.
Result<void> CheckLoadable(const GgufFile& file);

}  // namespace cmif::model

#endif  // CMIF_MODEL_LOADABLE_H_
