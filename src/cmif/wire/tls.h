// SPDX-License-Identifier: Apache-2.0
// TLS 1.3 of gRPC, with the peer judged by us: gRPC's own checks would end a
// handshake without saying why, and know nothing of evidence.
#ifndef CMIF_WIRE_TLS_H_
#define CMIF_WIRE_TLS_H_

#include <grpcpp/grpcpp.h>
#include <grpcpp/security/tls_certificate_provider.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "cmif/base/status.h"

namespace cmif::wire {

// The key and certificate that a side shows, held in memory files without a
// name: gRPC can read a changed certificate from nothing but files.
// Thread-safe.
class TlsIdentity {
 public:
  // PEM; the certificate of the key comes first. INVALID_ARGUMENT: gRPC cannot
  // use them.
  static Result<std::unique_ptr<TlsIdentity>> Create(
      std::string_view key, std::string_view certificates);
  ~TlsIdentity();
  TlsIdentity(const TlsIdentity&) = delete;
  TlsIdentity& operator=(const TlsIdentity&) = delete;

  // Connections that are made kRefreshSeconds later or after show these
  // certificates, which are of the same key.
  Result<void> Replace(std::string_view certificates);
  static constexpr unsigned int kRefreshSeconds = 1;

  const std::shared_ptr<grpc::experimental::CertificateProviderInterface>&
  provider() const {
    return provider_;
  }

 private:
  TlsIdentity() = default;
  int key_ = -1;
  int certificates_ = -1;
  std::shared_ptr<grpc::experimental::CertificateProviderInterface> provider_;
};

// What a peer showed in a handshake whose key it has proven to hold, in PEM.
// On the server's side `chain` lacks the leaf.
struct TlsPeer {
  std::string_view leaf;
  std::string_view chain;
};

// Says why a peer is refused. Called for every new connection, from several
// threads of gRPC's at once: it must neither wait nor call gRPC.
using JudgePeer = std::function<Result<void>(const TlsPeer& peer)>;

// Credentials that speak TLS 1.3 only. `judge` is the only check of the peer;
// a peer without a certificate is refused before it is asked. `identity` must
// outlive all that is made with the credentials.
std::shared_ptr<grpc::ChannelCredentials> TlsChannelCredentials(
    const TlsIdentity& identity, JudgePeer judge);

// A null `judge` asks clients for no certificate.
std::shared_ptr<grpc::ServerCredentials> TlsServerCredentials(
    const TlsIdentity& identity, JudgePeer judge);

// The certificate of a call's peer in PEM; empty without TLS, or where it
// showed none.
std::string PeerCertificate(const grpc::AuthContext& context);

}  // namespace cmif::wire

#endif  // CMIF_WIRE_TLS_H_
