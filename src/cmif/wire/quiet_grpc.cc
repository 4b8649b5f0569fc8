// SPDX-License-Identifier: Apache-2.0
#include "cmif/wire/quiet_grpc.h"

#include <google/protobuf/stubs/logging.h>
#include <grpc/support/log.h>

#include <cstdlib>

namespace cmif::wire {

void QuietGrpc() {
  if (getenv("GRPC_VERBOSITY") != nullptr) return;
  gpr_set_log_function([](gpr_log_func_args*) {});
  google::protobuf::SetLogHandler(nullptr);
}

}  // namespace cmif::wire
