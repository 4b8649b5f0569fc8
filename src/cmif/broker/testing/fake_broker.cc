// SPDX-License-Identifier: Apache-2.0
#include "cmif/broker/testing/fake_broker.h"

#include <algorithm>
#include <cstdlib>

#include "cmif/base/byte_reader.h"
#include "cmif/crypto/jwe.h"
#include "cmif/tee/testing/recorded_evidence.h"

namespace cmif::broker::testing {
namespace {

constexpr size_t kReportData = 0x50;  // offsets in a report
constexpr size_t kHostData = 0xC0;

class FakeMachine final : public platform::Attester {
 public:
  explicit FakeMachine(const crypto::Digest& host_data)
      : report_(tee::testing::Recorded("sev-snp/gsg_milan_v2_report.bin")) {
    report_.resize(1184);
    std::ranges::copy(host_data, report_.begin() + kHostData);
  }
  std::string_view platform() const override { return "snp"; }
  Result<std::vector<uint8_t>> Collect(
      const platform::ReportData& data) override {
    std::ranges::copy(data, report_.begin() + kReportData);
    return report_;
  }

 private:
  std::vector<uint8_t> report_;
};

}  // namespace

class FakeTransport final : public BrokerTransport {
 public:
  explicit FakeTransport(FakeBroker& broker) : broker_(broker) {}
  Result<BrokerAnswer> Send(const BrokerRequest& request) override {
    return broker_.Answer(request);
  }

 private:
  FakeBroker& broker_;
};

FakeBroker::FakeBroker() : key_(crypto::P256Key::Generate()) {
  claims.issuer = "fake";
  claims.issued_at = 1'000'000;
  claims.expires_at = 1'000'100;
  claims.id = "token-1";
  claims.platform = "snp";
  claims.policy_version = 1;
  claims.lease = {.id = "lease-1", .seconds = 100, .max_rows = 10};
  nonce_.fill(7);
}

std::unique_ptr<BrokerTransport> FakeBroker::NewTransport() {
  return std::make_unique<FakeTransport>(*this);
}

std::unique_ptr<platform::Attester> FakeBroker::NewAttester(
    const crypto::Digest& host_data) {
  return std::make_unique<FakeMachine>(host_data);
}

Result<BrokerAnswer> FakeBroker::Answer(const BrokerRequest& request) {
  ++requests;
  before_answer();
  if (unreachable) return Unavailable("nobody answers");
  BrokerAnswer answer{.status = 200, .body = "", .key = key_.public_key()};
  if (refused_path && request.path.starts_with(*refused_path)) {
    answer.status = refused_status;
    answer.body = WriteProblem(problem);
  } else if (request.path == kAuthPath) {
    CMIF_ASSIGN(const AuthRequest read, ReadAuthRequest(request.body));
    renewed = read.lease;
    answer.session = "session-1";
    answer.body = WriteChallenge(nonce_);
  } else if (request.path == kAttestPath && request.session == "session-1") {
    CMIF_ASSIGN(const AttestRequest read, ReadAttestRequest(request.body));
    configuration = read.configuration;
    CMIF_ASSIGN(client_, crypto::P256PublicKey::FromJwk(read.tee_pubkey));
    answer.body = Attest(read);
  } else if (client_ && VerifyToken(key_.public_key(), request.token)) {
    path = request.path;
    const crypto::P256PublicKey to =
        seals_to_other ? crypto::P256Key::Generate().public_key() : *client_;
    answer.body = crypto::EncryptJwe(
        to, AsBytes(resource),
        TokenBinding(gives_for_other_token ? "other" : request.token));
  } else {
    answer.status = 401;
    answer.body = WriteProblem({"token", "no token"});
  }
  return answer;
}

std::string FakeBroker::Attest(const AttestRequest& request) {
  TokenClaims made = claims;
  made.tee_pubkey =
      tells_other_key
          ? crypto::P256Key::Generate().public_key().ToJwk("ECDH-ES+A256KW")
          : request.tee_pubkey;
  return WriteTokenAnswer(SignToken(key_, made));
}

}  // namespace cmif::broker::testing
