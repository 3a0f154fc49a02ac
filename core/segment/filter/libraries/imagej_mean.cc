#include <algorithm>

#include "core/segment/filter/libraries/libraries.h"
#include "core/segment/filter/smooth/real_rows.h"
#include "core/segment/filter/window.h"

namespace trine::segment {
namespace {

constexpr int64_t kPiece = 4096;  // of a row between two polls

template <typename T>
absl::Status MeanOfDisk(const Context& context, const Picture& gray, int64_t radius, uint8_t* out) {
  const Window window = Window::ImagejDisk(radius);
  const double pixels = static_cast<double>(window.pixels());
  const int64_t piece = std::min(kPiece, gray.width + 2 * radius);
  const int64_t width = gray.width, bytes = static_cast<int64_t>(sizeof(T));
  return ParallelFor(
      context, static_cast<size_t>(gray.height), BandRows(radius),
      [&](size_t begin, size_t end) -> absl::Status {
        Poller poll = PixelPoller(context);
        // Of a row, continued with its border pixels: how much there is before each of them. Sums
        // of windows are below 2^43.
        Scratch<uint64_t> before = MakeScratch<uint64_t>(width + 2 * radius + 1);
        Scratch<uint64_t> sums = MakeScratch<uint64_t>(width);
        for (int64_t y = static_cast<int64_t>(begin); y < static_cast<int64_t>(end); ++y) {
          std::fill(sums.data(), sums.data() + width, 0);
          for (int64_t dy = -radius; dy <= radius; ++dy) {
            const uint8_t* const row =
                gray.data + std::clamp<int64_t>(y + dy, 0, gray.height - 1) * width * bytes;
            uint64_t sum = 0;
            before[0] = 0;
            for (int64_t x = -radius; x < width + radius; ++x) {
              if (x % kPiece == 0) TRINE_RETURN_IF_ERROR(poll.Spend(3 * piece));
              sum += PixelAt<T>(row, std::clamp<int64_t>(x, 0, width - 1));
              before[static_cast<size_t>(x + radius + 1)] = sum;
            }
            const int64_t half = window.Half(dy);
            const uint64_t* const first = before.data() + radius - half;
            const uint64_t* const last = before.data() + radius + half + 1;
            for (int64_t x = 0; x < width; ++x) {
              if (x % kPiece == 0) TRINE_RETURN_IF_ERROR(poll.Spend(piece));
              sums[static_cast<size_t>(x)] += last[x] - first[x];
            }
          }
          // As ImageJ rounds it: to float32, and half of one added in float32.
          for (int64_t x = 0; x < width; ++x) {
            if (x % kPiece == 0) TRINE_RETURN_IF_ERROR(poll.Spend(4 * piece));
            const double mean = static_cast<double>(sums[static_cast<size_t>(x)]) / pixels;
            const float raised = static_cast<float>(mean) + 0.5f;
            StoreLE<T>(out + (y * width + x) * bytes, static_cast<T>(raised));
          }
        }
        return absl::OkStatus();
      });
}

// In its order: along a row the sum in float64 is carried on by what each step takes and leaves,
// row of the disk by row; from a radius of 2 on.
absl::Status MeanOfDiskOfFloats(const Context& context, const Picture& gray, int64_t radius,
                                uint8_t* out) {
  const Window window = Window::ImagejDisk(radius);
  const double pixels = static_cast<double>(window.pixels());
  const int64_t width = gray.width, height = gray.height;
  const auto at = [&](int64_t y, int64_t x) {
    return static_cast<double>(PixelAt<float>(
        gray.data,
        std::clamp<int64_t>(y, 0, height - 1) * width + std::clamp<int64_t>(x, 0, width - 1)));
  };
  return ParallelFor(
      context, static_cast<size_t>(height), 1, [&](size_t begin, size_t end) -> absl::Status {
        Poller poll = PixelPoller(context);
        for (int64_t y = static_cast<int64_t>(begin); y < static_cast<int64_t>(end); ++y) {
          double sum = 0;
          for (int64_t x = 0; x < width; ++x) {
            if (x == 0 || radius < 2) {
              sum = 0;
              for (int64_t dy = -radius; dy <= radius; ++dy) {
                const int64_t half = window.Half(dy);
                TRINE_RETURN_IF_ERROR(poll.Spend(2 * half + 1));
                for (int64_t dx = -half; dx <= half; ++dx) sum += at(y + dy, x + dx);
              }
            } else {
              TRINE_RETURN_IF_ERROR(poll.Spend(4 * radius));
              double change = 0;
              for (int64_t dy = -radius; dy <= radius; ++dy) {
                const int64_t half = window.Half(dy);
                change -= at(y + dy, x - half - 1);
                change += at(y + dy, x + half);
              }
              sum += change;
            }
            StoreLE<float>(out + (y * width + x) * static_cast<int64_t>(sizeof(float)),
                           static_cast<float>(sum / pixels));
          }
        }
        return absl::OkStatus();
      });
}

}  // namespace

absl::Status SmoothImagejMean(const Context& context, const Picture& gray, int64_t radius,
                              uint8_t* out) {
  if (gray.dtype == DType::kFloat32) return MeanOfDiskOfFloats(context, gray, radius, out);
  return gray.dtype == DType::kUint8 ? MeanOfDisk<uint8_t>(context, gray, radius, out)
                                     : MeanOfDisk<uint16_t>(context, gray, radius, out);
}

}  // namespace trine::segment
