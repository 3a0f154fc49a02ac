// What encoding and decoding rows of ADAPTIVE share (adaptive_encode.cc, adaptive_decode.cc). No
// header guard of the usual kind: Highway includes this anew for every target.
#if defined(TRINE_CODING_ADAPTIVE_MODELS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef TRINE_CODING_ADAPTIVE_MODELS_INL_H_
#undef TRINE_CODING_ADAPTIVE_MODELS_INL_H_
#else
#define TRINE_CODING_ADAPTIVE_MODELS_INL_H_
#endif

#include <array>
#include <cstdint>

#include "core/coding/coder/nibble_lanes-inl.h"
#include "core/coding/models/adaptive/adaptive_kernels.h"

HWY_BEFORE_NAMESPACE();
namespace trine::coding::HWY_NAMESPACE {
namespace {

// The models and symbols of a row, between looking up and learning.
struct LaneModels {
  std::array<ByteModel*, format::kMaxLanes> model;
  std::array<NibbleModel*, format::kMaxLanes> low;
  alignas(64) std::array<uint32_t, format::kMaxLanes> high_symbol;
  alignas(64) std::array<uint32_t, format::kMaxLanes> low_symbol;
};

#if !TRINE_LANES_SCALAR

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

#endif  // !TRINE_LANES_SCALAR

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace
}  // namespace trine::coding::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
