// SPDX-License-Identifier: Apache-2.0
#include "cmif/privacy/mechanism.h"

#include "cmif/privacy/rnm_laplace.h"

namespace cmif::privacy {

Result<const Mechanism*> FindMechanism(std::string_view name) {
  static const RnmLaplace rnm_laplace;
  if (name == rnm_laplace.name()) return &rnm_laplace;
  if (IsIdentity(name)) {
    return NotFound(
        "the mechanism identity has no channel: it passes every word "
        "unchanged; mechanisms with a channel: rnm-laplace");
  }
  // The name itself may be hostile bytes of a file: not repeated here.
  return NotFound("unknown mechanism; known: rnm-laplace, identity");
}

bool IsIdentity(std::string_view name) { return name == "identity"; }

}  // namespace cmif::privacy
