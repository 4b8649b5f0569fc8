// SPDX-License-Identifier: Apache-2.0
// A key broker without network, policy or verifier, and a machine to go with
// it: they say what a test wants to hear.
#ifndef CMIF_BROKER_TESTING_FAKE_BROKER_H_
#define CMIF_BROKER_TESTING_FAKE_BROKER_H_

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "cmif/broker/broker_transport.h"
#include "cmif/broker/kbs_messages.h"
#include "cmif/broker/kbs_token.h"
#include "cmif/crypto/sha256.h"
#include "cmif/platform/attester.h"

namespace cmif::broker::testing {

// Outlives the transports that it gives. Not thread-safe.
class FakeBroker {
 public:
  FakeBroker();
  std::unique_ptr<BrokerTransport> NewTransport();

  // Reports of an SEV-SNP machine with this HOST_DATA, signed by nobody.
  static std::unique_ptr<platform::Attester> NewAttester(
      const crypto::Digest& host_data = {});

  // While set nobody answers; every request counts all the same.
  bool unreachable = false;
  // While set, the answer to this path, with this status.
  std::optional<std::string> refused_path;
  int refused_status = 403;
  Problem problem{"policy", "no rule allows this"};
  // What tokens say.
  TokenClaims claims;
  bool tells_other_key = false;  // tokens are about another key
  bool seals_to_other = false;   // resources are for another key
  bool gives_for_other_token = false;
  // Somebody else's key from now on.
  void ChangeKey() { key_ = crypto::P256Key::Generate(); }
  std::string resource = std::string(32, 'k');

  std::function<void()> before_answer = [] {};

  int requests = 0;
  std::optional<std::string> renewed;        // the lease of the last auth
  std::optional<std::string> configuration;  // of the last attest
  std::string path;                          // of the last resource

 private:
  friend class FakeTransport;
  Result<BrokerAnswer> Answer(const BrokerRequest& request);
  std::string Attest(const AttestRequest& request);

  crypto::P256Key key_;
  std::optional<crypto::P256PublicKey> client_;
  KbsNonce nonce_{};
};

}  // namespace cmif::broker::testing

#endif  // CMIF_BROKER_TESTING_FAKE_BROKER_H_
