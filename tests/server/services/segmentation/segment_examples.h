// Pictures and requests for the tests of the segmentation service.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/image/image.h"
#include "tests/server/services/service_harness.h"
#include "trine/v1/segmentation.pb.h"

namespace trine::server {

inline std::string PngOf(const Tensor& picture) {
  return image::EncodeImage({}, image::Format::kPng, picture.view()).value();
}

// Two bright disks (200) that touch, the left one with a hole of one pixel, on a dark ground (40).
struct Disks {
  static constexpr int64_t kHeight = 24, kWidth = 34;
  static constexpr int64_t kHoleY = 12, kHoleX = 9;

  static bool IsDisk(int64_t y, int64_t x) {
    const auto inside = [&](int64_t centre_x) {
      const int64_t dy = y - 12, dx = x - centre_x;
      return dy * dy + dx * dx <= 64;
    };
    return inside(9) || inside(23);
  }

  // Without the hole.
  static int64_t Area() {
    int64_t area = 0;
    for (int64_t i = 0; i < kHeight * kWidth; ++i) area += IsDisk(i / kWidth, i % kWidth);
    return area;
  }

  static v1::Tensor Picture() {
    std::vector<uint8_t> pixels;
    for (int64_t y = 0; y < kHeight; ++y) {
      for (int64_t x = 0; x < kWidth; ++x) {
        const bool is_hole = y == kHoleY && x == kHoleX;
        pixels.push_back(IsDisk(y, x) && !is_hole ? 200 : 40);
      }
    }
    return MakeTensor(v1::DATA_TYPE_UINT8, {kHeight, kWidth}, pixels);
  }
};

inline v1::SegmentRequest DisksRequest() {
  v1::SegmentRequest request;
  *request.mutable_image()->mutable_tensor() = Disks::Picture();
  return request;
}

}  // namespace trine::server
