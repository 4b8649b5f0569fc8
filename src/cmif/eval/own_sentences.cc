// SPDX-License-Identifier: Apache-2.0
#include "cmif/eval/own_sentences.h"

#include "cmif/text/words.h"

namespace cmif::eval {

std::vector<std::string> OwnSentences() {
  return {
      "the doctor said that the results would arrive before the weekend .",
      "my sister has worked at the same bank for eleven years .",
      "we are looking for a small apartment close to the station .",
      "please move the meeting with the lawyer to thursday afternoon .",
      "the film begins slowly but the last hour is wonderful .",
      "he lost his passport somewhere between the hotel and the airport .",
      "our company plans to close two of its factories next spring .",
      "the soup was cold and the waiter never came back .",
      "she told her brother about the pregnancy on sunday .",
      "i owe my neighbor four hundred dollars for the broken window .",
      "the medicine makes me tired , so i take it at night .",
      "they accused the manager of selling private data .",
      "a funny and warm story about an old man and his dog .",
      "the contract ends in march and we will not renew it .",
      "can you explain why the engine makes that noise in winter ?",
      "her voice was calm although the judge did not believe her .",
      "the children walked along the river until it was dark .",
      "nobody in the village had seen the stranger before .",
      "it is a boring , empty and far too long comedy .",
      "write a short letter that asks the landlord to repair the heating .",
  };
}

Result<std::vector<std::string>> TextsOf(std::string_view file, size_t limit) {
  std::vector<std::string> texts;
  bool first = true;
  while (!file.empty() && texts.size() < limit) {
    const size_t end = std::min(file.find('\n'), file.size());
    std::string_view line = file.substr(0, end);
    file.remove_prefix(std::min(end + 1, file.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    const size_t tab = line.find('\t');
    const bool heading =
        first && tab != line.npos && line.substr(0, tab) == "sentence";
    first = false;
    if (heading) continue;
    if (tab != line.npos) line = line.substr(0, tab);
    if (text::CheckText(line)) texts.emplace_back(line);
  }
  if (texts.empty()) {
    return InvalidArgument("the file has no line of text that can be used");
  }
  return texts;
}

}  // namespace cmif::eval
