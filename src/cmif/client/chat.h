// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_CLIENT_CHAT_H_
#define CMIF_CLIENT_CHAT_H_

#include <functional>
#include <string>
#include <string_view>

#include "cmif/base/random.h"
#include "cmif/base/status.h"
#include "cmif/client/generator.h"
#include "cmif/client/prompt_rows.h"
#include "cmif/client/remote.h"
#include "cmif/client/sanitizer.h"

namespace cmif::client {

struct ChatAnswer {
  Sanitized sanitized;  // of the system prompt (if any) and the question
  Generation generation;
};

// One question to a chat model, a conversation of its own: sanitizes question
// and system prompt (empty: none), puts them into the model's chat template,
// whose own text is public, and generates. `rows` is the sanitizer's. Codes of
// Sanitize(), ApplyChatTemplate(), PromptRows::Of() and Generate().
Result<ChatAnswer> Chat(Remote& remote, Sanitizer& sanitizer, PromptRows& rows,
                        std::string_view system, std::string_view question,
                        const GenerateOptions& options, RandomSource& random,
                        const std::function<void(std::string_view)>& on_text);

}  // namespace cmif::client

#endif  // CMIF_CLIENT_CHAT_H_
