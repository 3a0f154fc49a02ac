#include <optional>

#include "core/segment/filter/smooth/real_rows.h"
#include "core/segment/filter/smooth/smooth.h"
#include "core/segment/kernels/bands.h"
#include "core/segment/kernels/half_band.h"

namespace trine::segment {
namespace {

// From it on, and of sides of at least kLeastSide, pictures are halved first.
constexpr double kHalvingSigma = 5;
constexpr int64_t kLeastSide = 64;

// exp(-x) for x in [0, 18], of operations that are the same everywhere.
double NegativeExp(double x) {
  const double part = x / 16;
  double sum = 1;
  for (int term = 20; term >= 1; --term) sum = 1 - part / term * sum;
  for (int squared = 0; squared < 4; ++squared) sum *= sum;
  return sum;
}

template <typename F>
std::vector<F> GaussianWeights(double sigma) {
  const int64_t radius = static_cast<int64_t>(std::ceil(4 * sigma));
  std::vector<double> exact;
  double norm = 0;
  for (int64_t d = 0; d <= radius; ++d) {
    const double scaled = static_cast<double>(d) / sigma;
    exact.push_back(scaled > 6 ? 0 : NegativeExp(0.5 * scaled * scaled));
    norm += (d == 0 ? 1 : 2) * exact.back();
  }
  std::vector<F> out;
  out.reserve(exact.size());
  for (const double weight : exact) out.push_back(static_cast<F>(weight / norm));
  return out;
}

// How often a picture is halved, and the sigma that is left to do then [pixels of that size]: the
// variance of both ways, (4^times - 1) / 2, is taken off.
struct Halvings {
  int times = 0;
  double sigma = 0;
};
Halvings HalvingsOf(const Picture& gray, double sigma) {
  if (std::min(gray.height, gray.width) < kLeastSide) return {0, sigma};
  Halvings out;
  double side = 1;
  for (; sigma / side >= kHalvingSigma; side *= 2) ++out.times;
  out.sigma = std::sqrt((sigma * sigma - (side * side - 1) / 2) / (side * side));
  return out;
}

// A plane of half the size has a row and a column more on each side, which are border pixels.
int64_t HalfOf(int64_t side) { return (side + 1) / 2 + 2; }

// Row i of half the size is made of rows 2i - 3 to 2i. `rows` has Nearest(y).
template <typename F, typename Rows>
absl::Status HalveRows(Rows& rows, int64_t begin, int64_t end, Poller& poll, Plane<F>* out) {
  const int64_t width = rows.width(), half = out->width();
  constexpr int64_t kKept = 4;
  Plane<F> halves(kKept, half);
  Scratch<F> padded = MakeScratch<F>(width + 2 * kRowSlack);
  int64_t next = 2 * begin - 3;
  for (int64_t i = begin; i < end; ++i) {
    for (; next <= 2 * i; ++next) {
      TRINE_RETURN_IF_ERROR(poll.Spend(2 * width));
      const F* const row = rows.Nearest(next);
      std::copy(row, row + width, padded.data() + 3);
      std::fill(padded.data(), padded.data() + 3, row[0]);
      std::fill(padded.data() + 3 + width, padded.data() + padded.size(), row[width - 1]);
      ReduceColumns(padded.data(), half, halves.Row((next + kKept) % kKept));
    }
    const auto half_row = [&](int64_t y) { return halves.Row((y + kKept) % kKept); };
    ReduceRows(half_row(2 * i - 3), half_row(2 * i - 2), half_row(2 * i - 1), half_row(2 * i), half,
               out->Row(i));
  }
  return absl::OkStatus();
}

// Row y of the double size, of `width`. `near` has room for a row.
template <typename F>
void DoubleRow(const Plane<F>& half, int64_t y, int64_t width, F* near, F* out) {
  const int64_t middle = y / 2 + 1;
  ExpandRows(half.Nearest(middle), half.Nearest(y % 2 == 0 ? middle - 1 : middle + 1), half.width(),
             near);
  ExpandColumns(near, (width + 1) / 2, out);
}

// The values, or which pixels are inside, through all sizes down to the smallest, smoothed there
// and back to half of the picture's size.
template <typename T, typename F>
class Pyramid {
 public:
  Pyramid(const Context& context, const Picture& gray, RowKind kind, const Halvings& halvings)
      : context_(context), gray_(gray), kind_(kind), halvings_(halvings) {}

  absl::Status Make() {
    std::vector<Plane<F>> sizes;
    for (int time = 0; time < halvings_.times; ++time) {
      const int64_t height = time == 0 ? gray_.height : sizes.back().height();
      const int64_t width = time == 0 ? gray_.width : sizes.back().width();
      Plane<F> half(HalfOf(height), HalfOf(width));
      TRINE_RETURN_IF_ERROR(ForBands(half.height(), [&](int64_t begin, int64_t end, Poller& poll) {
        if (time > 0) {
          Source source{sizes.back()};
          return HalveRows(source, begin, end, poll, &half);
        }
        RecentRows<T, F> rows(gray_, kind_, 1);
        return HalveRows(rows, begin, end, poll, &half);
      }));
      sizes.push_back(std::move(half));
    }
    TRINE_RETURN_IF_ERROR(Smooth(&sizes.back()));
    while (sizes.size() > 1) {
      const Plane<F> half = std::move(sizes.back());
      sizes.pop_back();
      Plane<F>& whole = sizes.back();
      const absl::Status halved =
          ForBands(whole.height(), [&](int64_t begin, int64_t end, Poller& poll) {
            Plane<F> near(1, half.width());
            for (int64_t y = begin; y < end; ++y) {
              TRINE_RETURN_IF_ERROR(poll.Spend(2 * whole.width()));
              DoubleRow(half, y, whole.width(), near.Row(0), whole.Row(y));
            }
            return absl::OkStatus();
          });
      TRINE_RETURN_IF_ERROR(halved);
    }
    half_.emplace(std::move(sizes.back()));
    return absl::OkStatus();
  }

  const Plane<F>& half() const { return *half_; }

 private:
  struct Source {
    const Plane<F>& plane;
    const F* Nearest(int64_t y) const { return plane.Nearest(y); }
    int64_t width() const { return plane.width(); }
  };

  absl::Status ForBands(int64_t height,
                        absl::FunctionRef<absl::Status(int64_t, int64_t, Poller&)> body) const {
    return ParallelFor(context_, static_cast<size_t>(height), 64, [&](size_t begin, size_t end) {
      Poller poll = PixelPoller(context_);
      return body(static_cast<int64_t>(begin), static_cast<int64_t>(end), poll);
    });
  }

  absl::Status Smooth(Plane<F>* plane) {
    const std::vector<F> weights = GaussianWeights<F>(halvings_.sigma);
    Plane<F> out(plane->height(), plane->width());
    const absl::Status doubled =
        ForBands(plane->height(), [&](int64_t begin, int64_t end, Poller& poll) -> absl::Status {
          SeparableRow<F> row(weights, plane->width());
          for (int64_t y = begin; y < end; ++y)
            TRINE_RETURN_IF_ERROR(row.Weigh(*plane, y, poll, out.Row(y)));
          return absl::OkStatus();
        });
    TRINE_RETURN_IF_ERROR(doubled);
    *plane = std::move(out);
    return absl::OkStatus();
  }

  const Context& context_;
  const Picture& gray_;
  RowKind kind_;
  Halvings halvings_;
  std::optional<Plane<F>> half_;
};

template <typename T>
absl::Status SmoothHalved(const Context& context, const Picture& gray, const Halvings& halvings,
                          uint8_t* out) {
  using F = RealOf<T>;
  const bool masked = gray.inside != nullptr;
  Pyramid<T, F> values(context, gray, RowKind::kValues, halvings);
  Pyramid<T, F> insides(context, gray, RowKind::kInside, halvings);
  TRINE_RETURN_IF_ERROR(values.Make());
  if (masked) TRINE_RETURN_IF_ERROR(insides.Make());
  return ParallelFor(
      context, static_cast<size_t>(gray.height), RowGrain(gray.width),
      [&](size_t begin, size_t end) -> absl::Status {
        Poller poll = PixelPoller(context);
        Plane<F> rows(3, gray.width + 8);
        for (int64_t y = static_cast<int64_t>(begin); y < static_cast<int64_t>(end); ++y) {
          TRINE_RETURN_IF_ERROR(poll.Spend(2 * gray.width));
          DoubleRow(values.half(), y, gray.width, rows.Row(0), rows.Row(1));
          if (masked) DoubleRow(insides.half(), y, gray.width, rows.Row(0), rows.Row(2));
          TRINE_RETURN_IF_ERROR(WriteRow<T>(gray, y, poll, rows.Row(1), rows.Row(2), out));
        }
        return absl::OkStatus();
      });
}

// Bytes of which every one counts, halved once: by integers.
bool TakesWords(const Picture& gray, const Halvings& halvings) {
  return gray.dtype == DType::kUint8 && gray.inside == nullptr && halvings.times == 1 &&
         gray.width >= 2 * int64_t{kLeastGaussWords};
}

absl::Status SmoothWords(const Context& context, const Picture& gray, double sigma, uint8_t* out) {
  std::vector<int16_t> weights = WordWeights(GaussianWeights<double>(sigma));
  const HalfRow layout(static_cast<int64_t>(weights.size()) - 1, gray.width);
  weights.push_back(0);
  const ByteGauss gauss{weights.data(), static_cast<size_t>(layout.radius)};
  const int64_t window = 2 * (2 * layout.radius + 1);
  const size_t grain = (RowsOfBand(context, gray.height, gray.width, window) + 1) / 2;
  return ParallelFor(
      context, static_cast<size_t>((gray.height + 1) / 2), grain,
      [&](size_t begin, size_t end) -> absl::Status {
        Poller poll = PixelPoller(context);
        HalfBand band(gray, layout, gauss, BeyondHalf::kNearest);
        Scratch<int16_t> means = MakeScratch<int16_t>(layout.words);
        // Of an odd width the last word makes a pixel of the next row.
        const bool is_odd = gray.width % 2 != 0;
        Scratch<uint8_t> padded = MakeScratch<uint8_t>(is_odd ? gray.width + 1 : 0);
        TRINE_RETURN_IF_ERROR(band.Start(static_cast<int64_t>(begin), poll));
        for (int64_t at = static_cast<int64_t>(begin); at < static_cast<int64_t>(end); ++at) {
          TRINE_RETURN_IF_ERROR(band.Next(at + 1, poll));
          for (int64_t y = 2 * at; y < std::min(2 * at + 2, gray.height); ++y) {
            const int16_t* const far = band.Along(y % 2 == 0 ? at - 1 : at + 1);
            TRINE_RETURN_IF_ERROR(
                ForPiecesOfWords(layout.first - 1, layout.first + layout.LastWord() + 1, 1, poll,
                                 [&](size_t first, size_t last) {
                                   ExpandWords(band.Along(at), far, first, last, means.data());
                                 }));
            uint8_t* const row = out + y * gray.width;
            uint8_t* const pixels = is_odd ? padded.data() : row;
            TRINE_RETURN_IF_ERROR(
                ForPiecesOfWords(0, (gray.width + 1) / 2, 1, poll, [&](size_t first, size_t last) {
                  StoreHalved(means.data() + layout.first, first, last, pixels);
                }));
            if (is_odd) std::copy_n(pixels, gray.width, row);
          }
        }
        return absl::OkStatus();
      });
}

}  // namespace

absl::Status SmoothGaussian(const Context& context, const Picture& gray, double sigma,
                            uint8_t* out) {
  const Halvings halvings = HalvingsOf(gray, sigma);
  if (TakesWords(gray, halvings)) return SmoothWords(context, gray, halvings.sigma, out);
  return WithPixelType(gray.dtype, [&](auto type) {
    using T = decltype(type);
    if (halvings.times > 0) return SmoothHalved<T>(context, gray, halvings, out);
    return WeighPicture<T>(context, gray, GaussianWeights<RealOf<T>>(sigma), out);
  });
}

absl::Status SmoothBinomial(const Context& context, const Picture& gray, int64_t radius,
                            uint8_t* out) {
  // Row 2 radius of Pascal's triangle; exact below 2^53, then rounded in its order.
  std::vector<double> row = {1};
  for (int64_t n = 1; n <= 2 * radius; ++n) {
    row.push_back(0);
    for (size_t k = row.size() - 1; k >= 1; --k) row[k] = (row[k] + row[k - 1]) / 2;
    row[0] /= 2;
  }
  const std::vector<double> weights(row.begin() + radius, row.end());
  return WithPixelType(gray.dtype, [&](auto type) {
    return WeighPicture<decltype(type)>(context, gray, weights, out);
  });
}

}  // namespace trine::segment
