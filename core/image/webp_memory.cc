#include "core/image/webp_memory.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "core/base/checked.h"
#include "core/image/webp_prefix.h"

namespace trine::image::internal {
namespace {

constexpr size_t kRiffHeader = 12, kChunkHeader = 8;

// Of one lossless stream: its pixels as 32-bit numbers with 16 rows more, the numbers of its
// transforms (two for a square of 4 x 4 pixels), and tables for its groups of five prefix codes.
uint64_t LosslessMemory(const CancelToken& cancel, ByteView stream, uint64_t width,
                        uint64_t height) {
  constexpr uint64_t kGroupBytes = 5004 * 4 + 1024;
  constexpr uint64_t kLeastGroupBits = 20;
  // A group for each square of 4 x 4 pixels at most, at most 65536 of them, all of them coded.
  const uint64_t most = std::min({uint64_t{65536}, CeilDiv(width, 4) * CeilDiv(height, 4),
                                  8 * uint64_t{stream.size()} / kLeastGroupBits + 1});
  const std::optional<uint64_t> told = WebpPrefixGroups(cancel, stream, width, height);
  const uint64_t groups = std::min(most, told.value_or(most));
  return 4 * width * height + width * height / 2 + 128 * width + groups * kGroupBytes;
}

}  // namespace

uint64_t WebpMemory(const CancelToken& cancel, ByteView coded, uint64_t width, uint64_t height) {
  // Tables, bit readers, the decoder itself; lossy: rows of blocks with their borders and
  // coefficients, some hundred bytes a column.
  const uint64_t base = (uint64_t{1} << 20) + 512 * width;
  const auto name_at = [&](size_t at) {
    return std::string_view(reinterpret_cast<const char*>(coded.data()) + at, 4);
  };
  if (coded.size() < kRiffHeader || name_at(0) != "RIFF" || name_at(8) != "WEBP") {
    return UINT64_MAX;  // libwebp also takes a bare stream; files have none
  }
  uint64_t memory = base;
  for (size_t at = kRiffHeader; coded.size() - at >= kChunkHeader;) {
    const uint64_t size = LoadLE<uint32_t>(&coded[at + 4]);
    const std::string_view name = name_at(at);
    const ByteView chunk = coded.subspan(at + kChunkHeader, size);
    if (name == "VP8 ") return memory;
    if (name == "VP8L") {
      constexpr size_t kHeader = 5;  // signature, sides, alpha, version
      const ByteView stream = chunk.subspan(std::min(kHeader, chunk.size()));
      return memory + width * height + LosslessMemory(cancel, stream, width, height);
    }
    if (name == "ALPH") {
      // A byte says how it is coded. The last one counts.
      const ByteView stream = chunk.subspan(std::min<size_t>(1, chunk.size()));
      memory = std::max(memory,
                        base + 2 * width * height + LosslessMemory(cancel, stream, width, height));
    }
    const uint64_t step = kChunkHeader + size + size % 2;
    if (coded.size() - at < step) break;
    at += step;
  }
  return memory;
}

}  // namespace trine::image::internal
