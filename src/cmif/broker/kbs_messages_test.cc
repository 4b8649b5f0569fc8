// SPDX-License-Identifier: Apache-2.0
#include "cmif/broker/kbs_messages.h"

#include <gtest/gtest.h>

#include <numeric>

#include "cmif/base/byte_reader.h"
#include "cmif/crypto/sha256.h"
#include "cmif/tee/testing/recorded_evidence.h"

namespace cmif::broker {
namespace {

using tee::testing::RecordedEvidence;

constexpr std::string_view kJwk =
    R"({"kty":"EC", "crv":"P-256", "alg":"ECDH-ES+A256KW",)"
    R"("x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",)"
    R"("y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"})";
constexpr std::string_view kCanonicalJwk =
    R"({"alg":"ECDH-ES+A256KW","crv":"P-256","kty":"EC",)"
    R"("x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",)"
    R"("y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"})";

// 0, 1, ... 31
KbsNonce CountingNonce() {
  KbsNonce nonce{};
  std::iota(nonce.begin(), nonce.end(), uint8_t{0});
  return nonce;
}

// What Python's hashlib says of the text that json.dumps(..., sort_keys=True,
// separators=(',', ':')) writes.
TEST(KbsReportDataTest, IsWhatAnotherProgramComputes) {
  const auto data = KbsReportData(CountingNonce(), kJwk);
  ASSERT_TRUE(data) << data.error().message();
  EXPECT_EQ(crypto::ToHex(*data),
            "8a6244441b1b1171b3a1d56a693d4ce116c1f9ca1ae558bc5f59d46dada54cf49e"
            "92a361ab2472c434652fed5887f16d00000000000000000000000000000000");
}

TEST(KbsReportDataTest, AnEnclavesConfigurationIsInIt) {
  const auto data = KbsReportData(CountingNonce(), kJwk, R"({"model_id":"x"})");
  ASSERT_TRUE(data) << data.error().message();
  EXPECT_EQ(crypto::ToHex(*data),
            "2b2599e3210c236d06fa29e04a6d36b195c19989a6abccf278296ba119d6ea83e9"
            "f989ab97aad31b746f5f2bc836f54d00000000000000000000000000000000");
}

TEST(KbsReportDataTest, AKeyThatIsNoObjectIsRefused) {
  for (const char* key : {"", "[]", "\"EC\"", "{"}) {
    EXPECT_FALSE(KbsReportData({}, key)) << key;
  }
}

TEST(AuthRequestTest, GoesThereAndBack) {
  for (const Tee tee :
       {Tee::kSnp, Tee::kTdx, Tee::kSgx, Tee::kSample, Tee::kSimulated}) {
    const auto read = ReadAuthRequest(WriteAuthRequest({.tee = tee}));
    ASSERT_TRUE(read) << read.error().message();
    EXPECT_EQ(read->tee, tee);
    EXPECT_FALSE(read->lease);
  }
  const auto read =
      ReadAuthRequest(WriteAuthRequest({.tee = Tee::kTdx, .lease = "a1"}));
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(read->lease, "a1");
  const Resource resource{std::string(64, 'b'), "2"};
  EXPECT_EQ(ReadAuthRequest(
                WriteAuthRequest({.tee = Tee::kSnp, .resource = resource}))
                ->resource,
            resource);
}

// As Trustee's own clients write it.
TEST(AuthRequestTest, TrusteesFormIsRead) {
  EXPECT_TRUE(ReadAuthRequest(
      R"({"version":"0.4.0","tee":"tdx","extra-params":{"supported-hash-algori)"
      R"(thms":["sha256","sha384","sha512"],"more":1}})"));
  EXPECT_TRUE(ReadAuthRequest(
      R"({"version":"0.4.0","tee":"sample","extra-params":""})"));
}

TEST(AuthRequestTest, WhatIsNotSpokenIsUnimplemented) {
  for (const char* text : {R"({"version":"0.1.0","tee":"tdx"})",
                           R"({"version":"0.4.0","tee":"az-snp-vtpm"})",
                           R"({"version":"0.4.0","tee":"tdx","extra-params":)"
                           R"({"supported-hash-algorithms":["sha256"]}})"}) {
    const auto read = ReadAuthRequest(text);
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().code(), Code::kUnimplemented) << text;
  }
}

TEST(AuthRequestTest, WhatIsNoneIsRefused) {
  for (const char* text :
       {"", "[]", R"({"version":"0.4.0"})", R"({"tee":"tdx"})",
        R"({"version":"0.4.0","tee":"tdx","tee":"tdx"})",
        R"({"version":"0.4.0","tee":"tdx","other":1})",
        R"({"version":"0.4.0","tee":"tdx","extra-params":3})",
        R"({"version":"0.4.0","tee":"tdx","extra-params":{"lease":7}})",
        R"({"version":"0.4.0","tee":"tdx","extra-params":{"resource":"m"}})"}) {
    const auto read = ReadAuthRequest(text);
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().code(), Code::kDataLoss) << text;
  }
  EXPECT_EQ(ReadAuthRequest(std::string(kMaxKbsBytes + 1, ' ')).error().code(),
            Code::kResourceExhausted);
}

TEST(ChallengeTest, GoesThereAndBack) {
  const auto read = ReadChallenge(WriteChallenge(CountingNonce()));
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(*read, CountingNonce());
}

TEST(ChallengeTest, AShortNonceOrAnotherHashIsRefused) {
  EXPECT_FALSE(ReadChallenge(R"({"nonce":"AAEC"})"));
  EXPECT_FALSE(ReadChallenge(R"({"nonce":"!"})"));
  EXPECT_FALSE(ReadChallenge("{}"));
  EXPECT_EQ(ReadChallenge(
                R"({"nonce":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",)"
                R"("extra-params":{"selected-hash-algorithm":"sha256"}})")
                .error()
                .code(),
            Code::kUnimplemented);
}

TEST(AttestRequestTest, GoesThereAndBack) {
  const auto read = ReadAttestRequest(
      WriteAttestRequest({.nonce = CountingNonce(),
                          .tee_pubkey = std::string(kJwk),
                          .evidence = R"({"quote":"AAEC"})",
                          .configuration = R"({"model_id":"x"})"}));
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(read->nonce, CountingNonce());
  EXPECT_EQ(read->tee_pubkey, kCanonicalJwk);
  EXPECT_EQ(read->evidence, R"({"quote":"AAEC"})");
  EXPECT_EQ(read->configuration, R"({"model_id":"x"})");
}

// A request as text, with parts replaced.
std::string Request(const std::string& key, const std::string& evidence,
                    const std::string& more) {
  return R"({"runtime-data":{"nonce":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGx)"
         R"(wdHh8=","tee-pubkey":)" +
         key + R"(},"tee-evidence":)" + evidence + more + "}";
}

TEST(AttestRequestTest, WhatIsNoneIsRefused) {
  const std::string good =
      R"({"primary_evidence":{"quote":""},"additional_evidence":""})";
  ASSERT_TRUE(ReadAttestRequest(Request("{}", good, "")));
  ASSERT_TRUE(ReadAttestRequest(Request("{}", good, R"(,"init-data":null)")));
  for (const std::string& text :
       {Request("7", good, ""), Request("{}", "7", ""), Request("{}", "{}", ""),
        Request("{}", good, R"(,"other":1)"),
        Request("{}", R"({"primary_evidence":{},"additional_evidence":"x"})",
                ""),
        Request("{}", R"({"primary_evidence":[],"additional_evidence":""})",
                ""),
        Request("{}", R"({"primary_evidence":{}})", ""),
        Request("{}", good, R"(,"init-data":{"format":"toml","body":""})"),
        Request("{}", good, R"(,"init-data":{"format":"cmif-config"})"),
        std::string("{}"), std::string("{")}) {
    const auto read = ReadAttestRequest(text);
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().code(), Code::kDataLoss) << text;
  }
}

// The reader of room tee finds in it what was written.
TEST(EvidenceTest, IsReadAsItWas) {
  for (const char* name :
       {"sev-snp/coco_e2e_evidence.json", "sev-snp/teekit_gcp_v5_report.bin",
        "tdx/gtg_v4_quote.dat", "sgx/phala_v3_quote.bin"}) {
    const tee::Evidence evidence = RecordedEvidence(name);
    const auto text = WriteEvidence(evidence);
    ASSERT_TRUE(text) << text.error().message();
    const auto read = tee::ReadEvidence(AsBytes(*text));
    ASSERT_TRUE(read) << read.error().message();
    EXPECT_EQ(read->platform, evidence.platform);
    EXPECT_EQ(read->bytes, evidence.bytes);
    EXPECT_EQ(read->certificates.size(), evidence.certificates.size());
  }
}

TEST(EvidenceTest, InsideOfSomethingElseIsRefused) {
  for (const char* name :
       {"sev-snp/coco_azure_hcl_report.bin", "ra-tls/ccc_gramine-cert.pem"}) {
    EXPECT_FALSE(WriteEvidence(RecordedEvidence(name))) << name;
  }
}

TEST(TokenAnswerTest, GoesThereAndBack) {
  EXPECT_EQ(*ReadTokenAnswer(WriteTokenAnswer("a.b.c")), "a.b.c");
  EXPECT_FALSE(ReadTokenAnswer(R"({"token":1})"));
}

TEST(ResourceTest, GoesThereAndBack) {
  const Resource resource{std::string(64, 'a'), "1.0-rc_2"};
  EXPECT_EQ(ResourcePath(resource),
            "/kbs/v0/resource/model/" + std::string(64, 'a') + "/1.0-rc_2");
  const auto read = ReadResourcePath(ResourcePath(resource));
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(*read, resource);
}

TEST(ResourceTest, OtherPathsAreNotFound) {
  const std::string id(64, 'a');
  const std::string head = "/kbs/v0/resource/model/";
  for (const std::string& path :
       {head + id, head + id + "/", head + id + "/.hidden", head + id + "/../1",
        head + id + "/1/2", head + id + "/%31",
        head + std::string(64, 'A') + "/1", head + id.substr(1) + "/1",
        head + id + "/" + std::string(65, '1'),
        "/kbs/v0/resource/other/" + id + "/1", std::string()}) {
    const auto read = ReadResourcePath(path);
    ASSERT_FALSE(read) << path;
    EXPECT_EQ(read.error().code(), Code::kNotFound) << path;
  }
}

TEST(ProblemTest, GoesThereAndBack) {
  const auto read =
      ReadProblem(WriteProblem({"policy", "no rule \"allows\" it\n\xff"}));
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(read->type, "policy");
  EXPECT_EQ(read->detail, "no rule \"allows\" it\n\xef\xbf\xbd");
}

}  // namespace
}  // namespace cmif::broker
