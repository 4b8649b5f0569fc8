// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_CLIENT_TEXT_ASSEMBLER_H_
#define CMIF_CLIENT_TEXT_ASSEMBLER_H_

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cmif::client {

// Holds back what is not whole yet: characters cut in two, and ends that may
// begin a stop text.
class TextAssembler {
 public:
  explicit TextAssembler(std::vector<std::string> stop)
      : stop_(std::move(stop)) {}
  // Adds bytes; returns what can be shown now.
  std::string Add(std::string_view bytes);
  // A stop text has come; the text ends before it.
  bool stopped() const { return stopped_; }
  // The rest, at the end of the answer.
  std::string Finish();

 private:
  std::vector<std::string> stop_;
  std::string held_;
  bool stopped_ = false;
};

}  // namespace cmif::client

#endif  // CMIF_CLIENT_TEXT_ASSEMBLER_H_
