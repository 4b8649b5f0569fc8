// SPDX-License-Identifier: Apache-2.0
#include "cmif/client/remote.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <functional>

#include "cmif/client/testing/hello_server-inl.h"

namespace cmif::client {
namespace {

// Answers Hello otherwise than it should.
class OddServer final : public testing::HelloServer {
 public:
  using Change = std::function<void(grpc::ServerContext&, v1::HelloReply&)>;

  explicit OddServer(Change change)
      : HelloServer(grpc::InsecureServerCredentials()),
        change_(std::move(change)) {}
  ~OddServer() override { Stop(); }

  grpc::Status Hello(grpc::ServerContext* context,
                     const v1::HelloRequest* request,
                     v1::HelloReply* reply) override {
    const grpc::Status status = HelloServer::Hello(context, request, reply);
    change_(*context, *reply);
    return status;
  }

 private:
  const Change change_;
};

TEST(RemoteTest, NoServerIsUnavailableWithinFiveSeconds) {
  const auto start = std::chrono::steady_clock::now();
  const auto remote = Remote::Connect({.address = "127.0.0.1:1"}, {});
  ASSERT_FALSE(remote.has_value());
  EXPECT_EQ(remote.error().code(), Code::kUnavailable);
  EXPECT_NE(remote.error().message().find("127.0.0.1:1"), std::string::npos);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
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
  const OddServer server([](grpc::ServerContext&, v1::HelloReply& reply) {
    reply.set_protocol_version(wire::kProtocolVersion + 1);
  });
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

TEST(RemoteTest, CompressedRepliesAreRefusedUnpacked) {
  const OddServer server(
      [](grpc::ServerContext& context, v1::HelloReply& reply) {
        context.set_compression_algorithm(GRPC_COMPRESS_GZIP);
        reply.set_architecture(std::string(1 << 20, 'a'));  // worth it
      });
  const auto remote =
      Remote::Connect({.address = server.address()}, testing::HelloFacts());
  ASSERT_FALSE(remote.has_value());
  EXPECT_NE(remote.error().message().find(server.address()), std::string::npos)
      << remote.error().message();
}

}  // namespace
}  // namespace cmif::client
