#include "core/normalize/range.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/base/float16.h"
#include "core/runtime/thread_pool.h"

namespace trine::normalize {
namespace {

constexpr size_t kElements = size_t{1} << 18;  // of a range of the loop: about 0.1 ms

// Magnitudes are ordered as their bits are, with NaN above infinity. Compared as signed numbers,
// which every vector unit can.
template <typename Bits>
uint64_t LargestBits(const uint8_t* data, size_t count) {
  using Signed = std::make_signed_t<Bits>;
  constexpr Signed kMagnitude = std::numeric_limits<Signed>::max();
  Signed largest = 0;
  for (size_t i = 0; i < count; ++i) {
    const auto bits = static_cast<Signed>(LoadLE<Bits>(data + i * sizeof(Bits)) & kMagnitude);
    largest = bits > largest ? bits : largest;
  }
  return static_cast<uint64_t>(largest);
}

uint64_t LargestBitsOf(DType dtype, const uint8_t* data, size_t count) {
  if (dtype == DType::kFloat64) return LargestBits<uint64_t>(data, count);
  if (dtype == DType::kFloat32) return LargestBits<uint32_t>(data, count);
  return LargestBits<uint16_t>(data, count);
}

double FromBits(DType dtype, uint64_t bits) {
  if (dtype == DType::kFloat64) return std::bit_cast<double>(bits);
  if (dtype == DType::kFloat32) return std::bit_cast<float>(static_cast<uint32_t>(bits));
  const auto narrow = static_cast<uint16_t>(bits);
  return dtype == DType::kFloat16 ? Float16ToFloat(narrow) : BFloat16ToFloat(narrow);
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

absl::StatusOr<double> LargestMagnitude(const Context& context, const TensorView& tensor) {
  const size_t bytes = DTypeSize(tensor.dtype);
  std::atomic<uint64_t> largest{0};
  TRINE_RETURN_IF_ERROR(
      ParallelFor(context, tensor.data.size() / bytes, kElements, [&](size_t begin, size_t end) {
        const uint64_t here =
            LargestBitsOf(tensor.dtype, tensor.data.data() + begin * bytes, end - begin);
        uint64_t before = largest.load(std::memory_order_relaxed);
        while (before < here && !largest.compare_exchange_weak(before, here)) {
        }
        return absl::OkStatus();
      }));
  const double value = FromBits(tensor.dtype, largest);
  return std::isnan(value) ? std::numeric_limits<double>::infinity() : value;
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

}  // namespace trine::normalize
