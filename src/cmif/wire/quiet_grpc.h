// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_WIRE_QUIET_GRPC_H_
#define CMIF_WIRE_QUIET_GRPC_H_

namespace cmif::wire {

// From now on gRPC and protobuf write nothing to standard error: gRPC's lines
// repeat, byte by byte, what peers send (headers above all). What matters is
// reported by us. GRPC_VERBOSITY turns them on again. For whoever makes a
// server or a channel. Thread-safe.
void QuietGrpc();

}  // namespace cmif::wire

#endif  // CMIF_WIRE_QUIET_GRPC_H_
