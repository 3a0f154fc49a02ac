// First come, first served, a level: lists of chunks of one array, recycled as they empty.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "absl/types/span.h"
#include "core/segment/picture.h"

namespace trine::segment {

// A chunk is a power of two of numbers: a link to the next one, then entries. Entries are taken
// from the lowest level that has any, so that one level's first chunk alone is partly taken.
// Thread safety: one thread at a time.
class ChunkQueues {
 public:
  static constexpr uint32_t kMostEntries = 1024;  // 4 KiB: what is pushed together lies together
  static constexpr uint32_t kLeastEntries = 16;

  // Numbers a chunk, such that a chunk for each of the levels takes no more than `entries` numbers,
  // or 4 MiB in all; 0 where the least chunks do.
  static uint32_t ChunkSize(int64_t levels, int64_t entries) {
    uint32_t size = kMostEntries;
    while (size >= kLeastEntries && levels * size > entries + (int64_t{1} << 20)) size /= 2;
    return size >= kLeastEntries ? size : 0;
  }

  // For at most `entries` at a time. REQUIRES: ChunkSize is not 0; entries is at most 2^30.
  ChunkQueues(int64_t levels, int64_t entries, uint32_t chunk_size)
      : size_(chunk_size),
        ends_(Scratch<Ends>::Zeros(static_cast<size_t>(levels))),
        numbers_(MakeScratch<uint32_t>((entries / (chunk_size - 1) + levels + 3) * chunk_size)) {}

  bool Empty(size_t level) const { return ends_[level].read == ends_[level].write; }

  void Push(size_t level, uint32_t entry) {
    uint32_t& write = ends_[level].write;
    if ((write & (size_ - 1)) == 0) Lengthen(ends_[level]);
    numbers_[write++] = entry;
  }

  // The oldest entries of a level, as many as lie together. REQUIRES: the level is not empty.
  absl::Span<const uint32_t> Front(size_t level) {
    Ends& ends = ends_[level];
    if ((ends.read & (size_ - 1)) == 0) {  // the end of a chunk, and there is another
      const uint32_t chunk = ends.read - size_;
      ends.read = numbers_[chunk] + 1;
      Free(chunk);
    }
    const uint32_t chunk_end = (ends.read & ~(size_ - 1)) + size_;
    const bool last = ends.write > ends.read && ends.write <= chunk_end;
    return {numbers_.data() + ends.read, (last ? ends.write : chunk_end) - ends.read};
  }

  // Takes the first `count` of Front, which must not be called between a Push to the level and
  // this.
  void Take(size_t level, size_t count) {
    Ends& ends = ends_[level];
    ends.read += static_cast<uint32_t>(count);
    if (ends.read != ends.write) return;
    Free((ends.read - 1) & ~(size_ - 1));
    ends = {};
  }

 private:
  // Where the next entry is read and written. At the end of a chunk both wait there for the next
  // one. Both 0: no chunk. Chunk 0 is never used.
  struct Ends {
    uint32_t write, read;
  };

  void Lengthen(Ends& ends) {
    uint32_t chunk = free_;
    if (chunk != 0) {
      free_ = numbers_[chunk];
    } else {
      used_ += size_;
      chunk = used_;
    }
    if (ends.write == 0) {
      ends.read = chunk + 1;
    } else {
      numbers_[ends.write - size_] = chunk;
    }
    ends.write = chunk + 1;
  }
  void Free(uint32_t chunk) {
    numbers_[chunk] = free_;
    free_ = chunk;
  }

  uint32_t size_;
  Scratch<Ends> ends_;
  Scratch<uint32_t> numbers_;
  uint32_t free_ = 0;
  uint32_t used_ = 0;  // the last chunk that was ever taken
};

}  // namespace trine::segment
