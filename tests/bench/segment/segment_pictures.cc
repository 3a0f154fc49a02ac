#include "tests/bench/segment/segment_pictures.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <random>
#include <set>
#include <vector>

#include "core/base/bytes.h"
#include "core/image/image.h"
#include "core/segment/segment.h"
#include "tests/bench/segment/segment_measure.h"

namespace trine::bench {
namespace {

constexpr int64_t kWidth = 4000;
constexpr int64_t kHeight = 3000;
constexpr int64_t kPixels = kWidth * kHeight;

Tensor GrayOf(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::vector<uint8_t> bytes{std::istreambuf_iterator<char>(file),
                                   std::istreambuf_iterator<char>()};
  const auto picture = image::DecodeImage({}, bytes);
  if (!picture.ok()) Die(path + ": " + std::string(picture.status().message()));
  auto gray = image::ToGray({}, picture->view(), image::GrayWeights::kBt601);
  if (!gray.ok()) Die(path + ": " + std::string(gray.status().message()));
  return *std::move(gray);
}

// Tiles of 1000 x 1000, each a picture that is mirrored at its ends.
Tensor Kodak(const std::string& folder) {
  constexpr int64_t kTile = 1000;
  Tensor out = Tensor::Zeros(DType::kUint8, {kHeight, kWidth});
  for (int64_t i = 0; i < 12; ++i) {
    char name[8];
    std::snprintf(name, sizeof name, "%02d.png", static_cast<int>(i + 1));
    const Tensor tile = GrayOf(folder + "/" + name);
    const int64_t height = tile.shape[0], width = tile.shape[1];
    for (int64_t y = 0; y < kTile; ++y) {
      const int64_t from_y = y < height ? y : 2 * height - 1 - y;
      uint8_t* to = out.data.data() + (i / 4 * kTile + y) * kWidth + i % 4 * kTile;
      for (int64_t x = 0; x < kTile; ++x)
        to[x] = tile.data[from_y * width + (x < width ? x : 2 * width - 1 - x)];
    }
  }
  return out;
}

// Blobs of several sizes under uneven light, with noise.
Tensor Made() {
  Tensor out = Tensor::Zeros(DType::kUint8, {kHeight, kWidth});
  std::mt19937 random(1);
  for (int64_t y = 0; y < kHeight; ++y) {
    for (int64_t x = 0; x < kWidth; ++x) {
      const double u = static_cast<double>(x), v = static_cast<double>(y);
      const double light = 40 * std::sin(u / 900) * std::cos(v / 700);
      const double blobs = 70 * std::tanh(3 * std::sin(u / 23 + std::sin(v / 61)) *
                                          std::sin(v / 29 + std::cos(u / 47)));
      const double noise =
          static_cast<double>(random() % 9) + static_cast<double>(random() % 9) - 8;
      out.data[y * kWidth + x] =
          static_cast<uint8_t>(std::clamp(110 + light + blobs + noise, 0.0, 255.0));
    }
  }
  return out;
}

Tensor OtsuMask(const Tensor& picture) {
  segment::Inputs inputs;
  inputs.gray = picture.view();
  segment::Options options;
  options.steps = {segment::OtsuStep{}};
  auto result = segment::Segment({}, inputs, options);
  if (!result.ok()) Die(std::string(result.status().message()));
  return *std::move(result->mask);
}

// Where `count` different pixels are, ascending.
std::set<int64_t> Places(size_t count, uint32_t seed) {
  std::mt19937 random(seed);
  std::set<int64_t> out;
  while (out.size() < count) out.insert(random() % kPixels);
  return out;
}

}  // namespace

const Tensor& Pictures::Named(std::string_view name) const {
  if (name == "u8") return u8;
  if (name == "u16") return u16;
  if (name == "float") return float32;
  if (name == "mask") return mask;
  if (name == "far") return far;
  return markers;
}

Pictures MakePictures(const std::string& folder) {
  Pictures out;
  out.u8 = folder.empty() ? Made() : Kodak(folder + "/images/kodak");
  out.u16 = Tensor::Zeros(DType::kUint16, out.u8.shape);
  out.float32 = Tensor::Zeros(DType::kFloat32, out.u8.shape);
  out.inside = Tensor::Zeros(DType::kUint8, out.u8.shape);
  std::mt19937 random(2);
  for (int64_t i = 0; i < kPixels; ++i) {
    const uint32_t wide = std::min<uint32_t>(65535, 257 * out.u8.data[i] + random() % 257);
    StoreLE(out.u16.data.data() + 2 * i, static_cast<uint16_t>(wide));
    StoreLE(out.float32.data.data() + 4 * i, static_cast<float>(wide) / 65535.0F);
    const double u = 2 * static_cast<double>(i % kWidth) / kWidth - 1;
    const double v = 2 * static_cast<double>(i / kWidth) / kHeight - 1;
    out.inside.data[i] = u * u + v * v <= 1 ? 255 : 0;
  }
  out.mask = OtsuMask(out.u8);
  out.far = Tensor::Zeros(DType::kUint8, out.u8.shape);
  std::fill(out.far.data.begin(), out.far.data.end(), uint8_t{255});
  for (const int64_t place : Places(200, 3)) out.far.data[place] = 0;
  out.markers = Tensor::Zeros(DType::kInt32, out.u8.shape);
  int32_t marker = 0;
  for (const int64_t place : Places(5000, 4))
    StoreLE(out.markers.data.data() + 4 * place, ++marker);
  return out;
}

Tensor Thinned(const Tensor& picture, int64_t step) {
  const int64_t element = static_cast<int64_t>(DTypeSize(picture.dtype));
  const int64_t height = picture.shape[0] / step, width = picture.shape[1] / step;
  Tensor out = Tensor::Zeros(picture.dtype, {height, width});
  for (int64_t y = 0; y < height; ++y) {
    for (int64_t x = 0; x < width; ++x) {
      std::memcpy(out.data.data() + (y * width + x) * element,
                  picture.data.data() + (y * picture.shape[1] + x) * step * element,
                  static_cast<size_t>(element));
    }
  }
  return out;
}

}  // namespace trine::bench
