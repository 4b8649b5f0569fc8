// SPDX-License-Identifier: Apache-2.0
#include "cmif/client/remote.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "cmif/client/testing/hello_server-inl.h"

namespace cmif::client {
namespace {

// Of a later version of the protocol.
class LaterServer final : public testing::HelloServer {
 public:
  LaterServer() : HelloServer(grpc::InsecureServerCredentials()) {}
  ~LaterServer() override { Stop(); }

  grpc::Status Hello(grpc::ServerContext* context,
                     const v1::HelloRequest* request,
                     v1::HelloReply* reply) override {
    const grpc::Status status = HelloServer::Hello(context, request, reply);
    reply->set_protocol_version(wire::kProtocolVersion + 1);
    return status;
  }
};

TEST(RemoteTest, NoServerIsUnavailableWithinSixSeconds) {
  const auto start = std::chrono::steady_clock::now();
  const auto remote = Remote::Connect({.address = "127.0.0.1:1"}, {});
  ASSERT_FALSE(remote.has_value());
  EXPECT_EQ(remote.error().code(), Code::kUnavailable);
  EXPECT_NE(remote.error().message().find("127.0.0.1:1"), std::string::npos);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(6));
}

TEST(RemoteTest, RefusesWhatIsNoAddress) {
  for (const char* address : {"", "localhost", "127.0.0.1:0", "a b:1"}) {
    const auto remote = Remote::Connect({.address = address}, {});
    ASSERT_FALSE(remote.has_value());
    EXPECT_EQ(remote.error().code(), Code::kInvalidArgument);
  }
}

TEST(RemoteTest, AnotherMachineNeedsInsecure) {
  const auto start = std::chrono::steady_clock::now();
  const auto remote = Remote::Connect({.address = "192.0.2.1:7070"}, {});
  ASSERT_FALSE(remote.has_value());
  EXPECT_EQ(remote.error().code(), Code::kPermissionDenied);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(1));
}

TEST(RemoteTest, ServerOfAnotherProtocolVersionIsRefused) {
  const LaterServer server;
  const auto remote =
      Remote::Connect({.address = server.address()}, testing::HelloFacts());
  ASSERT_FALSE(remote.has_value());
  EXPECT_EQ(remote.error().code(), Code::kFailedPrecondition);
  const std::string& message = remote.error().message();
  EXPECT_NE(message.find(fmt::format("protocol version {}, this client {}",
                                     wire::kProtocolVersion + 1,
                                     wire::kProtocolVersion)),
            std::string::npos)
      << message;
}

}  // namespace
}  // namespace cmif::client
