#include "core/segment/threshold/gray_histogram.h"

#include <algorithm>
#include <array>
#include <atomic>

#include "core/segment/gray.h"
#include "core/segment/histogram.h"

namespace trine::segment {
namespace {

Histogram BinsOfCounts(const std::vector<uint64_t>& counts, int64_t origin) {
  const auto is_set = [](uint64_t count) { return count != 0; };
  const auto first = std::find_if(counts.begin(), counts.end(), is_set);
  Histogram out;
  if (first == counts.end()) return out;
  const auto last = std::find_if(counts.rbegin(), counts.rend(), is_set).base();
  const int64_t values = last - first;
  const int64_t a_bin = (values + kMostBins - 1) / kMostBins;
  out.low = static_cast<double>(origin + (first - counts.begin()));
  out.bin_width = static_cast<double>(a_bin);
  out.counts.assign(static_cast<size_t>((values + a_bin - 1) / a_bin), 0);
  for (int64_t i = 0; i < values; ++i) out.counts[static_cast<size_t>(i / a_bin)] += first[i];
  return out;
}

template <typename T>
absl::StatusOr<Histogram> BinsOfFloats(const Context& context, const Picture& gray) {
  TRINE_ASSIGN_OR_RETURN(const ValueRange range, RangeOf(context, gray));
  Histogram out;
  // Halves, so that a range as wide as the type's does not overflow.
  const double half = range.high / 2 - range.low / 2;
  const double scale = half > 0 ? static_cast<double>(kMostBins) / 2 / half : 0;
  out.low = range.low;
  out.bin_width = half / (static_cast<double>(kMostBins) / 2);
  std::array<std::atomic<uint64_t>, kMostBins> counts{};
  TRINE_RETURN_IF_ERROR(ParallelFor(
      context, static_cast<size_t>(gray.pixels()), static_cast<size_t>(kPixelGrain),
      [&](size_t begin, size_t end) {
        std::array<uint64_t, kMostBins> own{};
        for (size_t p = begin; p < end; ++p) {
          const int64_t i = static_cast<int64_t>(p);
          if (!gray.Contains(i)) continue;
          const double above = static_cast<double>(PixelAt<T>(gray.data, i)) / 2 - range.low / 2;
          ++own[static_cast<size_t>(
              std::clamp(above * 2 * scale, 0.0, static_cast<double>(kMostBins - 1)))];
        }
        for (size_t b = 0; b < own.size(); ++b) counts[b] += own[b];
        return absl::OkStatus();
      }));
  uint64_t total = 0;
  for (const auto& count : counts) total += count.load();
  if (total == 0) return Histogram();
  // Of equal values there is one bin.
  out.counts.assign(counts.begin(), half > 0 ? counts.end() : counts.begin() + 1);
  return out;
}

}  // namespace

absl::StatusOr<Histogram> HistogramOf(const Context& context, const Picture& gray) {
  if (gray.dtype == DType::kFloat32) return BinsOfFloats<float>(context, gray);
  if (gray.dtype == DType::kFloat64) return BinsOfFloats<double>(context, gray);
  TRINE_ASSIGN_OR_RETURN(const std::vector<uint64_t> counts, CountValues(context, gray));
  return BinsOfCounts(counts, gray.origin);
}

}  // namespace trine::segment
