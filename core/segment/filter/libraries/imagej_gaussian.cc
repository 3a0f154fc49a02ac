#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>
#include <vector>

#include "core/segment/filter/libraries/libraries.h"
#include "core/segment/filter/smooth/real_rows.h"

namespace trine::segment {
namespace {

constexpr int64_t kPiece = 4096;  // of a line between two polls
// From it on lines are reduced, until sigma is about kReducedSigma.
constexpr double kReducingSigma = 8.5;
constexpr double kReducedSigma = 4;
// Items of a reduced line before the first pixel and after the last one.
constexpr int64_t kBeyond = 3;
constexpr int64_t kLeastMostRadius = 50;

// Weights of distance 0, 1, ..., and of all that is farther.
struct Weights {
  std::vector<float> at, beyond;
};

// The Gaussian with its end, where that is cut, on a parabola down to 0.
Weights WeightsOf(double sigma, double accuracy, int64_t length) {
  const int64_t most = std::max(length, kLeastMostRadius);
  int64_t radius = static_cast<int64_t>(std::ceil(sigma * std::sqrt(-2 * std::log(accuracy)))) + 1;
  radius = std::min(radius, most);
  Weights out;
  for (int64_t i = 0; i < radius; ++i) {
    const double d = static_cast<double>(i);
    out.at.push_back(static_cast<float>(std::exp(-0.5 * d * d / sigma / sigma)));
  }
  if (radius < most && radius > 3) {
    double slope = std::numeric_limits<double>::max();
    int64_t r = radius;
    while (r > radius / 2) {
      --r;
      const double here = std::sqrt(static_cast<double>(out.at[static_cast<size_t>(r)])) /
                          static_cast<double>(radius - r);
      if (here >= slope) break;
      slope = here;
    }
    for (r += 2; r < radius; ++r) {
      const double square = static_cast<double>((radius - r) * (radius - r));
      out.at[static_cast<size_t>(r)] = static_cast<float>(square * slope * slope);
    }
  }
  double sum = sigma * std::sqrt(2 * 3.14159265358979323846);
  if (radius < most) {
    sum = static_cast<double>(out.at[0]);
    for (size_t i = 1; i < out.at.size(); ++i) sum += static_cast<double>(2 * out.at[i]);
  }
  double left = 0.5 + 0.5 * static_cast<double>(out.at[0]) / sum;
  for (float& weight : out.at) {
    const double part = static_cast<double>(weight) / sum;
    weight = static_cast<float>(part);
    left -= part;
    out.beyond.push_back(static_cast<float>(left));
  }
  return out;
}

// Weights of `by` pixels each side of the middle and half of them more, by which a line is reduced.
std::vector<float> ReducingWeights(int64_t by) {
  std::vector<float> out(static_cast<size_t>(3 * by));
  const int64_t middle = 3 * by / 2;
  const double unit = static_cast<double>(by);
  for (int64_t i = 0; i < (3 * by + 1) / 2; ++i) {
    const double x = static_cast<double>(i) / unit;
    const double weight = i <= by / 2 ? 0.75 - x * x : 0.125 + 0.5 * (x - 1) * (x - 2);
    out[static_cast<size_t>(middle - i)] = static_cast<float>(weight / unit);
    out[static_cast<size_t>(middle + i)] = static_cast<float>(weight / unit);
  }
  return out;
}

// Cubic ones by which it is enlarged.
std::vector<float> EnlargingWeights(int64_t by) {
  std::vector<float> out(static_cast<size_t>(4 * by), 0.0f);
  const int64_t middle = 2 * by;
  for (int64_t i = 0; i < 2 * by; ++i) {
    const double x = static_cast<double>(i) / static_cast<double>(by), far = 2 - x;
    const double weight = i < by ? 2.0 / 3 - x * x * (1 - 0.5 * x) : far * far * far / 6;
    out[static_cast<size_t>(middle - i)] = static_cast<float>(weight);
    out[static_cast<size_t>(middle + i)] = static_cast<float>(weight);
  }
  return out;
}

// Lines of one length.
class LineBlur {
 public:
  LineBlur(double sigma, double accuracy, int64_t length) : length_(length) {
    if (sigma > kReducingSigma) {
      by_ = std::min(static_cast<int64_t>(std::floor(sigma / kReducedSigma)), length);
      const double square = static_cast<double>(by_ * by_);
      sigma = std::sqrt(sigma * sigma / square - 1.0 / 3 - 1.0 / 4);
      reduced_ = (length + by_ - 1) / by_ + 2 * kBeyond;
      reducing_ = ReducingWeights(by_);
      enlarging_ = EnlargingWeights(by_);
    }
    weights_ = WeightsOf(sigma, accuracy, reduced_ > 0 ? reduced_ : length);
  }

  // Floats that it works with.
  int64_t scratch() const { return 2 * reduced_; }

  absl::Status Blur(const float* in, Poller& poll, float* scratch, float* out) const {
    if (reduced_ == 0) return Convolve(in, length_, poll, out);
    float* const small = scratch;
    float* const blurred = scratch + reduced_;
    TRINE_RETURN_IF_ERROR(Reduce(in, poll, small));
    TRINE_RETURN_IF_ERROR(Convolve(small, reduced_, poll, blurred));
    return Enlarge(blurred, poll, out);
  }

 private:
  // One at a time: what is beyond an end has its last value.
  float AtEnds(const float* in, int64_t length, int64_t i, bool first_part) const {
    const int64_t radius = static_cast<int64_t>(weights_.at.size());
    float sum = in[i] * weights_.at[0];
    if (i < radius) sum += weights_.beyond[static_cast<size_t>(i)] * in[0];
    // The two loops of the library part at one pixel.
    if (first_part ? i + radius > length : i + radius >= length)
      sum += weights_.beyond[static_cast<size_t>(length - i - 1)] * in[length - 1];
    for (int64_t k = 1; k < radius; ++k) {
      float both = 0;
      if (i - k >= 0) both += in[i - k];
      if (i + k < length) both += in[i + k];
      sum += weights_.at[static_cast<size_t>(k)] * both;
    }
    return sum;
  }

  absl::Status Convolve(const float* in, int64_t length, Poller& poll, float* out) const {
    const int64_t radius = static_cast<int64_t>(weights_.at.size());
    const int64_t first = std::min(radius, length), last = std::max(first, length - radius);
    for (int64_t i = 0; i < length; ++i) {
      if (i == first) i = last;
      if (i == length) break;
      TRINE_RETURN_IF_ERROR(poll.Spend(2 * radius));
      out[i] = AtEnds(in, length, i, i < first);
    }
    for (int64_t begin = first; begin < last; begin += kPiece) {
      const int64_t end = std::min(last, begin + kPiece);
      for (int64_t i = begin; i < end; ++i) out[i] = in[i] * weights_.at[0];
      for (int64_t k = 1; k < radius; ++k) {
        TRINE_RETURN_IF_ERROR(poll.Spend((end - begin) / 4 + 1));
        const float weight = weights_.at[static_cast<size_t>(k)];
        for (int64_t i = begin; i < end; ++i) out[i] += weight * (in[i - k] + in[i + k]);
      }
    }
    return absl::OkStatus();
  }

  // Sums of three parts, each of `by_` pixels, in the order of the line.
  absl::Status Reduce(const float* in, Poller& poll, float* small) const {
    int64_t at = -kBeyond * by_ - by_ * 3 / 2;
    const float* const weights = reducing_.data();
    for (int64_t i = -1; i <= reduced_; ++i) {
      TRINE_RETURN_IF_ERROR(poll.Spend(4 * by_));
      float before = 0, here = 0, after = 0;
      for (int64_t k = 0; k < by_; ++k, ++at) {
        const float value = in[std::clamp<int64_t>(at, 0, length_ - 1)];
        before += value * weights[k + 2 * by_];
        here += value * weights[k + by_];
        after += value * weights[k];
      }
      if (i > 0) small[i - 1] += before;
      if (i >= 0 && i < reduced_) small[i] += here;
      if (i + 1 < reduced_) small[i + 1] = after;
    }
    return absl::OkStatus();
  }

  absl::Status Enlarge(const float* small, Poller& poll, float* out) const {
    for (int64_t i = 0; i < length_; ++i) {
      if (i % kPiece == 0) TRINE_RETURN_IF_ERROR(poll.Spend(4 * kPiece));
      const int64_t place = i + kBeyond * by_ + by_ - 1;
      const float* const from = small + place / by_;
      const float* const weights = enlarging_.data() + (by_ - 1 - place % by_);
      out[i] = from[-2] * weights[0] + from[-1] * weights[by_] + from[0] * weights[2 * by_] +
               from[1] * weights[3 * by_];
    }
    return absl::OkStatus();
  }

  int64_t length_;
  int64_t by_ = 1, reduced_ = 0;  // 0: the line is not reduced
  std::vector<float> reducing_, enlarging_;
  Weights weights_;
};

// Columns that are blurred together.
constexpr int64_t kStrip = 16;

template <typename T>
T Stored(float value) {
  if constexpr (std::is_integral_v<T>) {
    const float top = static_cast<float>(std::numeric_limits<T>::max());
    return static_cast<T>(std::clamp(value + 0.5f, 0.0f, top));
  } else {
    return value;
  }
}

template <typename T>
absl::Status BlurPicture(const Context& context, const Picture& gray, double sigma, uint8_t* out) {
  const double accuracy = sizeof(T) == 1 ? 0.002 : 0.0002;
  const int64_t height = gray.height, width = gray.width, bytes = static_cast<int64_t>(sizeof(T));
  const LineBlur along(sigma, accuracy, width), down(sigma, accuracy, height);
  TRINE_RETURN_IF_ERROR(
      context.Reserve(ThreadsOf(context) * sizeof(float) *
                      static_cast<uint64_t>(std::max(width + along.scratch(),
                                                     (kStrip + 1) * height + down.scratch()))));
  Plane<float> plane(height, width);
  const auto rows = [&](size_t begin, size_t end) -> absl::Status {
    Poller poll = PixelPoller(context);
    Scratch<float> line = MakeScratch<float>(width);
    Scratch<float> scratch = MakeScratch<float>(along.scratch());
    for (int64_t y = static_cast<int64_t>(begin); y < static_cast<int64_t>(end); ++y) {
      TRINE_RETURN_IF_ERROR(poll.Spend(width));
      for (int64_t x = 0; x < width; ++x)
        line[static_cast<size_t>(x)] = static_cast<float>(PixelAt<T>(gray.data, y * width + x));
      TRINE_RETURN_IF_ERROR(along.Blur(line.data(), poll, scratch.data(), plane.Row(y)));
    }
    return absl::OkStatus();
  };
  TRINE_RETURN_IF_ERROR(
      ParallelFor(context, static_cast<size_t>(height), RowGrain(8 * width), rows));
  const auto columns = [&](size_t strip, size_t) -> absl::Status {
    Poller poll = PixelPoller(context);
    const int64_t first = static_cast<int64_t>(strip) * kStrip;
    const int64_t count = std::min(kStrip, width - first);
    Scratch<float> lines = MakeScratch<float>(count * height);
    Scratch<float> blurred = MakeScratch<float>(height);
    Scratch<float> scratch = MakeScratch<float>(down.scratch());
    for (int64_t y = 0; y < height; ++y) {
      TRINE_RETURN_IF_ERROR(poll.Spend(count));
      const float* const row = plane.Row(y) + first;
      for (int64_t x = 0; x < count; ++x) lines[static_cast<size_t>(x * height + y)] = row[x];
    }
    for (int64_t x = 0; x < count; ++x) {
      TRINE_RETURN_IF_ERROR(
          down.Blur(lines.data() + x * height, poll, scratch.data(), blurred.data()));
      for (int64_t y = 0; y < height; ++y) {
        if (y % kPiece == 0) TRINE_RETURN_IF_ERROR(poll.Spend(4 * kPiece));
        StoreLE<T>(out + (y * width + first + x) * bytes,
                   Stored<T>(blurred[static_cast<size_t>(y)]));
      }
    }
    return absl::OkStatus();
  };
  return ParallelFor(context, static_cast<size_t>((width + kStrip - 1) / kStrip), 1, columns);
}

}  // namespace

absl::Status SmoothImagejGaussian(const Context& context, const Picture& gray, double sigma,
                                  uint8_t* out) {
  switch (gray.dtype) {
    case DType::kUint8:
      return BlurPicture<uint8_t>(context, gray, sigma, out);
    case DType::kUint16:
      return BlurPicture<uint16_t>(context, gray, sigma, out);
    default:
      return BlurPicture<float>(context, gray, sigma, out);
  }
}

}  // namespace trine::segment
