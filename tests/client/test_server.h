// A real server in this process, and clients of it.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "client/client.h"
#include "server/server.h"

namespace trine::testing {

class ClientTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_NO_FATAL_FAILURE(StartServer(server::Options())); }

  // With the listeners and the log that tests want.
  void StartServer(server::Options options) {
    options.listen = {"127.0.0.1:0"};
    options.metrics_listen.clear();
    options.log_level = "off";
    auto started = server::Server::Start(options);
    ASSERT_TRUE(started.ok()) << started.status();
    server_ = *std::move(started);
    client_ = MakeClient(client::Options());
  }

  // Of this server.
  std::unique_ptr<client::Client> MakeClient(client::Options options) const {
    options.target = server_->addresses()[0];
    auto made = client::Client::Create(options);
    EXPECT_TRUE(made.ok()) << made.status();
    return *std::move(made);
  }

  std::unique_ptr<server::Server> server_;
  std::unique_ptr<client::Client> client_;
};

}  // namespace trine::testing
