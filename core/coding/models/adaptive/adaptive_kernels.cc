#include "core/coding/models/adaptive/adaptive_kernels.h"

#include <algorithm>
#include <cassert>

// Between plain code and SSE4 there is nothing to gain.
#define HWY_DISABLED_TARGETS HWY_SSSE3

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/coding/models/adaptive/adaptive_kernels.cc"
#include <hwy/foreach_target.h>  // includes this file once a target
#include "core/coding/coder/nibble_lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace trine::coding::HWY_NAMESPACE {
namespace {

// ---- a lane at a time ------------------------------------------------------------------------

// The models and symbols of a row, between looking up and learning.
struct LaneModels {
  std::array<ByteModel*, format::kMaxLanes> model;
  std::array<NibbleModel*, format::kMaxLanes> low;
  alignas(64) std::array<uint32_t, format::kMaxLanes> high_symbol;
  alignas(64) std::array<uint32_t, format::kMaxLanes> low_symbol;
};

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

template <int kOrder>
void DecodeRow(DecoderLanes& lanes, size_t active, const AdaptiveTables& tables, AdaptiveRows& at,
               uint8_t* bytes) {
  LaneModels at_hand;
  const uint8_t* next = lanes.next;
  for (size_t l = 0; l < active; ++l) {
    at_hand.model[l] = ModelOf<kOrder>(tables, at.history[l]);
    at_hand.high_symbol[l] = DecodeNibble(at_hand.model[l]->high, l, lanes, next);
  }
  for (size_t l = 0; l < active; ++l) {
    Update(at_hand.model[l]->high, at_hand.high_symbol[l], tables.slowest);
  }
  for (size_t l = 0; l < active; ++l) {
    at_hand.low[l] = &at_hand.model[l]->low[at_hand.high_symbol[l]];
    at_hand.low_symbol[l] = DecodeNibble(*at_hand.low[l], l, lanes, next);
  }
  lanes.next = next;
  for (size_t l = 0; l < active; ++l) {
    Update(*at_hand.low[l], at_hand.low_symbol[l], tables.slowest);
    const uint32_t byte = at_hand.high_symbol[l] << 4 | at_hand.low_symbol[l];
    bytes[l * at.segment + at.row] = static_cast<uint8_t>(byte);
    at.history[l] = at.history[l] << 8 | byte;
  }
  ++at.row;
}

#if !TRINE_LANES_SCALAR

// ---- many lanes at a time --------------------------------------------------------------------

// The models of the high nibbles, which all lanes share where there is no context: held then, since
// a chain through memory takes three times as long.
template <int kOrder>
struct HighModels {
  HighModels(const AdaptiveTables&, const Bound& b) : bound(b) {}
  HWY_INLINE void Learn(ByteModel* model, uint32_t symbol) {
    HWY_NAMESPACE::Learn(&model->high, symbol, bound);
  }
  HWY_INLINE void EndRow() {}
  const Bound& bound;
};

template <>
struct HighModels<0> {
  HighModels(const AdaptiveTables& tables, const Bound& b)
      : bound(b), model(&tables.models->high), held(model), is_settled(b.IsSettled(model)) {}
  HWY_INLINE void Learn(ByteModel*, uint32_t symbol) {
    if (HWY_LIKELY(is_settled)) {
      held.LearnSettled(symbol, bound);
    } else {
      held.Learn(symbol, bound);
    }
  }
  HWY_INLINE void EndRow() {
    held.Store(model);
    if (HWY_UNLIKELY(!is_settled)) is_settled = bound.IsSettled(model);
  }
  const Bound& bound;
  NibbleModel* const model;
  HeldModel held;
  bool is_settled;
};

// A decoder learns nibbles while it looks up the other half's, in models that those are not: so
// that one hides the other's latency. The low ones of a row wait for the next row's high ones, the
// first of which find these.
struct DeferredUpdates {
  HWY_INLINE explicit DeferredUpdates(LaneModels& at_hand) : at_hand_(at_hand) {
    at_hand.low.fill(&none_);
    at_hand.low_symbol.fill(0);
  }
  HWY_INLINE void Learn(size_t l, const Bound& bound) {
    HWY_NAMESPACE::Learn(at_hand_.low[l], at_hand_.low_symbol[l], bound);
  }

 private:
  LaneModels& at_hand_;
  NibbleModel none_ = kUniformNibble;
};

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

// Rows whose words certainly lie before `stop`; returns how many.
template <int kOrder, size_t kLanes>
size_t DecodeRows(DecoderLanes& lanes, const uint8_t* stop, size_t count,
                  const AdaptiveTables& tables, AdaptiveRows& at, uint8_t* bytes) {
  constexpr size_t kGroups = kLanes / kGroup;
  const Bound bound(tables.slowest);
  V32 code[kGroups], range[kGroups];
#pragma GCC unroll 4
  for (size_t g = 0; g < kGroups; ++g) {
    code[g] = hn::Load(kD32, lanes.code + g * kGroup);
    range[g] = hn::Load(kD32, lanes.range + g * kGroup);
  }
  const uint8_t* next = lanes.next;
  HighModels<kOrder> high(tables, bound);
  LaneModels at_hand;
  DeferredUpdates low(at_hand);
  size_t done = 0;
  for (; done < count && next <= stop; ++done, ++at.row) {
    const auto learn_low = [&](size_t l) TRINE_ATTR { low.Learn(l, bound); };
    if constexpr (kOrder == 0 && TRINE_SHARED_LOOKUP) {
      DecodeShared(code, range, next, &tables.models->high, learn_low, at_hand.high_symbol.data());
    } else {
      const auto model_at = [&](size_t l) TRINE_ATTR {
        at_hand.model[l] = ModelOf<kOrder>(tables, at.history[l]);
        return &at_hand.model[l]->high;
      };
      DecodeSymbols(code, range, next, model_at, learn_low, at_hand.high_symbol.data());
    }
    DecodeSymbols(
        code, range, next,
        [&](size_t l) TRINE_ATTR {
          ByteModel* const model = kOrder == 0 ? tables.models : at_hand.model[l];
          at_hand.low[l] = &model->low[at_hand.high_symbol[l]];
          return at_hand.low[l];
        },
        [&](size_t l) TRINE_ATTR { high.Learn(at_hand.model[l], at_hand.high_symbol[l]); },
        at_hand.low_symbol.data());
    high.EndRow();
    uint8_t* to = bytes + at.row;
    for (size_t l = 0; l < kLanes; ++l, to += at.segment) {
      const uint32_t byte = at_hand.high_symbol[l] << 4 | at_hand.low_symbol[l];
      *to = static_cast<uint8_t>(byte);
      if constexpr (kOrder == 1) at.history[l] = byte;
      if constexpr (kOrder == 2) at.history[l] = at.history[l] << 8 | byte;
    }
  }
  for (size_t l = 0; l < kLanes; ++l) low.Learn(l, bound);
#pragma GCC unroll 4
  for (size_t g = 0; g < kGroups; ++g) {
    hn::Store(code[g], kD32, lanes.code + g * kGroup);
    hn::Store(range[g], kD32, lanes.range + g * kGroup);
  }
  lanes.next = next;
  return done;
}

template <int kOrder, size_t kLanes>
size_t DecodeSome(DecoderLanes& lanes, size_t count, const AdaptiveTables& tables, AdaptiveRows& at,
                  uint8_t* bytes) {
  constexpr size_t kReach = 4 * kLanes + kLaneSlackBytes;
  if (static_cast<size_t>(lanes.end - lanes.next) < kReach) return 0;
  return DecodeRows<kOrder, kLanes>(lanes, lanes.end - kReach, count, tables, at, bytes);
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

template <int kOrder>
void DecodeOfOrder(DecoderLanes& lanes, size_t count, int active, const AdaptiveTables& tables,
                   AdaptiveRows& at, uint8_t* bytes) {
#if !TRINE_LANES_SCALAR
  if (active == lanes.lanes()) {
    if (active == 16) count -= DecodeSome<kOrder, 16>(lanes, count, tables, at, bytes);
    if (active == 32) count -= DecodeSome<kOrder, 32>(lanes, count, tables, at, bytes);
    if (active == 64) count -= DecodeSome<kOrder, 64>(lanes, count, tables, at, bytes);
  }
#endif
  for (; count != 0; --count) {
    DecodeRow<kOrder>(lanes, static_cast<size_t>(active), tables, at, bytes);
  }
}

void EncodeA(const uint8_t* bytes, size_t count, int active, const AdaptiveTables& tables,
             AdaptiveRows& at, EncoderLanes& lanes) {
  const auto encode = tables.order == 0   ? EncodeOfOrder<0>
                      : tables.order == 1 ? EncodeOfOrder<1>
                                          : EncodeOfOrder<2>;
  encode(bytes, count, active, tables, at, lanes);
}

void DecodeA(DecoderLanes& lanes, size_t count, int active, const AdaptiveTables& tables,
             AdaptiveRows& at, uint8_t* bytes) {
  const auto decode = tables.order == 0   ? DecodeOfOrder<0>
                      : tables.order == 1 ? DecodeOfOrder<1>
                                          : DecodeOfOrder<2>;
  decode(lanes, count, active, tables, at, bytes);
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace
}  // namespace trine::coding::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace trine::coding {

HWY_EXPORT(EncodeA);
HWY_EXPORT(DecodeA);

void EncodeAdaptiveRows(const uint8_t* bytes, size_t count, int active,
                        const AdaptiveTables& tables, AdaptiveRows& at, EncoderLanes& lanes) {
  assert(active >= 1 && active <= lanes.lanes() && count <= at.segment - at.row);
  [[maybe_unused]] const uint32_t* const digits = lanes.digits;
  [[maybe_unused]] const uint64_t* const rows = lanes.rows;
  HWY_DYNAMIC_DISPATCH(EncodeA)(bytes, count, active, tables, at, lanes);
  assert(lanes.rows - rows == static_cast<ptrdiff_t>(2 * count));
  assert(lanes.digits - digits <= (lanes.rows - rows) * active);
}

void DecodeAdaptiveRows(DecoderLanes& lanes, size_t count, int active, const AdaptiveTables& tables,
                        AdaptiveRows& at, uint8_t* bytes) {
  assert(active >= 1 && active <= lanes.lanes() && count <= at.segment - at.row);
  HWY_DYNAMIC_DISPATCH(DecodeA)(lanes, count, active, tables, at, bytes);
  assert(lanes.next <= lanes.end);
}

}  // namespace trine::coding
#endif  // HWY_ONCE
