// SPDX-License-Identifier: Apache-2.0
// What classifier.cc and generator.cc need of a connection.
#ifndef CMIF_CLIENT_REMOTE_INL_H_
#define CMIF_CLIENT_REMOTE_INL_H_

#include <grpcpp/grpcpp.h>

#include <memory>

#include "cmif/client/remote.h"
#include "cmif/wire/cmif.grpc.pb.h"

namespace cmif::client {

struct Remote::Impl {
  std::shared_ptr<grpc::Channel> channel;
  std::unique_ptr<v1::Inference::Stub> stub;
};

}  // namespace cmif::client

#endif  // CMIF_CLIENT_REMOTE_INL_H_
