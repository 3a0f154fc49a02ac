#include <array>
#include <cmath>
#include <vector>

#include "core/segment/filter/background/background.h"

namespace trine::segment {
namespace {

constexpr size_t kMostTerms = (kMostDegree + 1) * (kMostDegree + 2) / 2;
constexpr size_t kPowers = 2 * kMostDegree + 1;

// Powers of x^i y^j with i + j <= degree.
struct Term {
  size_t x = 0, y = 0;
};
std::vector<Term> TermsOf(int64_t degree) {
  std::vector<Term> out;
  for (size_t sum = 0; sum <= static_cast<size_t>(degree); ++sum) {
    for (size_t y = 0; y <= sum; ++y) out.push_back({sum - y, y});
  }
  return out;
}

// From -1 to 1 over the longer side, 0 in the middle.
struct Axes {
  double height, width, scale;

  explicit Axes(const Picture& gray)
      : height(static_cast<double>(gray.height - 1)),
        width(static_cast<double>(gray.width - 1)),
        scale(1 / std::max({height, width, 1.0})) {}
  double X(int64_t x) const { return (2 * static_cast<double>(x) - width) * scale; }
  double Y(int64_t y) const { return (2 * static_cast<double>(y) - height) * scale; }
};

// Sums over pixels inside: of x^i y^j, and of the value times x^i y^j.
struct Moments {
  std::array<std::array<double, kPowers>, kPowers> powers{};  // [y][x]
  std::array<std::array<double, kMostDegree + 1>, kMostDegree + 1> values{};

  void Add(const Moments& other) {
    for (size_t j = 0; j < kPowers; ++j) {
      for (size_t i = 0; i < kPowers; ++i) powers[j][i] += other.powers[j][i];
    }
    for (size_t j = 0; j <= kMostDegree; ++j) {
      for (size_t i = 0; i <= kMostDegree; ++i) values[j][i] += other.values[j][i];
    }
  }
};

// Of a row, which is y^0 of the moments.
template <typename T>
absl::Status AddRow(const Picture& gray, const Axes& axes, int64_t y, Poller& poll, Moments* out) {
  std::array<double, kPowers> powers{};
  std::array<double, kMostDegree + 1> values{};
  for (int64_t x = 0; x < gray.width; ++x) {
    if (x % 4096 == 0) TRINE_RETURN_IF_ERROR(poll.Spend(16 * 4096));
    const int64_t pixel = y * gray.width + x;
    if (!gray.Contains(pixel)) continue;
    const double value = static_cast<double>(PixelAt<T>(gray.data, pixel)), at = axes.X(x);
    double power = 1;
    for (size_t i = 0; i < kPowers; ++i, power *= at) {
      powers[i] += power;
      if (i <= kMostDegree) values[i] += power * value;
    }
  }
  double power = 1;
  for (size_t j = 0; j < kPowers; ++j, power *= axes.Y(y)) {
    for (size_t i = 0; i < kPowers; ++i) out->powers[j][i] += power * powers[i];
    if (j > kMostDegree) continue;
    for (size_t i = 0; i <= kMostDegree; ++i) out->values[j][i] += power * values[i];
  }
  return absl::OkStatus();
}

// Sums of ranges of rows that do not depend on the threads, added in their order.
template <typename T>
absl::StatusOr<Moments> MomentsOf(const Context& context, const Picture& gray, const Axes& axes) {
  const size_t grain =
      std::max(RowGrain(gray.width), static_cast<size_t>((gray.height + 255) / 256));
  std::vector<Moments> parts((static_cast<size_t>(gray.height) + grain - 1) / grain);
  TRINE_RETURN_IF_ERROR(
      ParallelFor(context, static_cast<size_t>(gray.height), grain, [&](size_t begin, size_t end) {
        Poller poll = PixelPoller(context);
        absl::Status status;
        for (size_t y = begin; y < end && status.ok(); ++y)
          status = AddRow<T>(gray, axes, static_cast<int64_t>(y), poll, &parts[begin / grain]);
        return status;
      }));
  Moments out;
  for (const Moments& part : parts) out.Add(part);
  return out;
}

// The coefficients of the terms by elimination; 0 of terms that the ones before them say already,
// as on a picture of one row.
std::vector<double> Solve(const Moments& moments, const std::vector<Term>& terms) {
  const size_t n = terms.size();
  std::array<std::array<double, kMostTerms + 1>, kMostTerms> rows{};
  for (size_t r = 0; r < n; ++r) {
    for (size_t c = 0; c < n; ++c)
      rows[r][c] = moments.powers[terms[r].y + terms[c].y][terms[r].x + terms[c].x];
    rows[r][n] = moments.values[terms[r].y][terms[r].x];
  }
  std::array<bool, kMostTerms> used{};
  for (size_t k = 0; k < n; ++k) {
    const double own = moments.powers[2 * terms[k].y][2 * terms[k].x];
    used[k] = rows[k][k] > 1e-10 * own;  // what the terms before it leave of its square
    if (!used[k]) continue;
    for (size_t r = k + 1; r < n; ++r) {
      const double factor = rows[r][k] / rows[k][k];
      for (size_t c = k; c <= n; ++c) rows[r][c] -= factor * rows[k][c];
    }
  }
  std::vector<double> out(n, 0);
  for (size_t k = n; k-- > 0;) {
    if (!used[k]) continue;
    double rest = rows[k][n];
    for (size_t c = k + 1; c < n; ++c) rest -= rows[k][c] * out[c];
    out[k] = rest / rows[k][k];
  }
  return out;
}

template <typename T>
absl::Status Subtract(const Context& context, const Picture& gray, int64_t degree, uint8_t* out) {
  const Axes axes(gray);
  TRINE_ASSIGN_OR_RETURN(const Moments moments, MomentsOf<T>(context, gray, axes));
  const std::vector<Term> terms = TermsOf(degree);
  const std::vector<double> factors = Solve(moments, terms);
  const double count = moments.powers[0][0];
  const double mean = count > 0 ? moments.values[0][0] / count : 0;
  const auto body = [&](size_t begin, size_t end) -> absl::Status {
    Poller poll = PixelPoller(context);
    for (int64_t y = static_cast<int64_t>(begin); y < static_cast<int64_t>(end); ++y) {
      std::array<double, kMostDegree + 1> along{};  // of x^i in this row
      std::array<double, kMostDegree + 1> powers{1};
      for (size_t j = 1; j < powers.size(); ++j) powers[j] = powers[j - 1] * axes.Y(y);
      for (size_t k = 0; k < terms.size(); ++k)
        along[terms[k].x] += factors[k] * powers[terms[k].y];
      for (int64_t x = 0; x < gray.width; ++x) {
        if (x % 4096 == 0) TRINE_RETURN_IF_ERROR(poll.Spend(8 * 4096));
        const int64_t i = y * gray.width + x;
        T value = PixelAt<T>(gray.data, i);
        if (gray.Contains(i)) {
          const double at = axes.X(x);
          const double surface = ((along[3] * at + along[2]) * at + along[1]) * at + along[0];
          const double stays = static_cast<double>(value) - surface + mean;
          if constexpr (std::is_integral_v<T>) {
            const double most = static_cast<double>(std::numeric_limits<T>::max());
            value = static_cast<T>(std::clamp(std::floor(stays + 0.5), 0.0, most));
          } else {
            value = Saturated<T>(gray.whole ? std::floor(stays + 0.5) : stays);
          }
        }
        StoreLE<T>(out + i * static_cast<int64_t>(sizeof(T)), value);
      }
    }
    return absl::OkStatus();
  };
  return ParallelFor(context, static_cast<size_t>(gray.height), RowGrain(gray.width), body);
}

}  // namespace

absl::Status SubtractPolynomial(const Context& context, const Picture& gray, int64_t degree,
                                uint8_t* out) {
  return WithPixelType(
      gray.dtype, [&](auto type) { return Subtract<decltype(type)>(context, gray, degree, out); });
}

}  // namespace trine::segment
