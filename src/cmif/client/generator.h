// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_CLIENT_GENERATOR_H_
#define CMIF_CLIENT_GENERATOR_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cmif/base/status.h"
#include "cmif/client/client_model.h"
#include "cmif/client/prompt_rows.h"
#include "cmif/client/remote.h"

namespace cmif::client {

struct GenerateOptions {
  float temperature = 0;  // 0: greedy
  float top_p = 1;        // (0, 1]
  uint64_t seed = 0;      // of the token sampler; never of the noise
  uint32_t max_tokens = 256;
  std::vector<std::string> stop = {};  // texts that end the answer (not shown)
  bool stop_at_end = true;             // at the model's end-of-turn tokens
  std::chrono::seconds timeout{600};
};

struct Generation {
  std::string text;
  std::vector<int32_t> ids;
  std::string reason;  // "stop", "length", "context"
  uint64_t tokens_in = 0;
  uint64_t tokens_out = 0;
  uint64_t bytes_sent = 0;
  uint64_t bytes_received = 0;
  uint64_t messages = 0;      // sent and received
  double prompt_seconds = 0;  // until the first token came
  double decode_seconds = 0;  // from the first to the last token
  // Tokens after the first, a second; 0 for fewer than two.
  double tokens_per_second() const {
    return tokens_out < 2 || decode_seconds <= 0
               ? 0
               : static_cast<double>(tokens_out - 1) / decode_seconds;
  }
};

// Sends the prompt's rows and reads tokens until the model ends its turn.
// `on_text` gets the answer piece by piece: whole characters, and nothing that
// may turn out to be a stop text. OUT_OF_RANGE when the prompt does not fit
// (both counts named); UNAVAILABLE when the server goes away: what had come
// was passed to on_text; RowLedger::Reveal()'s errors. Thread-safe.
Result<Generation> Generate(
    Remote& remote, ClientModel& model, std::span<const PromptRow> prompt,
    const GenerateOptions& options,
    const std::function<void(std::string_view)>& on_text);

}  // namespace cmif::client

#endif  // CMIF_CLIENT_GENERATOR_H_
