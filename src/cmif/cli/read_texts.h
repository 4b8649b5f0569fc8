// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_CLI_READ_TEXTS_H_
#define CMIF_CLI_READ_TEXTS_H_

#include <cstddef>
#include <string>
#include <vector>

#include "cmif/base/status.h"

namespace cmif::cli {

// eval::TextsOf() of a file of at most 64 MiB; none for an empty path. Its
// errors and ReadFile()'s.
Result<std::vector<std::string>> ReadTexts(const std::string& path,
                                           size_t limit);

}  // namespace cmif::cli

#endif  // CMIF_CLI_READ_TEXTS_H_
