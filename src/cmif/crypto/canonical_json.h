// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_CRYPTO_CANONICAL_JSON_H_
#define CMIF_CRYPTO_CANONICAL_JSON_H_

#include <string>
#include <string_view>

#include "cmif/base/status.h"

namespace cmif::crypto {

// The one text of a JSON value that everyone hashes (RFC 8785): members in the
// order of their names, no white space, numbers as ECMAScript writes them.
// INVALID_ARGUMENT: no JSON, a name twice in one object, a name that is not
// ASCII (their order needs UTF-16), whole numbers of 64 bits beyond 2^53 that
// no double is written as (others round them; larger ones are rounded as
// everywhere), or more than 1 MiB or 16 levels.
Result<std::string> CanonicalJson(std::string_view json);

}  // namespace cmif::crypto

#endif  // CMIF_CRYPTO_CANONICAL_JSON_H_
