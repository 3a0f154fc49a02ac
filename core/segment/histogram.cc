#include "core/segment/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <type_traits>

namespace trine::segment {
namespace {

// Unsigned numbers of the same order as a float's values.
template <typename T>
using KeyOf = std::conditional_t<sizeof(T) == 4, uint32_t, uint64_t>;
template <typename T>
inline constexpr KeyOf<T> kSign = KeyOf<T>{1} << (8 * sizeof(T) - 1);

// -0 becomes 0.
template <typename T>
KeyOf<T> OrderedBits(T value) {
  const auto bits = std::bit_cast<KeyOf<T>>(value == 0 ? T{0} : value);
  return (bits & kSign<T>) != 0 ? ~bits : bits | kSign<T>;
}

template <typename T>
T FromOrderedBits(KeyOf<T> key) {
  return std::bit_cast<T>((key & kSign<T>) != 0 ? key & ~kSign<T> : ~key);
}

// The keys of the values inside, sorted by passes of a radix sort over 11 bits each.
template <typename T>
struct SortedKeys {
  Scratch<KeyOf<T>> keys;
  int64_t count = 0;
};

template <typename T>
absl::StatusOr<SortedKeys<T>> SortKeys(const Context& context, const uint8_t* values,
                                       const uint8_t* inside, int64_t count) {
  SortedKeys<T> out{MakeScratch<KeyOf<T>>(count), 0};
  Scratch<KeyOf<T>> other = MakeScratch<KeyOf<T>>(count);
  Poller poll = PixelPoller(context);
  for (int64_t begin = 0; begin < count; begin += kPixelGrain) {
    TRINE_RETURN_IF_ERROR(poll.Spend(kPixelGrain));
    for (int64_t i = begin; i < std::min(count, begin + kPixelGrain); ++i) {
      if (inside == nullptr || inside[i] != 0)
        out.keys[static_cast<size_t>(out.count++)] = OrderedBits(PixelAt<T>(values, i));
    }
  }
  for (size_t shift = 0; shift < 8 * sizeof(T); shift += 11) {
    std::vector<int64_t> start(2049, 0);
    for (int64_t begin = 0; begin < out.count; begin += kPixelGrain) {
      TRINE_RETURN_IF_ERROR(poll.Spend(kPixelGrain));
      for (int64_t i = begin; i < std::min(out.count, begin + kPixelGrain); ++i)
        ++start[((out.keys[static_cast<size_t>(i)] >> shift) & 2047u) + 1];
    }
    for (size_t bin = 1; bin < start.size(); ++bin) start[bin] += start[bin - 1];
    for (int64_t begin = 0; begin < out.count; begin += kPixelGrain) {
      TRINE_RETURN_IF_ERROR(poll.Spend(kPixelGrain));
      for (int64_t i = begin; i < std::min(out.count, begin + kPixelGrain); ++i) {
        const KeyOf<T> key = out.keys[static_cast<size_t>(i)];
        other[static_cast<size_t>(start[(key >> shift) & 2047u]++)] = key;
      }
    }
    std::swap(out.keys, other);
  }
  return out;
}

// The largest e such that `value` is a multiple of 2^e. REQUIRES: value is finite and not 0.
int LowestBit(double value) {
  int exponent = 0;
  const double fraction = std::frexp(std::fabs(value), &exponent);  // in [0.5, 1)
  const uint64_t mantissa = static_cast<uint64_t>(std::ldexp(fraction, 53));
  return exponent - 53 + std::countr_zero(mantissa);
}

// Fills levels.offset where the values allow it; see the header.
absl::Status ScaleToIntegers(Levels& levels, Poller& poll) {
  constexpr int kNone = 5000;
  int unit = kNone;
  for (const double value : levels.values) {
    TRINE_RETURN_IF_ERROR(poll.Spend(4));
    if (value != 0) unit = std::min(unit, LowestBit(value));
  }
  if (unit == kNone) unit = 0;  // the only value is 0
  const double low = levels.values.front();
  // The difference may round, but not from below to above 2^32 steps.
  const double steps = std::ldexp(levels.values.back() - low, -unit);
  if (!(steps < 0x1p32)) return absl::OkStatus();
  ReserveLong(levels.size(), &levels.offset);
  for (const double value : levels.values) {
    TRINE_RETURN_IF_ERROR(poll.Spend(4));
    levels.offset.push_back(static_cast<uint64_t>(std::ldexp(value - low, -unit)));
  }
  return absl::OkStatus();
}

}  // namespace

Levels LevelsOfCounts(const std::vector<uint64_t>& counts, int64_t origin) {
  Levels levels;
  size_t first = 0;
  for (size_t value = 0; value < counts.size(); ++value) {
    if (counts[value] == 0) continue;
    if (levels.values.empty()) {
      levels.values.reserve(counts.size() - value);
      levels.counts.reserve(counts.size() - value);
      levels.offset.reserve(counts.size() - value);
      first = value;
    }
    levels.values.push_back(static_cast<double>(origin + static_cast<int64_t>(value)));
    levels.counts.push_back(counts[value]);
    levels.offset.push_back(value - first);
    levels.total += counts[value];
  }
  return levels;
}

namespace {

template <typename T>
absl::StatusOr<Levels> LevelsOfType(const Context& context, const Picture& gray) {
  TRINE_ASSIGN_OR_RETURN(const SortedKeys<T> sorted,
                         SortKeys<T>(context, gray.data, gray.inside, gray.pixels()));
  Levels levels;
  levels.total = static_cast<uint64_t>(sorted.count);
  Poller poll = PixelPoller(context);
  // Counted first: a vector that grows copies itself without polls.
  size_t distinct = 0;
  for (int64_t i = 0; i < sorted.count; ++i) {
    if (i % 4096 == 0) TRINE_RETURN_IF_ERROR(poll.Spend(4096));
    distinct += i == 0 || sorted.keys[i] != sorted.keys[i - 1] ? 1 : 0;
  }
  ReserveLong(distinct, &levels.values);
  ReserveLong(distinct, &levels.counts);
  for (int64_t i = 0; i < sorted.count; ++i) {
    if (i % 4096 == 0) TRINE_RETURN_IF_ERROR(poll.Spend(4 * 4096));
    if (i > 0 && sorted.keys[i] == sorted.keys[i - 1]) {
      ++levels.counts.back();
    } else {
      levels.values.push_back(double{FromOrderedBits<T>(sorted.keys[i])});
      levels.counts.push_back(1);
    }
  }
  if (levels.size() > 0) TRINE_RETURN_IF_ERROR(ScaleToIntegers(levels, poll));
  return levels;
}

template <typename T>
absl::StatusOr<int32_t> RankType(const Context& context, const uint8_t* values,
                                 const uint8_t* inside, int64_t count, int32_t* rank) {
  TRINE_ASSIGN_OR_RETURN(SortedKeys<T> sorted, SortKeys<T>(context, values, inside, count));
  Poller poll = PixelPoller(context);
  int64_t distinct = 0;
  for (int64_t i = 0; i < sorted.count; ++i) {
    if (i % 4096 == 0) TRINE_RETURN_IF_ERROR(poll.Spend(4096));
    if (distinct == 0 || sorted.keys[i] != sorted.keys[distinct - 1])
      sorted.keys[distinct++] = sorted.keys[i];
  }
  const KeyOf<T>* begin = sorted.keys.data();
  // A search in many keys misses the caches at nearly each step.
  absl::Status status = ParallelFor(
      context, static_cast<size_t>(count), static_cast<size_t>(kPixelGrain / 64),
      [&](size_t first, size_t last) {
        for (size_t i = first; i < last; ++i) {
          const bool used = inside == nullptr || inside[i] != 0;
          rank[i] = 0;
          if (!used) continue;
          const KeyOf<T> key = OrderedBits(PixelAt<T>(values, static_cast<int64_t>(i)));
          rank[i] = static_cast<int32_t>(std::lower_bound(begin, begin + distinct, key) - begin);
        }
        return absl::OkStatus();
      });
  TRINE_RETURN_IF_ERROR(status);
  return static_cast<int32_t>(distinct);
}

}  // namespace

absl::StatusOr<Levels> LevelsOfFloats(const Context& context, const Picture& gray) {
  if (gray.dtype == DType::kFloat32) return LevelsOfType<float>(context, gray);
  return LevelsOfType<double>(context, gray);
}

absl::StatusOr<Levels> LevelsOf(const Context& context, const Picture& gray) {
  if (IsFloat(gray.dtype)) return LevelsOfFloats(context, gray);
  TRINE_ASSIGN_OR_RETURN(const std::vector<uint64_t> counts, CountValues(context, gray));
  return LevelsOfCounts(counts, gray.origin);
}

absl::StatusOr<int32_t> RankFloats(const Context& context, DType dtype, const uint8_t* values,
                                   const uint8_t* inside, int64_t count, int32_t* rank) {
  if (dtype == DType::kFloat32) return RankType<float>(context, values, inside, count, rank);
  return RankType<double>(context, values, inside, count, rank);
}

}  // namespace trine::segment
