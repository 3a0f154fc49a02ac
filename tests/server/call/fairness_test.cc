// One request never starves the others: short ones end while long ones still use all threads.
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "server/server.h"
#include "tests/server/harness.h"
#include "trine/v1/coding.grpc.pb.h"
#include "trine/v1/segmentation.grpc.pb.h"

namespace trine::server::testing {
namespace {

std::string Noise(size_t bytes) {
  std::mt19937 random(9);
  std::string out(bytes, 0);
  for (char& c : out) c = static_cast<char>(random() % 100);
  return out;
}

grpc::Status EncodeAdaptive(v1::CodingService::Stub* stub, grpc::ClientContext* context,
                            const std::string& data) {
  v1::EncodeRequest request;
  request.mutable_options()->set_model(v1::CODING_MODEL_ADAPTIVE);
  request.mutable_options()->set_order(2);
  request.set_data(data);
  v1::EncodeResponse response;
  return stub->Encode(context, request, &response);
}

grpc::Status SegmentLong(v1::SegmentationService::Stub* stub, grpc::ClientContext* context,
                         const std::string& pixels) {
  v1::SegmentRequest request;
  v1::Tensor* tensor = request.mutable_image()->mutable_tensor();
  tensor->set_dtype(v1::DATA_TYPE_UINT8);
  tensor->add_shape(4096);
  tensor->add_shape(static_cast<int64_t>(pixels.size()) / 4096);
  tensor->set_data(pixels);
  v1::LocalThresholdStep* step = request.add_steps()->mutable_local_threshold();
  step->set_method(v1::LOCAL_METHOD_GAUSSIAN);
  step->set_window(201);
  v1::SegmentResponse response;
  return stub->Segment(context, request, &response);
}

TEST(Fairness, ShortRequestsEndWhileLongOnesRun) {
  Options options;
  options.listen = {"127.0.0.1:0"};
  options.metrics_listen = "127.0.0.1:0";
  options.log_level = "off";
  options.threads = 2;
  auto server = Server::Start(options);
  ASSERT_TRUE(server.ok()) << server.status();
  const auto channel =
      grpc::CreateChannel((*server)->addresses().at(0), grpc::InsecureChannelCredentials());
  const auto coding = v1::CodingService::NewStub(channel);
  const auto segmentation = v1::SegmentationService::NewStub(channel);
  const std::string long_data = Noise(size_t{32} << 20);
  const std::string short_data = Noise(size_t{20} << 10);

  std::array<grpc::ClientContext, 3> contexts;
  std::array<grpc::Status, 3> ends;
  std::atomic<int> ended{0};
  std::vector<std::thread> callers;
  for (size_t i = 0; i < contexts.size(); ++i) {
    callers.emplace_back([&, i] {
      ends[i] = i == 0 ? SegmentLong(segmentation.get(), &contexts[i], long_data)
                       : EncodeAdaptive(coding.get(), &contexts[i], long_data);
      ended.fetch_add(1);
    });
  }
  AwaitSample((*server)->metrics_address(), "trine_running", 3);
  for (int i = 0; i < 10; ++i) {
    grpc::ClientContext context;
    const grpc::Status status = EncodeAdaptive(coding.get(), &context, short_data);
    EXPECT_TRUE(status.ok()) << status.error_message();
  }
  EXPECT_EQ(ended.load(), 0) << "the short requests waited for a long one";
  for (grpc::ClientContext& context : contexts) context.TryCancel();
  for (std::thread& caller : callers) caller.join();
}

}  // namespace
}  // namespace trine::server::testing
