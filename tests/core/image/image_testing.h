// What the tests of pictures share.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/base/tensor.h"
#include "core/image/image.h"
#include "core/runtime/memory_account.h"

namespace trine::image::testing {

inline ByteView Bytes(std::string_view s) {
  return {reinterpret_cast<const uint8_t*>(s.data()), s.size()};
}

// A copy on the heap of exactly this size, so that a read beyond the end is seen by ASan.
inline std::vector<uint8_t> Exact(std::string_view s) { return {s.begin(), s.end()}; }

inline bool Same(const Tensor& a, const Tensor& b) {
  return a.dtype == b.dtype && a.shape == b.shape && a.data == b.data;
}

inline std::string Describe(const Tensor& t) {
  return std::string(DTypeName(t.dtype)) + " " + ShapeToString(t.shape);
}

// Grants all that is asked for, and remembers the most of it.
class Account : public MemoryAccount {
 public:
  absl::Status Reserve(uint64_t bytes) override {
    most = std::max(most, bytes);
    return absl::OkStatus();
  }
  absl::Status ReserveResult(uint64_t bytes) override { return Reserve(bytes); }
  uint64_t most = 0;
};

// Reason of a status's detail; "" where there is none.
inline std::string Reason(const absl::Status& status) {
  const auto detail = GetErrorDetail(status);
  return detail.has_value() ? detail->reason : "";
}

MATCHER_P(HasReason, reason, "") {
  *result_listener << arg.status();
  return !arg.ok() && Reason(arg.status()) == reason;
}
MATCHER_P(HasCode, code, "") {
  *result_listener << arg.status();
  return arg.status().code() == code;
}

// A tensor whose bytes count through a fixed pseudo-random sequence.
inline Tensor Noise(DType dtype, Shape shape, uint32_t seed = 1) {
  Tensor t = Tensor::Zeros(dtype, std::move(shape));
  uint32_t state = seed * 2654435761u + 1;
  for (uint8_t& v : t.data) {
    state = state * 1664525u + 1013904223u;
    v = static_cast<uint8_t>(state >> 24);
    if (dtype == DType::kBool) v &= 1;
  }
  return t;
}

inline Tensor U8(Shape shape, const std::vector<uint8_t>& data) {
  return {DType::kUint8, std::move(shape), {data.data(), data.data() + data.size()}};
}
inline Tensor U16(Shape shape, const std::vector<uint16_t>& values) {
  Tensor t = Tensor::Zeros(DType::kUint16, std::move(shape));
  for (size_t i = 0; i < values.size(); ++i) StoreLE(t.data.data() + 2 * i, values[i]);
  return t;
}

// `value` as little- or big-endian bytes.
template <typename T>
std::string Le(T value) {
  std::string s(sizeof(T), '\0');
  StoreLE(s.data(), value);
  return s;
}
template <typename T>
std::string Be(T value) {
  const std::string s = Le(value);
  return {s.rbegin(), s.rend()};
}

// A chunk of a PNG file, with its checksum.
std::string PngChunk(std::string_view type, std::string_view data);
// Signature and IHDR.
std::string PngHead(uint32_t width, uint32_t height, int depth, int color_type, int interlace = 0);
// zlib's stream of `data`.
std::string Deflate(std::string_view data);

struct JpegOptions {
  bool progressive = false;
  int quality = 90;
};
// A JPEG file of a uint8 picture, [H,W] or [H,W,3].
std::string MakeJpeg(const Tensor& picture, const JpegOptions& options = {});

// An entry of a zip archive.
struct ZipEntry {
  std::string name;
  std::string bytes;
  bool deflated = false;
  bool zip64 = false;  // sizes in extra fields, as NumPy writes them
};
// A zip archive, as numpy.savez and numpy.savez_compressed write it.
std::string MakeNpz(const std::vector<ZipEntry>& entries);

// A WebP file of a uint8 picture [H,W,3], lossless unless a quality (0 to 100) is given.
std::string MakeWebp(const Tensor& picture, std::optional<float> quality = std::nullopt);

// The files of tests/golden/image; `name` of one.
std::string ReadGolden(const std::string& name);
std::vector<std::string> GoldenNames();

}  // namespace trine::image::testing
