#include "core/normalize/kernels/row_kernels.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "core/normalize/kernels/row_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/normalize/kernels/row_kernels.cc"
#include <hwy/foreach_target.h>  // includes this file once a target
#include "core/normalize/kernels/row_parts-inl.h"

HWY_BEFORE_NAMESPACE();
namespace trine::normalize::HWY_NAMESPACE {
namespace {

// As ForParts, for rows so long that their ends do not matter, and with less code.
template <typename T, class Body>
HWY_INLINE void ForLongRow(size_t width, const Body& body) {
  const size_t lanes = hn::Lanes(kTag<T>);
  size_t at = 0;
  for (; at + kPack * lanes <= width; at += kPack * lanes) body(Part<T, kPack, false>{at, 0});
  if constexpr (hn::MaxLanes(kTag<T>) > 1) {
    for (; at < width; at += lanes) body(Part<T, 1, true>{at, std::min(lanes, width - at)});
  }
}

template <typename T, size_t kTaps>
void TreeSum(const T* q, size_t count, size_t stride, T* out) {
  ForLongRow<T>(count, [&](const auto& part)
                           TRINE_ATTR { part.Store(part.template Sum<kTaps>(q, stride), out); });
}

template <typename T>
void SumOf(const T* q, size_t count, size_t stride, size_t taps, T* out) {
  switch (taps) {
#define TRINE_TREE(N) \
  case N:             \
    return TreeSum<T, N>(q, count, stride, out);
    // clang-format off
    TRINE_TREE(1) TRINE_TREE(2) TRINE_TREE(3) TRINE_TREE(4)
    TRINE_TREE(5) TRINE_TREE(6) TRINE_TREE(7) TRINE_TREE(8)
    TRINE_TREE(9) TRINE_TREE(10) TRINE_TREE(11) TRINE_TREE(12)
    TRINE_TREE(13) TRINE_TREE(14) TRINE_TREE(15) TRINE_TREE(16)
    // clang-format on
#undef TRINE_TREE
                default : break;
  }
}

template <typename T>
void PlusOf(const T* a, const T* b, size_t count, T* out) {
  ForLongRow<T>(count,
                [&](const auto& part) TRINE_ATTR { part.Store(part.Load(a) + part.Load(b), out); });
}

// Compared as signed numbers, which every vector unit can; without their signs they are positive.
template <typename Bits>
uint64_t LargestOf(const RowShape& rows, const void* x) {
  constexpr hn::ScalableTag<Bits> kBits;
  constexpr Bits kMagnitude = std::numeric_limits<Bits>::max();
  const size_t lanes = hn::Lanes(kBits);
  const auto mask = hn::Set(kBits, kMagnitude);
  const auto* row = static_cast<const Bits*>(x);
  Bits largest = 0;
  auto a = hn::Zero(kBits), b = a;
  for (size_t i = 0; i < rows.count; ++i, row += rows.pitch) {
    const auto load = [&](size_t at)
                          TRINE_ATTR { return hn::And(mask, hn::LoadU(kBits, row + at)); };
    size_t at = 0;
    for (; at + 2 * lanes <= rows.width; at += 2 * lanes) {
      a = hn::Max(a, load(at));
      b = hn::Max(b, load(at + lanes));
    }
    if (at + lanes <= rows.width) {
      a = hn::Max(a, load(at));
      at += lanes;
    }
    if (at == rows.width) continue;
    if (rows.width >= lanes) {
      b = hn::Max(b, load(rows.width - lanes));  // some once more, in place of a part of a vector
      continue;
    }
    for (; at < rows.width; ++at) {
      Bits bits;
      std::memcpy(&bits, row + at, sizeof(Bits));
      largest = std::max<Bits>(largest, bits & kMagnitude);
    }
  }
  HWY_ALIGN Bits lane[HWY_MAX_BYTES / sizeof(Bits)];
  hn::Store(hn::Max(a, b), kBits, lane);
  return static_cast<uint64_t>(std::max(largest, *std::max_element(lane, lane + lanes)));
}

}  // namespace

uint64_t Largest(const RowShape& rows, size_t element_bytes, const void* x) {
  if (element_bytes == 8) return LargestOf<int64_t>(rows, x);
  if (element_bytes == 4) return LargestOf<int32_t>(rows, x);
  return LargestOf<int16_t>(rows, x);
}

void Sum(const float* q, size_t count, size_t stride, size_t taps, float* out) {
  SumOf(q, count, stride, taps, out);
}
void SumDouble(const double* q, size_t count, size_t stride, size_t taps, double* out) {
  SumOf(q, count, stride, taps, out);
}

void Plus(const float* a, const float* b, size_t count, float* out) { PlusOf(a, b, count, out); }
void PlusDouble(const double* a, const double* b, size_t count, double* out) {
  PlusOf(a, b, count, out);
}

}  // namespace trine::normalize::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace trine::normalize {

HWY_EXPORT(Largest);
HWY_EXPORT(Sum);
HWY_EXPORT(SumDouble);
HWY_EXPORT(Plus);
HWY_EXPORT(PlusDouble);

template <>
const RowKernels<float>& RowKernelsFor(DType dtype) {
  switch (dtype) {
    case DType::kFloat16:
      return RowKernelsFloat16();
    case DType::kBfloat16:
      return RowKernelsBfloat16();
    default:
      return RowKernelsFloat32();
  }
}
template <>
const RowKernels<double>& RowKernelsFor(DType /*dtype*/) {
  return RowKernelsFloat64();
}

void SumTaps(const float* q, size_t count, size_t stride, size_t taps, float* out) {
  HWY_DYNAMIC_DISPATCH(Sum)(q, count, stride, taps, out);
}
void SumTaps(const double* q, size_t count, size_t stride, size_t taps, double* out) {
  HWY_DYNAMIC_DISPATCH(SumDouble)(q, count, stride, taps, out);
}

void AddRows(const float* a, const float* b, size_t count, float* out) {
  HWY_DYNAMIC_DISPATCH(Plus)(a, b, count, out);
}
void AddRows(const double* a, const double* b, size_t count, double* out) {
  HWY_DYNAMIC_DISPATCH(PlusDouble)(a, b, count, out);
}

uint64_t LargestBits(const RowShape& rows, size_t element_bytes, const void* x) {
  return HWY_DYNAMIC_DISPATCH(Largest)(rows, element_bytes, x);
}

void FlushStreams() { hwy::FlushStream(); }

int64_t RowKernelTargets() { return HWY_TARGETS; }

}  // namespace trine::normalize
#endif  // HWY_ONCE
