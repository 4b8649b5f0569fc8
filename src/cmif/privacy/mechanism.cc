// SPDX-License-Identifier: Apache-2.0
#include "cmif/privacy/mechanism.h"

#include <array>
#include <string>

#include "cmif/privacy/krr.h"
#include "cmif/privacy/medoid.h"
#include "cmif/privacy/optimal.h"
#include "cmif/privacy/rnm_exponential.h"
#include "cmif/privacy/rnm_gumbel.h"
#include "cmif/privacy/rnm_laplace.h"

namespace cmif::privacy {
namespace {

std::span<const Mechanism* const> All() {
  static const RnmLaplace laplace;
  static const RnmExponential exponential;
  static const RnmGumbel gumbel;
  static const Krr krr;
  static const Optimal optimal;
  static const Medoid medoid;
  static const std::array<const Mechanism*, 6> all = {
      &laplace, &exponential, &gumbel, &krr, &optimal, &medoid};
  return all;
}

std::string Names() {
  std::string names;
  for (const Mechanism* const mechanism : All()) {
    names += (names.empty() ? "" : ", ") + std::string(mechanism->name());
  }
  return names;
}

}  // namespace

std::span<const Mechanism* const> KnownMechanisms() { return All(); }

Result<const Mechanism*> FindMechanism(std::string_view name) {
  for (const Mechanism* const mechanism : All()) {
    if (mechanism->name() == name) return mechanism;
  }
  if (IsIdentity(name)) {
    return NotFound(
        "the mechanism identity has no channel: it passes every word "
        "unchanged; mechanisms with a channel: " +
        Names());
  }
  // The name itself may be hostile bytes of a file: not repeated here.
  return NotFound("unknown mechanism; known: " + Names() + ", identity");
}

bool IsIdentity(std::string_view name) { return name == "identity"; }

}  // namespace cmif::privacy
