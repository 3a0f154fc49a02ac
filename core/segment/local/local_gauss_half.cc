// The fast way of wide Gaussian means of 8-bit pictures of which every pixel counts: the picture is
// halved by weights of 1 3 3 1, smoothed at half its size and doubled again by weights of 3 and 1,
// each along both axes (kernels/byte_gauss.h). Rows near the upper and lower border, which cuts
// windows, are left to the plain kernel; pixels near the ends of a row are computed by themselves.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <utility>
#include <vector>

#include "core/runtime/thread_pool.h"
#include "core/segment/kernels/byte_gauss.h"
#include "core/segment/kernels/half_band.h"
#include "core/segment/local/local_threshold.h"
#include "core/segment/kernels/bands.h"
#include "core/segment/local/windows/gaussian_means.h"

namespace trine::segment {
namespace {

constexpr double kMostError = 0.4;
// Beyond it the rows that a band keeps take more memory than the step names.
constexpr int64_t kMostRadius = 40;
// Halving adds 3/4 to the variance, doubling as much [pixels^2].
constexpr double kVarianceOfBoth = 1.5;

// Weights of distance 0, 1, ... from the centre at half the size.
struct HalfWeights {
  std::vector<int16_t> weights;
  double error = std::numeric_limits<double>::infinity();

  int64_t radius() const { return static_cast<int64_t>(weights.size()) - 1; }
};

// The weights of all pixels in the mean of an even pixel, at `reach` + their distance from it;
// those of an odd one are the other way round.
struct Composite {
  int64_t reach = 0;
  std::vector<double> weights;

  explicit Composite(const std::vector<int16_t>& half) {
    const int64_t radius = static_cast<int64_t>(half.size()) - 1;
    reach = 2 * radius + 3;
    weights.assign(static_cast<size_t>(2 * reach + 1), 0.0);
    constexpr int kHalving[4] = {1, 3, 3, 1};
    for (int64_t j = -radius; j <= radius; ++j) {
      const int32_t weight = half[static_cast<size_t>(std::abs(j))];
      for (int64_t i = 0; i < 4; ++i) {
        const double part = weight * kHalving[i] / (32.0 * kGaussOne);
        weights[static_cast<size_t>(reach + 2 * j - 1 + i)] += 3 * part;
        weights[static_cast<size_t>(reach + 2 * (j - 1) - 1 + i)] += part;
      }
    }
  }
};

// How far a mean along one axis may be from that of the kernel [gray levels] where the first pixel
// that is there lies `first` from the centre: of values within 127.5 of 127.5, by what the weights
// differ.
double ErrorFrom(const Composite& composite, const std::vector<double>& kernel, int64_t first,
                 bool odd) {
  const int64_t radius = static_cast<int64_t>(kernel.size()) - 1;
  const int64_t last = std::max(composite.reach, radius);
  const auto composed = [&](int64_t d) {
    const int64_t at = composite.reach + (odd ? -d : d);
    return std::abs(d) > composite.reach ? 0.0 : composite.weights[static_cast<size_t>(at)];
  };
  const auto real = [&](int64_t d) {
    return std::abs(d) > radius ? 0.0 : kernel[static_cast<size_t>(std::abs(d))];
  };
  double total = 0, whole = 0, apart = 0;
  for (int64_t d = first; d <= last; ++d) {
    total += composed(d);
    whole += real(d);
  }
  for (int64_t d = first; d <= last; ++d) apart += std::fabs(composed(d) / total - real(d) / whole);
  return 127.5 * apart;
}

HalfWeights HalfWeightsOf(int64_t window, double sigma) {
  HalfWeights best;
  const std::vector<double> kernel = GaussianKernel(window / 2, sigma);
  const int64_t reach = std::min<int64_t>(window / 2, static_cast<int64_t>(std::ceil(4 * sigma)));
  const double variance = (sigma * sigma - kVarianceOfBoth) / 4;
  if (reach / 2 < 2 || reach / 2 > kMostRadius || !(variance > 1)) return best;
  // The kernel ends where the window does, that of the picture of half the size about there: the
  // last weight decides how near.
  for (int eighths = 4; eighths <= 10; ++eighths) {
    std::vector<double> sampled = GaussianKernel(reach / 2, std::sqrt(variance));
    sampled.back() *= eighths / 8.0;
    const std::vector<int16_t> weights = WordWeights(sampled);
    const Composite composite(weights);
    double inside = 0, most = 0;
    for (const bool odd : {false, true}) {
      inside = std::max(inside, ErrorFrom(composite, kernel, -composite.reach - window, odd));
      for (int64_t first = -composite.reach; first <= 0; ++first)
        most = std::max(most, ErrorFrom(composite, kernel, first, odd));
    }
    // Down the columns, where no border is near, and along the rows; both are rounded twice, to
    // 128ths, which a border makes twice as much.
    const double error = inside + std::max(inside, most) + 4.0 / 128;
    if (error < best.error) best = {weights, error};
  }
  return best;
}

// The pixels near the ends of a row: means as exact quotients, of sums that are doubled along both
// axes without rounding.
class RowSides {
 public:
  // Of a row's words: those of the left side, from word -1 on, then those of the right one.
  using Sums = std::vector<int32_t>;

  RowSides(const HalfRow& layout, const ByteGauss& gauss, double offset)
      : layout_(layout),
        gauss_(gauss),
        left_(static_cast<size_t>(layout.begin + 2)),
        right_(static_cast<size_t>(layout.LastWord() - layout.end + 2)) {
    std::vector<int16_t> ones(static_cast<size_t>(layout.words), 0);
    constexpr int kHalving[4] = {1, 3, 3, 1};
    for (int64_t at = -1; at <= layout.LastWord(); ++at) {
      for (int64_t i = 0; i < 4; ++i) {
        const int64_t x = 2 * at - 1 + i;
        if (x >= 0 && x < layout.width)
          ones[static_cast<size_t>(layout.first + at)] += static_cast<int16_t>(16 * kHalving[i]);
      }
    }
    const Sums sums = SumsOf(ones.data());
    ForPixels(sums, sums, [&](int64_t, int64_t norm) {
      norms_.push_back(norm);
      bounds_.push_back(FloorOfNegativeProduct(offset, norm));
    });
  }

  // At most 2^15 times 2^14.
  Sums SumsOf(const int16_t* words) const {
    Sums sums(left_ + right_);
    const auto side = [&](int64_t first, size_t count, int32_t* out) {
      for (int64_t d = -layout_.radius; d <= layout_.radius; ++d) {
        const int16_t* const from = words + layout_.first + first + d;
        const int32_t weight = gauss_.weights[std::abs(d)];
        for (size_t i = 0; i < count; ++i) out[i] += weight * from[i];
      }
    };
    side(-1, left_, sums.data());
    side(layout_.end - 1, right_, sums.data() + left_);
    return sums;
  }

  // Of a row whose words lie between those of two rows.
  void Decide(const Sums& near, const Sums& far, const uint8_t* row, uint8_t invert,
              uint8_t* mask) const {
    size_t at = 0;
    ForPixels(near, far, [&](int64_t x, int64_t sum) {
      const bool is = (int64_t{row[x]} - 128) * norms_[at] - sum > bounds_[at];
      mask[x] = static_cast<uint8_t>(is ? 255 : 0) ^ invert;
      ++at;
    });
  }

  int64_t Cost() const { return static_cast<int64_t>(left_ + right_) * (layout_.radius / 2 + 2); }

 private:
  // visit(x, weighted sum) of the pixels of both sides.
  template <typename Visit>
  void ForPixels(const Sums& near, const Sums& far, const Visit& visit) const {
    const auto side = [&](int64_t begin, int64_t end, int64_t first, size_t offset) {
      const auto down = [&](int64_t word) {
        const size_t at = offset + static_cast<size_t>(word - first);
        return 3 * int64_t{near[at]} + far[at];
      };
      for (int64_t x = begin; x < end; ++x)
        visit(x, 3 * down(x / 2) + down(x % 2 == 0 ? x / 2 - 1 : x / 2 + 1));
    };
    side(0, 2 * layout_.begin, -1, 0);
    side(2 * layout_.end, layout_.width, layout_.end - 1, left_);
  }

  const HalfRow& layout_;
  const ByteGauss& gauss_;
  size_t left_, right_;  // words of the sides
  std::vector<int64_t> norms_, bounds_;
};

}  // namespace

double HalfGaussError(int64_t window, double sigma) { return HalfWeightsOf(window, sigma).error; }

bool TakesHalfGauss(const Picture& gray, int64_t window, double sigma) {
  // Of smaller pictures the borders are too large a part.
  return TakesByteGauss(gray, window, sigma) && gray.width >= 4 * window + 128 &&
         gray.height >= 4 * window && HalfGaussError(window, sigma) <= kMostError;
}

absl::Status HalfGaussMask(const Context& context, const Picture& gray, int64_t window,
                           double sigma, double offset, bool invert, uint8_t* mask,
                           std::atomic<uint64_t>* set) {
  const HalfWeights half = HalfWeightsOf(window, sigma);
  std::vector<int16_t> padded = half.weights;
  padded.push_back(0);
  const ByteGauss gauss{padded.data(), half.weights.size() - 1};
  const HalfRow layout(half.radius(), gray.width);
  const int64_t begin = HalfRow::Begin(half.radius());
  const int64_t end = HalfRow::End(half.radius(), gray.height);
  for (const RowRange rows : {RowRange{0, 2 * begin}, RowRange{2 * end, gray.height}}) {
    TRINE_RETURN_IF_ERROR(
        ByteGaussMask(context, gray, window, sigma, offset, invert, rows, mask, set));
  }
  // The step's row names what does not depend on the window.
  TRINE_RETURN_IF_ERROR(context.Reserve(ThreadsOf(context) * HalfBand::Bytes(layout)));
  const RowSides sides(layout, gauss, offset);
  const int16_t bound =
      static_cast<int16_t>(std::clamp<int64_t>(FloorOfNegativeProduct(offset, 128), -32768, 32767));
  const uint8_t flip = invert ? 255 : 0;
  const size_t grain = (RowsOfBand(context, gray.height, gray.width, window) + 1) / 2;
  return ParallelFor(
      context, static_cast<size_t>(end - begin), grain,
      [&](size_t first, size_t last) -> absl::Status {
        Poller poll = PixelPoller(context);
        HalfBand band(gray, layout, gauss, BeyondHalf::kNothing);
        Scratch<int16_t> means = Scratch<int16_t>::Zeros(static_cast<size_t>(layout.words));
        const int64_t from = begin + static_cast<int64_t>(first);
        uint64_t marked = 0;
        TRINE_RETURN_IF_ERROR(band.Start(from, poll));
        RowSides::Sums before, near = sides.SumsOf(band.Down(from - 1)),
                               after = sides.SumsOf(band.Down(from));
        for (int64_t at = from; at < begin + static_cast<int64_t>(last); ++at) {
          TRINE_RETURN_IF_ERROR(band.Next(at + 1, poll));
          TRINE_RETURN_IF_ERROR(poll.Spend(sides.Cost()));
          before = std::exchange(near, std::exchange(after, sides.SumsOf(band.Down(at + 1))));
          for (const int64_t y : {2 * at, 2 * at + 1}) {
            const int64_t far = y % 2 == 0 ? at - 1 : at + 1;
            const uint8_t* const row = gray.data + y * gray.width;
            uint8_t* const out = mask + y * gray.width;
            TRINE_RETURN_IF_ERROR(ForPiecesOfWords(
                layout.first + layout.begin - 1, layout.first + layout.end + 1, 1, poll,
                [&](size_t piece, size_t end_of_piece) {
                  ExpandWords(band.Along(at), band.Along(far), piece, end_of_piece, means.data());
                }));
            TRINE_RETURN_IF_ERROR(ForPiecesOfWords(
                layout.begin, layout.end, 2, poll, [&](size_t piece, size_t end_of_piece) {
                  DecideHalved(means.data() + layout.first, row, bound, flip, piece, end_of_piece,
                               out);
                }));
            sides.Decide(near, y % 2 == 0 ? before : after, row, flip, out);
            TRINE_RETURN_IF_ERROR(AddSet(out, gray.width, poll, &marked));
          }
        }
        *set += marked;
        return absl::OkStatus();
      });
}

}  // namespace trine::segment
