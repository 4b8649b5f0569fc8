// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_BROKER_KEY_CLIENT_H_
#define CMIF_BROKER_KEY_CLIENT_H_

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "cmif/base/status.h"
#include "cmif/broker/bound_configuration.h"
#include "cmif/broker/broker_transport.h"
#include "cmif/broker/kbs_messages.h"
#include "cmif/broker/kbs_token.h"
#include "cmif/crypto/sealed_stream.h"
#include "cmif/platform/attester.h"

namespace cmif::broker {

struct KeyRequest {
  Resource resource;  // whose key
  // What evidence must carry, and the broker is told.
  std::optional<BoundConfiguration> configuration = {};
};

struct ReleasedKey {
  crypto::SealKey key;
  TokenClaims claims;
};

// Whether another try may help: the network, a busy broker.
bool MayRetry(const Status& status);

// How long is waited between tries: doubled each time.
struct Retries {
  int tries = 5;
  std::chrono::milliseconds first{500};
  std::function<void(std::chrono::milliseconds)> sleep = {};  // none: sleeps
};

// Proves to a key broker what this process runs in, and gets a bundle's key.
// One caller at a time.
class KeyClient {
 public:
  // INVALID_ARGUMENT: no resource, or an attester of "none".
  static Result<std::unique_ptr<KeyClient>> Create(
      std::unique_ptr<BrokerTransport> transport,
      std::unique_ptr<platform::Attester> attester, KeyRequest request,
      Retries retries = {});

  // Evidence, token, key. What the broker answers, with its own reason:
  // UNAUTHENTICATED, PERMISSION_DENIED, NOT_FOUND; FAILED_PRECONDITION: the
  // machine's evidence does not carry the configuration; the attester's and
  // the transport's errors (those that MayRetry() after all tries).
  Result<ReleasedKey> Fetch();
  // Evidence and token alone, for the lease to go on; one try.
  Result<TokenClaims> Renew(const std::string& lease);

 private:
  struct Session;
  KeyClient(std::unique_ptr<BrokerTransport> transport,
            std::unique_ptr<platform::Attester> attester, Tee tee,
            KeyRequest request, Retries retries)
      : transport_(std::move(transport)),
        attester_(std::move(attester)),
        tee_(tee),
        request_(std::move(request)),
        retries_(std::move(retries)) {}
  Result<BrokerAnswer> Ask(const BrokerRequest& request);
  Result<Session> Attest(const std::optional<std::string>& lease);
  Result<std::string> Evidence(const KbsNonce& nonce,
                               const std::string& tee_pubkey);
  Result<TokenClaims> Check(const BrokerAnswer& answer,
                            const std::string& token,
                            const std::string& tee_pubkey) const;
  Result<ReleasedKey> FetchOnce();

  std::unique_ptr<BrokerTransport> transport_;
  std::unique_ptr<platform::Attester> attester_;
  Tee tee_;
  KeyRequest request_;
  Retries retries_;
  std::optional<crypto::P256PublicKey> broker_ = {};  // that gave the key
};

}  // namespace cmif::broker

#endif  // CMIF_BROKER_KEY_CLIENT_H_
