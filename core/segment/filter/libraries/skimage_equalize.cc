#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <type_traits>
#include <vector>

#include "core/base/error.h"
#include "core/segment/filter/libraries/libraries.h"
#include "core/segment/kernels/border.h"

namespace trine::segment {
namespace {

constexpr int64_t kGrays = 1 << 14;
constexpr int64_t kBins = 256;
constexpr int64_t kGraysOfBin = 1 + kGrays / kBins;
constexpr size_t kWordValues = 65536;

// Least and greatest of words.
struct WordRange {
  int64_t low = kWordValues, high = -1;
};
WordRange RangeOf(const uint16_t* words, int64_t count) {
  WordRange out;
  for (int64_t i = 0; i < count; ++i) {
    out.low = std::min<int64_t>(out.low, words[i]);
    out.high = std::max<int64_t>(out.high, words[i]);
  }
  return out;
}

// Calls body(begin, end) over all pixels, with polls; one after the other.
absl::Status ForPieces(const Context& context, int64_t pixels,
                       absl::FunctionRef<absl::Status(int64_t begin, int64_t end)> body) {
  Poller poll = PixelPoller(context);
  for (int64_t begin = 0; begin < pixels; begin += kPixelGrain) {
    const int64_t end = std::min(pixels, begin + kPixelGrain);
    TRINE_RETURN_IF_ERROR(poll.Spend(end - begin));
    TRINE_RETURN_IF_ERROR(body(begin, end));
  }
  return absl::OkStatus();
}

// The pixels as integers of 16 bits, those of uint8 over the whole range.
template <typename T>
absl::Status ReadWords(const Context& context, const Picture& gray, uint16_t* out) {
  return ForPieces(context, gray.pixels(), [&](int64_t begin, int64_t end) -> absl::Status {
    for (int64_t i = begin; i < end; ++i) {
      const T value = PixelAt<T>(gray.data, i);
      if constexpr (std::is_floating_point_v<T>) {
        if (value < -1 || value > 1)
          return NotOffered("gray", "equalize of the profile takes floats from -1 to 1");
        out[i] = static_cast<uint16_t>(std::max(std::nearbyint(value * T{65535}), T{0}));
      } else {
        out[i] = static_cast<uint16_t>(value * (65535 / std::numeric_limits<T>::max()));
      }
    }
    return absl::OkStatus();
  });
}

// One axis: regions of `side` pixels, and around a pixel two of them and the weight of the second.
struct RegionAxis {
  int64_t side, regions;

  RegionAxis(int64_t pixels, int64_t tiles)
      : side(std::max<int64_t>(1, pixels / tiles)), regions((pixels + side - 1) / side) {}
  int64_t First(int64_t i) const { return std::max<int64_t>(0, (i + side / 2) / side - 1); }
  int64_t Second(int64_t i) const { return std::min(regions - 1, (i + side / 2) / side); }
  double Weight(int64_t i) const {
    return static_cast<double>((i + side / 2) % side) / static_cast<double>(side);
  }
};

using Counts = std::array<int64_t, kBins>;

// Counts above the limit are cut, and what is cut is given to those below it.
absl::Status ClipCounts(int64_t limit, Poller& poll, Counts& counts) {
  int64_t excess = 0;
  for (int64_t& count : counts) {
    excess += std::max<int64_t>(0, count - limit);
    count = std::min(count, limit);
  }
  const int64_t share = excess / kBins, upper = limit - share;
  for (int64_t& count : counts) {
    int64_t given = count < upper ? share : 0;
    if (count + given >= upper) given = limit - count;
    excess -= given;
    count += given;
  }
  // The rest one by one to every so many bins, from each bin on.
  for (int64_t before = -1; excess > 0 && before != excess;) {
    before = excess;
    for (int64_t first = 0; first < kBins && excess > 0; ++first) {
      TRINE_RETURN_IF_ERROR(poll.Spend(kBins));
      const int64_t below = std::count_if(counts.begin(), counts.end(),
                                          [limit](int64_t count) { return count < limit; });
      const int64_t step = std::max<int64_t>(1, below / excess);
      for (int64_t bin = first; bin < kBins; bin += step) {
        int64_t& count = counts[static_cast<size_t>(bin)];
        if (count >= limit) continue;
        ++count;
        --excess;
      }
    }
  }
  return absl::OkStatus();
}

// What the bins of a region become.
absl::Status MakeTable(Counts& counts, int64_t limit, int64_t pixels, Poller& poll,
                       uint16_t* table) {
  TRINE_RETURN_IF_ERROR(ClipCounts(limit, poll, counts));
  const double scale = static_cast<double>(kGrays - 1) / static_cast<double>(pixels);
  int64_t sum = 0;
  for (const int64_t count : counts) {
    sum += count;
    const double gray = std::min(static_cast<double>(sum) * scale, static_cast<double>(kGrays - 1));
    *table++ = static_cast<uint16_t>(gray);
  }
  return absl::OkStatus();
}

// Tables of all regions from the bins of the pixels, mirrored beyond the border.
absl::Status MakeTables(const Context& context, const Picture& gray, const RegionAxis& down,
                        const RegionAxis& across, double clip_limit, const uint8_t* bins,
                        uint16_t* tables) {
  const int64_t pixels = down.side * across.side;
  const double share = clip_limit / static_cast<double>(kBins) * static_cast<double>(pixels);
  const int64_t limit = clip_limit > 0 ? std::max<int64_t>(1, static_cast<int64_t>(share)) : pixels;
  return ParallelFor(
      context, static_cast<size_t>(down.regions * across.regions), 1,
      [&](size_t region, size_t) -> absl::Status {
        Poller poll = PixelPoller(context);
        Counts counts{};
        const int64_t top = static_cast<int64_t>(region) / across.regions * down.side;
        const int64_t left = static_cast<int64_t>(region) % across.regions * across.side;
        for (int64_t y = top; y < top + down.side; ++y) {
          TRINE_RETURN_IF_ERROR(poll.Spend(across.side));
          const uint8_t* const row =
              bins + BorderIndex(y, gray.height, Border::kReflect101) * gray.width;
          for (int64_t x = left; x < left + across.side; ++x)
            ++counts[row[BorderIndex(x, gray.width, Border::kReflect101)]];
        }
        return MakeTable(counts, limit, pixels, poll,
                         tables + static_cast<int64_t>(region) * kBins);
      });
}

// Between the four regions around each pixel, in float32.
absl::Status Interpolate(const Context& context, const Picture& gray, const RegionAxis& down,
                         const RegionAxis& across, const uint8_t* bins, const uint16_t* tables,
                         uint16_t* out) {
  return ParallelFor(
      context, static_cast<size_t>(gray.height), RowGrain(4 * gray.width),
      [&](size_t begin, size_t end) -> absl::Status {
        Poller poll = PixelPoller(context);
        for (int64_t y = static_cast<int64_t>(begin); y < static_cast<int64_t>(end); ++y) {
          const uint16_t* const above = tables + down.First(y) * across.regions * kBins;
          const uint16_t* const below = tables + down.Second(y) * across.regions * kBins;
          const double low = down.Weight(y), high = 1 - low;
          for (int64_t x = 0; x < gray.width; ++x) {
            if (x % 4096 == 0) TRINE_RETURN_IF_ERROR(poll.Spend(8 * 4096));
            const int64_t i = y * gray.width + x;
            const int64_t first = across.First(x) * kBins + bins[i];
            const int64_t second = across.Second(x) * kBins + bins[i];
            const double right = across.Weight(x), left = 1 - right;
            float sum = static_cast<float>(above[first] * (left * high));
            sum += static_cast<float>(above[second] * (right * high));
            sum += static_cast<float>(below[first] * (left * low));
            sum += static_cast<float>(below[second] * (right * low));
            out[i] = static_cast<uint16_t>(sum);
          }
        }
        return absl::OkStatus();
      });
}

// Of pixels of type T to floats of type Out.
template <typename T, typename Out>
absl::Status EqualizeAs(const Context& context, const Picture& gray, int64_t tiles,
                        double clip_limit, uint8_t* out) {
  const int64_t pixels = gray.pixels();
  const RegionAxis down(gray.height, tiles), across(gray.width, tiles);
  const int64_t entries = down.regions * across.regions * kBins;
  TRINE_RETURN_IF_ERROR(context.Reserve(static_cast<uint64_t>(entries) * sizeof(uint16_t)));
  Scratch<uint16_t> words = MakeScratch<uint16_t>(pixels);
  TRINE_RETURN_IF_ERROR(ReadWords<T>(context, gray, words.data()));
  WordRange range;
  const auto widen = [&](int64_t begin, int64_t end) {
    const WordRange part = RangeOf(words.data() + begin, end - begin);
    range = {std::min(range.low, part.low), std::max(range.high, part.high)};
    return absl::OkStatus();
  };
  TRINE_RETURN_IF_ERROR(ForPieces(context, pixels, widen));
  std::vector<uint8_t> bin_of(kWordValues, 0);
  for (int64_t word = range.low; word <= range.high; ++word) {
    double level = static_cast<double>(std::min(word, kGrays - 1));
    if (range.low < range.high)
      level = static_cast<double>(word - range.low) / static_cast<double>(range.high - range.low) *
              static_cast<double>(kGrays - 1);
    bin_of[static_cast<size_t>(word)] =
        static_cast<uint8_t>(static_cast<int64_t>(std::nearbyint(level)) / kGraysOfBin);
  }
  Scratch<uint8_t> bins = MakeScratch<uint8_t>(pixels);
  const auto sort = [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      bins[static_cast<size_t>(i)] = bin_of[words[static_cast<size_t>(i)]];
    return absl::OkStatus();
  };
  TRINE_RETURN_IF_ERROR(ForPieces(context, pixels, sort));
  Scratch<uint16_t> tables = MakeScratch<uint16_t>(entries);
  TRINE_RETURN_IF_ERROR(
      MakeTables(context, gray, down, across, clip_limit, bins.data(), tables.data()));
  TRINE_RETURN_IF_ERROR(
      Interpolate(context, gray, down, across, bins.data(), tables.data(), words.data()));
  range = {};
  TRINE_RETURN_IF_ERROR(ForPieces(context, pixels, widen));
  return ForPieces(context, pixels, [&](int64_t begin, int64_t end) {
    const Out low = static_cast<Out>(range.low), span = static_cast<Out>(range.high - range.low);
    for (int64_t i = begin; i < end; ++i) {
      const Out word = static_cast<Out>(words[static_cast<size_t>(i)]);
      StoreLE<Out>(out + i * static_cast<int64_t>(sizeof(Out)),
                   span > 0 ? (word - low) / span : std::min(word, Out{1}));
    }
    return absl::OkStatus();
  });
}

}  // namespace

absl::Status EqualizeSkimage(const Context& context, const Picture& gray, int64_t tiles,
                             double clip_limit, uint8_t* out) {
  return WithPixelType(gray.dtype, [&](auto type) {
    using T = decltype(type);
    using Out = std::conditional_t<std::is_same_v<T, float>, float, double>;
    return EqualizeAs<T, Out>(context, gray, tiles, clip_limit, out);
  });
}

}  // namespace trine::segment
