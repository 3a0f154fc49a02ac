// Walking over a label map by runs of equal labels.
#pragma once

#include <algorithm>
#include <cstdint>

#include "absl/status/status.h"
#include "core/base/error.h"
#include "core/segment/picture.h"
#include "core/segment/regions/runs/runs.h"

namespace trine::segment {

// Calls body(y, begin, end, label), which returns a status, for the runs of each label but 0, row
// by row: columns [begin, end). A run of more than kPixelGrain pixels comes in pieces.
template <typename Body>
absl::Status ForLabelRuns(const Context& context, const LabelRuns& labels, const Body& body) {
  Poller poll = PixelPoller(context);
  for (int64_t y = 0; y < labels.runs.height(); ++y) {
    for (int64_t run = labels.runs.First(y); run < labels.runs.First(y + 1); ++run) {
      const int32_t label = labels.label[static_cast<size_t>(run)];
      if (label == 0) continue;
      for (int64_t x = labels.runs.Begin(run); x < labels.runs.End(run); x += kPixelGrain) {
        const int64_t end = std::min<int64_t>(labels.runs.End(run), x + kPixelGrain);
        TRINE_RETURN_IF_ERROR(poll.Spend(8 + 4 * (end - x)));
        TRINE_RETURN_IF_ERROR(body(y, x, end, label));
      }
    }
  }
  return absl::OkStatus();
}

template <typename Body>
absl::Status ForLabelRuns(const Context& context, const int32_t* labels, int64_t height,
                          int64_t width, const Body& body) {
  Poller poll = PixelPoller(context);
  for (int64_t y = 0; y < height; ++y) {
    const int32_t* const row = labels + y * width;
    for (int64_t x = 0; x < width;) {
      const int32_t label = row[x];
      const int64_t begin = x, most = std::min(width, x + kPixelGrain);
      while (x < most && row[x] == label) ++x;
      TRINE_RETURN_IF_ERROR(poll.Spend(8 + 4 * (x - begin)));
      if (label != 0) TRINE_RETURN_IF_ERROR(body(y, begin, x, label));
    }
  }
  return absl::OkStatus();
}

}  // namespace trine::segment
