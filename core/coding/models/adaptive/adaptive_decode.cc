// Decodes rows of ADAPTIVE; adaptive_encode.cc encodes them.
#include "core/coding/models/adaptive/adaptive_kernels.h"

#include <cassert>

// Between plain code and SSE4 there is nothing to gain.
#define HWY_DISABLED_TARGETS HWY_SSSE3

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/coding/models/adaptive/adaptive_decode.cc"
#include <hwy/foreach_target.h>  // includes this file once a target
#include "core/coding/models/adaptive/adaptive_models-inl.h"

HWY_BEFORE_NAMESPACE();
namespace trine::coding::HWY_NAMESPACE {
namespace {

// ---- a lane at a time ------------------------------------------------------------------------

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

HWY_EXPORT(DecodeA);

void DecodeAdaptiveRows(DecoderLanes& lanes, size_t count, int active, const AdaptiveTables& tables,
                        AdaptiveRows& at, uint8_t* bytes) {
  assert(active >= 1 && active <= lanes.lanes() && count <= at.segment - at.row);
  HWY_DYNAMIC_DISPATCH(DecodeA)(lanes, count, active, tables, at, bytes);
  assert(lanes.next <= lanes.end);
}

}  // namespace trine::coding
#endif  // HWY_ONCE
