// SPDX-License-Identifier: Apache-2.0
// Certificates of the vendors in PEM; roots.h is what the room uses.
#ifndef CMIF_TEE_ROOTS_DATA_H_
#define CMIF_TEE_ROOTS_DATA_H_

namespace cmif::tee {

extern const char kMilanArk[];
extern const char kMilanAsk[];
extern const char kMilanAsvk[];
extern const char kGenoaArk[];
extern const char kGenoaAsk[];
extern const char kGenoaAsvk[];
extern const char kTurinArk[];
extern const char kTurinAsk[];
extern const char kTurinAsvk[];
extern const char kIntelSgxRoot[];

}  // namespace cmif::tee

#endif  // CMIF_TEE_ROOTS_DATA_H_
