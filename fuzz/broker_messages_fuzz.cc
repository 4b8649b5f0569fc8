// SPDX-License-Identifier: Apache-2.0
// Hostile messages of the key broker's protocol, in both directions: what is
// read can be written, and is then read as the same.
#include <cstdint>
#include <cstdlib>

#include "cmif/base/byte_reader.h"
#include "cmif/broker/kbs_messages.h"

namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cmif::broker;
  const std::string_view text = cmif::AsText({data, size});
  if (const auto auth = ReadAuthRequest(text)) {
    const auto again = ReadAuthRequest(WriteAuthRequest(*auth));
    Require(again && again->tee == auth->tee && again->lease == auth->lease &&
            again->resource == auth->resource);
  }
  if (const auto nonce = ReadChallenge(text)) {
    Require(*ReadChallenge(WriteChallenge(*nonce)) == *nonce);
  }
  if (const auto attest = ReadAttestRequest(text)) {
    const auto again = ReadAttestRequest(WriteAttestRequest(*attest));
    Require(again && again->tee_pubkey == attest->tee_pubkey &&
            again->evidence == attest->evidence &&
            again->configuration == attest->configuration);
    const auto hash = KbsReportData(attest->nonce, attest->tee_pubkey);
    Require(hash && *hash == *KbsReportData(again->nonce, again->tee_pubkey));
  }
  if (const auto resource = ReadResourcePath(text)) {
    Require(ResourcePath(*resource) == text);
  }
  if (const auto problem = ReadProblem(text)) {
    Require(ReadProblem(WriteProblem(*problem)).has_value());
  }
  if (const auto token = ReadTokenAnswer(text)) {
    Require(*ReadTokenAnswer(WriteTokenAnswer(*token)) == *token);
  }
  return 0;
}
