// SPDX-License-Identifier: Apache-2.0
// make_broker_corpus FOLDER: the seeds of the fuzz targets of room broker and
// of what it uses of room crypto.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "cmif/base/byte_reader.h"
#include "cmif/broker/kbs_messages.h"
#include "cmif/broker/kbs_token.h"
#include "cmif/broker/testing/test_release.h"
#include "cmif/crypto/jwe.h"
#include "cmif/crypto/jwt.h"
#include "cmif/crypto/testing/jwk_key.h"

namespace {

namespace fs = std::filesystem;
using namespace cmif::broker;

void Seed(const fs::path& path, std::string_view text) {
  fs::create_directories(path.parent_path());
  std::ofstream file(path, std::ios::binary);
  file << text;
}

void MessageSeeds(const fs::path& folder, const std::string& jwk) {
  const Resource resource = testing::TestResource();
  Seed(folder / "auth", WriteAuthRequest({.tee = Tee::kTdx,
                                          .lease = "0123456789abcdef",
                                          .resource = resource}));
  Seed(folder / "challenge", WriteChallenge({}));
  Seed(folder / "attest",
       WriteAttestRequest({.nonce = {},
                           .tee_pubkey = jwk,
                           .evidence = R"({"report":"AAEC","certs":["AA=="]})",
                           .configuration = R"({"model_id":"x"})"}));
  Seed(folder / "token", WriteTokenAnswer("a.b.c"));
  Seed(folder / "resource", ResourcePath(resource));
  Seed(folder / "problem", WriteProblem({"denied", "no rule"}));
}

void PolicySeeds(const fs::path& folder) {
  using testing::PolicyText;
  testing::TestRule snp;
  snp.platforms =
      R"({"snp":{"measurements":[")" + std::string(96, '1') + R"("]}})";
  testing::TestRule simulated;
  simulated.platforms = R"({"allow_simulated":true,"simulated":{"keys":[")" +
                        std::string(64, '2') + R"("],"measurements":[")" +
                        std::string(96, '1') + R"("]}})";
  Seed(folder / "snp",
       PolicyText({snp}, R"(,"not_after":"2027-01-31T00:00:00Z","revoked":)"
                         R"({"leases":["a"],"platform_ids":["ab"]})"));
  Seed(folder / "simulated",
       PolicyText({simulated}, R"(,"allow_simulated":true)"));
  Seed(folder / "empty", PolicyText({}));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: make_broker_corpus FOLDER\n");
    return 2;
  }
  const fs::path folder = argv[1];
  // RFC 7515, appendix A.3; jose_fuzz.cc has the same.
  const auto key = cmif::crypto::testing::KeyOfJwk(
      "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI");
  const std::string jwk = key.public_key().ToJwk(cmif::crypto::kJweAlgorithm);
  MessageSeeds(folder / "messages", jwk);
  PolicySeeds(folder / "policy");
  Seed(folder / "jose/jwk", jwk);
  Seed(folder / "jose/jwt", cmif::crypto::SignJwt(key, R"({"now":1})"));
  Seed(folder / "jose/jwe",
       cmif::crypto::EncryptJwe(key.public_key(), cmif::AsBytes("secret")));
  Seed(folder / "canonical_json/numbers",
       "[333333333.33333329, 1E30, 4.50, 2e-3, -0.0, 9007199254740992, 1e21]");
  Seed(folder / "canonical_json/object",
       R"({ "b": [null, true, "\u20ac\u000f\n"], "a": {"": {}} })");
  return 0;
}
