// SPDX-License-Identifier: Apache-2.0
#include "cmif/tee/testing/recorded_evidence.h"

#include <openssl/evp.h>

#include <cstdio>
#include <cstdlib>

#include "cmif/base/byte_reader.h"
#include "cmif/base/file.h"

namespace cmif::tee::testing {
namespace {

template <typename T>
T OrEnd(Result<T> result, const std::string& what) {
  if (!result) {
    std::fprintf(stderr, "%s: %s\n", what.c_str(),
                 result.error().message().c_str());
    std::abort();
  }
  return *std::move(result);
}

}  // namespace

std::vector<uint8_t> Recorded(const std::string& name) {
  const std::string text = OrEnd(
      ReadFile(CMIF_TESTDATA_DIR "/evidence/" + name, kMaxEvidenceBytes), name);
  const auto bytes = AsBytes(text);
  return {bytes.begin(), bytes.end()};
}

Evidence RecordedEvidence(const std::string& name) {
  return OrEnd(ReadEvidence(Recorded(name)), name);
}

Certificate RecordedCertificate(const std::string& name) {
  return RecordedEndorsements({name}).certificates().at(0);
}

Endorsements RecordedEndorsements(const std::vector<std::string>& names) {
  Endorsements endorsements;
  for (const std::string& name : names) {
    if (const auto added = endorsements.Add(Recorded(name)); !added) {
      std::fprintf(stderr, "%s: %s\n", name.c_str(),
                   added.error().message().c_str());
      std::abort();
    }
  }
  return endorsements;
}

std::string Base64(std::span<const uint8_t> bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  text.resize(static_cast<size_t>(
      EVP_EncodeBlock(reinterpret_cast<uint8_t*>(text.data()), bytes.data(),
                      static_cast<int>(bytes.size()))));
  return text;
}

Time At(std::string_view text) {
  return OrEnd(ParseTime(text), std::string(text));
}

}  // namespace cmif::tee::testing
