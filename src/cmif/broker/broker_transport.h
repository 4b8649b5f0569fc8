// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_BROKER_BROKER_TRANSPORT_H_
#define CMIF_BROKER_BROKER_TRANSPORT_H_

#include <string>

#include "cmif/base/status.h"
#include "cmif/crypto/p256.h"

namespace cmif::broker {

// One request of HTTP to a key broker: a POST of JSON where there is a body.
struct BrokerRequest {
  std::string path;
  std::string body = {};
  std::string session = {};  // the value of the cookie kbs-session-id
  std::string token = {};    // of "Authorization: Bearer"
};

struct BrokerAnswer {
  int status = 0;
  std::string body;
  std::string session = {};  // where the answer sets it
  // Of the broker that answered: what its tokens are signed by.
  crypto::P256PublicKey key;
};

// Where requests to a key broker go. One caller at a time.
class BrokerTransport {
 public:
  virtual ~BrokerTransport() = default;
  // UNAVAILABLE: nobody answered, or not in time; UNAUTHENTICATED: somebody
  // who is not the broker; DATA_LOSS: no HTTP, or too long an answer.
  virtual Result<BrokerAnswer> Send(const BrokerRequest& request) = 0;
};

}  // namespace cmif::broker

#endif  // CMIF_BROKER_BROKER_TRANSPORT_H_
