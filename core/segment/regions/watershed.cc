#include "core/segment/regions/watershed.h"

#include "core/segment/regions/flood/floods.h"

namespace trine::segment {

absl::Status Flood(const Context& context, const uint8_t* region, int64_t height, int64_t width,
                   Connectivity connectivity, bool lines, Profile profile, FloodRelief* relief,
                   int32_t* labels) {
  const FloodInput input{region, height, width, connectivity, lines};
  TRINE_RETURN_IF_ERROR(ParallelFor(context, static_cast<size_t>(input.pixels()),
                                    static_cast<size_t>(kPixelGrain),
                                    [&](size_t begin, size_t end) {
                                      for (size_t i = begin; i < end; ++i)
                                        labels[i] = region[i] != 0 ? labels[i] : 0;
                                      return absl::OkStatus();
                                    }));
  if (relief->count() == 0) return absl::OkStatus();  // an empty region
  if (profile == Profile::kSkimage) return FloodAsSkimage(context, input, relief, labels);
  if (FitsTiles(input, relief->count())) return FloodTiles(context, input, relief, labels);
  return FloodPixels(context, input, relief, labels);
}

}  // namespace trine::segment
