// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_CLIENT_CHAT_H_
#define CMIF_CLIENT_CHAT_H_

#include <string_view>
#include <vector>

#include "cmif/base/random.h"
#include "cmif/base/status.h"
#include "cmif/client/prompt_rows.h"
#include "cmif/client/sanitizer.h"

namespace cmif::client {

// What Generate() takes, and what is charged once any of it has left.
struct ChatPrompt {
  Sanitized sanitized;  // of the system prompt (if any) and the question
  std::vector<PromptRow> rows;
};

// One question to a chat model, a conversation of its own: sanitizes question
// and system prompt (empty: none) and puts them into the model's chat template,
// whose own text is public. `rows` is the sanitizer's. Codes of Sanitize(),
// ApplyChatTemplate() and PromptRows::Of().
Result<ChatPrompt> PrepareChat(Sanitizer& sanitizer, PromptRows& rows,
                               std::string_view system,
                               std::string_view question, RandomSource& random);

}  // namespace cmif::client

#endif  // CMIF_CLIENT_CHAT_H_
