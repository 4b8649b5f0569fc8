// SPDX-License-Identifier: Apache-2.0
#include <cmif/base/random.h>

#include <cstdio>
#ifndef CORE_ALONE
#include <cmif/base/byte_reader.h>
#include <cmif/crypto/sha256.h>
#include <cmif/text/words.h>
#endif

int main() {
  cmif::OsRandom random;
  std::printf("random: %u\n", static_cast<unsigned>(random.Next32()));
#ifndef CORE_ALONE
  const auto words = cmif::text::SplitWords("two words");
  const auto hash = cmif::crypto::Sha256Of(cmif::AsBytes("two words"));
  std::printf("%zu pieces, hash %s\n", words.size(),
              cmif::crypto::ToHex(hash).c_str());
  if (words.size() != 3) return 1;
#endif
  return 0;
}
