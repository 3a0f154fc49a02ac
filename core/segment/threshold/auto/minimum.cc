// The valley (Prewitt, Mendelsohn 1966): the bins are smoothed by means of three, with the first
// and the last repeated beyond the ends, until two peaks are left; the lowest bin between them, of
// equal ones the first. A mean is ((before + after) + bin) / 3 in float64, each operation rounded
// to nearest: the same on every machine, and of a histogram read backwards.
#include <algorithm>
#include <string>
#include <utility>

#include "core/base/error.h"
#include "core/segment/threshold/auto/methods.h"

namespace trine::segment {
namespace {

constexpr int kMostRounds = 10000;

void Smooth(const std::vector<double>& from, std::vector<double>& to) {
  const size_t n = from.size();
  const double* in = from.data();
  double* out = to.data();
  out[0] = ((in[0] + in[1]) + in[0]) / 3;
  for (size_t i = 1; i + 1 < n; ++i) out[i] = ((in[i - 1] + in[i + 1]) + in[i]) / 3;
  out[n - 1] = ((in[n - 2] + in[n - 1]) + in[n - 1]) / 3;
}

// A peak is where the counts, having risen or started, fall: the first three.
std::vector<size_t> Peaks(const std::vector<double>& counts) {
  std::vector<size_t> peaks;
  bool rising = true;
  for (size_t i = 0; i + 1 < counts.size(); ++i) {
    if (rising && counts[i + 1] < counts[i]) {
      rising = false;
      peaks.push_back(i);
      if (peaks.size() == 3) break;
    } else if (!rising && counts[i + 1] > counts[i]) {
      rising = true;
    }
  }
  // The last bin is one where the counts rise up to it.
  if (rising && peaks.size() < 3 && counts.size() > 1) peaks.push_back(counts.size() - 1);
  return peaks;
}

}  // namespace

absl::StatusOr<double> Minimum(const MethodInput& of) {
  const std::vector<uint64_t> counts = DenseCounts(of.bins);
  std::vector<double> smooth(counts.begin(), counts.end()), next(counts.size());
  Poller poll = PixelPoller(of.context);
  std::vector<size_t> peaks = Peaks(smooth);
  for (int round = 0; peaks.size() > 2; ++round) {
    if (round == kMostRounds)
      return NoThreshold("its histogram has more than two peaks after 10000 rounds of smoothing");
    TRINE_RETURN_IF_ERROR(poll.Spend(2 * counts.size()));
    Smooth(smooth, next);
    std::swap(smooth, next);
    peaks = Peaks(smooth);
  }
  if (peaks.size() < 2) return NoThreshold("its histogram, smoothed, has one peak and no valley");
  const auto begin = smooth.begin();
  const auto lowest = std::min_element(begin + static_cast<int64_t>(peaks[0]),
                                       begin + static_cast<int64_t>(peaks[1]) + 1);
  return ValueUpTo(of.bins, static_cast<uint64_t>(lowest - begin));
}

}  // namespace trine::segment
