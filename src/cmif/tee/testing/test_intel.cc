// SPDX-License-Identifier: Apache-2.0
#include "cmif/tee/testing/test_intel.h"

#include <algorithm>
#include <cstdlib>

#include "cmif/base/byte_reader.h"
#include "cmif/crypto/sha256.h"
#include "cmif/tee/pck.h"

namespace cmif::tee::testing {
namespace {

using Kind = TestIntel::Kind;

constexpr int64_t kDay = kSecondsPerDay;
constexpr std::array<uint8_t, 16> kQeVendor = {
    0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9,
    0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07};

Bytes Pair(const std::string& last, const Bytes& value) {
  return DerSequence(
      {DerObjectId(std::string(kPckExtensionOid) + "." + last), value});
}

Bytes MakePckExtension() {
  std::vector<Bytes> levels;
  for (int i = 1; i <= 16; ++i) {
    levels.push_back(Pair("2." + std::to_string(i), DerNumber(5)));
  }
  levels.push_back(Pair("2.17", DerNumber(10)));
  return DerSequence(
      {Pair("1", DerOctets(Bytes(16, 0x11))), Pair("2", DerSequence(levels)),
       Pair("3", DerOctets(Bytes(2))), Pair("4", DerOctets(Bytes(6, 0xF5))),
       Pair("6", DerOctets(Bytes(16, 0x22)))});
}

Identity MakeRoot() {
  return MakeIdentity({.subject = "Intel SGX Root CA", .ca = true}, nullptr);
}

Bytes MakeHeader(Kind kind) {
  ByteWriter header;
  header.Write<uint16_t>(kind == Kind::kSgx ? 3 : kind == Kind::kTdx10 ? 4 : 5);
  header.Write<uint16_t>(2);
  header.Write<uint32_t>(kind == Kind::kSgx ? 0 : 0x81);
  header.Write<uint32_t>(0);
  header.Append(kQeVendor);
  header.Append(Bytes(20));
  if (kind == Kind::kTdx15) {
    header.Write<uint16_t>(3);
    header.Write<uint32_t>(TdBody::kBytes15);
  }
  return header.Release();
}

Bytes MakeBody(Kind kind) {
  if (kind == Kind::kSgx) {
    Bytes body(SgxBody::kBytes);
    body[48] = 0x05;  // initialised, 64 bits
    std::fill_n(body.begin() + 64, 32, uint8_t{0xE1});
    return body;
  }
  Bytes body(kind == Kind::kTdx10 ? TdBody::kBytes : TdBody::kBytes15);
  std::fill_n(body.begin(), 16, uint8_t{5});
  body[0] = 7;  // module 1.7
  body[1] = 1;
  body[123] = 0x10;  // SEPT_VE_DISABLE
  body[128] = 0x03;  // x87, SSE
  if (kind == Kind::kTdx15) std::copy_n(body.begin(), 16, body.begin() + 584);
  return body;
}

Bytes MakeQeReport() {
  Bytes report(SgxBody::kBytes);
  report[48] = 0x11;
  std::fill_n(report.begin() + 128, 32, uint8_t{0xD0});
  report[256] = 2;
  report[258] = 6;
  return report;
}

std::string Components(int svn) {
  std::string list;
  for (int i = 0; i < 16; ++i) {
    list += (i > 0 ? "," : "") + ("{\"svn\":" + std::to_string(svn) + "}");
  }
  return "[" + list + "]";
}

std::string Level(int svn, int pce, const std::string& status, bool tdx) {
  return R"({"tcb":{"sgxtcbcomponents":)" + Components(svn) + R"(,"pcesvn":)" +
         std::to_string(pce) +
         (tdx ? R"(,"tdxtcbcomponents":)" + Components(svn) : "") +
         R"(},"tcbDate":"2026-01-01T00:00:00Z","tcbStatus":")" + status +
         R"("})";
}

std::string SvnLevels(int good, int old) {
  const auto level = [](int svn, const char* status) {
    return R"({"tcb":{"isvsvn":)" + std::to_string(svn) +
           R"(},"tcbDate":"2026-01-01T00:00:00Z","tcbStatus":")" + status +
           R"("})";
  };
  return "[" + level(good, "UpToDate") + "," + level(old, "OutOfDate") + "]";
}

std::string Dates(Time now) {
  return R"("issueDate":")" + FormatTime({now.seconds - kDay}) +
         R"(","nextUpdate":")" + FormatTime({now.seconds + kDay}) +
         R"(","tcbEvaluationDataNumber":20)";
}

std::string MakeTcbInfo(Kind kind, Time now) {
  const bool tdx = kind != Kind::kSgx;
  const std::string zeros(96, '0');
  const std::string module = R"("mrsigner":")" + zeros +
                             R"(","attributes":"0000000000000000",)"
                             R"("attributesMask":"FFFFFFFFFFFFFFFF")";
  return std::string(R"({"id":")") + (tdx ? "TDX" : "SGX") +
         R"(","version":3,)" + Dates(now) +
         R"(,"fmspc":"F5F5F5F5F5F5","pceId":"0000","tcbType":0,)" +
         (tdx ? R"("tdxModule":{)" + module +
                    R"(},"tdxModuleIdentities":[{"id":"TDX_01",)" + module +
                    R"(,"tcbLevels":)" + SvnLevels(7, 4) + "}],"
              : "") +
         R"("tcbLevels":[)" + Level(5, 10, "UpToDate", tdx) + "," +
         Level(3, 8, "OutOfDate", tdx) + "]}";
}

std::string MakeQeIdentity(Kind kind, Time now) {
  return std::string(R"({"id":")") + (kind == Kind::kSgx ? "QE" : "TD_QE") +
         R"(","version":2,)" + Dates(now) +
         R"(,"miscselect":"00000000","miscselectMask":"FFFFFFFF",)"
         R"("attributes":"11000000000000000000000000000000",)"
         R"("attributesMask":"FBFFFFFFFFFFFFFF0000000000000000",)"
         R"("mrsigner":")" +
         crypto::ToHex(Bytes(32, 0xD0)) + R"(","isvprodid":2,"tcbLevels":)" +
         SvnLevels(6, 2) + "}";
}

std::string Answer(const char* member, const std::string& text,
                   const SigningKey& key) {
  return std::string("{\"") + member + "\":" + text + R"(,"signature":")" +
         crypto::ToHex(key.Sign(AsBytes(text))) + R"("})";
}

void Add(Endorsements& endorsements, std::span<const uint8_t> file) {
  if (!endorsements.Add(file)) std::abort();
}

}  // namespace

TestIntel::TestIntel(Kind kind)
    : root(MakeRoot()),
      pck_ca(MakeIdentity(
          {.subject = "Intel SGX PCK Platform CA", .ca = true, .serial = 2},
          &root)),
      pck(MakeIdentity({.subject = "Intel SGX PCK Certificate",
                        .serial = 3,
                        .extensions = {{kPckExtensionOid, MakePckExtension()}}},
                       &pck_ca)),
      tcb_signer(MakeIdentity({.subject = "Intel SGX TCB Signing", .serial = 4},
                              &root)),
      signed_bytes(MakeHeader(kind)),
      qe_report(MakeQeReport()),
      tcb_info(MakeTcbInfo(kind, now)),
      qe_identity(MakeQeIdentity(kind, now)) {
  roots.intel = {root.certificate};
  body_at = signed_bytes.size();
  const Bytes body = MakeBody(kind);
  signed_bytes.insert(signed_bytes.end(), body.begin(), body.end());
}

TestIntel::TestIntel(const Quote& quote, const Bytes& pck_extension)
    : TestIntel(quote.td() == nullptr ? Kind::kSgx : Kind::kTdx15) {
  pck = MakeIdentity({.subject = "Intel SGX PCK Certificate",
                      .serial = 3,
                      .extensions = {{kPckExtensionOid, pck_extension}}},
                     &pck_ca);
  signed_bytes.assign(quote.signed_bytes.begin(), quote.signed_bytes.end());
  qe_report.assign(quote.qe_report_bytes.begin(), quote.qe_report_bytes.end());
}

Bytes TestIntel::Sign() const {
  const SigningKey attestation = SigningKey::Ec(Ecdsa::kP256Sha256);
  const Bytes auth(32, 0xAA);
  Bytes bound = attestation.PublicPoint();
  bound.insert(bound.end(), auth.begin(), auth.end());
  Bytes report = qe_report;
  std::fill_n(report.begin() + 320, 64, uint8_t{0});
  std::ranges::copy(crypto::Sha256Of(bound), report.begin() + 320);
  const std::string chain = ToPem(pck.certificate) + ToPem(pck_ca.certificate) +
                            ToPem(root.certificate);
  ByteWriter certification;
  certification.Append(report);
  certification.Append(pck.key.Sign(report));
  certification.Write(static_cast<uint16_t>(auth.size()));
  certification.Append(auth);
  certification.Write<uint16_t>(5);
  certification.Write(static_cast<uint32_t>(chain.size()));
  certification.Append(AsBytes(chain));
  ByteWriter data;
  data.Append(attestation.Sign(signed_bytes));
  data.Append(attestation.PublicPoint());
  if (signed_bytes[0] != 3) {
    data.Write<uint16_t>(6);
    data.Write(static_cast<uint32_t>(certification.bytes().size()));
  }
  data.Append(certification.bytes());
  ByteWriter quote;
  quote.Append(signed_bytes);
  quote.Write(static_cast<uint32_t>(data.bytes().size()));
  quote.Append(data.bytes());
  return quote.Release();
}

Endorsements TestIntel::Collateral() const {
  Endorsements endorsements;
  Add(endorsements, tcb_signer.certificate.der());
  Add(endorsements, AsBytes(Answer("tcbInfo", tcb_info, tcb_signer.key)));
  Add(endorsements,
      AsBytes(Answer("enclaveIdentity", qe_identity, tcb_signer.key)));
  Add(endorsements, MakeCrl(root, revoked_by_root, {now.seconds - kDay},
                            {now.seconds + kDay}));
  Add(endorsements, MakeCrl(pck_ca, revoked_by_pck_ca, {now.seconds - kDay},
                            {now.seconds + kDay}));
  return endorsements;
}

Verdict TestIntel::Judge(const Policy& policy) const {
  auto evidence = ReadEvidence(Sign());
  if (!evidence) std::abort();
  return VerifyAgainst(roots, *evidence, Collateral(), policy, {}, now);
}

}  // namespace cmif::tee::testing
