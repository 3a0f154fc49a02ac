// Any bytes, cut into slices anyhow: the payload scanner and protobuf take and refuse the same, and
// read the same message. The first byte says which request, the second how long a slice is.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "tests/server/wire/wire_oracle.h"
#include "trine/v1/coding.pb.h"
#include "trine/v1/normalization.pb.h"
#include "trine/v1/segmentation.pb.h"

namespace {

using namespace trine;  // NOLINT(google-build-using-namespace)

std::string Compare(uint8_t which, const std::string& raw, size_t cut) {
  using server::testing::CompareWithProtobuf;
  switch (which % 6) {
    case 0:
      return CompareWithProtobuf<v1::SegmentRequest>(raw, cut);
    case 1:
      return CompareWithProtobuf<v1::EncodeRequest>(raw, cut);
    case 2:
      return CompareWithProtobuf<v1::NormalizeGradientRequest>(raw, cut);
    case 3:
      return CompareWithProtobuf<v1::DecodeRequest>(raw, cut);
    case 4:
      return CompareWithProtobuf<v1::SegmentStreamRequest>(raw, cut);
    default:
      return CompareWithProtobuf<v1::EncodeStreamRequest>(raw, cut);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const std::string raw(reinterpret_cast<const char*>(data) + 2, size - 2);
  const std::string difference = Compare(data[0], raw, size_t{data[1]} + 1);
  if (difference.empty()) return 0;
  std::fprintf(stderr, "broken: %s\n", difference.c_str());
  std::abort();
}
