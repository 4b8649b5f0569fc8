// SPDX-License-Identifier: Apache-2.0
#include "cmif/attest/stream_proof.h"

#include <algorithm>

#include "cmif/attest/clock.h"
#include "cmif/base/byte_reader.h"
#include "cmif/crypto/tls_certificate.h"

namespace cmif::attest {
namespace {

std::unexpected<Status> Unproven(std::string why) {
  return Fail(Code::kUnauthenticated, std::move(why));
}

// The key of the other side of this very connection.
Result<crypto::Digest> KeyOf(std::string_view certificate) {
  const auto parsed = crypto::TlsCertificate::FromPem(certificate);
  if (!parsed) return Unproven("the connection has no certificate of the peer");
  return parsed->key_sha256();
}

Result<Nonce> ReadNonce(std::string_view text) {
  Nonce nonce{};
  if (text.size() != nonce.size()) {
    return InvalidArgument("a nonce has 32 bytes");
  }
  std::ranges::copy(AsBytes(text), nonce.begin());
  return nonce;
}

// What `party` answers to a nonce of the peer's.
Result<std::string> AnswerTo(const Party& party, Role self,
                             std::string_view nonce_text,
                             const crypto::Digest& peer_key,
                             std::string_view context) {
  CMIF_ASSIGN(const Nonce nonce, ReadNonce(nonce_text));
  CMIF_ASSIGN(const auto evidence,
              party.identity->Collect(AnswerReportData(
                  nonce, {.attester = self,
                          .attester_key = party.identity->key_sha256(),
                          .verifier_key = peer_key,
                          .context = context})));
  return std::string(AsText(evidence));
}

// Whether the peer's answer is one to `asked`, over this connection.
Result<void> CheckAnswer(const Party& party, Role peer, const Nonce& asked,
                         std::string_view evidence,
                         const crypto::Digest& peer_key,
                         std::string_view context) {
  return party.peers->JudgeAnswer(
      AsBytes(evidence),
      AnswerReportData(asked, {.attester = peer,
                               .attester_key = peer_key,
                               .verifier_key = party.identity->key_sha256(),
                               .context = context}),
      Now());
}

std::string ToText(const Nonce& nonce) { return std::string(AsText(nonce)); }

}  // namespace

Result<std::optional<ProofMessage>> ServerProof::Take(
    const ProofMessage& message, ProofClock::time_point now) {
  if (!party_.identity) {
    return FailedPrecondition(
        "this server has no TLS, so nothing can be proven to it or by it");
  }
  if (message.evidence.empty()) {
    CMIF_ASSIGN(ProofMessage reply, Begin(message, now));
    return reply;
  }
  CMIF_TRY(Finish(message, now));
  return std::nullopt;
}

Result<ProofMessage> ServerProof::Begin(const ProofMessage& message,
                                        ProofClock::time_point now) {
  if (begun_at_ && now - *begun_at_ < std::chrono::seconds(1)) {
    return ResourceExhausted("one challenge a second is enough");
  }
  begun_at_ = now;
  ProofMessage reply;
  if (!message.nonce.empty()) {
    if (!party_.identity->attests()) {
      return FailedPrecondition(
          "this server has no evidence to give; start it in a trusted "
          "execution environment with --attester");
    }
    CMIF_ASSIGN(const crypto::Digest client, KeyOf(client_certificate_));
    CMIF_ASSIGN(reply.evidence, AnswerTo(party_, Role::kServer, message.nonce,
                                         client, context_));
  }
  if (party_.peers) {
    asked_ = FreshNonce();
    reply.nonce = ToText(*asked_);
    reply.valid_seconds = static_cast<uint32_t>(kValid.count());
  }
  return reply;
}

Result<void> ServerProof::Finish(const ProofMessage& message,
                                 ProofClock::time_point now) {
  if (!asked_ || !message.nonce.empty()) {
    return InvalidArgument("evidence that was not asked for");
  }
  const Nonce asked = *asked_;
  asked_.reset();
  CMIF_ASSIGN(const crypto::Digest client, KeyOf(client_certificate_));
  CMIF_TRY(CheckAnswer(party_, Role::kClient, asked, message.evidence, client,
                       context_));
  proven_at_ = now;
  return {};
}

Result<void> ServerProof::MayTakeRows(ProofClock::time_point now) const {
  if (!party_.peers) return {};
  if (proven_at_ && now - *proven_at_ <= kValid) return {};
  return Unproven(
      proven_at_ ? "this client's proof is too old for more rows"
                 : "this server takes rows only of clients that have proven "
                   "what they are; start the client with --attester");
}

bool ClientProof::Due(ProofClock::time_point now) const {
  if (!party_.peers && !server_demands_) return false;
  return !passed_at_ || now - *passed_at_ >= interval_;
}

ProofMessage ClientProof::Begin() {
  if (!party_.peers) return {};
  asked_ = FreshNonce();
  return {.nonce = ToText(*asked_)};
}

Result<std::optional<ProofMessage>> ClientProof::Answer(
    const ProofMessage& message, std::string_view server_certificate,
    ProofClock::time_point now) {
  if (!party_.identity) {
    return FailedPrecondition("without TLS nothing can be proven");
  }
  CMIF_ASSIGN(const crypto::Digest server, KeyOf(server_certificate));
  if (party_.peers) {
    if (!asked_) return Internal("an answer to no question");
    const Nonce asked = *asked_;
    asked_.reset();
    if (message.evidence.empty()) {
      return Unproven("the server gives no evidence");
    }
    CMIF_TRY(CheckAnswer(party_, Role::kServer, asked, message.evidence, server,
                         context_));
  }
  std::optional<ProofMessage> last;
  if (!message.nonce.empty()) {
    if (!party_.identity->attests()) {
      return FailedPrecondition(
          "the server demands evidence of this client; run it in a trusted "
          "execution environment with --attester");
    }
    last.emplace();
    CMIF_ASSIGN(last->evidence, AnswerTo(party_, Role::kClient, message.nonce,
                                         server, context_));
    interval_ = std::clamp(std::chrono::seconds(message.valid_seconds / 2),
                           std::chrono::seconds(1), kInterval);
  }
  passed_at_ = now;
  return last;
}

}  // namespace cmif::attest
