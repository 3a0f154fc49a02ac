#include "core/segment/document/document.h"

#include <cmath>
#include <algorithm>
#include <array>
#include <mutex>
#include <optional>

#include "core/segment/document/background.h"
#include "core/segment/document/bleed.h"
#include "core/segment/document/edges.h"
#include "core/segment/document/ink.h"
#include "core/segment/document/page.h"
#include "core/segment/document/parts.h"
#include "core/segment/document/split.h"
#include "core/segment/document/stroke_width.h"
#include "core/segment/document/twice.h"
#include "core/segment/gray.h"

namespace trine::segment {
namespace {

// Side of the window around a pixel: two stroke widths, odd, at least this [pixels].
constexpr int64_t kLeastWindow = 9;
// Strokes up to so wide are found at twice their size [pixels]: a blur of three pixels and edges
// between pixels are coarse beside them.
constexpr int64_t kThin = 20;

absl::StatusOr<Counts256> CountGray(const Context& context, const Page& page) {
  Counts256 all{};
  std::mutex mutex;  // counts: the order of the ranges does not matter
  TRINE_RETURN_IF_ERROR(ParallelFor(context, static_cast<size_t>(page.pixels()),
                                    static_cast<size_t>(kPixelGrain),
                                    [&](size_t begin, size_t end) {
                                      std::array<uint32_t, 256> counts{};
                                      for (size_t i = begin; i < end; ++i) {
                                        if (page.Contains(static_cast<int64_t>(i)))
                                          ++counts[page.gray[i]];
                                      }
                                      const std::lock_guard<std::mutex> lock(mutex);
                                      for (size_t v = 0; v < all.size(); ++v) all[v] += counts[v];
                                      return absl::OkStatus();
                                    }));
  return all;
}

// `to` becomes convert(i) everywhere.
template <typename Convert>
absl::Status Store(const Context& context, int64_t pixels, const Convert& convert, uint8_t* to) {
  return ParallelFor(context, static_cast<size_t>(pixels), static_cast<size_t>(kPixelGrain),
                     [&](size_t begin, size_t end) {
                       for (size_t i = begin; i < end; ++i)
                         to[i] = convert(static_cast<int64_t>(i));
                       return absl::OkStatus();
                     });
}

// A picture of other than 8 bits, stretched to 0 to 255; 255 outside.
absl::Status Stretch(const Context& context, const Picture& gray, uint8_t* stretched) {
  TRINE_ASSIGN_OR_RETURN(const ValueRange range, RangeOf(context, gray));
  const double low = range.low - static_cast<double>(gray.origin), span = range.high - range.low;
  return WithPixelType(gray.dtype, [&](auto type) {
    using T = decltype(type);
    const auto convert = [&](int64_t i) {
      if (!gray.Contains(i) || span == 0) return uint8_t{255};
      const double part = (static_cast<double>(PixelAt<T>(gray.data, i)) - low) / span;
      return static_cast<uint8_t>(std::lround(part * 255));
    };
    return Store(context, gray.pixels(), convert, stretched);
  });
}

// A page without its paper, on which values up to `split` are dark.
struct FlatPage {
  Page page;
  int32_t split = 0;
  int64_t stroke = 0;  // [pixels]
};

// The ink of a flat page; pixels outside are none. `edges` is of the page's size, to work with.
absl::Status FindStrokes(const Context& context, const FlatPage& flat, bool smooth_twice,
                         uint8_t* edges, uint8_t* mask) {
  const Page& page = flat.page;
  Page once = page;
  if (smooth_twice) {
    TRINE_RETURN_IF_ERROR(SmoothPage(context, page, mask));
    once.gray = mask;
  }
  TRINE_RETURN_IF_ERROR(SmoothPage(context, once, edges));
  TRINE_RETURN_IF_ERROR(FindEdges(context, page, edges, mask));
  const int64_t window = std::max(kLeastWindow, (2 * flat.stroke) | 1);
  const Likeness likeness{window, (window + 1) / 2, 0.5, /*dark=*/true};
  TRINE_RETURN_IF_ERROR(
      MarkLike<uint8_t>(context, page, page.gray, mask, likeness, 4 * flat.split / 5, edges));
  TRINE_RETURN_IF_ERROR(Majority(context, page, edges, mask));
  Parts<PartCounts> parts(context, page.height, page.width, mask);
  TRINE_RETURN_IF_ERROR(parts.Find([&](int64_t i, PartCounts& counts) {
    ++counts.area;
    counts.marked += page.gray[i] <= flat.split ? 1 : 0;
  }));
  return parts.Keep([&](const PartCounts& counts) {
    return int64_t{2} * counts.area >= flat.stroke * flat.stroke &&
           int64_t{5} * counts.marked >= counts.area;
  });
}

// The ink of a flat page at twice its size.
absl::Status FindThinStrokes(const Context& context, const FlatPage& flat, uint8_t* mask) {
  const int64_t height = flat.page.height, width = flat.page.width, pixels = flat.page.pixels();
  Scratch<uint8_t> twice = MakeScratch<uint8_t>(4 * pixels);
  TRINE_RETURN_IF_ERROR(DoublePage(context, flat.page, twice.data()));
  FlatPage large = flat;
  large.page = {2 * height, 2 * width, twice.data(), nullptr};
  large.stroke = 2 * flat.stroke;
  Scratch<uint8_t> inside;
  if (flat.page.inside != nullptr) {
    inside = MakeScratch<uint8_t>(4 * pixels);
    TRINE_RETURN_IF_ERROR(DoubleMask(context, height, width, flat.page.inside, inside.data()));
    large.page.inside = inside.data();
  }
  Scratch<uint8_t> edges = MakeScratch<uint8_t>(4 * pixels);
  Scratch<uint8_t> ink = MakeScratch<uint8_t>(4 * pixels);
  TRINE_RETURN_IF_ERROR(
      FindStrokes(context, large, /*smooth_twice=*/true, edges.data(), ink.data()));
  return HalveMask(context, height, width, ink.data(), mask);
}

// Ink of a page whose ink is dark.
absl::Status FindDarkInk(const Context& context, const Page& page, const Blocks& means,
                         uint8_t* mask) {
  Scratch<uint8_t> divided = MakeScratch<uint8_t>(page.pixels());
  Scratch<uint8_t> smooth = MakeScratch<uint8_t>(page.pixels());
  FlatPage flat{page};
  flat.page.gray = divided.data();
  TRINE_ASSIGN_OR_RETURN(const Blocks paper, PaperOf(context, means));
  TRINE_RETURN_IF_ERROR(DivideByPaper(context, page, paper, divided.data()));
  TRINE_ASSIGN_OR_RETURN(const Counts256 counts, CountGray(context, flat.page));
  const std::optional<int> split = SplitOf(counts);
  if (!split)
    return Store(
        context, page.pixels(), [](int64_t) { return uint8_t{0}; }, mask);
  flat.split = *split;
  TRINE_ASSIGN_OR_RETURN(
      flat.stroke, StrokeWidth(context, flat.page, static_cast<uint8_t>(*split), smooth.data()));
  if (flat.stroke > kThin) {
    TRINE_RETURN_IF_ERROR(FindStrokes(context, flat, /*smooth_twice=*/false, smooth.data(), mask));
  } else {
    TRINE_RETURN_IF_ERROR(FindThinStrokes(context, flat, mask));
  }
  TRINE_RETURN_IF_ERROR(SmoothPage(context, flat.page, smooth.data()));
  return ClearBleedThrough(context, flat.page, smooth.data(), mask);
}

}  // namespace

absl::Status FindInk(const Context& context, const Picture& gray, uint8_t* mask) {
  Scratch<uint8_t> own;
  Page page{gray.height, gray.width, gray.data, gray.inside};
  if (gray.dtype != DType::kUint8) {
    own = MakeScratch<uint8_t>(gray.pixels());
    TRINE_RETURN_IF_ERROR(Stretch(context, gray, own.data()));
    page.gray = own.data();
  }
  TRINE_ASSIGN_OR_RETURN(Blocks means, BlockMeans(context, page));
  TRINE_ASSIGN_OR_RETURN(const bool is_dark, IsInkDark(context, means));
  if (!is_dark) {
    if (own.empty()) own = MakeScratch<uint8_t>(gray.pixels());
    TRINE_RETURN_IF_ERROR(Store(
        context, gray.pixels(), [&](int64_t i) { return static_cast<uint8_t>(255 - page.gray[i]); },
        own.data()));
    page.gray = own.data();
    TRINE_ASSIGN_OR_RETURN(means, BlockMeans(context, page));
  }
  return FindDarkInk(context, page, means, mask);
}

}  // namespace trine::segment
