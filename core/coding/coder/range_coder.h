// A range coder (Martin 1979; Schindler 1998) with exact carry over interleaved lanes. It knows
// nothing of models: a symbol is a part [offset, offset + width) of a lane's current range.
//
// Each lane codes a number of its own. A lane's encoder holds the lower end `low` and the length
// `range` of its interval, in units of the digits already emitted:
//   between symbols:  2^kWordBits <= range < 2^(2*kWordBits),  low < 2^(2*kWordBits)
//   symbol:           1 <= width, offset + width <= range
//   low + range <= 2^(2*kWordBits+1), so that `low` overflows at most once between two digits; the
//   overflow is kept beside the digit (its carry into the previous one) and never twice.
// One digit at most leaves after a symbol: range >= 1 before, so range * 2^kWordBits suffices.
// A lane's decoder holds code = (its number) - low:  code < range, always.
//
// The digits of a lane leave in order, but the decoder reads digit k + 2 where the encoder emits
// digit k (it starts with two). So the encoder logs its digits with lane and carry, and Finish
// walks back over the log: carries are added on the way, and the word that the decoder reads at
// event k of a lane is that lane's digit k + 2. The words are thus in the order in which one
// decoder, serving all lanes in the encoder's order, consumes them.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include "absl/status/status.h"
#include "core/base/bytes.h"
#include "core/base/cancel.h"
#include "core/base/long_array.h"
#include "core/coding/container/format.h"
#include "core/coding/container/polled.h"

namespace trine::coding {

// 32-bit range, 16-bit words: totals up to 2^14.
struct NarrowCoder {
  using Range = uint32_t;
  using Word = uint16_t;
  static constexpr int kWordBits = 16;
};

// 64-bit range, 32-bit words: totals up to 2^24.
struct WideCoder {
  using Range = uint64_t;
  using Word = uint32_t;
  static constexpr int kWordBits = 32;
};

template <class Coder>
struct EncoderLane {
  using Range = typename Coder::Range;
  Range low = 0;
  Range range = ~Range{0};
  Range carry = 0;  // 0 or 1

  // Narrows the interval to the symbol's part.
  void Narrow(Range offset, Range width) {
    assert(width >= 1 && offset < range && width <= range - offset);
    low += offset;
    carry |= static_cast<Range>(low < offset);
    range = width;
  }
};

template <class Coder>
class RangeEncoder {
 public:
  using Range = typename Coder::Range;
  using Word = typename Coder::Word;
  using Lane = EncoderLane<Coder>;
  static constexpr int kWordBits = Coder::kWordBits;

  // Room for `max_events` digits: at most one a symbol.
  RangeEncoder(int lanes, size_t max_events)
      : lane_count_(lanes), log_(LongArray<Range>::ForOverwrite(max_events)), next_(log_.data()) {
    assert(lanes >= 1 && lanes <= format::kMaxLanes);
  }

  Lane& lane(int i) { return lanes_[i]; }
  size_t events() const { return static_cast<size_t>(next_ - log_.data()); }

  // Call after each symbol of lane `i`. Without a branch: whether a digit leaves is a coin toss.
  void Renormalise(int i) {
    Lane& lane = lanes_[i];
    *next_ = (lane.low >> kWordBits) | (lane.carry << kWordBits) |
             (static_cast<Range>(i) << (kWordBits + 1));
    const bool emit = (lane.range >> kWordBits) == 0;
    next_ += emit;
    const int shift = emit ? kWordBits : 0;
    lane.low <<= shift;
    lane.range <<= shift;
    lane.carry = emit ? 0 : lane.carry;
  }

  // Bytes that Finish appends.
  size_t CodedBytes() const {
    return static_cast<size_t>(lane_count_) * sizeof(Range) + events() * sizeof(Word);
  }

  // Appends the lanes' initial codes, then the words in the decoder's order. Fails only when the
  // work is cancelled.
  absl::Status Finish(std::string* out, const CancelToken& cancel = {}) {
    constexpr Range kMask = (Range{1} << kWordBits) - 1;
    Range carry[format::kMaxLanes];
    Range next1[format::kMaxLanes];  // the lane's resolved digit k + 1, k the event at hand
    Range next2[format::kMaxLanes];
    for (int l = 0; l < lane_count_; ++l) {  // the last two digits are `low` itself
      const Range digit = (lanes_[l].low >> kWordBits) | (lanes_[l].carry << kWordBits);
      next2[l] = lanes_[l].low & kMask;
      next1[l] = digit & kMask;
      carry[l] = digit >> kWordBits;
    }
    [[maybe_unused]] const size_t old_size = out->size();
    TRINE_RETURN_IF_ERROR(GrowPolled(CodedBytes(), cancel, out));
    char* to = out->data() + out->size();
    for (size_t event_number = events(); event_number-- > 0;) {
      if (event_number % (size_t{1} << 18) == 0) TRINE_RETURN_IF_ERROR(cancel.Check());
      const Range* const event = log_.data() + event_number;
      const int l = static_cast<int>(*event >> (kWordBits + 1));
      to -= sizeof(Word);
      StoreLE(to, static_cast<Word>(next2[l]));
      const Range digit = (*event & (2 * kMask + 1)) + carry[l];
      carry[l] = digit >> kWordBits;
      assert(carry[l] <= 1);
      next2[l] = next1[l];
      next1[l] = digit & kMask;
    }
    for (int l = lane_count_ - 1; l >= 0; --l) {
      assert(carry[l] == 0);
      to -= sizeof(Range);
      StoreLE(to, static_cast<Range>(next1[l] << kWordBits | next2[l]));
    }
    assert(to == out->data() + old_size);
    return absl::OkStatus();
  }

 private:
  Lane lanes_[format::kMaxLanes];
  const int lane_count_;
  LongArray<Range> log_;
  Range* next_;
};

template <class Coder>
struct DecoderLane {
  using Range = typename Coder::Range;
  Range code = 0;
  Range range = ~Range{0};

  void Narrow(Range offset, Range width) {
    assert(offset <= code && code - offset < width && width <= range - offset);
    code -= offset;
    range = width;
  }
};

// Never reads outside [begin, end); a missing word reads as 0 and is remembered.
template <class Coder>
class RangeDecoder {
 public:
  using Range = typename Coder::Range;
  using Word = typename Coder::Word;
  using Lane = DecoderLane<Coder>;
  static constexpr int kWordBits = Coder::kWordBits;

  // False when the initial codes are cut off or one is not below the initial range.
  bool Start(int lanes, ByteView in) {
    next_ = in.data();
    end_ = in.data() + in.size();
    lane_count_ = lanes;
    if (in.size() < static_cast<size_t>(lanes) * sizeof(Range)) return false;
    for (int l = 0; l < lanes; ++l, next_ += sizeof(Range)) {
      lanes_[l].code = LoadLE<Range>(next_);
      if (lanes_[l].code >= lanes_[l].range) return false;
    }
    return true;
  }

  Lane& lane(int i) { return lanes_[i]; }

  void Renormalise(int i) {
    Lane& lane = lanes_[i];
    const bool need = (lane.range >> kWordBits) == 0;
    if (static_cast<size_t>(end_ - next_) >= sizeof(Word)) {  // nearly always
      const Range word = LoadLE<Word>(next_);
      const int shift = need ? kWordBits : 0;
      lane.code = (lane.code << shift) | (need ? word : 0);
      lane.range <<= shift;
      next_ += need ? sizeof(Word) : 0;
    } else if (need) {
      missing_ = true;
      lane.code <<= kWordBits;
      lane.range <<= kWordBits;
    }
  }

  // Words were asked for beyond the end.
  bool missing() const { return missing_; }
  // All lanes have arrived at the number's end: what the encoder leaves is exactly `low`.
  bool AtEnd() const {
    for (int l = 0; l < lane_count_; ++l) {
      if (lanes_[l].code != 0) return false;
    }
    return !missing_;
  }
  // What was not consumed.
  ByteView rest() const { return ByteView(next_, static_cast<size_t>(end_ - next_)); }

 private:
  Lane lanes_[format::kMaxLanes];
  int lane_count_ = 0;
  const uint8_t* next_ = nullptr;
  const uint8_t* end_ = nullptr;
  bool missing_ = false;
};

// The part of `range` that a symbol with cumulative frequency [start, start + freq) of 2^bits
// takes. The division's remainder belongs to the last symbol, so nothing of the range is wasted.
template <class Range>
inline void SymbolPart(Range range, int bits, uint32_t start, uint32_t freq, Range* offset,
                       Range* width) {
  const Range r = range >> bits;
  *offset = r * start;
  *width = (start + freq) >> bits != 0 ? range - *offset : r * freq;
}

}  // namespace trine::coding
