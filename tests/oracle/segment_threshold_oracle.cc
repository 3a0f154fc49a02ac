#include <gmpxx.h>

#include <cmath>
#include <cstdlib>
#include <functional>

#include "tests/oracle/segment_oracle.h"

namespace trine::oracle {
namespace {

mpz_class Big(uint64_t value) {
  mpz_class out;
  mpz_import(out.get_mpz_t(), 1, 1, sizeof(value), 0, 0, &value);
  return out;
}

// S^2 / w of bins [begin, end); the sum over classes is what Otsu's criterion maximises.
mpq_class Term(const std::vector<uint64_t>& counts, int begin, int end) {
  mpz_class weight = 0, sum = 0;
  for (int i = begin; i < end; ++i) {
    weight += Big(counts[static_cast<size_t>(i)]);
    sum += Big(counts[static_cast<size_t>(i)]) * i;
  }
  if (weight == 0) return -1;  // an empty class: not a partition
  mpq_class out(sum * sum, weight);
  out.canonicalize();
  return out;
}

struct Search {
  const std::vector<uint64_t>& counts;
  int classes;
  std::vector<int> current, best;
  mpq_class best_value = -1;

  void From(int begin, const mpq_class& value) {
    const int bins = static_cast<int>(counts.size());
    if (static_cast<int>(current.size()) == classes - 1) {
      const mpq_class last = Term(counts, begin, bins);
      if (last < 0 || value + last <= best_value) return;
      best_value = value + last;
      best = current;
      return;
    }
    for (int cut = begin; cut + 1 < bins; ++cut) {
      if (counts[static_cast<size_t>(cut)] == 0) continue;  // the same partition as a lower cut
      current.push_back(cut);
      From(cut + 1, value + Term(counts, begin, cut + 1));
      current.pop_back();
    }
  }
};

}  // namespace

std::pair<int, int> OtsuPlateau(const std::vector<uint64_t>& counts) {
  const int bins = static_cast<int>(counts.size());
  std::pair<int, int> plateau;
  // With prefix sums, so that 65536 bins are bearable: D^2 / (w0 w1).
  mpz_class total = 0, sum = 0, weight = 0, below = 0;
  for (int i = 0; i < bins; ++i) {
    total += Big(counts[static_cast<size_t>(i)]);
    sum += Big(counts[static_cast<size_t>(i)]) * i;
  }
  mpz_class best_numerator = -1, best_denominator = 1;
  for (int t = 0; t < bins; ++t) {
    weight += Big(counts[static_cast<size_t>(t)]);
    below += Big(counts[static_cast<size_t>(t)]) * t;
    if (weight == 0 || weight == total) continue;
    const mpz_class d = total * below - weight * sum;
    const mpz_class numerator = d * d, denominator = weight * (total - weight);
    const mpz_class left = numerator * best_denominator, right = best_numerator * denominator;
    if (left < right) continue;
    if (left > right) {
      best_numerator = numerator;
      best_denominator = denominator;
      plateau.first = t;
    }
    plateau.second = t;
  }
  return plateau;
}

std::vector<int> MultiOtsuThresholds(const std::vector<uint64_t>& counts, int classes) {
  Search search{counts, classes, {}, {}};
  search.From(0, 0);
  return search.best;
}

std::vector<size_t> MultiOtsuCuts(const std::vector<double>& values,
                                  const std::vector<uint64_t>& counts, int classes) {
  const size_t n = values.size();
  std::vector<size_t> ends(static_cast<size_t>(classes)), best;
  mpq_class best_value;
  const std::function<void(size_t, size_t, const mpq_class&)> from = [&](size_t part, size_t begin,
                                                                         const mpq_class& value) {
    if (part == ends.size()) {
      if (begin != n || (!best.empty() && value <= best_value)) return;
      best = ends;
      best_value = value;
      return;
    }
    mpz_class weight = 0;
    mpq_class sum = 0;
    for (size_t end = begin; end < n; ++end) {
      weight += Big(counts[end]);
      sum += mpq_class(values[end]) * Big(counts[end]);
      ends[part] = end;
      from(part + 1, end + 1, value + sum * sum / weight);
    }
  };
  from(0, 0, 0);
  best.pop_back();
  return best;
}

Mask LocalMean(const Grid<uint16_t>& gray, const Mask& inside, const std::vector<uint64_t>& weights,
               double offset) {
  Mask out(gray.height, gray.width);
  const int radius = static_cast<int>(weights.size()) - 1;
  for (int y = 0; y < gray.height; ++y) {
    for (int x = 0; x < gray.width; ++x) {
      if (inside.at(y, x) == 0) continue;
      mpz_class sum = 0, norm = 0;
      for (int dy = -radius; dy <= radius; ++dy) {
        for (int dx = -radius; dx <= radius; ++dx) {
          if (!gray.Has(y + dy, x + dx) || inside.at(y + dy, x + dx) == 0) continue;
          const mpz_class weight = Big(weights[static_cast<size_t>(std::abs(dy))]) *
                                   Big(weights[static_cast<size_t>(std::abs(dx))]);
          sum += weight * gray.at(y + dy, x + dx);
          norm += weight;
        }
      }
      const mpq_class threshold = mpq_class(sum) / mpq_class(norm) - mpq_class(offset);
      out.at(y, x) = mpq_class(gray.at(y, x)) > threshold ? 255 : 0;
    }
  }
  return out;
}

Mask LocalSauvola(const Grid<uint16_t>& gray, const Mask& inside, int window, double k, double r) {
  Mask out(gray.height, gray.width);
  const int radius = window / 2;
  for (int y = 0; y < gray.height; ++y) {
    for (int x = 0; x < gray.width; ++x) {
      if (inside.at(y, x) == 0) continue;
      mpz_class sum = 0, square = 0, n = 0;
      for (int dy = -radius; dy <= radius; ++dy) {
        for (int dx = -radius; dx <= radius; ++dx) {
          if (!gray.Has(y + dy, x + dx) || inside.at(y + dy, x + dx) == 0) continue;
          const mpz_class value = gray.at(y + dy, x + dx);
          sum += value;
          square += value * value;
          n += 1;
        }
      }
      const mpz_class scaled = n * square - sum * sum;
      const double mean = sum.get_d() / n.get_d();
      const double deviation = std::sqrt(scaled.get_d()) / n.get_d();
      const double threshold = mean * (1.0 + k * (deviation / r - 1.0));
      out.at(y, x) = gray.at(y, x) > threshold ? 255 : 0;
    }
  }
  return out;
}

}  // namespace trine::oracle
