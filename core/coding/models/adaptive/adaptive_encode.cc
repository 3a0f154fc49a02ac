// Encodes rows of ADAPTIVE. A file of its own, beside that which decodes them, so that they are
// compiled side by side.
#include "core/coding/models/adaptive/adaptive_kernels.h"

#include <cassert>

// Between plain code and SSE4 there is nothing to gain.
#define HWY_DISABLED_TARGETS HWY_SSSE3

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/coding/models/adaptive/adaptive_encode.cc"
#include <hwy/foreach_target.h>  // includes this file once a target
#include "core/coding/models/adaptive/adaptive_models-inl.h"

HWY_BEFORE_NAMESPACE();
namespace trine::coding::HWY_NAMESPACE {
namespace {

// ---- a lane at a time ------------------------------------------------------------------------

template <int kOrder>
void EncodeRow(const uint8_t* bytes, size_t active, const AdaptiveTables& tables, AdaptiveRows& at,
               EncoderLanes& lanes) {
  LaneModels at_hand;
  uint32_t* digits = lanes.digits;
  uint64_t row = 0;
  for (size_t l = 0; l < active; ++l) {
    const uint32_t byte = bytes[l * at.segment + at.row];
    at_hand.model[l] = ModelOf<kOrder>(tables, at.history[l]);
    at_hand.high_symbol[l] = byte >> 4;
    at_hand.low[l] = &at_hand.model[l]->low[byte >> 4];
    at_hand.low_symbol[l] = byte & 15;
    at.history[l] = at.history[l] << 8 | byte;
    row |= EncodeNibble(at_hand.model[l]->high, byte >> 4, l, lanes, digits);
  }
  *lanes.rows++ = row;
  for (size_t l = 0; l < active; ++l) {
    Update(at_hand.model[l]->high, at_hand.high_symbol[l], tables.slowest);
  }
  row = 0;
  for (size_t l = 0; l < active; ++l) {
    row |= EncodeNibble(*at_hand.low[l], at_hand.low_symbol[l], l, lanes, digits);
  }
  *lanes.rows++ = row;
  lanes.digits = digits;
  for (size_t l = 0; l < active; ++l)
    Update(*at_hand.low[l], at_hand.low_symbol[l], tables.slowest);
  ++at.row;
}

#if !TRINE_LANES_SCALAR

// ---- many lanes at a time --------------------------------------------------------------------

template <int kOrder, size_t kLanes>
void EncodeRows(const uint8_t* bytes, size_t count, const AdaptiveTables& tables, AdaptiveRows& at,
                EncoderLanes& state) {
  VectorEncoder<kLanes> lanes(state);
  const Bound bound(tables.slowest);
  HighModels<kOrder> high(tables, bound);
  ByteModel* models[kLanes];
  uint8_t row[kLanes];
  alignas(64) uint32_t high_parts[kLanes], low_parts[kLanes];
  for (const size_t end = at.row + count; at.row < end; ++at.row) {
    const uint8_t* from = bytes + at.row;
    for (size_t l = 0; l < kLanes; ++l, from += at.segment) {
      const uint32_t byte = *from;
      ByteModel* const model = ModelOf<kOrder>(tables, at.history[l]);
      high_parts[l] = LoadPart(&model->high, byte >> 4);
      low_parts[l] = LoadPart(&model->low[byte >> 4], byte & 15);
      if constexpr (kOrder != 0) models[l] = model;
      row[l] = static_cast<uint8_t>(byte);
      if constexpr (kOrder == 1) at.history[l] = byte;
      if constexpr (kOrder == 2) at.history[l] = at.history[l] << 8 | byte;
    }
    for (size_t l = 0; l < kLanes; ++l) {
      const uint32_t byte = row[l];
      ByteModel* const model = kOrder == 0 ? tables.models : models[l];
      high.Learn(model, byte >> 4);
      Learn(&model->low[byte >> 4], byte & 15, bound);
    }
    high.EndRow();
    // Last: a load that takes several stores waits for all of them.
    *lanes.rows++ = EncodeSymbols<kLanes>(high_parts, lanes);
    *lanes.rows++ = EncodeSymbols<kLanes>(low_parts, lanes);
  }
  lanes.Save(state);
}

#endif  // !TRINE_LANES_SCALAR

template <int kOrder>
void EncodeOfOrder(const uint8_t* bytes, size_t count, int active, const AdaptiveTables& tables,
                   AdaptiveRows& at, EncoderLanes& lanes) {
#if !TRINE_LANES_SCALAR
  if (active == lanes.lanes()) {
    if (active == 16) return EncodeRows<kOrder, 16>(bytes, count, tables, at, lanes);
    if (active == 32) return EncodeRows<kOrder, 32>(bytes, count, tables, at, lanes);
    if (active == 64) return EncodeRows<kOrder, 64>(bytes, count, tables, at, lanes);
  }
#endif
  for (; count != 0; --count) {
    EncodeRow<kOrder>(bytes, static_cast<size_t>(active), tables, at, lanes);
  }
}

void EncodeA(const uint8_t* bytes, size_t count, int active, const AdaptiveTables& tables,
             AdaptiveRows& at, EncoderLanes& lanes) {
  const auto encode = tables.order == 0   ? EncodeOfOrder<0>
                      : tables.order == 1 ? EncodeOfOrder<1>
                                          : EncodeOfOrder<2>;
  encode(bytes, count, active, tables, at, lanes);
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace
}  // namespace trine::coding::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace trine::coding {

HWY_EXPORT(EncodeA);

void EncodeAdaptiveRows(const uint8_t* bytes, size_t count, int active,
                        const AdaptiveTables& tables, AdaptiveRows& at, EncoderLanes& lanes) {
  assert(active >= 1 && active <= lanes.lanes() && count <= at.segment - at.row);
  [[maybe_unused]] const uint32_t* const digits = lanes.digits;
  [[maybe_unused]] const uint64_t* const rows = lanes.rows;
  HWY_DYNAMIC_DISPATCH(EncodeA)(bytes, count, active, tables, at, lanes);
  assert(lanes.rows - rows == static_cast<ptrdiff_t>(2 * count));
  assert(lanes.digits - digits <= (lanes.rows - rows) * active);
}

}  // namespace trine::coding
#endif  // HWY_ONCE
