// The inner loops of ADAPTIVE: rows of bytes, one a lane, each as two nibbles whose models learn.
// All instruction sets give the same bytes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <hwy/base.h>

#include "core/coding/coder/lanes.h"
#include "core/coding/coder/nibble_model.h"

namespace trine::coding {

// The distributions of one context.
struct ByteModel {
  NibbleModel high;
  std::array<NibbleModel, 16> low;  // by the high nibble

  // False for zeros: once set up, a rate is never 0.
  bool IsSetUp() const { return high.cdf[0] != 0; }
  void SetUp() {
    high = kUniformNibble;
    low.fill(kUniformNibble);
  }
};

// What the loops know of the models.
struct AdaptiveTables {
  // With kLaneSlackBytes after them that may be read. Order 2: zeros, each set up when first met.
  ByteModel* models = nullptr;
  int order = 0;
  int shift = 0;         // order 2: contexts are the upper bits of a product
  uint32_t slowest = 0;  // rate of learning [2^-16]
};

// Order 2: the context that follows `history`, a hash of the last two bytes.
HWY_INLINE uint32_t Order2Slot(uint32_t history, int shift) {
  return ((history & 0xFFFF) * 0x9E3779B1u) >> shift;
}

// The context that follows `history`: the lane's bytes so far, the last one lowest.
template <int kOrder>
HWY_INLINE ByteModel* ModelOf(const AdaptiveTables& tables, uint32_t history) {
  if constexpr (kOrder == 0) return tables.models;
  if constexpr (kOrder == 1) return tables.models + (history & 0xFF);
  ByteModel* const model = tables.models + Order2Slot(history, tables.shift);
  if (HWY_UNLIKELY(!model->IsSetUp())) model->SetUp();
  return model;
}

// The lanes' position: rows of one stripe. Lane l codes bytes[l * segment + t], t = 0, 1, ...
struct AdaptiveRows {
  size_t segment;
  size_t row = 0;
  // By lane, the bytes so far of the segment, the last one lowest.
  alignas(64) uint32_t history[format::kMaxLanes] = {};
};

// `count` rows of the first `active` lanes. REQUIRES: room in the log for two digits a lane and two
// entries a row.
void EncodeAdaptiveRows(const uint8_t* bytes, size_t count, int active,
                        const AdaptiveTables& tables, AdaptiveRows& at, EncoderLanes& lanes);
void DecodeAdaptiveRows(DecoderLanes& lanes, size_t count, int active, const AdaptiveTables& tables,
                        AdaptiveRows& at, uint8_t* bytes);

}  // namespace trine::coding
