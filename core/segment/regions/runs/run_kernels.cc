#include "core/segment/regions/runs/run_kernels.h"

#include <algorithm>
#include <bit>
#include <cstring>

// The baseline, SSE4, AVX2 and AVX-512; those between them gain nothing here.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_AVX3_DL)

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/segment/regions/runs/run_kernels.cc"
#include <hwy/foreach_target.h>  // includes this file once a target

#include <hwy/cache_control.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace trine::segment::HWY_NAMESPACE {
namespace {

#if HWY_TARGET == HWY_SCALAR

void WordsOf(const uint8_t* bytes, size_t words, bool set, uint64_t* out) {
  for (size_t w = 0; w < words; ++w) {
    out[w] = 0;
    for (size_t i = 0; i < kBitsAWord; ++i)
      out[w] |= uint64_t{(bytes[w * kBitsAWord + i] != 0) == set} << i;
  }
}

void Fill(int32_t value, size_t count, int32_t* out) { std::fill(out, out + count, value); }

void Copy(const int32_t* from, size_t count, int32_t* to) { std::copy(from, from + count, to); }

#else

namespace hn = hwy::HWY_NAMESPACE;

// Vectors of at most 64 bytes, so that a word is made of whole ones.
using Bytes = hn::CappedTag<uint8_t, kBitsAWord>;
constexpr Bytes kBytes;
using Labels = hn::CappedTag<int32_t, kPaintSpare / 2>;
constexpr Labels kLabels;

void WordsOf(const uint8_t* bytes, size_t words, bool set, uint64_t* out) {
  const size_t lanes = hn::Lanes(kBytes);
  const uint64_t flip = set ? ~uint64_t{0} : 0;
  for (size_t w = 0; w < words; ++w, bytes += kBitsAWord) {
    uint8_t bits[2 * sizeof(uint64_t)];  // a store of 8 lanes may write 8 bytes
    for (size_t i = 0; i < kBitsAWord; i += lanes) {
      const auto zeros = hn::Eq(hn::LoadU(kBytes, bytes + i), hn::Zero(kBytes));
      hn::StoreMaskBits(kBytes, zeros, bits + i / 8);
    }
    uint64_t word = 0;
    std::memcpy(&word, bits, sizeof(word));
    out[w] = word ^ flip;
  }
}

// Whole vectors: up to kPaintSpare values behind are overwritten.
HWY_INLINE void Fill(int32_t value, size_t count, int32_t* out) {
  const size_t lanes = hn::Lanes(kLabels);
  const auto all = hn::Set(kLabels, value);
  for (size_t i = 0; i < count; i += lanes) hn::StoreU(all, kLabels, out + i);
}

void Copy(const int32_t* from, size_t count, int32_t* to) {
  const size_t lanes = hn::Lanes(kLabels), bytes = lanes * sizeof(int32_t);
  const size_t past = reinterpret_cast<uintptr_t>(to) % bytes;
  const size_t head = past == 0 ? 0 : std::min(count, (bytes - past) / sizeof(int32_t));
  if (reinterpret_cast<uintptr_t>(to) % sizeof(int32_t) != 0) {
    std::memcpy(to, from, count * sizeof(int32_t));
    return;
  }
  std::memcpy(to, from, head * sizeof(int32_t));
  size_t i = head;
  for (; i + lanes <= count; i += lanes) hn::Stream(hn::LoadU(kLabels, from + i), kLabels, to + i);
  std::memcpy(to + i, from + i, (count - i) * sizeof(int32_t));
  hwy::FlushStream();
}

#endif

}  // namespace

uint64_t BitsAndStarts(const uint8_t* bytes, size_t count, bool set, uint64_t before,
                       uint64_t* words) {
  const size_t whole = count / kBitsAWord, rest = count % kBitsAWord;
  WordsOf(bytes, whole, set, words);
  if (rest > 0) {
    uint8_t last[kBitsAWord];
    std::fill(last, last + kBitsAWord, static_cast<uint8_t>(set ? 0 : 255));
    std::memcpy(last, bytes + whole * kBitsAWord, rest);
    WordsOf(last, 1, set, words + whole);
  }
  uint64_t starts = 0;
  for (size_t w = 0; w < whole + (rest > 0 ? 1 : 0); ++w) {
    starts += static_cast<uint64_t>(std::popcount(words[w] & ~(words[w] << 1 | before)));
    before = words[w] >> (kBitsAWord - 1);
  }
  return starts;
}

size_t Edges(const uint64_t* words, size_t count, int32_t column, uint64_t before, int32_t* edges) {
  int32_t* to = edges;
  for (size_t w = 0; w < count; ++w, column += static_cast<int32_t>(kBitsAWord)) {
    uint64_t changes = words[w] ^ (words[w] << 1 | before);
    before = words[w] >> (kBitsAWord - 1);
    for (; changes != 0; changes &= changes - 1) *to++ = column + std::countr_zero(changes);
  }
  return static_cast<size_t>(to - edges);
}

void Paint(const int32_t* edges, const int32_t* values, size_t runs, int32_t begin, int32_t end,
           int32_t* out) {
  int32_t at = begin;
  for (size_t r = 0; r < runs; ++r) {
    const int32_t first = std::max(edges[2 * r], begin), last = std::min(edges[2 * r + 1], end);
    Fill(0, static_cast<size_t>(first - at), out + (at - begin));
    Fill(values[r], static_cast<size_t>(last - first), out + (first - begin));
    at = last;
  }
  Fill(0, static_cast<size_t>(end - at), out + (at - begin));
}

void Stream(const int32_t* from, size_t count, int32_t* to) { Copy(from, count, to); }

}  // namespace trine::segment::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace trine::segment {

HWY_EXPORT(BitsAndStarts);
HWY_EXPORT(Edges);
HWY_EXPORT(Paint);
HWY_EXPORT(Stream);

uint64_t BitsOf(const uint8_t* bytes, size_t count, bool set, uint64_t before, uint64_t* words) {
  return HWY_DYNAMIC_DISPATCH(BitsAndStarts)(bytes, count, set, before, words);
}

size_t EdgesOf(const uint64_t* words, size_t count, int32_t column, uint64_t before,
               int32_t* edges) {
  return HWY_DYNAMIC_DISPATCH(Edges)(words, count, column, before, edges);
}

void PaintRuns(const int32_t* edges, const int32_t* values, size_t runs, int32_t begin, int32_t end,
               int32_t* out) {
  HWY_DYNAMIC_DISPATCH(Paint)(edges, values, runs, begin, end, out);
}

void CopyStreamed(const int32_t* from, size_t count, int32_t* to) {
  HWY_DYNAMIC_DISPATCH(Stream)(from, count, to);
}

int64_t RunKernelTargets() { return HWY_TARGETS; }

}  // namespace trine::segment
#endif  // HWY_ONCE
