// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_CLI_AUDIT_LANGUAGE_MODEL_H_
#define CMIF_CLI_AUDIT_LANGUAGE_MODEL_H_

#include <filesystem>
#include <memory>

#include "cmif/base/status.h"
#include "cmif/eval/context_attack.h"

namespace cmif::cli {

// A whole GGUF model in this process, as the attacker's language model. A
// candidate of several tokens is judged by its first one: exact where the
// audited vocabulary is the model's own. NOT_FOUND, DATA_LOSS, UNIMPLEMENTED.
Result<std::unique_ptr<eval::NextWordModel>> OpenLanguageModel(
    const std::filesystem::path& gguf);

}  // namespace cmif::cli

#endif  // CMIF_CLI_AUDIT_LANGUAGE_MODEL_H_
