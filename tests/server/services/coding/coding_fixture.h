// Encode, Decode and Inspect through the registry, where they are to succeed.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "tests/server/services/service_harness.h"
#include "trine/v1/coding.pb.h"

namespace trine::server {

class CodingServiceTest : public testing::Test {
 protected:
  v1::EncodeResponse Encode(const v1::EncodeRequest& request) {
    auto response = services_.Unary<v1::EncodeResponse>("Encode", request);
    EXPECT_TRUE(response.ok()) << response.status();
    return response.ok() ? *std::move(response) : v1::EncodeResponse();
  }
  v1::DecodeResponse Decode(const v1::DecodeRequest& request) {
    auto response = services_.Unary<v1::DecodeResponse>("Decode", request);
    EXPECT_TRUE(response.ok()) << response.status();
    return response.ok() ? *std::move(response) : v1::DecodeResponse();
  }
  v1::DecodeResponse DecodeBytes(const std::string& coded) {
    v1::DecodeRequest request;
    request.set_coded(coded);
    return Decode(request);
  }
  v1::InspectResponse Inspect(const v1::InspectRequest& request) {
    auto response = services_.Unary<v1::InspectResponse>("Inspect", request);
    EXPECT_TRUE(response.ok()) << response.status();
    return response.ok() ? *std::move(response) : v1::InspectResponse();
  }

  ServiceHarness services_;
};

}  // namespace trine::server
