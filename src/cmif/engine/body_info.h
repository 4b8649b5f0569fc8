// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_ENGINE_BODY_INFO_H_
#define CMIF_ENGINE_BODY_INFO_H_

#include <cstdint>
#include <filesystem>
#include <string>

#include "cmif/base/status.h"

namespace cmif::engine {

// What a body file says about itself (keys cmif.* that `cmif split` writes).
struct BodyInfo {
  std::string model_id;      // hex; empty for a whole model
  std::string architecture;  // "llama" or "bert"
  std::string partition;     // "embedding" or "embedding+head"
  std::string row_type;      // ggml's name of the rows' number format
  uint32_t row_width = 0;    // values a row
  uint32_t vocabulary = 0;   // of the model that was split
  uint32_t context = 0;      // positions it was trained for
  bool classifier = false;   // BERT with a classification head

  // The client holds the head: hidden states go out instead of tokens.
  bool hidden_states() const { return partition == "embedding+head"; }
};

// Reads a body. `allow_whole_model`: also takes a GGUF that was not split
// (tests and benchmarks), whose rows come from outside all the same.
// Codes of GgufFile::Open; FAILED_PRECONDITION: not split; UNIMPLEMENTED: an
// architecture or partition this engine does not run; DATA_LOSS: keys that do
// not fit together.
Result<BodyInfo> ReadBodyInfo(const std::filesystem::path& path,
                              bool allow_whole_model);

}  // namespace cmif::engine

#endif  // CMIF_ENGINE_BODY_INFO_H_
