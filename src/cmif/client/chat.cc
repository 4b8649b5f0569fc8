// SPDX-License-Identifier: Apache-2.0
#include "cmif/client/chat.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace cmif::client {
namespace {

void Append(Sanitized& total, Sanitized part) {
  if (!total.text.empty()) total.text += '\n';
  total.text += part.text;
  std::ranges::move(part.words, std::back_inserter(total.words));
  total.words_changed += part.words_changed;
  total.words_public += part.words_public;
  total.words_unprotected += part.words_unprotected;
  total.words_charged += part.words_charged;
  total.words_repeated += part.words_repeated;
  total.charges.Add(part.charges);
}

}  // namespace

Result<ChatPrompt> PrepareChat(Sanitizer& sanitizer, PromptRows& rows,
                               std::string_view system,
                               std::string_view question,
                               RandomSource& random) {
  ChatPrompt prompt;
  std::vector<model::ChatMessage> messages;
  Conversation conversation = sanitizer.StartConversation(random);
  const auto add = [&](const char* name, Role role,
                       std::string_view text) -> Result<void> {
    const auto index = static_cast<uint32_t>(messages.size());
    CMIF_ASSIGN(Sanitized part,
                sanitizer.Sanitize(text, conversation, {role, index}));
    messages.push_back({name, part.text});
    Append(prompt.sanitized, std::move(part));
    return {};
  };
  if (!system.empty()) CMIF_TRY(add("system", Role::kSystem, system));
  CMIF_TRY(add("user", Role::kUser, question));
  const model::Tokenizer& tokenizer = sanitizer.model().tokenizer();
  CMIF_ASSIGN(const auto parts, tokenizer.ApplyChatTemplate(messages));
  CMIF_ASSIGN(const model::PromptTokens tokens, tokenizer.EncodePrompt(parts));
  CMIF_ASSIGN(prompt.rows, rows.Of(tokens));
  return prompt;
}

}  // namespace cmif::client
