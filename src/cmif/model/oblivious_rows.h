// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_MODEL_OBLIVIOUS_ROWS_H_
#define CMIF_MODEL_OBLIVIOUS_ROWS_H_

#include <cstdint>
#include <span>

#include "cmif/base/secret_bytes.h"
#include "cmif/model/bundle.h"

namespace cmif::model {

// Copies the rows of `ids`, one after the other, reading the whole table for
// each few of them: which addresses are read and written, in which order, and
// which way branches go depend on how many ids there are and not on which. So a
// host that watches the pages or cache lines of an enclave
// (Xu, Cui, Peinado 2015, "controlled-channel attacks") learns no id from it.
// Costs one pass over the table for every kRowsAPass ids, which `cmif bench`
// measures. 0 <= id < table.rows(). Thread-safe.
SecretBytes CopyRowsObliviously(const EmbeddingTable& table,
                                std::span<const int32_t> ids);

constexpr size_t kRowsAPass = 4;

}  // namespace cmif::model

#endif  // CMIF_MODEL_OBLIVIOUS_ROWS_H_
