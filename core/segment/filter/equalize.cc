#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/segment/filter/contrast.h"
#include "core/segment/filter/libraries/libraries.h"
#include "core/segment/filter/libraries/library.h"
#include "core/segment/kernels/border.h"

namespace trine::segment {
namespace {

// One axis: the tiles' length, and for each pixel its two tables and the weight of the second.
struct TileAxis {
  struct Place {
    int64_t first, second;
    float weight;
  };
  int64_t tiles, length;

  TileAxis(int64_t pixels, int64_t tiles_along, bool even)
      : tiles(tiles_along),
        length((even ? pixels : pixels + tiles_along - pixels % tiles_along) / tiles_along) {}
  Place At(int64_t i) const {
    const float place = static_cast<float>(i) * (1.0f / static_cast<float>(length)) - 0.5f;
    const int64_t first = place < 0 ? -1 : static_cast<int64_t>(place);  // at least -0.5
    return {std::max<int64_t>(first, 0), std::min(first + 1, tiles - 1),
            place - static_cast<float>(first)};
  }
};

// Counts above the limit are cut and given to all bins alike, the rest to bins in even steps.
void ClipCounts(int64_t limit, std::vector<int64_t>& counts) {
  const int64_t bins = static_cast<int64_t>(counts.size());
  int64_t clipped = 0;
  for (int64_t& count : counts) {
    clipped += std::max<int64_t>(0, count - limit);
    count = std::min(count, limit);
  }
  for (int64_t& count : counts) count += clipped / bins;
  const int64_t rest = clipped % bins;
  if (rest == 0) return;
  const int64_t step = std::max<int64_t>(bins / rest, 1);
  for (int64_t k = 0; k < rest && k * step < bins; ++k) ++counts[static_cast<size_t>(k * step)];
}

template <typename T>
T RoundedTo(float value) {
  const float most = static_cast<float>(std::numeric_limits<T>::max());
  return static_cast<T>(std::nearbyint(std::fmin(std::fmax(value, 0.0f), most)));  // ties to even
}

template <typename T>
void MakeTable(double clip_limit, int64_t pixels, std::vector<int64_t>& counts, T* table) {
  const int64_t bins = static_cast<int64_t>(counts.size());
  if (pixels == 0) {
    for (int64_t i = 0; i < bins; ++i) table[i] = static_cast<T>(i);
    return;
  }
  if (clip_limit > 0) {
    const double limit = clip_limit * static_cast<double>(pixels) / static_cast<double>(bins);
    ClipCounts(std::max<int64_t>(static_cast<int64_t>(limit), 1), counts);
  }
  const float scale = static_cast<float>(bins - 1) / static_cast<float>(pixels);
  int64_t sum = 0;
  for (int64_t i = 0; i < bins; ++i) {
    sum += counts[static_cast<size_t>(i)];
    table[i] = RoundedTo<T>(static_cast<float>(sum) * scale);
  }
}

template <typename T>
absl::Status EqualizeAs(const Context& context, const Picture& gray, const EqualizeStep& step,
                        uint8_t* out) {
  const int64_t tiles = step.tiles, bins = int64_t{1} << (8 * sizeof(T));
  const bool even = gray.height % tiles == 0 && gray.width % tiles == 0;
  const TileAxis down(gray.height, tiles, even), across(gray.width, tiles, even);
  Scratch<T> tables = MakeScratch<T>(tiles * tiles * bins);
  const absl::Status made = ParallelFor(
      context, static_cast<size_t>(tiles * tiles), 1, [&](size_t tile, size_t) -> absl::Status {
        Poller poll = PixelPoller(context);
        std::vector<int64_t> counts(static_cast<size_t>(bins), 0);
        const int64_t top = static_cast<int64_t>(tile) / tiles * down.length;
        const int64_t left = static_cast<int64_t>(tile) % tiles * across.length;
        int64_t pixels = 0;
        for (int64_t y = top; y < top + down.length; ++y) {
          const int64_t row = BorderIndex(y, gray.height, Border::kReflect101) * gray.width;
          for (int64_t x = left; x < left + across.length; ++x) {
            if (x % 4096 == 0 || x == left) TRINE_RETURN_IF_ERROR(poll.Spend(4096));
            const int64_t i = row + BorderIndex(x, gray.width, Border::kReflect101);
            if (!gray.Contains(i)) continue;
            ++counts[PixelAt<T>(gray.data, i)];
            ++pixels;
          }
        }
        TRINE_RETURN_IF_ERROR(poll.Spend(4 * bins));
        MakeTable(step.clip_limit, pixels, counts,
                  tables.data() + static_cast<int64_t>(tile) * bins);
        return absl::OkStatus();
      });
  TRINE_RETURN_IF_ERROR(made);
  return ParallelFor(context, static_cast<size_t>(gray.height), RowGrain(4 * gray.width),
                     [&](size_t begin, size_t end) -> absl::Status {
                       Poller poll = PixelPoller(context);
                       for (int64_t y = static_cast<int64_t>(begin); y < static_cast<int64_t>(end);
                            ++y) {
                         const TileAxis::Place row = down.At(y);
                         const T* const upper = tables.data() + row.first * tiles * bins;
                         const T* const lower = tables.data() + row.second * tiles * bins;
                         for (int64_t x = 0; x < gray.width; ++x) {
                           if (x % 4096 == 0) TRINE_RETURN_IF_ERROR(poll.Spend(8 * 4096));
                           const int64_t i = y * gray.width + x;
                           T value = PixelAt<T>(gray.data, i);
                           if (gray.Contains(i)) {
                             const TileAxis::Place column = across.At(x);
                             const int64_t first = column.first * bins + value;
                             const int64_t second = column.second * bins + value;
                             const float right = column.weight, left = 1.0f - right;
                             const float above = static_cast<float>(upper[first]) * left +
                                                 static_cast<float>(upper[second]) * right;
                             const float below = static_cast<float>(lower[first]) * left +
                                                 static_cast<float>(lower[second]) * right;
                             value = RoundedTo<T>(above * (1.0f - row.weight) + below * row.weight);
                           }
                           StoreLE<T>(out + i * static_cast<int64_t>(sizeof(T)), value);
                         }
                       }
                       return absl::OkStatus();
                     });
}

}  // namespace

absl::Status CheckEqualize(const StepToCheck& step, const EqualizeStep&) {
  const Profile profile = step.options.profile;
  if (profile == Profile::kExact || profile == Profile::kOpencv) {  // the same, masks included
    const DType dtype = step.gray_type;
    if (IsFloat(dtype) || DTypeSize(dtype) > 2)
      return NotOffered("gray.dtype", "equalize takes pictures of 8 and 16 bits, not " +
                                          std::string(DTypeName(dtype)));
    return absl::OkStatus();
  }
  constexpr LibraryMethod kMethods[] = {{Profile::kOpencv, 0, kIntegers},
                                        {Profile::kSkimage, 0, kEveryType}};
  return CheckLibrary(step, 0, "equalize", kMethods);
}

absl::Status Equalize(const Context& context, const Picture& gray, const EqualizeStep& step,
                      uint8_t* out) {
  return gray.dtype == DType::kUint8 ? EqualizeAs<uint8_t>(context, gray, step, out)
                                     : EqualizeAs<uint16_t>(context, gray, step, out);
}

absl::Status RunEqualize(State& state, const EqualizeStep& given) {
  if (state.options.profile == Profile::kSkimage) {
    TRINE_RETURN_IF_ERROR(CheckValues(state));
    Tensor pixels = state.NewGray();
    TRINE_RETURN_IF_ERROR(EqualizeSkimage(state.context, state.gray, given.tiles, given.clip_limit,
                                          pixels.data.data()));
    state.SetGray(std::move(pixels));
    return absl::OkStatus();
  }
  const uint64_t bins = state.gray.dtype == DType::kUint8 ? 256 : 65536;
  const uint64_t tables = static_cast<uint64_t>(given.tiles * given.tiles);
  TRINE_RETURN_IF_ERROR(state.context.Reserve(tables * bins * DTypeSize(state.gray.dtype)));
  Tensor pixels = state.NewGray();
  TRINE_RETURN_IF_ERROR(Equalize(state.context, state.gray, given, pixels.data.data()));
  state.SetGray(std::move(pixels));
  return absl::OkStatus();
}

}  // namespace trine::segment
