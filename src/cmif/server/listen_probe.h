// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_SERVER_LISTEN_PROBE_H_
#define CMIF_SERVER_LISTEN_PROBE_H_

#include "cmif/base/status.h"
#include "cmif/wire/address.h"

namespace cmif::server {

// Tries to listen at an address, and closes again: gRPC does not say why it
// cannot. ALREADY_EXISTS: the port is taken; PERMISSION_DENIED: not ours to
// open; INVALID_ARGUMENT: no such host, or not an address of this machine.
Result<void> ProbeListen(const wire::Address& address);

}  // namespace cmif::server

#endif  // CMIF_SERVER_LISTEN_PROBE_H_
