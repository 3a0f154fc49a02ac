#include <algorithm>
#include <array>

#include "core/segment/threshold/multi_otsu.h"

namespace trine::segment {
namespace {

// The criterion of bins i..j for all i <= j, as _multiotsu.pyx fills it: float32 throughout, the
// first bin's moment its weight instead of 0, and the range of the first bin alone left at 0.
class Table {
 public:
  explicit Table(const std::vector<float>& probability)
      : bins_(probability.size()), values_(bins_ * bins_, 0.0f) {
    std::vector<float> zeroth(bins_), first(bins_);
    zeroth[0] = first[0] = probability[0];
    for (size_t i = 1; i < bins_; ++i) {
      zeroth[i] = zeroth[i - 1] + probability[i];
      first[i] = first[i - 1] + static_cast<float>(i) * probability[i];
      if (zeroth[i] > 0) values_[i] = first[i] * first[i] / zeroth[i];
    }
    for (size_t i = 1; i < bins_; ++i) {
      for (size_t j = i; j < bins_; ++j) {
        const float weight = zeroth[j] - zeroth[i - 1];
        if (!(weight > 0)) continue;
        const float moment = first[j] - first[i - 1];
        values_[i * bins_ + j] = moment * moment / weight;
      }
    }
  }
  float operator()(size_t i, size_t j) const { return values_[i * bins_ + j]; }
  size_t bins() const { return bins_; }

 private:
  size_t bins_;
  std::vector<float> values_;
};

struct Best {
  float sigma = 0;
  std::array<size_t, 4> cuts{};
};

// All tuples from position `at` on in lexicographic order; the first maximum stays.
void Enumerate(const Table& table, size_t count, size_t at, std::array<size_t, 4>& cuts,
               Best& best) {
  const size_t bins = table.bins();
  const size_t end = bins - count + at;
  for (size_t cut = cuts[at - 1] + 1; cut < end; ++cut) {
    cuts[at] = cut;
    if (at + 1 < count) {
      Enumerate(table, count, at + 1, cuts, best);
      continue;
    }
    float sigma = table(0, cuts[0]) + table(cut + 1, bins - 1);
    for (size_t i = 1; i < cuts.size() && i <= at; ++i) sigma += table(cuts[i - 1] + 1, cuts[i]);
    if (sigma > best.sigma) best = {sigma, cuts};
  }
}

}  // namespace

absl::StatusOr<std::vector<size_t>> SkimageMultiOtsu(const Context& context,
                                                     const std::vector<uint64_t>& counts,
                                                     int classes) {
  const size_t bins = counts.size(), cuts_count = static_cast<size_t>(classes) - 1;
  double total = 0;
  for (const uint64_t count : counts) total += static_cast<double>(count);
  std::vector<float> probability;
  std::vector<size_t> used;
  for (size_t i = 0; i < bins; ++i) {
    probability.push_back(static_cast<float>(static_cast<double>(counts[i]) / total));
    if (probability[i] != 0) used.push_back(i);
  }
  if (used.size() == static_cast<size_t>(classes)) {
    used.pop_back();
    return used;
  }
  const Table table(probability);
  // One range a pair of the first two cuts, reduced in their order.
  const size_t firsts = bins - cuts_count;
  const size_t seconds = cuts_count > 1 ? bins : 1;
  std::vector<Best> found(firsts * seconds);
  absl::Status status = ParallelFor(context, found.size(), 4, [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) {
      std::array<size_t, 4> cuts{i / seconds, i % seconds, 0, 0};
      Best& best = found[i];
      if (cuts_count == 1) {
        best = {table(0, cuts[0]) + table(cuts[0] + 1, bins - 1), cuts};
      } else if (cuts[1] > cuts[0] && cuts[1] < bins - cuts_count + 1) {
        if (cuts_count > 2) {
          Enumerate(table, cuts_count, 2, cuts, best);
        } else {
          best.sigma = table(0, cuts[0]) + table(cuts[1] + 1, bins - 1);
          best.sigma += table(cuts[0] + 1, cuts[1]);
          best.cuts = cuts;
        }
      }
    }
    return absl::OkStatus();
  });
  TRINE_RETURN_IF_ERROR(status);
  Best best;
  for (const Best& candidate : found) {
    if (candidate.sigma > best.sigma) best = candidate;
  }
  return std::vector<size_t>(best.cuts.begin(), best.cuts.begin() + static_cast<int>(cuts_count));
}

}  // namespace trine::segment
