// SPDX-License-Identifier: Apache-2.0
// Our Status and gRPC's, whose codes are the same numbers.
#ifndef CMIF_WIRE_GRPC_STATUS_H_
#define CMIF_WIRE_GRPC_STATUS_H_

#include <grpcpp/support/status.h>

#include "cmif/base/status.h"

namespace cmif::wire {

grpc::Status ToGrpc(const Status& status);

// OK becomes a value. Messages from the other side are cut to 1,000 bytes and
// whatever is not printable ASCII becomes '?', so that a hostile peer cannot
// write to a terminal through them.
Result<void> FromGrpc(const grpc::Status& status);

}  // namespace cmif::wire

#endif  // CMIF_WIRE_GRPC_STATUS_H_
