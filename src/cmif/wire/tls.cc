// SPDX-License-Identifier: Apache-2.0
#include "cmif/wire/tls.h"

#include <fcntl.h>
#include <grpcpp/security/tls_certificate_verifier.h>
#include <grpcpp/security/tls_credentials_options.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <mutex>
#include <utility>

#include "cmif/wire/grpc_status.h"
#include "cmif/wire/quiet_grpc.h"

namespace cmif::wire {
namespace {

namespace experimental = grpc::experimental;

// gRPC 1.51 has no option for the lowest version of TLS, and sets 1.2 itself.
// It takes the cipher suites of TLS 1.2 from this variable, when it makes the
// first credentials: with one that nobody can use (there is no pre-shared key)
// a handshake below 1.3 has no suite in common. Those of 1.3 are OpenSSL's.
void PrepareGrpc() {
  static std::once_flag once;
  std::call_once(once, [] {
    setenv("GRPC_SSL_CIPHER_SUITES", "PSK-AES256-GCM-SHA384", 1);
    QuietGrpc();
  });
}

// A file in memory without a name; -1 if there is none.
int MemoryFile(std::string_view text) {
  const int descriptor = memfd_create("cmif-tls", MFD_CLOEXEC);
  if (descriptor < 0) return -1;
  while (!text.empty()) {
    const ssize_t written = write(descriptor, text.data(), text.size());
    if (written <= 0) {
      close(descriptor);
      return -1;
    }
    text.remove_prefix(static_cast<size_t>(written));
  }
  return descriptor;
}

std::string PathOf(int descriptor) {
  return "/proc/self/fd/" + std::to_string(descriptor);
}

std::string_view View(const grpc::string_ref& text) {
  return {text.data(), text.size()};
}

class Verifier final : public experimental::ExternalCertificateVerifier {
 public:
  explicit Verifier(JudgePeer judge) : judge_(std::move(judge)) {}

  bool Verify(experimental::TlsCustomVerificationCheckRequest* request,
              std::function<void(grpc::Status)> /*callback*/,
              grpc::Status* status) override {
    *status = Judge(*request);
    return true;  // at once
  }
  void Cancel(experimental::TlsCustomVerificationCheckRequest*) override {}

 private:
  grpc::Status Judge(
      const experimental::TlsCustomVerificationCheckRequest& request) {
    const TlsPeer peer{View(request.peer_cert()),
                       View(request.peer_cert_full_chain())};
    // gRPC asks for peers without a certificate too, and would let them in.
    if (peer.leaf.empty()) {
      return {grpc::StatusCode::UNAUTHENTICATED, "no certificate"};
    }
    const Result<void> good = judge_(peer);
    return good ? grpc::Status::OK : ToGrpc(good.error());
  }

  JudgePeer judge_;
};

// What both sides have in common. A root is always given, or gRPC fails where
// the machine has none, though it is not used.
void Fill(const TlsIdentity& identity, JudgePeer judge,
          experimental::TlsCredentialsOptions& options) {
  options.set_certificate_provider(identity.provider());
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  options.set_check_call_host(false);
  options.set_certificate_verifier(
      experimental::ExternalCertificateVerifier::Create<Verifier>(
          std::move(judge)));
}

}  // namespace

Result<std::unique_ptr<TlsIdentity>> TlsIdentity::Create(
    std::string_view key, std::string_view certificates) {
  PrepareGrpc();
  std::unique_ptr<TlsIdentity> identity(new TlsIdentity());
  identity->key_ = MemoryFile(key);
  identity->certificates_ = MemoryFile(certificates);
  if (identity->key_ < 0 || identity->certificates_ < 0) {
    return ResourceExhausted(
        "no file in memory for a TLS key; is there a "
        "limit on open files?");
  }
  const std::string path = PathOf(identity->certificates_);
  identity->provider_ =
      std::make_shared<experimental::FileWatcherCertificateProvider>(
          PathOf(identity->key_), path, path, kRefreshSeconds);
  return identity;
}

TlsIdentity::~TlsIdentity() {
  provider_.reset();
  if (key_ >= 0) close(key_);
  if (certificates_ >= 0) close(certificates_);
}

Result<void> TlsIdentity::Replace(std::string_view certificates) {
  const int fresh = MemoryFile(certificates);
  // In one step: gRPC reads the old text or the new one.
  const bool good = fresh >= 0 && dup3(fresh, certificates_, O_CLOEXEC) >= 0;
  if (fresh >= 0) close(fresh);
  if (good) return {};
  return ResourceExhausted("no file in memory for a certificate");
}

std::shared_ptr<grpc::ChannelCredentials> TlsChannelCredentials(
    const TlsIdentity& identity, JudgePeer judge) {
  experimental::TlsChannelCredentialsOptions options;
  options.set_verify_server_certs(false);
  Fill(identity, std::move(judge), options);
  return experimental::TlsCredentials(options);
}

std::shared_ptr<grpc::ServerCredentials> TlsServerCredentials(
    const TlsIdentity& identity, JudgePeer judge) {
  experimental::TlsServerCredentialsOptions options(identity.provider());
  if (!judge) {
    options.watch_identity_key_cert_pairs();
    return experimental::TlsServerCredentials(options);
  }
  options.set_cert_request_type(
      GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_BUT_DONT_VERIFY);
  Fill(identity, std::move(judge), options);
  return experimental::TlsServerCredentials(options);
}

std::string PeerCertificate(const grpc::AuthContext& context) {
  const auto found = context.FindPropertyValues("x509_pem_cert");
  return found.size() == 1 ? std::string(found[0].data(), found[0].size())
                           : std::string();
}

}  // namespace cmif::wire
