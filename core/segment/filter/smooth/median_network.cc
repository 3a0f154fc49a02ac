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
HWY_INLINE void LoadAlong(const uint8_t* row, Vector* wires, std::index_sequence<kIndex...>) {
  const Bytes d;
  ((wires[kIndex] = hn::LoadU(d, row + kIndex)), ...);
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
  constexpr size_t kCount = (kSide - 1) * kColumns / 2;
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

// Number kMedian.rank of the rest and a row: the least of max(rest[i - 1], row[j - 1]) over i + j =
// rank + 1, where what is before the first counts as least.
template <size_t kSide, size_t kI>
HWY_INLINE Vector Either(const Vector* wires, const Vector* row) {
  constexpr size_t kJ = kMedian<kSide>.rank + 1 - kI;
  constexpr const WireList& kSorted = kSort<kSide>.result;
  if constexpr (kI == 0) {
    return row[kSorted.at[kJ - 1]];
  } else if constexpr (kJ == 0) {
    return wires[kMedian<kSide>.rest.at[kI - 1]];
  } else {
    return hn::Max(wires[kMedian<kSide>.rest.at[kI - 1]], row[kSorted.at[kJ - 1]]);
  }
}
template <size_t kSide, size_t kFirst, size_t... kIndex>
HWY_INLINE Vector Select(const Vector* wires, const Vector* row, std::index_sequence<kIndex...>) {
  Vector least = Either<kSide, kFirst>(wires, row);
  ((least = hn::Min(least, Either<kSide, kFirst + 1 + kIndex>(wires, row))), ...);
  return least;
}

// Loads the lists of the further bits of the side.
template <size_t kSide, size_t kColumns, size_t kNext>
HWY_INLINE void LoadFurther(uint8_t* const* planes, int64_t stride, int64_t x, Vector* wires) {
  if constexpr (kColumns < kSide) {
    constexpr size_t kMore = TopColumns(kSide - kColumns), kCount = kMore * (kSide - 1);
    LoadPlanes(planes[kMore], stride, x + static_cast<int64_t>(kColumns), wires + kNext,
               std::make_index_sequence<kCount>());
    LoadFurther<kSide, kColumns + kMore, kNext + kCount>(planes, stride, x, wires);
  }
}

template <size_t kSide>
HWY_INLINE void Rows(const uint8_t* const* rows, int64_t n, uint8_t* scratch, int64_t stride,
                     uint8_t* const* out) {
  const Bytes d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  constexpr size_t kTop = TopColumns(kSide), kHalf = kTop / 2, kHeight = kSide - 1;
  uint8_t* planes[8] = {};  // [columns]
  planes[1] = scratch;
  planes[2] = planes[1] + static_cast<int64_t>(kHeight) * stride;
  planes[4] = planes[2] + static_cast<int64_t>(2 * kHeight) * stride;
  const int64_t wide = n + static_cast<int64_t>(kSide) - 1;
  for (int64_t x = 0; x < wide; x += lanes) {
    Vector wires[kHeight];
    LoadRows(rows + 1, x, wires, std::make_index_sequence<kHeight>());
    Run<kSort<kHeight>>(wires, std::make_index_sequence<kSort<kHeight>.network.size>());
    StorePlanes<kSort<kHeight>>(wires, planes[1], stride, x, std::make_index_sequence<kHeight>());
  }
  if constexpr (kHalf >= 2) MergeColumns<kSide, 2>(planes[1], stride, wide, planes[2]);
  if constexpr (kHalf >= 4) MergeColumns<kSide, 4>(planes[2], stride, wide, planes[4]);
  using Half = std::make_index_sequence<kHalf * kHeight>;
  constexpr size_t kRank = kMedian<kSide>.rank, kRest = kMedian<kSide>.rest.size;
  constexpr size_t kFirst = kRank + 1 > kSide ? kRank + 1 - kSide : 0;
  constexpr size_t kLast = kRank + 1 < kRest ? kRank + 1 : kRest;
  for (int64_t x = 0; x < n; x += lanes) {
    Vector wires[kSide * kHeight];
    LoadPlanes(planes[kHalf], stride, x, wires, Half());
    LoadPlanes(planes[kHalf], stride, x + static_cast<int64_t>(kHalf), wires + kHalf * kHeight,
               Half());
    LoadFurther<kSide, kTop, kTop * kHeight>(planes, stride, x, wires);
    Run<kMedian<kSide>>(wires, std::make_index_sequence<kMedian<kSide>.network.size>());
    for (size_t i = 0; i < 2; ++i) {
      Vector own[kSide];
      LoadAlong(rows[i * kSide] + x, own, std::make_index_sequence<kSide>());
      Run<kSort<kSide>>(own, std::make_index_sequence<kSort<kSide>.network.size>());
      hn::StoreU(Select<kSide, kFirst>(wires, own, std::make_index_sequence<kLast - kFirst>()), d,
                 out[i] + x);
    }
  }
}

void MedianRows(const uint8_t* const* rows, int64_t radius, int64_t n, uint8_t* scratch,
                int64_t stride, uint8_t* const* out) {
  switch (radius) {
    case 1:
      return Rows<3>(rows, n, scratch, stride, out);
    case 2:
      return Rows<5>(rows, n, scratch, stride, out);
    case 3:
      return Rows<7>(rows, n, scratch, stride, out);
    case 4:
      return Rows<9>(rows, n, scratch, stride, out);
    default:
      return Rows<11>(rows, n, scratch, stride, out);
  }
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace
}  // namespace trine::segment::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace trine::segment {

HWY_EXPORT(MedianRows);

void MediansOfRows(const uint8_t* const* rows, int64_t radius, int64_t n, uint8_t* scratch,
                   uint8_t* const* out) {
  HWY_DYNAMIC_DISPATCH(MedianRows)(rows, radius, n, scratch, kNetworkStride, out);
}

int64_t MedianNetworkTargets() { return HWY_TARGETS; }

}  // namespace trine::segment
#endif  // HWY_ONCE
