// The lanes of the narrow range coder (range_coder.h) as vectors see them: the same arithmetic, the
// same words, many lanes at a time.
//
// Symbols come in rows, one symbol a lane at most. The encoder logs a row's digits in the order of
// the lanes, and which lanes gave one; WriteWords then walks back over the rows, adds the carries
// and leaves the words as the decoder consumes them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "core/base/bytes.h"
#include "core/base/cancel.h"
#include "core/coding/container/format.h"

namespace trine::coding {

// DATA_LOSS, without block and offset. Of a decoder that cannot start, and of one that has decoded
// its last symbol: OK where no word was missing, all were read, and each lane's code is 0.
absl::Status WrongInitialCodes();
absl::Status CheckLanesEnd(bool missing, bool all_read, bool all_zero);

// Vectors load whole groups of words or digits; this much after the last one must be readable or
// writable [bytes].
inline constexpr size_t kLaneSlackBytes = 64;

// The width of a part of frequency `freq` of a total 2^bits, r = range >> bits: the rest of the
// range where freq is 0. Without a branch, and without multiplying in one.
inline uint32_t WidthOfPart(uint32_t range, uint32_t r, uint32_t offset, uint32_t freq) {
  return r * freq | ((range - offset) & (0 - static_cast<uint32_t>(freq == 0)));
}

struct EncoderLanes {
  explicit EncoderLanes(int lanes_log2);

  // See EncoderLane in range_coder.h; carry is 0 or 1 << 16.
  alignas(64) uint32_t low[format::kMaxLanes];
  alignas(64) uint32_t range[format::kMaxLanes];
  alignas(64) uint32_t carry[format::kMaxLanes];
  int lanes_log2;

  // The log. A row takes an entry of `rows` and at most one digit a lane.
  uint32_t* digits = nullptr;  // next free
  uint64_t* rows = nullptr;    // next free

  int lanes() const { return 1 << lanes_log2; }

  // Narrows lane `l` to the part and logs the digit that may leave at `to`, which moves on; returns
  // the lane's bit of the row where it does. Without a branch: whether a digit leaves is a coin
  // toss.
  uint64_t Take(int l, uint32_t offset, uint32_t width, uint32_t*& to) {
    const uint32_t sum = low[l] + offset;
    const uint32_t over = carry[l] | static_cast<uint32_t>(sum < offset) << 16;
    const uint32_t emit = (width >> 16) == 0;
    *to = (sum >> 16) | over;
    to += emit;
    low[l] = sum << (16 * emit);
    range[l] = width << (16 * emit);
    carry[l] = over & (emit - 1);
    return uint64_t{emit} << l;
  }
};

struct DecoderLanes {
  // Reads the initial codes from the front of `in`. False when they are cut off or one is not below
  // the initial range.
  bool Start(int lanes_log2, ByteView in);

  alignas(64) uint32_t code[format::kMaxLanes];
  alignas(64) uint32_t range[format::kMaxLanes];
  int lanes_log2 = 0;
  const uint8_t* next = nullptr;  // word
  const uint8_t* end = nullptr;
  bool missing = false;  // a word after the end was asked for; it reads as 0

  int lanes() const { return 1 << lanes_log2; }

  // Narrows lane `l` to the part and refills it from `from`, which moves on. kSafe: two bytes are
  // certainly there.
  template <bool kSafe>
  void Take(int l, uint32_t offset, uint32_t width, const uint8_t*& from) {
    const uint32_t rest = code[l] - offset;
    const uint32_t want = (width >> 16) == 0;
    if constexpr (kSafe) {
      code[l] = rest << (16 * want) | (LoadLE<uint16_t>(from) & (0 - want));
      range[l] = width << (16 * want);
      from += 2 * want;
    } else {
      code[l] = rest;
      range[l] = width;
      if (want == 0) return;
      const bool there = end - from >= 2;
      code[l] = rest << 16 | (there ? LoadLE<uint16_t>(from) : 0);
      range[l] = width << 16;
      from += there ? 2 : 0;
      missing = missing || !there;
    }
  }

  // What is wrong after the last symbol: words missing or left over, a code that is not 0.
  absl::Status CheckEnd() const;
};

namespace internal {
// How far WriteWords has walked back over the log.
struct Resolving {
  // By lane, the resolved digits k + 1 and k + 2, where k is the event at hand; the carry into it.
  alignas(64) uint32_t next1[format::kMaxLanes];
  alignas(64) uint32_t next2[format::kMaxLanes];
  alignas(64) uint32_t carry[format::kMaxLanes];
  const uint32_t* digit;  // after the next one
  uint8_t* to;            // after the next word
};
}  // namespace internal

// The log of `rows` rows and their digits as words: the lanes' initial codes, then words, appended
// to `out`. Fails only when the work is cancelled.
absl::Status WriteWords(const EncoderLanes& lanes, const uint64_t* first_row,
                        const uint32_t* first_digit, const CancelToken& cancel, std::string* out);

}  // namespace trine::coding
