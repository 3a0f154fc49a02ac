#include <algorithm>
#include <utility>

#include "core/segment/filter/smooth/median_kernels.h"
#include "core/segment/filter/smooth/sorting_networks.h"

// Each network is a long function for each target: those that other targets outrun are left out,
// as are vectors without a fixed length, of which there are no arrays.
#define HWY_DISABLED_TARGETS \
  (HWY_SSSE3 | HWY_SSE4 | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/segment/filter/smooth/median_network.cc"
#include <hwy/foreach_target.h>  // includes this file once a target
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace trine::segment::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using Bytes = hn::ScalableTag<uint8_t>;
using Vector = hn::Vec<Bytes>;

template <size_t kLow, size_t kHigh>
HWY_INLINE void Compare(Vector* wires) {
  const Vector a = wires[kLow], b = wires[kHigh];
  wires[kLow] = hn::Min(a, b);
  wires[kHigh] = hn::Max(a, b);
}

// What nobody reads of it the compiler leaves out. In the order of the list: a fold would nest more
// deeply than Clang allows.
template <const auto& kMade, size_t... kIndex>
HWY_INLINE void Run(Vector* wires, std::index_sequence<kIndex...>) {
  const bool done[] = {
      (Compare<kMade.network.low[kIndex], kMade.network.high[kIndex]>(wires), true)...};
  static_cast<void>(done);
}

template <size_t kSide>
inline constexpr MergeNetwork kSort = MakeSort(kSide);
template <size_t kCount>
inline constexpr MergeNetwork kMerge = MakeMerge(kCount);
template <size_t kSide>
inline constexpr MedianNetwork kMedian = MakeMedian(kSide);

template <size_t... kIndex>
HWY_INLINE void LoadRows(const uint8_t* const* rows, int64_t x, Vector* wires,
                         std::index_sequence<kIndex...>) {
  const Bytes d;
  ((wires[kIndex] = hn::LoadU(d, rows[kIndex] + x)), ...);
}
template <size_t... kIndex>
HWY_INLINE void LoadPlanes(const uint8_t* planes, int64_t stride, int64_t x, Vector* wires,
                           std::index_sequence<kIndex...>) {
  const Bytes d;
  ((wires[kIndex] = hn::LoadU(d, planes + static_cast<int64_t>(kIndex) * stride + x)), ...);
}
template <const auto& kMade, size_t... kIndex>
HWY_INLINE void StorePlanes(const Vector* wires, uint8_t* planes, int64_t stride, int64_t x,
                            std::index_sequence<kIndex...>) {
  const Bytes d;
  (hn::StoreU(wires[kMade.result.at[kIndex]], d,
              planes + static_cast<int64_t>(kIndex) * stride + x),
   ...);
}

// Sorted lists of `kColumns` columns from those of half as many.
template <size_t kSide, size_t kColumns>
HWY_INLINE void MergeColumns(const uint8_t* halves, int64_t stride, int64_t n, uint8_t* planes) {
  constexpr size_t kCount = kSide * kColumns / 2;
  using Half = std::make_index_sequence<kCount>;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(Bytes()));
  for (int64_t x = 0; x < n; x += lanes) {
    Vector wires[2 * kCount];
    LoadPlanes(halves, stride, x, wires, Half());
    LoadPlanes(halves, stride, x + static_cast<int64_t>(kColumns / 2), wires + kCount, Half());
    Run<kMerge<kCount>>(wires, std::make_index_sequence<kMerge<kCount>.network.size>());
    StorePlanes<kMerge<kCount>>(wires, planes, stride, x, std::make_index_sequence<2 * kCount>());
  }
}

// Number kMedian.rank of the rest and the last column: the least of max(rest[i - 1], column[j - 1])
// over i + j = rank + 1, where what is before the first counts as least.
template <size_t kSide, size_t kI>
HWY_INLINE Vector Either(const Vector* wires, const Vector* column) {
  constexpr size_t kJ = kMedian<kSide>.rank + 1 - kI;
  if constexpr (kI == 0) {
    return column[kJ - 1];
  } else if constexpr (kJ == 0) {
    return wires[kMedian<kSide>.rest.at[kI - 1]];
  } else {
    return hn::Max(wires[kMedian<kSide>.rest.at[kI - 1]], column[kJ - 1]);
  }
}
template <size_t kSide, size_t kFirst, size_t... kIndex>
HWY_INLINE Vector Select(const Vector* wires, const Vector* column,
                         std::index_sequence<kIndex...>) {
  Vector least = Either<kSide, kFirst>(wires, column);
  ((least = hn::Min(least, Either<kSide, kFirst + 1 + kIndex>(wires, column))), ...);
  return least;
}

// Loads the lists of the further bits of the side, but the last column.
template <size_t kSide, size_t kColumns, size_t kNext>
HWY_INLINE void LoadFurther(uint8_t* const* planes, int64_t stride, int64_t x, Vector* wires) {
  if constexpr (kColumns + 1 < kSide) {
    constexpr size_t kMore = TopColumns(kSide - kColumns);
    LoadPlanes(planes[kMore], stride, x + static_cast<int64_t>(kColumns), wires + kNext,
               std::make_index_sequence<kMore * kSide>());
    LoadFurther<kSide, kColumns + kMore, kNext + kMore * kSide>(planes, stride, x, wires);
  }
}

template <size_t kSide>
HWY_INLINE void Row(const uint8_t* const* rows, int64_t n, uint8_t* scratch, int64_t stride,
                    uint8_t* out) {
  const Bytes d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  constexpr size_t kTop = TopColumns(kSide), kHalf = kTop / 2;
  uint8_t* planes[8] = {};  // [columns]
  planes[1] = scratch;
  planes[2] = planes[1] + static_cast<int64_t>(kSide) * stride;
  planes[4] = planes[2] + static_cast<int64_t>(2 * kSide) * stride;
  const int64_t wide = n + static_cast<int64_t>(kSide) - 1;
  for (int64_t x = 0; x < wide; x += lanes) {
    Vector wires[kSide];
    LoadRows(rows, x, wires, std::make_index_sequence<kSide>());
    Run<kSort<kSide>>(wires, std::make_index_sequence<kSort<kSide>.network.size>());
    StorePlanes<kSort<kSide>>(wires, planes[1], stride, x, std::make_index_sequence<kSide>());
  }
  if constexpr (kHalf >= 2) MergeColumns<kSide, 2>(planes[1], stride, wide, planes[2]);
  if constexpr (kHalf >= 4) MergeColumns<kSide, 4>(planes[2], stride, wide, planes[4]);
  constexpr size_t kWires = kSide * (kSide - 1);
  using Half = std::make_index_sequence<kHalf * kSide>;
  constexpr size_t kRank = kMedian<kSide>.rank, kRest = kMedian<kSide>.rest.size;
  constexpr size_t kFirst = kRank + 1 > kSide ? kRank + 1 - kSide : 0;
  constexpr size_t kLast = kRank + 1 < kRest ? kRank + 1 : kRest;
  for (int64_t x = 0; x < n; x += lanes) {
    Vector wires[kWires], column[kSide];
    LoadPlanes(planes[kHalf], stride, x, wires, Half());
    LoadPlanes(planes[kHalf], stride, x + static_cast<int64_t>(kHalf), wires + kHalf * kSide,
               Half());
    LoadFurther<kSide, kTop, kTop * kSide>(planes, stride, x, wires);
    LoadPlanes(planes[1], stride, x + static_cast<int64_t>(kSide - 1), column,
               std::make_index_sequence<kSide>());
    Run<kMedian<kSide>>(wires, std::make_index_sequence<kMedian<kSide>.network.size>());
    hn::StoreU(Select<kSide, kFirst>(wires, column, std::make_index_sequence<kLast - kFirst>()), d,
               out + x);
  }
}

void MedianRow(const uint8_t* const* rows, int64_t radius, int64_t n, uint8_t* scratch,
               int64_t stride, uint8_t* out) {
  switch (radius) {
    case 1:
      return Row<3>(rows, n, scratch, stride, out);
    case 2:
      return Row<5>(rows, n, scratch, stride, out);
    case 3:
      return Row<7>(rows, n, scratch, stride, out);
    case 4:
      return Row<9>(rows, n, scratch, stride, out);
    default:
      return Row<11>(rows, n, scratch, stride, out);
  }
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace
}  // namespace trine::segment::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace trine::segment {

HWY_EXPORT(MedianRow);

void MedianOfRows(const uint8_t* const* rows, int64_t radius, int64_t n, uint8_t* scratch,
                  uint8_t* out) {
  HWY_DYNAMIC_DISPATCH(MedianRow)(rows, radius, n, scratch, kNetworkStride, out);
}

int64_t MedianNetworkTargets() { return HWY_TARGETS; }

}  // namespace trine::segment
#endif  // HWY_ONCE
