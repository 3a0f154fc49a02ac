#include "core/image/tiff/stated/series.h"

#include <limits>

#include "absl/strings/str_cat.h"
#include "core/base/checked.h"
#include "core/base/strings.h"

namespace trine::image::internal {
namespace {

// The array that the pages belong to which are gone through.
struct Series {
  StatedPages stated;
  int64_t first = 0;  // page
};

}  // namespace

std::string MissingOf(const StatedPages& stated, int64_t page, int64_t there) {
  if (stated.pages <= there) return "";
  const bool is_most = stated.pages == std::numeric_limits<int64_t>::max();
  return absl::StrCat(
      page == 0 ? "its description" : absl::StrCat("the description of page ", page), " (",
      ToAbsl(stated.by), ") tells of a stack of ", stated.pages, is_most ? " or more" : "",
      " pictures, of which the file holds ", there,
      stated.in_other_files ? "; others are said to be in other files" : "");
}

absl::StatusOr<std::string> MissingOfSeries(const Context& context, ByteView bytes,
                                            const TiffHeader& header) {
  std::string said;
  int64_t others = 0;
  Series series;
  const auto end = [&](int64_t page) {
    std::string missing = MissingOf(series.stated, series.first, page - series.first);
    if (missing.empty()) return;
    if (!said.empty()) {
      ++others;
    } else {
      said = std::move(missing);
    }
  };
  TiffWalk walk(context, bytes, header);
  while (true) {
    TRINE_ASSIGN_OR_RETURN(const uint64_t directory, walk.Next());
    if (directory == 0) break;
    const TiffPageHead head = ReadTiffPageHead(bytes, header, directory);
    if (head.description.empty()) continue;
    const uint64_t elements = SaturatingMul(SaturatingMul(head.width, head.height), head.samples);
    TRINE_ASSIGN_OR_RETURN(StatedPages stated,
                           ReadDescription(context, head.description, head.samples, elements));
    if (stated.by != kTifffile) continue;
    const int64_t page = walk.pages() - 1;
    end(page);
    series = {std::move(stated), page};
  }
  end(walk.pages());
  if (others == 0) return said;
  return absl::StrCat(said, "; so it is with ", others, " more ", others == 1 ? "stack" : "stacks");
}

}  // namespace trine::image::internal
