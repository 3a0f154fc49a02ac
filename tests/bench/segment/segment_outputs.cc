#include "tests/bench/segment/segment_outputs.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <unordered_map>
#include <utility>

namespace trine::bench {
namespace {

// Of distances, relative, and of measures: what another order of sums makes.
constexpr double kDistanceError = 1e-5;
constexpr double kMeasureError = 1e-6;

template <typename T>
void Put(T value, Output* out) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(&value);
  out->insert(out->end(), bytes, bytes + sizeof(T));
}

template <typename T>
std::vector<T> NumbersOf(const Output& output) {
  std::vector<T> out(output.size() / sizeof(T));
  std::memcpy(out.data(), output.data(), out.size() * sizeof(T));
  return out;
}

Output BytesOf(const Tensor& map) { return {map.data.begin(), map.data.end()}; }

Output RegionsOf(const segment::Result& result, bool with_intensity) {
  Output out;
  for (const segment::Region& region : result.regions) {
    for (const int64_t number :
         {region.area, region.min_y, region.min_x, region.max_y, region.max_x})
      Put(static_cast<double>(number), &out);
    Put(region.centroid_y, &out);
    Put(region.centroid_x, &out);
    if (with_intensity) Put(region.mean_intensity, &out);
  }
  return out;
}

Output ContoursOf(const segment::Result& result) {
  Output out;
  for (const segment::Contour& contour : result.contours) {
    for (const int64_t number : {contour.next, contour.previous, contour.child, contour.parent,
                                 static_cast<int64_t>(contour.points.size())})
      Put(static_cast<int32_t>(number), &out);
    for (const segment::Point& point : contour.points) {
      Put(point.y, &out);
      Put(point.x, &out);
    }
  }
  return out;
}

// Pixels of each pair that are not of the label's most frequent partner.
size_t Strays(const std::unordered_map<uint64_t, size_t>& pairs, int shift) {
  std::unordered_map<uint32_t, std::pair<size_t, size_t>> most_and_all;
  for (const auto& [pair, count] : pairs) {
    auto& [most, all] = most_and_all[static_cast<uint32_t>(pair >> shift)];
    most = std::max(most, count);
    all += count;
  }
  size_t strays = 0;
  for (const auto& [label, counts] : most_and_all) strays += counts.second - counts.first;
  return strays;
}

double PartitionsDiffer(const std::vector<int32_t>& ours, const std::vector<int32_t>& theirs) {
  std::unordered_map<uint64_t, size_t> pairs;
  size_t background = 0;  // of one alone
  for (size_t i = 0; i < ours.size(); ++i) {
    if (theirs[i] < 0) continue;
    if ((ours[i] == 0) != (theirs[i] == 0)) ++background;
    if (ours[i] == 0 || theirs[i] == 0) continue;
    ++pairs[uint64_t{static_cast<uint32_t>(ours[i])} << 32 | static_cast<uint32_t>(theirs[i])];
  }
  return static_cast<double>(background + std::max(Strays(pairs, 0), Strays(pairs, 32))) /
         static_cast<double>(ours.size());
}

double RowsDiffer(size_t columns, const std::vector<double>& ours,
                  const std::vector<double>& theirs) {
  const auto sorted = [&](const std::vector<double>& numbers) {
    std::vector<std::vector<int64_t>> rows;
    for (size_t i = 0; i + columns <= numbers.size(); i += columns) {
      std::vector<int64_t>& row = rows.emplace_back();
      for (size_t k = 0; k < columns; ++k)
        row.push_back(std::llround(numbers[i + k] / kMeasureError));
    }
    std::sort(rows.begin(), rows.end());
    return rows;
  };
  const auto a = sorted(ours), b = sorted(theirs);
  size_t differ = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    const bool is_same = std::equal(a[i].begin(), a[i].end(), b[i].begin(),
                                    [](int64_t x, int64_t y) { return std::abs(x - y) <= 1; });
    differ += is_same ? 0 : 1;
  }
  return static_cast<double>(differ) / static_cast<double>(std::max<size_t>(a.size(), 1));
}

template <typename T, typename IsSame>
double NumbersDiffer(const std::vector<T>& ours, const std::vector<T>& theirs, IsSame is_same) {
  size_t differ = 0;
  for (size_t i = 0; i < ours.size(); ++i) differ += is_same(ours[i], theirs[i]) ? 0 : 1;
  return static_cast<double>(differ) / static_cast<double>(std::max<size_t>(ours.size(), 1));
}

}  // namespace

Output OutputOf(const segment::Result& result, Form form) {
  switch (form) {
    case Form::kForeground:
      return BytesOf(*result.mask);
    case Form::kLabels:
      return BytesOf(*result.labels);
    case Form::kDistance:
      return BytesOf(*result.distance);
    case Form::kBoxes:
    case Form::kMeasures:
      return RegionsOf(result, form == Form::kMeasures);
    case Form::kContours:
      break;
  }
  return ContoursOf(result);
}

double DifferingPart(Form form, const Output& ours, const Output& theirs) {
  if (ours.size() != theirs.size()) return 1;
  switch (form) {
    case Form::kForeground:
      return NumbersDiffer(ours, theirs, [](uint8_t x, uint8_t y) { return (x != 0) == (y != 0); });
    case Form::kLabels:
      return PartitionsDiffer(NumbersOf<int32_t>(ours), NumbersOf<int32_t>(theirs));
    case Form::kDistance:
      return NumbersDiffer(NumbersOf<float>(ours), NumbersOf<float>(theirs), [](float x, float y) {
        return std::abs(x - y) <= kDistanceError * std::abs(x);
      });
    case Form::kBoxes:
      return RowsDiffer(7, NumbersOf<double>(ours), NumbersOf<double>(theirs));
    case Form::kMeasures:
      return RowsDiffer(8, NumbersOf<double>(ours), NumbersOf<double>(theirs));
    case Form::kContours:
      break;
  }
  return NumbersDiffer(NumbersOf<int32_t>(ours), NumbersOf<int32_t>(theirs),
                       [](int32_t x, int32_t y) { return x == y; });
}

}  // namespace trine::bench
