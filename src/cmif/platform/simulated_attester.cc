// SPDX-License-Identifier: Apache-2.0
#include "cmif/platform/simulated_attester.h"

#include <algorithm>

#include "cmif/base/byte_reader.h"
#include "cmif/base/file.h"
#include "cmif/base/secret_bytes.h"
#include "cmif/crypto/sha256.h"

namespace cmif::platform {
namespace {

constexpr uint64_t kMaxPemBytes = 1 << 16;

}  // namespace

SimulatedAttester::SimulatedAttester(crypto::Ed25519Signer key,
                                     const Machine& machine)
    : key_(std::move(key)), machine_(machine) {}

Result<std::unique_ptr<Attester>> SimulatedAttester::Open(
    const AttesterOptions& options) {
  if (options.simulated_key_file.empty()) {
    return InvalidArgument(
        "a simulated attester needs an Ed25519 key (--simulated-key FILE; "
        "openssl genpkey -algorithm ed25519)");
  }
  Machine machine;
  if (options.measurement.size() != machine.measurement.size()) {
    return InvalidArgument(
        "a simulated attester needs a measurement of 48 bytes "
        "(--simulated-measurement, 96 hex digits)");
  }
  if (!options.host_data.empty() &&
      options.host_data.size() != machine.host_data.size()) {
    return InvalidArgument(
        "simulated host data has 32 bytes (--simulated-host-data, 64 hex "
        "digits)");
  }
  std::ranges::copy(options.measurement, machine.measurement.begin());
  std::ranges::copy(options.host_data, machine.host_data.begin());
  CMIF_ASSIGN(const SecretBytes pem,
              ReadSecretFile(options.simulated_key_file, kMaxPemBytes));
  auto key = crypto::Ed25519Signer::FromPem(AsText(pem.bytes()));
  if (!key) return std::unexpected(key.error().At(options.simulated_key_file));
  return std::make_unique<SimulatedAttester>(*std::move(key), machine);
}

Result<std::vector<uint8_t>> SimulatedAttester::Collect(
    const ReportData& report_data) {
  const crypto::Ed25519PublicKey key = key_.public_key();
  // Whoever has the key is the machine.
  const crypto::Digest platform_id = crypto::Sha256Of(key);
  ByteWriter writer;
  writer.Append(AsBytes("CMIFSIM1"));
  writer.Append(machine_.measurement);
  writer.Append(report_data);
  writer.Append(machine_.host_data);
  writer.Append(platform_id);
  writer.Append(std::array<uint8_t, 32>{});
  writer.Write(uint64_t{0});  // flags: no debugging
  writer.Append(key);
  writer.Append(key_.Sign(writer.bytes()));
  return writer.Release();
}

}  // namespace cmif::platform
