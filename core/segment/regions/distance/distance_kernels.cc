#include "core/segment/regions/distance/distance_kernels.h"

#include <algorithm>
#include <cstring>

// The baseline, SSE4, AVX2 and AVX-512; those between them gain nothing here.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_AVX3_DL)

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/segment/regions/distance/distance_kernels.cc"
#include <hwy/foreach_target.h>  // includes this file once a target
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace trine::segment::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using Bytes = hn::CappedTag<uint8_t, 64>;
constexpr Bytes kBytes;
using Squares = hn::CappedTag<uint16_t, 32>;
constexpr Squares kSquares;
using HalfBytes = hn::Rebind<uint8_t, Squares>;
constexpr HalfBytes kHalfBytes;
using Floats = hn::CappedTag<float, 16>;
constexpr Floats kFloats;

// Vectors about `body(at, count)`, whose `count` bytes are a whole vector's but for the last one.
template <class Tag, typename Body>
HWY_INLINE void ForVectors(Tag tag, size_t count, const Body& body) {
  const size_t lanes = hn::Lanes(tag);
  size_t at = 0;
  for (; at + lanes <= count; at += lanes) body(at, lanes);
  if (at < count) body(at, count - at);
}

// `count` bytes, and 255 behind them.
template <class Tag>
HWY_INLINE hn::Vec<Tag> LoadBytes(Tag tag, const uint8_t* from, size_t count) {
  if (count == hn::Lanes(tag)) return hn::LoadU(tag, from);
  HWY_ALIGN uint8_t bytes[64];
  std::memset(bytes, 255, sizeof(bytes));
  std::memcpy(bytes, from, count);
  return hn::Load(tag, bytes);
}

void Note(const uint8_t* mask, int64_t stride, int64_t rows, size_t count, uint8_t index,
          uint8_t* first, uint8_t* last) {
  for (int64_t y = 0; y < rows; ++y, mask += stride, ++index) {
    const auto here = hn::Set(kBytes, index),
               behind = hn::Set(kBytes, static_cast<uint8_t>(index + 1));
    ForVectors(kBytes, count, [&](size_t at, size_t length) HWY_ATTR {
      const auto zeros =
          hn::VecFromMask(kBytes, hn::Eq(LoadBytes(kBytes, mask + at, length), hn::Zero(kBytes)));
      const auto low = hn::Or(here, hn::Not(zeros)), high = hn::And(behind, zeros);
      hn::StoreU(hn::Min(low, hn::LoadU(kBytes, first + at)), kBytes, first + at);
      hn::StoreU(hn::Max(high, hn::LoadU(kBytes, last + at)), kBytes, last + at);
    });
  }
}

void Down(const uint8_t* mask, int64_t stride, int64_t rows, size_t count, uint8_t* column,
          uint8_t* stored, int64_t stored_stride) {
  const auto one = hn::Set(kBytes, uint8_t{1});
  for (int64_t y = 0; y < rows; ++y, mask += stride, stored += stored_stride) {
    ForVectors(kBytes, count, [&](size_t at, size_t length) HWY_ATTR {
      const auto zeros =
          hn::VecFromMask(kBytes, hn::Eq(LoadBytes(kBytes, mask + at, length), hn::Zero(kBytes)));
      const auto distance =
          hn::AndNot(zeros, hn::SaturatedAdd(hn::LoadU(kBytes, column + at), one));
      hn::StoreU(distance, kBytes, column + at);
      if (length == hn::Lanes(kBytes)) {
        hn::StoreU(distance, kBytes, stored + at);
      } else {
        std::memcpy(stored + at, column + at, length);
      }
    });
  }
}

void Up(const uint8_t* stored, size_t count, uint8_t* column, uint16_t* squares) {
  const auto one = hn::Set(kHalfBytes, uint8_t{1});
  const auto far = hn::Set(kSquares, uint16_t{kFarColumn});
  ForVectors(kHalfBytes, count, [&](size_t at, size_t length) HWY_ATTR {
    const auto up = LoadBytes(kHalfBytes, stored + at, length);
    const auto zeros = hn::VecFromMask(kHalfBytes, hn::Eq(up, hn::Zero(kHalfBytes)));
    const auto down = hn::AndNot(zeros, hn::SaturatedAdd(hn::LoadU(kHalfBytes, column + at), one));
    hn::StoreU(down, kHalfBytes, column + at);
    const auto least = hn::PromoteTo(kSquares, hn::Min(up, down));
    const auto beyond = hn::VecFromMask(kSquares, hn::Eq(least, far));
    auto square = hn::Or(hn::Mul(least, least), beyond);
    if (length < hn::Lanes(kSquares))
      square = hn::IfThenElse(hn::FirstN(kSquares, length), square, hn::Set(kSquares, kFarSquare));
    hn::StoreU(square, kSquares, squares + at);
  });
}

HWY_INLINE bool AllAtMost(hn::Vec<Squares> values, uint16_t limit) {
  const auto above = hn::SaturatedSub(values, hn::Set(kSquares, limit));
  return hn::AllTrue(kSquares, hn::Eq(above, hn::Zero(kSquares)));
}

HWY_INLINE hn::Vec<Squares> Nearer(hn::Vec<Squares> least, const uint16_t* at, int k) {
  const auto sides = hn::Min(hn::LoadU(kSquares, at - k), hn::LoadU(kSquares, at + k));
  const auto square = hn::Set(kSquares, static_cast<uint16_t>(k * k));
  return hn::Min(least, hn::SaturatedAdd(square, sides));
}

// float_lanes numbers as floats, and with kRoots their roots.
template <bool kRoots>
HWY_INLINE void StoreFloats(const uint16_t* numbers, float* out) {
  constexpr hn::Rebind<uint16_t, Floats> narrow;
  constexpr hn::Rebind<uint32_t, Floats> wide;
  constexpr hn::Rebind<int32_t, Floats> whole;
  const auto exact =
      hn::ConvertTo(kFloats, hn::BitCast(whole, hn::PromoteTo(wide, hn::Load(narrow, numbers))));
  if constexpr (kRoots) {
    hn::StoreU(hn::Sqrt(exact), kFloats, out);
  } else {
    hn::StoreU(exact, kFloats, out);
  }
}

size_t Near(const uint16_t* squares, size_t count, int64_t* effort, float* distance) {
  const size_t lanes = hn::Lanes(kSquares), block = 2 * lanes;
  const size_t float_lanes = hn::Lanes(kFloats);
  for (size_t x = 0; x < count; x += block) {
    const uint16_t* const at = squares + x;
    const size_t left = count - x;
    auto low = hn::LoadU(kSquares, at), high = hn::LoadU(kSquares, at + lanes);
    if (left < block) {
      low = hn::IfThenElseZero(hn::FirstN(kSquares, std::min(left, lanes)), low);
      high = hn::IfThenElseZero(hn::FirstN(kSquares, left > lanes ? left - lanes : 0), high);
    }
    // What is k or more columns away is at least k^2.
    int k = 1;
    for (; !AllAtMost(hn::Max(low, high), static_cast<uint16_t>(k * k)); k += 3) {
      if (k + 2 >= kNearDistance) return x;
      for (int i = k; i < k + 3; ++i) {
        low = Nearer(low, at, i);
        high = Nearer(high, at + lanes, i);
      }
    }
    HWY_ALIGN uint16_t least[64];
    hn::Store(low, kSquares, least);
    hn::Store(high, kSquares, least + lanes);
    HWY_ALIGN float last[64];
    float* const out = left < block ? last : distance + x;
    if (k == 1) {  // 0 and 1 are their own roots
      for (size_t i = 0; i < block; i += float_lanes) StoreFloats<false>(least + i, out + i);
    } else {
      for (size_t i = 0; i < block; i += float_lanes) StoreFloats<true>(least + i, out + i);
    }
    if (left < block) std::memcpy(distance + x, last, left * sizeof(float));
    *effort -= static_cast<int64_t>(block) * (k - 1);
    if (*effort < 0 && x + block < count) return x + block;
  }
  return count;
}

void Parabola(int64_t first, uint32_t square, size_t count, size_t room, float* distance) {
  const size_t lanes = hn::Lanes(kFloats);
  const auto base = hn::Set(kFloats, static_cast<float>(square));
  const auto step = hn::Set(kFloats, static_cast<float>(lanes));
  auto x = hn::Iota(kFloats, static_cast<float>(first));
  for (size_t i = 0; i < count; i += lanes, x = hn::Add(x, step)) {
    const auto root = hn::Sqrt(hn::MulAdd(x, x, base));
    if (i + lanes <= room) {
      hn::StoreU(root, kFloats, distance + i);
    } else {
      HWY_ALIGN float last[16];
      hn::Store(root, kFloats, last);
      std::memcpy(distance + i, last, (count - i) * sizeof(float));
    }
  }
}

}  // namespace
}  // namespace trine::segment::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace trine::segment {

HWY_EXPORT(Note);
HWY_EXPORT(Down);
HWY_EXPORT(Up);
HWY_EXPORT(Near);
HWY_EXPORT(Parabola);

void NoteZeros(const uint8_t* mask, int64_t stride, int64_t rows, size_t count, uint8_t index,
               uint8_t* first, uint8_t* last) {
  HWY_DYNAMIC_DISPATCH(Note)(mask, stride, rows, count, index, first, last);
}

void StepDown(const uint8_t* mask, int64_t stride, int64_t rows, size_t count, uint8_t* column,
              uint8_t* stored, int64_t stored_stride) {
  HWY_DYNAMIC_DISPATCH(Down)(mask, stride, rows, count, column, stored, stored_stride);
}

void StepUp(const uint8_t* stored, size_t count, uint8_t* column, uint16_t* squares) {
  HWY_DYNAMIC_DISPATCH(Up)(stored, count, column, squares);
}

size_t SolveNear(const uint16_t* squares, size_t count, int64_t* effort, float* distance) {
  return HWY_DYNAMIC_DISPATCH(Near)(squares, count, effort, distance);
}

void FillParabola(int64_t first, uint32_t square, size_t count, size_t room, float* distance) {
  HWY_DYNAMIC_DISPATCH(Parabola)(first, square, count, room, distance);
}

int64_t DistanceKernelTargets() { return HWY_TARGETS; }

}  // namespace trine::segment
#endif  // HWY_ONCE
