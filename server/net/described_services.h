// What server reflection tells: the answers of grpc.reflection.v1 from the descriptors that are
// linked into the program.
#pragma once

#include <google/protobuf/descriptor.h>

#include <memory>
#include <string>
#include <vector>

#include "grpc/reflection/v1/reflection.pb.h"

namespace trine::server {

inline constexpr char kReflectionV1[] = "grpc.reflection.v1.ServerReflection";
inline constexpr char kReflectionV1Alpha[] = "grpc.reflection.v1alpha.ServerReflection";

// Thread safety: all members may be called from any thread.
class DescribedServices {
 public:
  // Lists `services` and the two versions of reflection itself, sorted. A service without a
  // descriptor is listed all the same: a client that knows its messages can call it. `linked`
  // outlives the result (tests have another one).
  explicit DescribedServices(std::vector<std::string> services,
                             const google::protobuf::DescriptorPool* linked =
                                 google::protobuf::DescriptorPool::generated_pool());

  // Every request has an answer; what is not known is an error_response, NOT_FOUND. Files come with
  // all that they import, directly or not, each once and the one that was asked for first.
  grpc::reflection::v1::ServerReflectionResponse Answer(
      const grpc::reflection::v1::ServerReflectionRequest& request) const;

 private:
  std::vector<std::string> services_;
  // What is linked, and v1alpha's file, which is made from v1's.
  std::unique_ptr<google::protobuf::DescriptorPool> pool_;
};

}  // namespace trine::server
