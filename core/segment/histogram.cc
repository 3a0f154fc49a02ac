#include "core/segment/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <mutex>

namespace trine::segment {
namespace {

template <typename T>
void CountRange(const Picture& gray, int64_t begin, int64_t end, std::vector<uint32_t>& counts) {
  // Two interleaved histograms: runs of one value would otherwise wait for their own stores.
  const size_t bins = counts.size() / 2;
  uint32_t* even = counts.data();
  uint32_t* odd = counts.data() + bins;
  if (gray.inside != nullptr) {
    for (int64_t i = begin; i < end; ++i) {
      if (gray.inside[i] != 0) ++even[PixelAt<T>(gray.data, i)];
    }
    return;
  }
  int64_t i = begin;
  for (; i + 1 < end; i += 2) {
    ++even[PixelAt<T>(gray.data, i)];
    ++odd[PixelAt<T>(gray.data, i + 1)];
  }
  if (i < end) ++even[PixelAt<T>(gray.data, i)];
}

// A float's bits as an unsigned number of the same order; -0 becomes 0.
uint32_t OrderedBits(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value == 0 ? 0.0f : value);
  return (bits & 0x80000000u) != 0 ? ~bits : bits | 0x80000000u;
}

float FromOrderedBits(uint32_t key) {
  return std::bit_cast<float>((key & 0x80000000u) != 0 ? key & 0x7FFFFFFFu : ~key);
}

// The keys of the values inside, sorted by three passes of a radix sort over 11, 11 and 10 bits.
struct SortedKeys {
  Scratch<uint32_t> keys;
  int64_t count = 0;
};

absl::StatusOr<SortedKeys> SortKeys(const Context& context, const uint8_t* values,
                                    const uint8_t* inside, int64_t count) {
  SortedKeys out{MakeScratch<uint32_t>(count), 0};
  Scratch<uint32_t> other = MakeScratch<uint32_t>(count);
  Poller poll = PixelPoller(context);
  for (int64_t begin = 0; begin < count; begin += kPixelGrain) {
    TRINE_RETURN_IF_ERROR(poll.Spend(kPixelGrain));
    for (int64_t i = begin; i < std::min(count, begin + kPixelGrain); ++i) {
      if (inside == nullptr || inside[i] != 0)
        out.keys[out.count++] = OrderedBits(PixelAt<float>(values, i));
    }
  }
  for (int shift = 0; shift < 32; shift += 11) {
    std::vector<int64_t> start(2049, 0);
    for (int64_t begin = 0; begin < out.count; begin += kPixelGrain) {
      TRINE_RETURN_IF_ERROR(poll.Spend(kPixelGrain));
      for (int64_t i = begin; i < std::min(out.count, begin + kPixelGrain); ++i)
        ++start[((out.keys[i] >> shift) & 2047u) + 1];
    }
    for (size_t bin = 1; bin < start.size(); ++bin) start[bin] += start[bin - 1];
    for (int64_t begin = 0; begin < out.count; begin += kPixelGrain) {
      TRINE_RETURN_IF_ERROR(poll.Spend(kPixelGrain));
      for (int64_t i = begin; i < std::min(out.count, begin + kPixelGrain); ++i)
        other[start[(out.keys[i] >> shift) & 2047u]++] = out.keys[i];
    }
    std::swap(out.keys, other);
  }
  return out;
}

// The largest e such that `value` is a multiple of 2^e. REQUIRES: value is finite and not 0.
int LowestBit(float value) {
  int exponent = 0;
  const float fraction = std::frexp(std::fabs(value), &exponent);  // in [0.5, 1)
  const uint32_t mantissa = static_cast<uint32_t>(std::ldexp(fraction, 24));
  return exponent - 24 + std::countr_zero(mantissa);
}

// Fills levels.offset where the values allow it; see the header.
absl::Status ScaleToIntegers(Levels& levels, Poller& poll) {
  int unit = 1000;
  for (const double value : levels.values) {
    TRINE_RETURN_IF_ERROR(poll.Spend(4));
    if (value != 0) unit = std::min(unit, LowestBit(static_cast<float>(value)));
  }
  if (unit == 1000) unit = 0;  // the only value is 0
  const double low = levels.values.front();
  // The difference may round, but not from below to above 2^32 steps.
  const double steps = std::ldexp(levels.values.back() - low, -unit);
  if (!(steps < 0x1p32)) return absl::OkStatus();
  levels.offset.reserve(levels.size());
  for (const double value : levels.values) {
    TRINE_RETURN_IF_ERROR(poll.Spend(4));
    levels.offset.push_back(static_cast<uint64_t>(std::ldexp(value - low, -unit)));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<uint64_t>> CountValues(const Context& context, const Picture& gray) {
  const size_t bins = gray.dtype == DType::kUint8 ? 256 : 65536;
  std::vector<uint64_t> counts(bins, 0);
  std::mutex mutex;  // integer sums: the order of the ranges does not matter
  const size_t grain =
      static_cast<size_t>(gray.dtype == DType::kUint8 ? 8 * kPixelGrain : 16 * kPixelGrain);
  absl::Status status = ParallelFor(
      context, static_cast<size_t>(gray.pixels()), grain, [&](size_t begin, size_t end) {
        std::vector<uint32_t> local(2 * bins, 0);
        const int64_t last = static_cast<int64_t>(end);
        if (gray.dtype == DType::kUint8) {
          CountRange<uint8_t>(gray, static_cast<int64_t>(begin), last, local);
        } else {
          CountRange<uint16_t>(gray, static_cast<int64_t>(begin), last, local);
        }
        const std::lock_guard<std::mutex> lock(mutex);
        for (size_t i = 0; i < bins; ++i) counts[i] += local[i] + uint64_t{local[i + bins]};
        return absl::OkStatus();
      });
  TRINE_RETURN_IF_ERROR(status);
  return counts;
}

Levels LevelsOfCounts(const std::vector<uint64_t>& counts) {
  Levels levels;
  for (size_t value = 0; value < counts.size(); ++value) {
    if (counts[value] == 0) continue;
    if (levels.values.empty()) levels.values.reserve(counts.size() - value);
    levels.values.push_back(static_cast<double>(value));
    levels.counts.push_back(counts[value]);
    levels.offset.push_back(value - static_cast<uint64_t>(levels.values.front()));
    levels.total += counts[value];
  }
  return levels;
}

absl::StatusOr<Levels> LevelsOfFloats(const Context& context, const Picture& gray) {
  TRINE_ASSIGN_OR_RETURN(const SortedKeys sorted,
                         SortKeys(context, gray.data, gray.inside, gray.pixels()));
  Levels levels;
  levels.total = static_cast<uint64_t>(sorted.count);
  Poller poll = PixelPoller(context);
  // Counted first: a vector that grows copies itself without polls.
  size_t distinct = 0;
  for (int64_t i = 0; i < sorted.count; ++i) {
    if (i % 4096 == 0) TRINE_RETURN_IF_ERROR(poll.Spend(4096));
    distinct += i == 0 || sorted.keys[i] != sorted.keys[i - 1] ? 1 : 0;
  }
  levels.values.reserve(distinct);
  levels.counts.reserve(distinct);
  for (int64_t i = 0; i < sorted.count; ++i) {
    if (i % 4096 == 0) TRINE_RETURN_IF_ERROR(poll.Spend(4 * 4096));
    if (i > 0 && sorted.keys[i] == sorted.keys[i - 1]) {
      ++levels.counts.back();
    } else {
      levels.values.push_back(double{FromOrderedBits(sorted.keys[i])});
      levels.counts.push_back(1);
    }
  }
  if (levels.size() > 0) TRINE_RETURN_IF_ERROR(ScaleToIntegers(levels, poll));
  return levels;
}

absl::StatusOr<Levels> LevelsOf(const Context& context, const Picture& gray) {
  if (gray.dtype == DType::kFloat32) return LevelsOfFloats(context, gray);
  TRINE_ASSIGN_OR_RETURN(const std::vector<uint64_t> counts, CountValues(context, gray));
  return LevelsOfCounts(counts);
}

absl::StatusOr<int32_t> RankFloats(const Context& context, const uint8_t* values,
                                   const uint8_t* inside, int64_t count, int32_t* rank) {
  TRINE_ASSIGN_OR_RETURN(SortedKeys sorted, SortKeys(context, values, inside, count));
  Poller poll = PixelPoller(context);
  int64_t distinct = 0;
  for (int64_t i = 0; i < sorted.count; ++i) {
    if (i % 4096 == 0) TRINE_RETURN_IF_ERROR(poll.Spend(4096));
    if (distinct == 0 || sorted.keys[i] != sorted.keys[distinct - 1])
      sorted.keys[distinct++] = sorted.keys[i];
  }
  const uint32_t* begin = sorted.keys.data();
  absl::Status status = ParallelFor(
      context, static_cast<size_t>(count), static_cast<size_t>(kPixelGrain / 8),
      [&](size_t first, size_t last) {
        for (size_t i = first; i < last; ++i) {
          const bool used = inside == nullptr || inside[i] != 0;
          rank[i] = 0;
          if (!used) continue;
          const uint32_t key = OrderedBits(PixelAt<float>(values, static_cast<int64_t>(i)));
          rank[i] = static_cast<int32_t>(std::lower_bound(begin, begin + distinct, key) - begin);
        }
        return absl::OkStatus();
      });
  TRINE_RETURN_IF_ERROR(status);
  return static_cast<int32_t>(distinct);
}

}  // namespace trine::segment
