// SPDX-License-Identifier: Apache-2.0
// make_tee_corpus FOLDER: the seeds of the fuzz targets of room tee that are
// cut out of recorded evidence or built.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>

#include "cmif/base/byte_reader.h"
#include "cmif/tee/cbor_writer.h"
#include "cmif/tee/evidence_certificate.h"
#include "cmif/tee/pck.h"
#include "cmif/tee/quote.h"
#include "cmif/tee/testing/recorded_evidence.h"
#include "cmif/tee/testing/test_cert_table.h"
#include "cmif/tee/testing/test_der.h"
#include "cmif/tee/testing/test_simulated.h"

namespace {

namespace fs = std::filesystem;
using namespace cmif::tee;
using namespace cmif::tee::testing;

void Seed(const fs::path& path, std::span<const uint8_t> bytes) {
  fs::create_directories(path.parent_path());
  std::ofstream file(path, std::ios::binary);
  file << cmif::AsText(bytes);
}

Bytes PckExtensionOf(const std::string& quote_file) {
  const Bytes bytes = Recorded(quote_file);
  const Quote quote = *Quote::Parse(bytes);
  return *CertificatesFromPem(cmif::AsText(quote.certificates))
              ->at(0)
              .Extension(kPckExtensionOid);
}

void CborSeeds(const fs::path& folder) {
  for (const char* name : {"gramine", "intel-sgxsdk", "rats-tls"}) {
    const Certificate certificate =
        RecordedCertificate(std::string("ra-tls/ccc_") + name + "-cert.pem");
    Seed(folder / name, *certificate.Extension(kRaTlsOid));
  }
  const Bytes value =
      CborMap({{"report", CborBytes(Recorded("sev-snp/coco_milan_report.bin"))},
               {"certs", CborBytes(Bytes(24))},
               {"claims", CborBytes(CborMap({}))}});
  const Bytes record =
      CborArray({CborText(kCmwType), CborBytes(value), CborNumber(4)});
  Seed(folder / "cmw_cbor", DerOctets(record));
  const std::string json =
      "[\"" + std::string(kCmwType) + "\",\"" + Base64(value) + "\"]";
  Seed(folder / "cmw_json", Der(0x0C, cmif::AsBytes(json)));
}

// Messages of the exchange of evidence, as fuzz/attest_fuzz.cc reads them:
// length, then fields 1 (nonce), 2 (evidence) and 3 (seconds) in protobuf.
void AttestSeeds(const fs::path& folder, const Bytes& evidence) {
  const auto add = [](Bytes& file, const Bytes& message) {
    file.push_back(static_cast<uint8_t>(message.size()));
    file.push_back(static_cast<uint8_t>(message.size() >> 8));
    file.insert(file.end(), message.begin(), message.end());
  };
  Bytes nonce(34, 7);
  nonce[0] = 0x0A;
  nonce[1] = 32;
  Bytes answer = {0x12, static_cast<uint8_t>(evidence.size() | 0x80),
                  static_cast<uint8_t>(evidence.size() >> 7)};
  answer.insert(answer.end(), evidence.begin(), evidence.end());
  Bytes both = answer;
  both.insert(both.end(), nonce.begin(), nonce.end());
  both.insert(both.end(), {0x18, 0xD8, 0x04});  // 600 s
  Bytes rounds;
  for (const Bytes& message : {nonce, answer, both}) add(rounds, message);
  Seed(folder / "rounds", rounds);
  Bytes empty;
  add(empty, {});
  add(empty, answer);
  Seed(folder / "no_nonce", empty);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: make_tee_corpus FOLDER\n");
    return 2;
  }
  const fs::path folder = argv[1];
  const Bytes vcek = Recorded("sev-snp/coco_milan_vcek.der");
  Seed(folder / "cert_table/empty", CertTable({}));
  Seed(folder / "cert_table/one", CertTable({{kVcekGuid, vcek}}));
  Seed(folder / "cert_table/two",
       CertTable({{kOtherGuid, {1, 2, 3}}, {kVcekGuid, vcek}}));
  Seed(folder / "pck/platform", PckExtensionOf("tdx/gtg_v5_quote.dat"));
  Seed(folder / "pck/processor", PckExtensionOf("sgx/phala_v3_quote.bin"));
  CborSeeds(folder / "cbor");
  const Bytes simulated = TestSimulated().Sign();
  Seed(folder / "simulated/binary", simulated);
  AttestSeeds(folder / "attest", simulated);
  const std::string json = R"({"report":")" + Base64(simulated) + "\"}";
  Seed(folder / "simulated/json", cmif::AsBytes(json));
  return 0;
}
