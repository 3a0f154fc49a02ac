// The valley (Prewitt, Mendelsohn 1966): the bins are smoothed by means of three, with the first
// and the last repeated beyond the ends, until two peaks are left; the lowest bin between them, of
// equal ones the first. A mean is ((before + after) + bin) / 3 in float64, each operation rounded
// to nearest: the same on every machine, and of a histogram read backwards. Means of zeros are not
// formed: runs of counts grow by a bin a round, until counts at their ends are too small for one.
#include <algorithm>
#include <string>
#include <utility>

#include "core/base/error.h"
#include "core/segment/threshold/auto/methods.h"

namespace trine::segment {
namespace {

constexpr int kMostRounds = 10000;

// Bins [begin, end).
struct Bins {
  size_t begin = 0, end = 0;
};

// Counts of all bins; beyond the runs, which are in order and do not touch, they are 0.
struct BinCounts {
  std::vector<double> counts;
  std::vector<Bins> runs;
};

// The run without zeros at its ends.
Bins Trimmed(const std::vector<double>& counts, Bins run) {
  while (run.begin < run.end && counts[run.begin] == 0) ++run.begin;
  while (run.begin < run.end && counts[run.end - 1] == 0) --run.end;
  return run;
}

BinCounts BinCountsOf(const std::vector<uint64_t>& counts) {
  BinCounts out;
  out.counts.assign(counts.begin(), counts.end());
  for (size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] == 0) continue;
    if (out.runs.empty() || out.runs.back().end != i) out.runs.push_back({i, i});
    out.runs.back().end = i + 1;
  }
  return out;
}

// Runs that grow by a bin to either side.
std::vector<Bins> Grown(const BinCounts& from) {
  std::vector<Bins> out;
  for (const Bins& run : from.runs) {
    const Bins grown{run.begin - std::min<size_t>(run.begin, 1),
                     std::min(run.end + 1, from.counts.size())};
    if (!out.empty() && out.back().end >= grown.begin) {
      out.back().end = grown.end;
    } else {
      out.push_back(grown);
    }
  }
  return out;
}

// REQUIRES: at least two bins.
void Smooth(const BinCounts& from, const std::vector<Bins>& grown, BinCounts* to) {
  const size_t n = from.counts.size();
  const double* in = from.counts.data();
  double* out = to->counts.data();
  for (const Bins& run : to->runs) std::fill(out + run.begin, out + run.end, 0.0);
  to->runs.clear();
  for (const Bins& run : grown) {
    if (run.begin == 0) out[0] = ((in[0] + in[1]) + in[0]) / 3;
    const size_t begin = std::max<size_t>(run.begin, 1), end = std::min(run.end, n - 1);
    for (size_t i = begin; i < end; ++i) out[i] = ((in[i - 1] + in[i + 1]) + in[i]) / 3;
    if (run.end == n) out[n - 1] = ((in[n - 2] + in[n - 1]) + in[n - 1]) / 3;
    const Bins trimmed = Trimmed(to->counts, run);  // tiny counts become 0
    if (trimmed.begin < trimmed.end) to->runs.push_back(trimmed);
  }
}

// A peak is where the counts, having risen or started, fall: the first three.
std::vector<size_t> Peaks(const BinCounts& of) {
  const std::vector<double>& counts = of.counts;
  std::vector<size_t> peaks;
  bool rising = true;
  for (const Bins& run : of.runs) {  // between them nothing rises or falls
    const size_t end = std::min(run.end, counts.size() - 1);
    for (size_t i = run.begin - std::min<size_t>(run.begin, 1); i < end; ++i) {
      if (rising && counts[i + 1] < counts[i]) {
        rising = false;
        peaks.push_back(i);
        if (peaks.size() == 3) return peaks;
      } else if (!rising && counts[i + 1] > counts[i]) {
        rising = true;
      }
    }
  }
  // The last bin is one where the counts rise up to it.
  if (rising && counts.size() > 1) peaks.push_back(counts.size() - 1);
  return peaks;
}

}  // namespace

absl::StatusOr<double> Minimum(const MethodInput& of) {
  BinCounts smooth = BinCountsOf(DenseCounts(of.bins));
  BinCounts next{std::vector<double>(smooth.counts.size()), {}};
  Poller poll = PixelPoller(of.context);
  std::vector<size_t> peaks = Peaks(smooth);
  for (int round = 0; peaks.size() > 2; ++round) {
    if (round == kMostRounds)
      return NoThreshold("its histogram has more than two peaks after 10000 rounds of smoothing");
    const std::vector<Bins> grown = Grown(smooth);
    for (const Bins& run : grown)
      TRINE_RETURN_IF_ERROR(poll.Spend(2 * static_cast<int64_t>(run.end - run.begin)));
    Smooth(smooth, grown, &next);
    std::swap(smooth, next);
    peaks = Peaks(smooth);
  }
  if (peaks.size() < 2) return NoThreshold("its histogram, smoothed, has one peak and no valley");
  const auto begin = smooth.counts.begin();
  const auto lowest = std::min_element(begin + static_cast<int64_t>(peaks[0]),
                                       begin + static_cast<int64_t>(peaks[1]) + 1);
  return ValueUpTo(of.bins, static_cast<uint64_t>(lowest - begin));
}

}  // namespace trine::segment
