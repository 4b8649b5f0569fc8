// SPDX-License-Identifier: Apache-2.0
// Certificates and revocation lists of tests' own making.
#ifndef CMIF_TEE_TESTING_TEST_CERTIFICATE_H_
#define CMIF_TEE_TESTING_TEST_CERTIFICATE_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "cmif/tee/testing/signing_key.h"
#include "cmif/tee/x509.h"

namespace cmif::tee::testing {

// A certificate with its private key.
struct Identity {
  SigningKey key;
  Certificate certificate;
};

struct CertificateSpec {
  std::string subject;
  Ecdsa kind = Ecdsa::kP256Sha256;
  bool ca = false;
  int64_t serial = 1;
  Time not_before = {};
  Time not_after = {4'000'000'000};
  // Dotted OID and value in DER.
  std::vector<std::pair<std::string, std::vector<uint8_t>>> extensions = {};
};

// Signed by `issuer`, or by itself if that is null. Ends the process if OpenSSL
// fails.
Identity MakeIdentity(const CertificateSpec& spec, const Identity* issuer);
// The same for a key that is there already.
Identity MakeIdentity(const CertificateSpec& spec, const Identity* issuer,
                      const SigningKey& key);

// A list of the issuer's with these serial numbers, in DER.
std::vector<uint8_t> MakeCrl(const Identity& issuer,
                             const std::vector<int64_t>& revoked,
                             Time this_update, Time next_update);

std::string ToPem(const Certificate& certificate);

}  // namespace cmif::tee::testing

#endif  // CMIF_TEE_TESTING_TEST_CERTIFICATE_H_
