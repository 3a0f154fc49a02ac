// Narrow lanes for tables and parameters: nibbles by adaptive models, and plain bits. Value i is of
// lane i mod N. Encoder and decoder have the same functions, so that a table's form is written once
// for both: each takes the value to code and returns the value that was coded.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/base/bytes.h"
#include "core/coding/coder/nibble_model.h"
#include "core/coding/coder/range_coder.h"
#include "core/coding/container/format.h"

namespace trine::coding {

class NibbleEncoder {
 public:
  static constexpr bool kEncodes = true;

  // At most `max_values` values.
  NibbleEncoder(int lanes_log2, size_t max_values)
      : coder_(1 << lanes_log2, max_values), mask_((1 << lanes_log2) - 1) {}

  uint32_t Nibble(NibbleModel& model, uint32_t value) {
    const int l = Next();
    const uint64_t range = coder_.lane(l).range;
    const auto offset = static_cast<uint32_t>((range * model.Start(value)) >> 16);
    const auto end = static_cast<uint32_t>((range * model.End(value)) >> 16);
    coder_.lane(l).Narrow(offset, end - offset);
    coder_.Renormalise(l);
    Update(model, value, format::kTableSlowest);
    return value;
  }

  // `bits` at most 13.
  uint32_t Bits(uint32_t value, int bits) {
    const int l = Next();
    uint32_t offset, width;
    SymbolPart(coder_.lane(l).range, bits, value, 1u, &offset, &width);
    coder_.lane(l).Narrow(offset, width);
    coder_.Renormalise(l);
    return value;
  }

  void Finish(std::string* out) {
    coder_.Finish(out).IgnoreError();  // short, and never cancelled
  }

 private:
  int Next() { return std::exchange(lane_, (lane_ + 1) & mask_); }

  RangeEncoder<NarrowCoder> coder_;
  const int mask_;
  int lane_ = 0;
};

class NibbleDecoder {
 public:
  static constexpr bool kEncodes = false;

  bool Start(int lanes_log2, ByteView in) {
    mask_ = (1 << lanes_log2) - 1;
    return coder_.Start(1 << lanes_log2, in);
  }

  uint32_t Nibble(NibbleModel& model, uint32_t /*value*/) {
    const int l = Next();
    DecoderLane<NarrowCoder>& lane = coder_.lane(l);
    const uint64_t range = lane.range;
    // (range * c) >> 16 <= code  <=>  c <= ((code + 1) * 2^16 - 1) / range, which is below 2^16.
    const uint64_t slot = (((static_cast<uint64_t>(lane.code) + 1) << 16) - 1) / range;
    const uint32_t value = CountNotAbove(model, static_cast<uint32_t>(slot));
    const auto offset = static_cast<uint32_t>((range * model.Start(value)) >> 16);
    lane.Narrow(offset, static_cast<uint32_t>((range * model.End(value)) >> 16) - offset);
    coder_.Renormalise(l);
    Update(model, value, format::kTableSlowest);
    return value;
  }

  uint32_t Bits(uint32_t /*value*/, int bits) {
    const int l = Next();
    DecoderLane<NarrowCoder>& lane = coder_.lane(l);
    const uint32_t value = std::min(lane.code / (lane.range >> bits), (1u << bits) - 1);
    uint32_t offset, width;
    SymbolPart(lane.range, bits, value, 1u, &offset, &width);
    lane.Narrow(offset, width);
    coder_.Renormalise(l);
    return value;
  }

  // Whether all lanes' codes are 0 and no word was missing.
  bool AtEnd() const { return coder_.AtEnd() && !coder_.missing(); }
  ByteView rest() const { return coder_.rest(); }

 private:
  int Next() { return std::exchange(lane_, (lane_ + 1) & mask_); }

  RangeDecoder<NarrowCoder> coder_;
  int mask_ = 0;
  int lane_ = 0;
};

// The set of bytes that a block holds, in the form of tables. `alphabet`: ascending. `Coder` is a
// NibbleEncoder, which writes it, or a NibbleDecoder, which fills it: whether each of four values
// is there is a nibble, coded by the nibble before.
template <class Coder>
void CodeAlphabet(Coder& coder, std::vector<uint8_t>& alphabet) {
  std::array<NibbleModel, 16> models;
  models.fill(kUniformNibble);
  std::array<bool, 256> present{};
  for (uint8_t s : alphabet) present[s] = true;
  alphabet.clear();
  uint32_t flags = 0;
  for (size_t s = 0; s < 256; s += 4) {
    NibbleModel& model = models[flags];
    flags = 0;
    for (size_t k = 0; k < 4; ++k) flags |= static_cast<uint32_t>(present[s + k]) << k;
    flags = coder.Nibble(model, flags);
    for (size_t k = 0; k < 4; ++k) {
      if (flags >> k & 1) alphabet.push_back(static_cast<uint8_t>(s + k));
    }
  }
}

}  // namespace trine::coding
