#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <vector>

#include "core/segment/regions/flood/chunk_queues.h"
#include "core/segment/regions/flood/floods.h"
#include "core/segment/regions/flood/tiles.h"

namespace trine::segment {
namespace {

constexpr size_t kBatch = 64;          // pixels that spread at once
constexpr size_t kPrefetchAhead = 32;  // pixels

inline void Prefetch(const void* memory) { __builtin_prefetch(memory, 1); }

// A pixel's state is one number: below `levels` its level, and it has no label; else its label
// with levels - 1 added. The border, and whatever lies outside the region, has the greatest number.
template <typename Code>
class TileFlood {
 public:
  static constexpr Code kBorder = std::numeric_limits<Code>::max();

  TileFlood(const Context& context, const FloodInput& input, FloodRelief* relief, int32_t* labels)
      : context_(context),
        input_(input),
        relief_(*relief),
        labels_(labels),
        tiles_(input.height, input.width),
        steps_(tiles_.NeighborSteps()),
        levels_(static_cast<Code>(relief->count())),
        queues_(relief->count(), input.pixels(),
                ChunkQueues::ChunkSize(relief->count(), input.pixels())),
        codes_(MakeScratch<Code>(tiles_.size())),
        lines_(Scratch<uint8_t>::Zeros(
            input.lines ? static_cast<size_t>(tiles_.size() / Tiles::kWidth) : 0)) {}

  absl::Status Run() {
    TRINE_RETURN_IF_ERROR(Fill());
    relief_.Forget();
    const bool eight = input_.connectivity == Connectivity::k8;
    TRINE_RETURN_IF_ERROR(eight ? SpreadTo<8>() : SpreadTo<4>());
    return ReadOut();
  }

 private:
  // The pixels' first states, and the markers into the queues.
  absl::Status Fill() {
    Poller poll = PixelPoller(context_);
    const int64_t width = input_.width;
    Scratch<uint32_t> levels = MakeScratch<uint32_t>(width);
    Scratch<Code> row = MakeScratch<Code>(tiles_.across() * Tiles::kWidth);
    std::fill(row.begin(), row.end(), kBorder);
    for (int64_t y = 0; y < tiles_.rows(); ++y) {
      const bool inside = y >= 1 && y <= input_.height;
      if (y == input_.height + 1) std::fill(row.begin(), row.end(), kBorder);
      // A row may be long: it is read in pieces.
      for (int64_t begin = 0; begin < width && inside; begin += kPiece) {
        TRINE_RETURN_IF_ERROR(poll.Spend(4 * kPiece));
        const int64_t end = std::min(width, begin + kPiece);
        const int64_t first = (y - 1) * width;
        relief_.Read(first + begin, end - begin, levels.data() + begin);
        if (FillPiece(levels.data(), first, begin, end, row.data() + 1))
          PushMarkers(levels.data(), y, begin, end);
      }
      for (int64_t tile = 0; tile < tiles_.across(); ++tile) {
        if (tile % kPiece == 0) TRINE_RETURN_IF_ERROR(poll.Spend(kPiece));
        std::memcpy(codes_.data() + tiles_.RowOf(y, tile), row.data() + tile * Tiles::kWidth,
                    Tiles::kWidth * sizeof(Code));
      }
    }
    return absl::OkStatus();
  }

  // Returns whether there are markers.
  bool FillPiece(const uint32_t* levels, int64_t first, int64_t begin, int64_t end, Code* row) {
    const uint8_t* region = input_.region + first;
    const int32_t* labels = labels_ + first;
    uint32_t any = 0;
    for (int64_t x = begin; x < end; ++x) {
      const uint32_t label = static_cast<uint32_t>(labels[x]);
      any |= label;
      const uint32_t code = label != 0 ? levels_ - 1u + label : levels[x];
      row[x] = region[x] != 0 ? static_cast<Code>(code) : kBorder;
    }
    return any != 0;
  }

  void PushMarkers(const uint32_t* levels, int64_t y, int64_t begin, int64_t end) {
    for (int64_t x = begin; x < end; ++x) {
      const int64_t pixel = (y - 1) * input_.width + x;
      if (labels_[pixel] == 0) continue;
      const uint32_t index = static_cast<uint32_t>(tiles_.IndexOf(y, x + 1));
      queues_.Push(levels[x], index);
      if (input_.lines && MeetsEarlierMarker(input_, labels_, pixel)) SetLine(index);
    }
  }

  void SetLine(uint32_t index) {
    lines_[index / 8] = static_cast<uint8_t>(lines_[index / 8] | (1u << (index % 8)));
  }

  template <size_t kCount>
  absl::Status SpreadTo() {
    return input_.lines ? Spread<kCount, true>() : Spread<kCount, false>();
  }

  // Empties the queues. The pixels of a batch label their neighbours, and these enter the queues
  // when all have: until then none of them would have had its turn.
  template <size_t kCount, bool kLines>
  absl::Status Spread() {
    Poller poll = PixelPoller(context_);
    Code* const codes = codes_.data();
    const Code levels = levels_;
    struct Labelled {
      uint32_t index;
      uint32_t level;
    };
    std::array<Labelled, kBatch * kCount + 1> labelled;
    for (uint32_t level = 0; level < levels; ++level) {
      if (level % 4096 == 0) TRINE_RETURN_IF_ERROR(poll.Spend(4096));
      while (!queues_.Empty(level)) {
        const absl::Span<const uint32_t> front = queues_.Front(level);
        const size_t batch = std::min(kBatch, front.size());
        TRINE_RETURN_IF_ERROR(poll.Spend(batch * (kLines ? 128 : 48)));
        size_t count = 0;
        for (size_t i = 0; i < batch; ++i) {
          const uint32_t ahead = front[std::min(i + kPrefetchAhead, front.size() - 1)];
          const auto& ahead_steps = steps_[ahead % Tiles::kPixels];
          for (size_t k = 0; k < 4; ++k)
            Prefetch(codes + (ahead + static_cast<uint32_t>(ahead_steps[k])));
          const uint32_t index = front[i];
          const Code code = codes[index];
          const auto& steps = steps_[index % Tiles::kPixels];
          for (size_t k = 0; k < kCount; ++k) {
            const uint32_t neighbor = index + static_cast<uint32_t>(steps[k]);
            const Code old = codes[neighbor];
            const bool fresh = old < levels;
            labelled[count] = {neighbor, old};
            count += fresh ? 1 : 0;
            codes[neighbor] = fresh ? code : old;
            if constexpr (kLines) {
              if (fresh && MeetsOther<kCount>(neighbor, code)) SetLine(neighbor);
            }
          }
        }
        queues_.Take(level, batch);
        for (size_t i = 0; i < count; ++i)
          queues_.Push(std::max(labelled[i].level, level), labelled[i].index);
      }
    }
    return absl::OkStatus();
  }

  template <size_t kCount>
  bool MeetsOther(uint32_t index, Code code) const {
    const auto& steps = steps_[index % Tiles::kPixels];
    bool meets = false;
    for (size_t k = 0; k < kCount; ++k) {
      const Code other = codes_[index + static_cast<uint32_t>(steps[k])];
      meets |= other >= levels_ && other != kBorder && other != code;
    }
    return meets;
  }

  absl::Status ReadOut() {
    return ParallelFor(context_, static_cast<size_t>(input_.height), RowGrain(input_.width),
                       [&](size_t begin, size_t end) {
                         Poller poll = PixelPoller(context_);
                         for (size_t y = begin; y < end; ++y)
                           TRINE_RETURN_IF_ERROR(ReadRow(static_cast<int64_t>(y), poll));
                         return absl::OkStatus();
                       });
  }

  absl::Status ReadRow(int64_t y, Poller& poll) {
    int32_t* const out = labels_ + y * input_.width - 1;  // column 1 is the first pixel
    for (int64_t tile = 0; tile < tiles_.across(); ++tile) {
      if (tile % kPiece == 0) TRINE_RETURN_IF_ERROR(poll.Spend(kPiece));
      const int64_t from = tiles_.RowOf(y + 1, tile);
      std::array<int32_t, Tiles::kWidth> read;
      for (size_t i = 0; i < read.size(); ++i) {
        const Code code = codes_[static_cast<size_t>(from) + i];
        const bool labelled = code >= levels_ && code != kBorder;
        read[i] = labelled ? static_cast<int32_t>(uint32_t{code} - (levels_ - 1u)) : 0;
      }
      if (input_.lines) {
        const unsigned bits = lines_[static_cast<size_t>(from / Tiles::kWidth)];
        for (size_t i = 0; i < read.size(); ++i) {
          if ((bits >> i & 1) != 0) read[i] = 0;
        }
      }
      const int64_t begin = tile * Tiles::kWidth;
      if (begin >= 1 && begin + Tiles::kWidth <= input_.width + 1) {
        std::memcpy(out + begin, read.data(), sizeof(read));
        continue;
      }
      for (int64_t i = 0; i < Tiles::kWidth; ++i) {
        if (begin + i >= 1 && begin + i <= input_.width)
          out[begin + i] = read[static_cast<size_t>(i)];
      }
    }
    return absl::OkStatus();
  }

  static constexpr int64_t kPiece = 16384;

  const Context& context_;
  const FloodInput& input_;
  FloodRelief& relief_;
  int32_t* const labels_;
  const Tiles tiles_;
  const Tiles::Steps steps_;
  const Code levels_;
  ChunkQueues queues_;
  Scratch<Code> codes_;
  Scratch<uint8_t> lines_;  // a bit a pixel in tiles
};

absl::StatusOr<int64_t> HighestLabel(const Context& context, int64_t pixels,
                                     const int32_t* labels) {
  Poller poll = PixelPoller(context);
  int32_t highest = 0;
  for (int64_t begin = 0; begin < pixels; begin += kPixelGrain) {
    TRINE_RETURN_IF_ERROR(poll.Spend(kPixelGrain));
    const int64_t end = std::min(pixels, begin + kPixelGrain);
    for (int64_t i = begin; i < end; ++i) highest = std::max(highest, labels[i]);
  }
  return highest;
}

}  // namespace

bool FitsTiles(const FloodInput& input, int64_t levels) {
  const int64_t size = Tiles(input.height, input.width).size();
  return size <= input.pixels() + input.pixels() / 4 + 65536 &&
         size < std::numeric_limits<int32_t>::max() &&
         ChunkQueues::ChunkSize(levels, input.pixels()) != 0;
}

absl::Status FloodTiles(const Context& context, const FloodInput& input, FloodRelief* relief,
                        int32_t* labels) {
  // The step's row counts what each pixel takes; on top come the chunks that are not full, one of
  // each level that is in use, and the pixels that round the tiles up.
  const int64_t pixels = input.pixels();
  const uint64_t chunks = static_cast<uint64_t>(std::min<int64_t>(relief->count(), pixels)) *
                          ChunkQueues::ChunkSize(relief->count(), pixels);
  const uint64_t around = static_cast<uint64_t>(Tiles(input.height, input.width).size() - pixels);
  TRINE_RETURN_IF_ERROR(context.Reserve((chunks + around) * sizeof(uint32_t)));
  TRINE_ASSIGN_OR_RETURN(const int64_t highest, HighestLabel(context, input.pixels(), labels));
  // The highest state is relief->count() - 1 + highest, and below the border's.
  if (relief->count() + highest <= TileFlood<uint16_t>::kBorder)
    return TileFlood<uint16_t>(context, input, relief, labels).Run();
  return TileFlood<uint32_t>(context, input, relief, labels).Run();
}

}  // namespace trine::segment
