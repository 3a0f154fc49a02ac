#include "core/normalize/range.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

#include "core/base/error.h"
#include "core/base/float16.h"
#include "core/normalize/kernels/row_kernels.h"
#include "core/runtime/thread_pool.h"

namespace trine::normalize {
namespace {

constexpr size_t kElements = size_t{1} << 18;  // of a range of the loop: about 0.1 ms

double Value(DType dtype, uint64_t bits) {
  if (dtype == DType::kFloat64) return std::bit_cast<double>(bits);
  if (dtype == DType::kFloat32) return std::bit_cast<float>(static_cast<uint32_t>(bits));
  const auto narrow = static_cast<uint16_t>(bits);
  return dtype == DType::kFloat16 ? Float16ToFloat(narrow) : BFloat16ToFloat(narrow);
}

// Infinity for NaN.
double FromBits(DType dtype, uint64_t bits) {
  const double value = Value(dtype, bits);
  return std::isnan(value) ? std::numeric_limits<double>::infinity() : value;
}

// What row_range-inl.h takes for in range, with room to spare.
struct Bounds {
  double least_base;
  double most;
};

Bounds BoundsOf(bool floats, double a) {
  if (floats) return {0x1p-95, 0x1p118};
  return {std::max(0x1p-900, a * 0x1p-960), 0x1p900};
}

}  // namespace

absl::StatusOr<double> LargestMagnitude(const Context& context, DType dtype, ByteView data) {
  const size_t bytes = DTypeSize(dtype);
  std::atomic<uint64_t> largest{0};
  TRINE_RETURN_IF_ERROR(
      ParallelFor(context, data.size() / bytes, kElements, [&](size_t begin, size_t end) {
        const uint64_t here =
            LargestBits({.count = 1, .width = end - begin}, bytes, data.data() + begin * bytes);
        uint64_t before = largest.load(std::memory_order_relaxed);
        while (before < here && !largest.compare_exchange_weak(before, here)) {
        }
        return absl::OkStatus();
      }));
  return FromBits(dtype, largest);
}

bool StaysInRange(const Resolved& resolved, double taps, bool floats, double x, const double* dy) {
  const double a = resolved.a;
  const double beta = resolved.beta;
  const double k = resolved.k;
  if (a < 0) return false;
  const Bounds bounds = BoundsOf(floats, a);
  const double sum = taps * x * x;
  const double s = k + a * sum;
  // Bases are between k and s, powers between those of k and s.
  if (!(k >= bounds.least_base && s <= bounds.most && sum <= bounds.most)) return false;
  const double power = std::max(std::pow(k, -beta), std::pow(s, -beta));
  const double least_power = std::min(std::pow(k, -beta), std::pow(s, -beta));
  if (!(power <= bounds.most && least_power >= 1 / bounds.most)) return false;
  if (dy == nullptr) return true;
  const double terms = taps * *dy * x * power / k;
  const double reflected = 2 * a * std::fabs(beta) * x * terms;
  return s <= 0x1p23 / std::max(1.0, a) && *dy * power <= bounds.most && terms <= bounds.most &&
         reflected <= bounds.most;
}

bool RangeWatch::Take(Of of, const RowShape& rows, const uint8_t* data) {
  uint64_t& largest = largest_[of];
  const uint64_t before = largest;
  // Rows without gaps are one.
  const RowShape one{.count = 1, .width = rows.count * rows.width};
  largest =
      std::max(before, LargestBits(rows.pitch == rows.width ? one : rows, DTypeSize(dtype_), data));
  if (largest == before) return true;
  const double dy = FromBits(dtype_, largest_[kOutputGradient]);
  return StaysInRange(*resolved_, taps_, floats_, FromBits(dtype_, largest_[kInput]),
                      gradient_ ? &dy : nullptr);
}

}  // namespace trine::normalize
