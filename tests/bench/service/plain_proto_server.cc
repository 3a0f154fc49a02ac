// What a service of the same messages costs without trine's data path: generated stubs, the
// synchronous API, payloads that protobuf copies in and out; the same kernels on the same pool.
// Prints its port on a line of its own; ends with its standard input.
#include <grpcpp/grpcpp.h>
#include <unistd.h>

#include <cstdio>
#include <string>

#include "core/coding/coding.h"
#include "core/normalize/lrn.h"
#include "core/runtime/thread_pool.h"
#include "core/segment/segment.h"
#include "server/convert/coding.h"
#include "server/convert/lrn.h"
#include "server/convert/tensor.h"
#include "trine/v1/coding.grpc.pb.h"
#include "trine/v1/normalization.grpc.pb.h"
#include "trine/v1/segmentation.grpc.pb.h"

namespace {

using namespace trine;  // NOLINT(google-build-using-namespace)

Context PoolContext() {
  static ThreadPool pool(0);
  static const Limits limits;
  Context context;
  context.pool = &pool;
  context.limits = &limits;
  return context;
}

grpc::Status Failed(const absl::Status& status) {
  return {static_cast<grpc::StatusCode>(status.code()), std::string(status.message())};
}

ByteView View(const std::string& bytes) {
  return {reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()};
}

class Normalization : public v1::NormalizationService::Service {
  grpc::Status Normalize(grpc::ServerContext*, const v1::NormalizeRequest* request,
                         v1::NormalizeResponse* response) override {
    const Context context = PoolContext();
    const auto in = server::ViewFromProto(request->tensor(), View(request->tensor().data()),
                                          *context.limits, "tensor");
    if (!in.ok()) return Failed(in.status());
    const auto options = server::LrnOptionsFromProto(request->options());
    if (!options.ok()) return Failed(options.status());
    const auto resolved = normalize::Resolve(*options, in->shape);
    if (!resolved.ok()) return Failed(resolved.status());
    v1::Tensor* out = response->mutable_tensor();
    server::HeadToProto(in->dtype, in->shape, out);
    std::string* data = out->mutable_data();
    data->resize(in->data.size());
    const MutableTensorView view{
        in->dtype, in->shape, {reinterpret_cast<uint8_t*>(data->data()), data->size()}};
    const absl::Status status = normalize::Lrn(context, *resolved, *in, view);
    if (!status.ok()) return Failed(status);
    server::ResolvedToProto(*resolved, response->mutable_resolved());
    return grpc::Status::OK;
  }
};

class Segmentation : public v1::SegmentationService::Service {
  grpc::Status Segment(grpc::ServerContext*, const v1::SegmentRequest* request,
                       v1::SegmentResponse* response) override {
    const Context context = PoolContext();
    const v1::Tensor& tensor = request->image().tensor();
    const auto in = server::ViewFromProto(tensor, View(tensor.data()), *context.limits, "image");
    if (!in.ok()) return Failed(in.status());
    segment::Inputs inputs;
    inputs.gray = *in;
    segment::Options options;
    options.steps.push_back(segment::OtsuStep{});
    const auto result = segment::Segment(context, inputs, options);
    if (!result.ok()) return Failed(result.status());
    v1::Tensor* out = response->mutable_mask()->mutable_tensor();
    server::HeadToProto(result->mask->dtype, result->mask->shape, out);
    out->mutable_data()->assign(reinterpret_cast<const char*>(result->mask->data.data()),
                                result->mask->data.size());
    return grpc::Status::OK;
  }
};

class Coding : public v1::CodingService::Service {
  grpc::Status Encode(grpc::ServerContext*, const v1::EncodeRequest* request,
                      v1::EncodeResponse* response) override {
    const Context context = PoolContext();
    const auto options =
        server::EncodeOptionsFromProto(context, request->options(), "options", nullptr);
    if (!options.ok()) return Failed(options.status());
    coding::EncodeStats stats;
    auto coded = coding::Encode(context, {}, View(request->data()), *options, &stats);
    if (!coded.ok()) return Failed(coded.status());
    *response->mutable_coded() = *std::move(coded);
    server::StatsToProto(stats, response->mutable_statistics());
    return grpc::Status::OK;
  }
};

}  // namespace

int main() {
  Normalization normalization;
  Segmentation segmentation;
  Coding coding;
  grpc::ServerBuilder builder;
  builder.SetMaxReceiveMessageSize(-1);
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&normalization);
  builder.RegisterService(&segmentation);
  builder.RegisterService(&coding);
  const auto server = builder.BuildAndStart();
  if (server == nullptr) return 1;
  std::printf("%d\n", port);
  std::fflush(stdout);
  char c = 0;
  while (read(STDIN_FILENO, &c, 1) > 0) {
  }
  server->Shutdown(std::chrono::system_clock::now());
  return 0;
}
