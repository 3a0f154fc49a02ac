#include "core/coding/adaptive_model.h"

#include <algorithm>
#include <array>
#include <bit>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/strings.h"
#include "core/coding/fixed_log2.h"
#include "core/coding/format.h"
#include "core/coding/nibble_model.h"
#include "core/coding/range_coder.h"
#include "core/coding/varint.h"

namespace trine::coding {
namespace {

// The distributions of one context.
struct ByteModel {
  NibbleModel high;
  std::array<NibbleModel, 16> low;  // by the high nibble
};

class ByteModels {
 public:
  static absl::StatusOr<ByteModels> Create(const AdaptiveParams& params, const Limits& limits,
                                           const CancelToken& cancel) {
    const size_t contexts = params.order == 0   ? 1
                            : params.order == 1 ? 256
                                                : size_t{1} << params.slots_log2;
    const uint64_t bytes = contexts * sizeof(ByteModel);
    if (bytes > limits.max_model_bytes) {
      return LimitExceeded("model bytes", bytes, "max_model_bytes", limits.max_model_bytes);
    }
    ByteModels models;
    models.models_ = LongArray<ByteModel>::ForOverwrite(contexts);
    constexpr size_t kChunk = 2048;  // 1 MiB
    for (size_t begin = 0; begin < contexts; begin += kChunk) {
      TRINE_RETURN_IF_ERROR(cancel.Check());
      for (size_t c = begin; c < std::min(contexts, begin + kChunk); ++c) {
        models.models_[c].high = kUniformNibble;
        models.models_[c].low.fill(kUniformNibble);
      }
    }
    models.shift_ = 32 - params.slots_log2;
    return models;
  }

  // `history`: the lane's bytes so far, the last one lowest.
  template <int kOrder>
  ByteModel& Of(uint32_t history) {
    if constexpr (kOrder == 0) return models_[0];
    if constexpr (kOrder == 1) return models_[history & 0xFF];
    return models_[((history & 0xFFFF) * 0x9E3779B1u) >> shift_];
  }

 private:
  LongArray<ByteModel> models_;
  int shift_ = 0;
};

// The block is cut into stripes of (lanes << segment_log2) bytes, a stripe into one segment a lane;
// the rest at the end is one more stripe with shorter segments. Small stripes keep what the models
// have learned local; short segments lose context, because each starts without history.
struct Stripe {
  Stripe(uint64_t left, int lanes_log2, int segment_log2) {
    const uint64_t lanes = uint64_t{1} << lanes_log2;
    segment = std::min(uint64_t{1} << segment_log2, (left + lanes - 1) >> lanes_log2);
    bytes = std::min(left, segment << lanes_log2);
    full_lanes = static_cast<int>(bytes / segment);
    rest = bytes % segment;
  }
  uint64_t segment;
  uint64_t bytes;
  int full_lanes;  // lanes 0 to full_lanes - 1 have `segment` bytes, the next one has `rest`
  uint64_t rest;
  // Lanes that have a byte number `t` < segment: the first ones.
  int Active(uint64_t t) const { return full_lanes + (t < rest); }
};

constexpr int kMaxAdaptiveLanesLog2 = 4;
constexpr int kMaxChosenSlotsLog2 = 14;  // 8.5 MiB of models

// Where the lanes stand between the two halves of a byte.
struct Steps {
  std::array<uint32_t, format::kMaxLanes> history;
  std::array<ByteModel*, format::kMaxLanes> byte;
  std::array<NibbleModel*, format::kMaxLanes> nibble;
  std::array<uint8_t, format::kMaxLanes> symbol;
};

inline void EncodeNibble(const NibbleModel& model, uint32_t symbol,
                         RangeEncoder<NarrowCoder>& coder, int l) {
  const uint64_t range = coder.lane(l).range;
  const auto offset = static_cast<uint32_t>((range * model.Start(symbol)) >> 16);
  const auto end = static_cast<uint32_t>((range * model.End(symbol)) >> 16);
  coder.lane(l).Narrow(offset, end - offset);
  coder.Renormalise(l);
}

// All lanes look up before any of them learns, and learn in their order: so that a decoder may
// serve them at once.
template <int kOrder>
void EncodeStripe(const uint8_t* raw, const Stripe& stripe, ByteModels& models, uint32_t limit,
                  RangeEncoder<NarrowCoder>& coder) {
  Steps at;
  at.history.fill(0);
  for (uint64_t t = 0; t < stripe.segment; ++t) {
    const int active = stripe.Active(t);
    for (int l = 0; l < active; ++l) {
      at.byte[l] = &models.Of<kOrder>(at.history[l]);
      at.nibble[l] = &at.byte[l]->high;
      at.symbol[l] = raw[l * stripe.segment + t] >> 4;
      EncodeNibble(*at.nibble[l], at.symbol[l], coder, l);
    }
    for (int l = 0; l < active; ++l) Update(*at.nibble[l], at.symbol[l], limit);
    for (int l = 0; l < active; ++l) {
      const uint8_t byte = raw[l * stripe.segment + t];
      at.nibble[l] = &at.byte[l]->low[byte >> 4];
      at.symbol[l] = byte & 0x0F;
      EncodeNibble(*at.nibble[l], at.symbol[l], coder, l);
      at.history[l] = at.history[l] << 8 | byte;
    }
    for (int l = 0; l < active; ++l) Update(*at.nibble[l], at.symbol[l], limit);
  }
}

template <int kOrder>
absl::StatusOr<bool> EncodeLanes(ByteView raw, ByteModels& models, const AdaptiveParams& params,
                                 uint64_t max_bytes, const CancelToken& cancel, std::string* out) {
  const uint64_t stripe_bytes = uint64_t{1} << (params.lanes_log2 + params.segment_log2);
  const uint64_t poll_bytes = std::max(kPollSymbols, stripe_bytes);
  RangeEncoder<NarrowCoder> coder(1 << params.lanes_log2,
                                  std::min<uint64_t>(2 * raw.size(), max_bytes / 2) +
                                      2 * std::min<uint64_t>(raw.size(), poll_bytes) + 1);
  uint64_t next_poll = 0;
  for (uint64_t begin = 0; begin < raw.size();) {
    if (begin >= next_poll) {
      TRINE_RETURN_IF_ERROR(cancel.Check());
      if (coder.CodedBytes() > max_bytes) return false;
      next_poll = begin + poll_bytes - stripe_bytes + 1;
    }
    const Stripe stripe(raw.size() - begin, params.lanes_log2, params.segment_log2);
    EncodeStripe<kOrder>(raw.data() + begin, stripe, models, static_cast<uint32_t>(params.limit),
                         coder);
    begin += stripe.bytes;
  }
  if (coder.CodedBytes() > max_bytes) return false;
  TRINE_RETURN_IF_ERROR(coder.Finish(out, cancel));
  return true;
}

// The symbol whose part of the range holds the lane's code.
inline uint32_t DecodeNibble(const NibbleModel& model, RangeDecoder<NarrowCoder>& coder, int l) {
  DecoderLane<NarrowCoder>& lane = coder.lane(l);
  // (range * c) >> 16 <= code  <=>  c <= ((code + 1) * 2^16 - 1) / range, which is below 2^16.
  const uint64_t range = lane.range;
  const uint64_t slot = (((static_cast<uint64_t>(lane.code) + 1) << 16) - 1) / range;
  const uint32_t symbol = CountNotAbove(model, static_cast<uint32_t>(slot));
  const auto offset = static_cast<uint32_t>((range * model.Start(symbol)) >> 16);
  const auto end = static_cast<uint32_t>((range * model.End(symbol)) >> 16);
  lane.Narrow(offset, end - offset);
  coder.Renormalise(l);
  return symbol;
}

template <int kOrder>
void DecodeStripe(RangeDecoder<NarrowCoder>& coder, const Stripe& stripe, ByteModels& models,
                  uint32_t limit, uint8_t* raw) {
  Steps at;
  at.history.fill(0);
  for (uint64_t t = 0; t < stripe.segment; ++t) {
    const int active = stripe.Active(t);
    for (int l = 0; l < active; ++l) {
      at.byte[l] = &models.Of<kOrder>(at.history[l]);
      at.nibble[l] = &at.byte[l]->high;
      at.symbol[l] = static_cast<uint8_t>(DecodeNibble(*at.nibble[l], coder, l));
    }
    for (int l = 0; l < active; ++l) Update(*at.nibble[l], at.symbol[l], limit);
    for (int l = 0; l < active; ++l) {
      const uint32_t high = at.symbol[l];
      at.nibble[l] = &at.byte[l]->low[high];
      at.symbol[l] = static_cast<uint8_t>(DecodeNibble(*at.nibble[l], coder, l));
      const auto byte = static_cast<uint8_t>(high << 4 | at.symbol[l]);
      raw[l * stripe.segment + t] = byte;
      at.history[l] = at.history[l] << 8 | byte;
    }
    for (int l = 0; l < active; ++l) Update(*at.nibble[l], at.symbol[l], limit);
  }
}

template <int kOrder>
absl::Status DecodeLanes(RangeDecoder<NarrowCoder>& coder, ByteModels& models,
                         const AdaptiveParams& params, MutableByteView raw,
                         const CancelToken& cancel) {
  uint64_t next_poll = 0;
  for (uint64_t begin = 0; begin < raw.size();) {
    if (begin >= next_poll) {
      TRINE_RETURN_IF_ERROR(cancel.Check());
      if (coder.missing()) break;
      next_poll = begin + kPollSymbols;
    }
    const Stripe stripe(raw.size() - begin, params.lanes_log2, params.segment_log2);
    DecodeStripe<kOrder>(coder, stripe, models, static_cast<uint32_t>(params.limit),
                         raw.data() + begin);
    begin += stripe.bytes;
  }
  if (coder.missing()) return CorruptStream(-1, -1, "the payload ends before its last symbol");
  if (!coder.rest().empty()) return CorruptStream(-1, -1, "the payload goes on behind its symbols");
  if (!coder.AtEnd()) return CorruptStream(-1, -1, "a lane does not end at its number");
  return absl::OkStatus();
}

// What the models would spend on `raw` from byte `begin` on [2^-16 bits], after learning from all
// before it; one lane.
template <int kOrder>
uint64_t CostOfLane(ByteView raw, size_t begin, ByteModels& models, uint32_t limit) {
  static const std::array<uint32_t, 4096> kCosts = [] {
    std::array<uint32_t, 4096> costs;
    for (uint32_t i = 0; i < costs.size(); ++i) {
      costs[i] = (17u << kLog2FractionBits) - FixedLog2(i * 32 + 16);  // middle of the bin, doubled
    }
    return costs;
  }();
  uint64_t cost = 0;
  uint32_t history = 0;
  const auto code = [&](NibbleModel& model, uint32_t symbol) {
    const uint32_t width = model.End(symbol) - model.Start(symbol);
    Update(model, symbol, limit);
    return kCosts[width >> 4];
  };
  for (size_t i = 0; i < raw.size(); ++i) {
    ByteModel& model = models.Of<kOrder>(history);
    const uint32_t here = code(model.high, raw[i] >> 4) + code(model.low[raw[i] >> 4], raw[i] & 15);
    if (i >= begin) cost += here;
    history = history << 8 | raw[i];
  }
  return cost;
}

// A short block may decode to the same bytes with other parameters; damage shall be seen even so.
uint8_t ParamsCheck(ByteView params) {
  uint8_t check = format::kParamsCheckSeed;
  for (uint8_t byte : params) check ^= byte;
  return check;
}

constexpr size_t kSampleBytes = 64 << 10;
constexpr size_t kPieceBytes = 16 << 10;
constexpr size_t kShortBytes = 2 << 10;

}  // namespace

Sample TakeSample(ByteView raw) {
  Sample sample;
  if (raw.size() <= kSampleBytes) {
    sample.bytes.assign(raw.begin(), raw.end());
    return sample;
  }
  constexpr size_t kPieces = kSampleBytes / kPieceBytes;
  sample.bytes.reserve(kSampleBytes);
  for (size_t k = 0; k < kPieces; ++k) {
    const ByteView piece = raw.subspan((raw.size() - kPieceBytes) / (kPieces - 1) * k, kPieceBytes);
    sample.bytes.insert(sample.bytes.end(), piece.begin(), piece.end());
  }
  // A long block is mostly coded by models that have learned: the first half teaches only.
  sample.begin = kSampleBytes / 2;
  return sample;
}

AdaptiveParams DefaultAdaptive(uint64_t raw_bytes, int order) {
  AdaptiveParams params;
  params.order = order;
  params.lanes_log2 = ChooseLanesLog2(raw_bytes, kMaxAdaptiveLanesLog2);
  // Without context a segment costs nothing, so that the lanes may stay close together.
  params.segment_log2 = order == 0 ? 4 : 7;
  params.slots_log2 = std::clamp(static_cast<int>(std::bit_width(raw_bytes)) - 5,
                                 format::kMinSlotsLog2, kMaxChosenSlotsLog2);
  return params;
}

absl::StatusOr<uint64_t> CostOfSample(const Sample& sample, const AdaptiveParams& params,
                                      const CancelToken& cancel) {
  TRINE_ASSIGN_OR_RETURN(ByteModels models, ByteModels::Create(params, DefaultLimits(), cancel));
  const auto cost = params.order == 0   ? CostOfLane<0>
                    : params.order == 1 ? CostOfLane<1>
                                        : CostOfLane<2>;
  return cost(sample.bytes, sample.begin, models, static_cast<uint32_t>(params.limit));
}

absl::StatusOr<AdaptiveParams> ChooseLimit(const Sample& sample, const AdaptiveParams& params,
                                           const CancelToken& cancel) {
  AdaptiveParams best = params;
  // Counts hardly reach a limit there, and each trial prepares all models.
  if (sample.bytes.size() <= kShortBytes) return best;
  uint64_t best_cost = ~uint64_t{0};
  for (int limit : {60, 250, 1000}) {
    AdaptiveParams tried = params;
    tried.limit = limit;
    TRINE_ASSIGN_OR_RETURN(const uint64_t cost, CostOfSample(sample, tried, cancel));
    if (cost < best_cost) {
      best_cost = cost;
      best = tried;
    }
  }
  return best;
}

absl::StatusOr<Payload> EncodeAdaptive(ByteView raw, const AdaptiveParams& params,
                                       const Limits& limits, const CancelToken& cancel) {
  Payload payload;
  for (int byte :
       {params.lanes_log2, params.segment_log2, params.limit & 0xFF, params.limit >> 8}) {
    payload.bytes.push_back(static_cast<char>(byte));
  }
  if (params.order == 2) payload.bytes.push_back(static_cast<char>(params.slots_log2));
  payload.bytes.push_back(static_cast<char>(ParamsCheck(ViewOf(payload.bytes))));
  payload.side_bytes = payload.bytes.size();
  if (payload.side_bytes >= raw.size()) return payload;
  TRINE_ASSIGN_OR_RETURN(ByteModels models, ByteModels::Create(params, limits, cancel));
  const auto encode = params.order == 0   ? EncodeLanes<0>
                      : params.order == 1 ? EncodeLanes<1>
                                          : EncodeLanes<2>;
  TRINE_ASSIGN_OR_RETURN(
      payload.fits,
      encode(raw, models, params, raw.size() - payload.side_bytes - 1, cancel, &payload.bytes));
  return payload;
}

absl::Status DecodeAdaptive(ByteView payload, int order, MutableByteView raw, const Limits& limits,
                            const CancelToken& cancel) {
  const size_t side_bytes = order == 2 ? 6 : 5;
  if (payload.size() < side_bytes) return CorruptStream(-1, -1, "the payload is cut off");
  if (payload[side_bytes - 1] != ParamsCheck(payload.subspan(0, side_bytes - 1))) {
    return CorruptStream(-1, -1, "the check of the payload's parameters differs");
  }
  AdaptiveParams params;
  params.order = order;
  params.lanes_log2 = payload[0];
  params.segment_log2 = payload[1];
  params.limit = payload[2] | payload[3] << 8;
  if (params.lanes_log2 > format::kMaxLanesLog2) {
    return CorruptStream(-1, -1, "the number of lanes is not offered");
  }
  if (params.segment_log2 > format::kMaxSegmentLog2) {
    return CorruptStream(-1, -1, "the length of the lanes' segments is not offered");
  }
  if (params.limit < format::kMinLimit || params.limit > format::kMaxLimit) {
    return CorruptStream(-1, -1, "the limit of the models' counts is out of range");
  }
  if (order == 2) {
    params.slots_log2 = payload[4];
    if (params.slots_log2 < format::kMinSlotsLog2 || params.slots_log2 > format::kMaxSlotsLog2) {
      return CorruptStream(-1, -1, "the number of contexts is out of range");
    }
  }
  RangeDecoder<NarrowCoder> coder;
  if (!coder.Start(1 << params.lanes_log2, payload.subspan(side_bytes))) {
    return CorruptStream(-1, -1, "the lanes' initial codes are cut off or out of range");
  }
  TRINE_ASSIGN_OR_RETURN(ByteModels models, ByteModels::Create(params, limits, cancel));
  const auto decode = order == 0 ? DecodeLanes<0> : order == 1 ? DecodeLanes<1> : DecodeLanes<2>;
  return decode(coder, models, params, raw, cancel);
}

}  // namespace trine::coding
