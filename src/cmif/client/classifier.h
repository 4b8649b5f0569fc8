// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_CLIENT_CLASSIFIER_H_
#define CMIF_CLIENT_CLASSIFIER_H_

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "cmif/base/status.h"
#include "cmif/client/client_model.h"
#include "cmif/client/prompt_rows.h"
#include "cmif/client/remote.h"

namespace cmif::client {

// A stream of sentence batches to a classifier. Send() may be called up to
// twice ahead of Receive(), so that the server always has work. Not
// thread-safe.
class Classifier {
 public:
  // FAILED_PRECONDITION when the model is no classifier. Both arguments must
  // outlive the object.
  static Result<std::unique_ptr<Classifier>> Start(Remote& remote,
                                                   ClientModel& model);
  ~Classifier();

  // The longest sentence in tokens, and the largest batch.
  uint32_t max_tokens() const;
  uint32_t max_sentences() const;
  // Tokens of a batch: keeps a message of all new rows within its limit.
  size_t max_batch_tokens() const;

  // One batch of rows, those of special tokens among them; each sentence has 1
  // to max_tokens(). Returns the bytes that each sentence took on the wire;
  // RowLedger::Reveal()'s errors: then nothing was sent, and fewer sentences
  // may be. Other errors end the stream.
  Result<std::vector<uint64_t>> Send(
      std::span<const std::vector<PromptRow>> sentences);
  // The logits of the oldest batch not received yet: one vector a sentence.
  Result<std::vector<std::vector<float>>> Receive();

 private:
  struct Impl;
  explicit Classifier(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Probabilities of at least one logit, float or double.
template <typename Value>
std::vector<double> Softmax(const std::vector<Value>& logits) {
  const double most = *std::ranges::max_element(logits);
  std::vector<double> probabilities;
  double sum = 0;
  for (const double logit : logits) {
    probabilities.push_back(std::exp(logit - most));
    sum += probabilities.back();
  }
  for (double& probability : probabilities) probability /= sum;
  return probabilities;
}
// The index of the largest of at least one probability; ties: the first.
size_t Likeliest(std::span<const double> probabilities);

}  // namespace cmif::client

#endif  // CMIF_CLIENT_CLASSIFIER_H_
