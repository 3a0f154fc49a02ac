#include "core/segment/regions/measure.h"

#include <algorithm>
#include <type_traits>

#include "core/segment/pixel_sums.h"
#include "core/segment/regions/label_numbers.h"

namespace trine::segment {
namespace {

template <typename T>
struct Sums {
  Region region;
  uint64_t y = 0, x = 0;  // below 2^60: fewer than 2^30 pixels, coordinates below 2^30
  PixelSum<T> intensity{};
};

struct LabelSlot {
  int64_t label = 0;
  size_t slot = 0;
};

// A merge sort by label, in pieces between polls: std::sort takes 270 ms for 2^22 labels.
absl::Status SortByLabel(Scratch<LabelSlot>& slots, Poller& poll) {
  constexpr size_t kPiece = 4096;
  const auto less = [](const LabelSlot& a, const LabelSlot& b) { return a.label < b.label; };
  const auto at = [&](size_t i) {
    return slots.begin() + static_cast<int64_t>(std::min(i, slots.size()));
  };
  for (size_t i = 0; i < slots.size(); i += kPiece) {
    TRINE_RETURN_IF_ERROR(poll.Spend(kPiece * 16));
    std::sort(at(i), at(i + kPiece), less);
  }
  Scratch<LabelSlot> merged = Scratch<LabelSlot>::ForOverwrite(slots.size());
  for (size_t run = kPiece; run < slots.size(); run *= 2) {
    LabelSlot* to = merged.begin();
    for (size_t i = 0; i < slots.size(); i += 2 * run) {
      auto a = at(i), b = at(i + run);
      const auto a_end = b, b_end = at(i + 2 * run);
      while (a != a_end || b != b_end) {
        TRINE_RETURN_IF_ERROR(poll.Spend(4));
        const bool from_a = b == b_end || (a != a_end && !less(*b, *a));
        *to++ = from_a ? *a++ : *b++;
      }
    }
    slots.swap(merged);
  }
  return absl::OkStatus();
}

template <typename T>
absl::StatusOr<std::vector<Region>> Measure(const Context& context, const Picture& gray,
                                            const int32_t* labels, uint64_t most_labels,
                                            std::string_view field) {
  // Sums, a slot of the table, the sort and its copy, and the region.
  constexpr uint64_t kLabelBytes =
      sizeof(Sums<T>) + LabelNumbers::kBytes + 2 * sizeof(LabelSlot) + sizeof(Region);
  most_labels =
      std::min({context.limits->max_regions, static_cast<uint64_t>(gray.pixels()), most_labels});
  TRINE_RETURN_IF_ERROR(context.Reserve(most_labels * kLabelBytes));
  // Room for all there can be: what is not touched costs nothing, a copy to grow would not poll.
  auto all = Scratch<Sums<T>>::ForOverwrite(static_cast<size_t>(most_labels));
  size_t count = 0;
  LabelNumbers numbers(most_labels);
  Poller poll = PixelPoller(context);
  for (int64_t y = 0; y < gray.height; ++y) {
    for (int64_t x = 0; x < gray.width; ++x) {
      if (x % 1024 == 0)
        TRINE_RETURN_IF_ERROR(poll.Spend(8 * std::min<int64_t>(1024, gray.width - x)));
      const int64_t i = y * gray.width + x;
      const int32_t label = labels[i];
      if (label == 0) continue;
      const size_t slot = numbers.Of(label);
      if (slot == count) {
        if (count >= most_labels)
          return LimitExceeded(field, count + 1, "max_regions", context.limits->max_regions);
        all[count] = Sums<T>{};
        all[count++].region = {label, 0, y, x, y + 1, x + 1};
      }
      Sums<T>& sums = all[slot];
      Region& region = sums.region;
      ++region.area;
      region.min_x = std::min(region.min_x, x);
      region.max_x = std::max(region.max_x, x + 1);
      region.max_y = y + 1;
      sums.y += static_cast<uint64_t>(y);
      sums.x += static_cast<uint64_t>(x);
      sums.intensity = sums.intensity + SumOf<T>(PixelAt<T>(gray.data, i));
    }
  }
  auto slots = Scratch<LabelSlot>::ForOverwrite(count);
  for (size_t i = 0; i < count; ++i) {
    TRINE_RETURN_IF_ERROR(poll.Spend(4));
    slots[i] = {all[i].region.label, i};
  }
  TRINE_RETURN_IF_ERROR(SortByLabel(slots, poll));
  std::vector<Region> regions;
  ReserveLong(count, &regions);
  for (const LabelSlot& sorted : slots) {
    TRINE_RETURN_IF_ERROR(poll.Spend(16));
    Sums<T>& sums = all[sorted.slot];
    const double area = static_cast<double>(sums.region.area);
    sums.region.centroid_y = static_cast<double>(sums.y) / area;
    sums.region.centroid_x = static_cast<double>(sums.x) / area;
    if constexpr (std::is_integral_v<T>) {
      sums.region.mean_intensity = MeanFrom(gray.origin, sums.intensity, sums.region.area);
    } else {
      sums.region.mean_intensity = (sums.intensity / DoubleDouble(area)).value();
    }
    regions.push_back(sums.region);
  }
  return regions;
}

}  // namespace

absl::StatusOr<std::vector<Region>> MeasureRegions(const Context& context, const Picture& gray,
                                                   const int32_t* labels, uint64_t most_labels,
                                                   std::string_view field) {
  return WithPixelType(gray.dtype, [&](auto type) {
    return Measure<decltype(type)>(context, gray, labels, most_labels, field);
  });
}

}  // namespace trine::segment
