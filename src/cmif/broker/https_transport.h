// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_BROKER_HTTPS_TRANSPORT_H_
#define CMIF_BROKER_HTTPS_TRANSPORT_H_

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "cmif/base/status.h"
#include "cmif/broker/broker_transport.h"
#include "cmif/crypto/sha256.h"

namespace cmif::broker {

struct HttpsOptions {
  std::string url = {};  // https://HOST:PORT, nothing behind it
  // The broker's key must have this SHA-256 (of SubjectPublicKeyInfo); or its
  // certificate must be of this authority's (PEM) for HOST. At least one; with
  // a key the clock of this machine decides nothing.
  std::optional<crypto::Digest> key = {};
  std::string authority = {};
  std::chrono::seconds timeout{10};  // to connect; then for each message
};

// TLS 1.3, a connection a request.
// INVALID_ARGUMENT naming what is wrong with url, key or authority.
Result<std::unique_ptr<BrokerTransport>> NewHttpsTransport(
    const HttpsOptions& options);

}  // namespace cmif::broker

#endif  // CMIF_BROKER_HTTPS_TRANSPORT_H_
