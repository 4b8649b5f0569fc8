// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_MODEL_TOKENIZER_CHECK_H_
#define CMIF_MODEL_TOKENIZER_CHECK_H_

#include "cmif/base/status.h"
#include "cmif/model/gguf_file.h"

namespace cmif::model {

// Checks the tokenizer.* keys of a GGUF before llama.cpp sees them: it aborts
// the process on some inconsistent vocabularies (a token twice, no separator
// token). DATA_LOSS with what is wrong, UNIMPLEMENTED for kinds of tokenizer
// that are not supported.
Result<void> CheckTokenizerKeys(const GgufFile& file);

}  // namespace cmif::model

#endif  // CMIF_MODEL_TOKENIZER_CHECK_H_
