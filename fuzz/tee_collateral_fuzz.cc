// SPDX-License-Identifier: Apache-2.0
// Hostile collateral: what is read is ordered, and its signed text is a part
// of what was given.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "cmif/base/byte_reader.h"
#include "cmif/tee/collateral.h"
#include "cmif/tee/policy.h"

namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cmif::tee;
  const std::string_view text = cmif::AsText({data, size});
  if (const auto collateral = ReadCollateral(text)) {
    for (const TcbInfo& info : collateral->tcb_infos) {
      Require(info.signed_text.text.size() <= size);
      for (const TdxModule& module : info.modules) {
        Require(std::ranges::is_sorted(module.levels, std::ranges::greater{},
                                       &SvnLevel::svn));
      }
    }
    for (const QeIdentity& identity : collateral->qe_identities) {
      Require(std::ranges::is_sorted(identity.levels, std::ranges::greater{},
                                     &SvnLevel::svn));
    }
  }
  // The same reader of JSON reads policies.
  if (const auto policy = Policy::Read(text)) {
    Require(policy->signature() == Policy::Signature::kNone);
  }
  return 0;
}
