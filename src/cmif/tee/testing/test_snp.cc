// SPDX-License-Identifier: Apache-2.0
#include "cmif/tee/testing/test_snp.h"

#include <algorithm>
#include <cstdlib>

#include "cmif/crypto/sha256.h"
#include "cmif/tee/testing/test_der.h"

namespace cmif::tee::testing {
namespace {

using Extensions = std::vector<std::pair<std::string, Bytes>>;

constexpr char kAmd[] = "1.3.6.1.4.1.3704.1.";

Identity MakeArk(SnpProduct product) {
  return MakeIdentity({.subject = "ARK-" + std::string(SnpProductName(product)),
                       .kind = Ecdsa::kP384Sha384,
                       .ca = true},
                      nullptr);
}

Identity MakeAsk(const std::string& subject, const Identity& ark) {
  return MakeIdentity(
      {.subject = subject, .kind = Ecdsa::kP384Sha384, .ca = true, .serial = 2},
      &ark);
}

Identity MakeVek(const std::string& subject, const Extensions& extensions,
                 const Identity& ask) {
  return MakeIdentity({.subject = subject,
                       .kind = Ecdsa::kP384Sha384,
                       .serial = 3,
                       .extensions = extensions},
                      &ask);
}

// Levels: fmc 1 (Turin), bootloader 2, tee 0, snp 4, microcode 9.
Extensions VcekExtensions(SnpProduct product) {
  const auto oid = [](const char* last) { return std::string(kAmd) + last; };
  Extensions extensions = {
      {oid("1"), DerNumber(1)},
      {oid("2"), DerText(std::string(SnpProductName(product)))},
      {oid("3.1"), DerNumber(2)},
      {oid("3.2"), DerNumber(0)},
      {oid("3.3"), DerNumber(4)},
      {oid("3.8"), DerNumber(9)}};
  const bool turin = product == SnpProduct::kTurin;
  extensions.emplace_back(oid("4"), Bytes(turin ? 8 : 64, 0xC1));
  if (turin) extensions.emplace_back(oid("3.9"), DerNumber(1));
  return extensions;
}

Bytes MakeReport(SnpProduct product) {
  Bytes report(SnpReport::kBytes);
  const bool turin = product == SnpProduct::kTurin;
  report[0x00] = 5;
  report[0x0A] = 3;     // POLICY: SMT allowed, bit 17
  report[0x34] = 1;     // ECDSA P-384
  report[0x40] = 0x20;  // alias check
  std::fill_n(report.begin() + 0x50, 64, uint8_t{0xDA});
  std::fill_n(report.begin() + 0x90, 48, uint8_t{0xAE});
  report[0x188] = turin ? 0x1A : 0x19;
  report[0x189] = product == SnpProduct::kGenoa ? 0x11 : 0x01;
  std::fill_n(report.begin() + 0x1A0, turin ? 8 : 64, uint8_t{0xC1});
  const Bytes tcb =
      turin ? Bytes{1, 2, 0, 4, 0, 0, 0, 9} : Bytes{2, 0, 0, 0, 0, 0, 4, 9};
  for (const int at : {0x38, 0x180, 0x1E0, 0x1F0}) {
    std::ranges::copy(tcb, report.begin() + at);
  }
  return report;
}

std::string AskName(SnpProduct product) {
  return "SEV-" + std::string(SnpProductName(product));
}

// Everything that AMD's extensions say, copied.
Extensions CopyExtensions(const Certificate& vek) {
  Extensions extensions;
  for (const char* last :
       {"1", "2", "3.1", "3.2", "3.3", "3.8", "3.9", "4", "5"}) {
    const std::string oid = std::string(kAmd) + last;
    if (auto value = vek.Extension(oid)) {
      extensions.emplace_back(oid, *std::move(value));
    }
  }
  return extensions;
}

constexpr int64_t kDay = kSecondsPerDay;

}  // namespace

TestSnp::TestSnp(SnpProduct product)
    : ark(MakeArk(product)),
      ask(MakeAsk(AskName(product), ark)),
      vek(MakeVek("SEV-VCEK", VcekExtensions(product), ask)),
      report(MakeReport(product)) {
  roots.amd = {{product, ark.certificate, ask.certificate, ask.certificate}};
  crls = {MakeCrl(ark, {}, {now.seconds - kDay}, {now.seconds + kDay})};
}

TestSnp::TestSnp(const Certificate& recorded, const std::vector<uint8_t>& bytes)
    : ark(MakeArk(SnpProduct::kMilan)),
      ask(MakeAsk(recorded.issuer(), ark)),
      vek(MakeVek(recorded.subject(), CopyExtensions(recorded), ask)),
      report(bytes) {}

Evidence TestSnp::Sign() const {
  Bytes bytes = report;
  const Bytes signature =
      vek.key.Sign(std::span(report).first(SnpReport::kSignedBytes));
  std::fill(bytes.begin() + 0x2A0, bytes.end(), uint8_t{0});
  std::reverse_copy(signature.begin(), signature.begin() + 48,
                    bytes.begin() + 0x2A0);
  std::reverse_copy(signature.begin() + 48, signature.end(),
                    bytes.begin() + 0x2E8);
  auto evidence = ReadEvidence(bytes);
  if (!evidence) std::abort();
  return *evidence;
}

Verdict TestSnp::Judge(const Policy& policy) const {
  Endorsements endorsements;
  if (!endorsements.Add(vek.certificate.der())) std::abort();
  for (const Bytes& crl : crls) {
    if (!endorsements.Add(crl)) std::abort();
  }
  return VerifyAgainst(roots, Sign(), endorsements, policy, {}, now);
}

Policy TestSnp::Deployment(const std::string& more) const {
  auto policy = Policy::Read(
      R"({"kind":"cmif-attestation-policy","name":"test","version":1,)"
      R"("base":"deployment","allow_unsigned_policy":true,"snp":)"
      R"({"measurements":[")" +
      crypto::ToHex(std::span(report).subspan(0x90, 48)) + R"("])" + more +
      "}}");
  if (!policy) std::abort();
  return *policy;
}

}  // namespace cmif::tee::testing
