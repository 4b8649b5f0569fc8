// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_TEE_RAW_MEMBER_H_
#define CMIF_TEE_RAW_MEMBER_H_

#include <string_view>

#include "cmif/base/status.h"

namespace cmif::tee {

// The text of a member's value as it stands in the object `json`, a view:
// what was signed must not be written anew. `json` must be well-formed and
// have no key twice (ParseStrictJson). DATA_LOSS: no member with this key,
// written without escapes.
Result<std::string_view> RawMember(std::string_view json, std::string_view key);

}  // namespace cmif::tee

#endif  // CMIF_TEE_RAW_MEMBER_H_
