#include "core/segment/mask_values.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <mutex>

#include "absl/strings/str_cat.h"
#include "core/base/element_type.h"
#include "core/base/error.h"
#include "core/base/strings.h"
#include "core/runtime/thread_pool.h"

namespace trine::segment {
namespace {

constexpr size_t kPixelsARange = size_t{1} << 16;

// The values of a picture's pixels.
template <typename T>
class Values {
 public:
  explicit Values(const TensorView& picture)
      : data_(picture.data.data()),
        width_(static_cast<size_t>(picture.shape[1])),
        channels_(picture.shape.size() == 3 ? static_cast<size_t>(picture.shape[2]) : 1) {}

  // Calls use(value) for each channel of the pixels [begin, end), then end_of(pixel).
  template <typename Use, typename EndOf>
  absl::Status ForEach(size_t begin, size_t end, const Use& use, const EndOf& end_of) const {
    const uint8_t* from = data_ + begin * channels_ * sizeof(T);
    for (size_t i = begin; i < end; ++i) {
      for (size_t c = 0; c < channels_; ++c, from += sizeof(T)) {
        const auto value = static_cast<double>(LoadLE<T>(from));
        if (!std::isfinite(value)) return NotFinite(i, value);
        use(value);
      }
      end_of(i);
    }
    return absl::OkStatus();
  }

 private:
  absl::Status NotFinite(size_t pixel, double value) const {
    return InvalidField(absl::StrCat("mask[", pixel / width_, "][", pixel % width_, "]"), value,
                        "a mask's values must be finite");
  }

  const uint8_t* data_;
  size_t width_;
  size_t channels_;
};

template <typename T>
absl::Status MarkNonZeros(const Context& context, const Values<T>& values, Tensor* out) {
  return ParallelFor(context, out->data.size(), kPixelsARange, [&](size_t begin, size_t end) {
    bool is_set = false;
    return values.ForEach(
        begin, end, [&](double value) { is_set = is_set || value != 0; },
        [&](size_t i) {
          out->data[i] = is_set ? 1 : 0;
          is_set = false;
        });
  });
}

template <typename T>
absl::StatusOr<double> LargestOf(const Context& context, const Values<T>& values, size_t n) {
  double largest = 0;
  std::mutex mutex;
  const auto find_largest = [&](size_t begin, size_t end) {
    double here = 0;
    absl::Status status = values.ForEach(
        begin, end, [&](double value) { here = std::max(here, value); }, [](size_t) {});
    const std::lock_guard lock(mutex);
    largest = std::max(largest, here);
    return status;
  };
  TRINE_RETURN_IF_ERROR(ParallelFor(context, n, kPixelsARange, find_largest));
  return largest;
}

template <typename T>
absl::StatusOr<uint64_t> CountOthers(const Context& context, const Values<T>& values, size_t n) {
  TRINE_ASSIGN_OR_RETURN(const double largest, LargestOf(context, values, n));
  std::atomic<uint64_t> between = 0;
  TRINE_RETURN_IF_ERROR(ParallelFor(context, n, kPixelsARange, [&](size_t begin, size_t end) {
    uint64_t here = 0;
    bool is_other = false;
    absl::Status status = values.ForEach(
        begin, end, [&](double value) { is_other = is_other || (value != 0 && value != largest); },
        [&](size_t) {
          here += is_other ? 1 : 0;
          is_other = false;
        });
    between += here;
    return status;
  }));
  return between.load();
}

template <typename T>
absl::Status MarkBright(const Context& context, const Values<T>& values, bool invert, Tensor* out) {
  const size_t n = out->data.size();
  TRINE_ASSIGN_OR_RETURN(const double largest, LargestOf(context, values, n));
  return ParallelFor(context, n, kPixelsARange, [&](size_t begin, size_t end) {
    bool is_bright = false;
    return values.ForEach(
        begin, end, [&](double value) { is_bright = value > largest / 2; },
        [&](size_t i) { out->data[i] = is_bright != invert ? 1 : 0; });
  });
}

Tensor MapOf(const TensorView& picture) {
  return Tensor::Zeros(DType::kUint8, {picture.shape[0], picture.shape[1]});
}

}  // namespace

absl::StatusOr<Tensor> MaskOfNonZeros(const Context& context, const TensorView& picture) {
  Tensor out = MapOf(picture);
  TRINE_RETURN_IF_ERROR(WithElementType(picture.dtype, [&](auto type) {
    return MarkNonZeros(context, Values<decltype(type)>(picture), &out);
  }));
  return out;
}

absl::StatusOr<uint64_t> CountBetween(const Context& context, const TensorView& picture) {
  const auto pixels = static_cast<size_t>(picture.shape[0] * picture.shape[1]);
  return WithElementType(picture.dtype, [&](auto type) {
    return CountOthers(context, Values<decltype(type)>(picture), pixels);
  });
}

std::string LossyWarning(uint64_t between, std::string_view how) {
  if (between == 0) return "";
  return absl::StrCat("its file is lossy: ", between,
                      between == 1 ? " pixel is neither 0 nor the largest value, and was"
                                   : " pixels are neither 0 nor the largest value, and were",
                      " taken as ", ToAbsl(how), "; a mask wants a lossless file, such as PNG");
}

absl::StatusOr<Tensor> MaskOfBright(const Context& context, const TensorView& picture,
                                    bool invert) {
  Tensor out = MapOf(picture);
  TRINE_RETURN_IF_ERROR(WithElementType(picture.dtype, [&](auto type) {
    return MarkBright(context, Values<decltype(type)>(picture), invert, &out);
  }));
  return out;
}

}  // namespace trine::segment
