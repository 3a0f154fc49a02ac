#include "core/coding/models/adaptive/adaptive_model.h"

#include <algorithm>
#include <bit>
#include <memory>
#include <utility>

#include "core/base/error.h"
#include "core/coding/coder/fixed_log2.h"
#include "core/coding/coder/lane_count.h"
#include "core/coding/coder/lane_log.h"
#include "core/coding/coder/nibble_model.h"
#include "core/coding/container/bytes_io.h"
#include "core/coding/container/corrupt.h"
#include "core/coding/container/format.h"
#include "core/coding/models/adaptive/adaptive_kernels.h"
#include "core/coding/models/adaptive/drifting_model.h"

namespace trine::coding {
namespace {

size_t ContextsOf(const AdaptiveParams& params) {
  return params.order == 0 ? 1 : params.order == 1 ? 256 : size_t{1} << params.slots_log2;
}

class ByteModels {
 public:
  // For blocks of up to `raw_bytes`.
  static absl::StatusOr<ByteModels> Create(const AdaptiveParams& params, uint64_t raw_bytes,
                                           const Limits& limits) {
    TRINE_RETURN_IF_ERROR(CheckModelBytes(params, limits));
    const size_t contexts = ContextsOf(params);
    ByteModels models;
    // One more for the alignment, and another for what is read after the last.
    const size_t size = contexts + 2;
    if (params.order < 2) {
      models.memory_ = LongArray<ByteModel>::ForOverwrite(size);
    } else if (raw_bytes < contexts / kSparse) {
      // A few bytes meet few of many contexts, and should not pay for all of them.
      models.memory_ = LongArray<ByteModel>::SparseZeros(size);
    } else {
      models.memory_ = LongArray<ByteModel>::Zeros(size);
    }
    size_t space = size * sizeof(ByteModel);
    void* at = models.memory_.data();
    auto* const first = static_cast<ByteModel*>(
        std::align(alignof(ByteModel), (contexts + 1) * sizeof(ByteModel), at, space));
    if (params.order < 2) {
      for (size_t c = 0; c < contexts; ++c) first[c].SetUp();
    }
    models.tables_ = {first, params.order, 32 - params.slots_log2,
                      static_cast<uint32_t>(params.slowest)};
    return models;
  }

  const AdaptiveTables& tables() const { return tables_; }

 private:
  // With more contexts than this for each byte, small pages cost less: a huge page is cleared in
  // the time of some three hundred first touches of small ones, and has room for 3855 contexts.
  static constexpr size_t kSparse = 16;

  LongArray<ByteModel> memory_;
  AdaptiveTables tables_;
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

constexpr int kMaxAdaptiveLanesLog2 = 5;
constexpr int kMaxChosenSlotsLog2 = 14;  // 8.5 MiB of models

// Rows of a stripe: first those in which all active lanes have a byte, then one lane fewer.
template <class Rows>
void ForRows(const Stripe& stripe, Rows rows) {
  if (stripe.rest != 0) rows(stripe.rest, stripe.full_lanes + 1);
  rows(stripe.segment - stripe.rest, stripe.full_lanes);
}

// What the lanes have spent [2^-16 bits].
uint64_t SpentBits(const LaneLog& log) {
  uint64_t spent = log.Digits() * 16 << kLog2FractionBits;
  for (int l = 0; l < log.lanes.lanes(); ++l) {
    spent += (uint64_t{32} << kLog2FractionBits) - FixedLog2(log.lanes.range[l]);
  }
  return spent;
}

absl::StatusOr<bool> EncodeLanes(ByteView raw, const AdaptiveTables& tables,
                                 const AdaptiveParams& params, uint64_t max_bytes,
                                 const CancelToken& cancel, std::string* out) {
  const uint64_t stripe_bytes = uint64_t{1} << (params.lanes_log2 + params.segment_log2);
  const uint64_t poll_bytes = std::max(kPollSymbols, stripe_bytes);
  // Two rows a byte of a lane; the last stripe's rows may be few lanes wide.
  const size_t max_rows = (raw.size() >> params.lanes_log2) + (size_t{2} << params.segment_log2);
  // A byte is two symbols.
  LaneLog log(params.lanes_log2, 2 * raw.size(), 2 * max_rows, max_bytes, 2 * poll_bytes);
  uint64_t next_poll = 0;
  for (uint64_t begin = 0; begin < raw.size();) {
    if (begin >= next_poll) {
      TRINE_RETURN_IF_ERROR(cancel.Check());
      if (!log.Fits()) return false;
      next_poll = begin + poll_bytes - stripe_bytes + 1;
    }
    const Stripe stripe(raw.size() - begin, params.lanes_log2, params.segment_log2);
    AdaptiveRows at{.segment = stripe.segment};
    ForRows(stripe, [&](size_t count, int active) {
      EncodeAdaptiveRows(raw.data() + begin, count, active, tables, at, log.lanes);
    });
    begin += stripe.bytes;
  }
  if (!log.Fits()) return false;
  TRINE_RETURN_IF_ERROR(log.Write(cancel, out));
  return true;
}

absl::Status DecodeLanes(DecoderLanes& lanes, const AdaptiveTables& tables,
                         const AdaptiveParams& params, MutableByteView raw,
                         const CancelToken& cancel) {
  uint64_t next_poll = 0;
  for (uint64_t begin = 0; begin < raw.size();) {
    if (begin >= next_poll) {
      TRINE_RETURN_IF_ERROR(cancel.Check());
      if (lanes.missing) break;
      next_poll = begin + kPollSymbols;
    }
    const Stripe stripe(raw.size() - begin, params.lanes_log2, params.segment_log2);
    AdaptiveRows at{.segment = stripe.segment};
    ForRows(stripe, [&](size_t count, int active) {
      DecodeAdaptiveRows(lanes, count, active, tables, at, raw.data() + begin);
    });
    begin += stripe.bytes;
  }
  return lanes.CheckEnd();
}

// A short block may decode to the same bytes with other parameters; damage is to be seen even so.
uint8_t ParamsCheck(ByteView params) {
  uint8_t check = format::kParamsCheckSeed;
  for (uint8_t byte : params) check ^= byte;
  return check;
}

}  // namespace

AdaptiveParams DefaultAdaptive(uint64_t raw_bytes, int order) {
  AdaptiveParams params;
  params.order = order;
  // Without context neighbours in a row learn the same twice: few of them.
  params.lanes_log2 = ChooseLanesLog2(raw_bytes, order == 0 ? 4 : kMaxAdaptiveLanesLog2);
  // Without context a segment costs nothing, so that the lanes may stay close together.
  params.segment_log2 = order == 0 ? 4 : 9;
  params.slowest = order == 0 ? 655 : 262;
  params.slots_log2 = std::clamp(static_cast<int>(std::bit_width(raw_bytes)) - 5,
                                 format::kMinSlotsLog2, kMaxChosenSlotsLog2);
  return params;
}

uint64_t ModelBytes(const AdaptiveParams& params) { return ContextsOf(params) * sizeof(ByteModel); }

absl::Status CheckModelBytes(const AdaptiveParams& params, const Limits& limits) {
  const uint64_t bytes = ModelBytes(params);
  if (bytes <= limits.max_model_bytes) return absl::OkStatus();
  return LimitExceeded("model bytes", bytes, "max_model_bytes", limits.max_model_bytes);
}

absl::StatusOr<LearnedCost> CostOfLanes(const Sample& sample, const AdaptiveParams& params,
                                        const Limits& limits, const CancelToken& cancel) {
  const size_t size = sample.bytes.size();
  TRINE_ASSIGN_OR_RETURN(ByteModels models, ByteModels::Create(params, size, limits));
  const size_t max_rows = (size >> params.lanes_log2) + (size_t{2} << params.segment_log2);
  LaneLog log(params.lanes_log2, 2 * size, 2 * max_rows, 4 * size);
  LearnedCost cost;
  uint64_t next_poll = 0;
  for (size_t begin = 0; begin < size;) {
    if (begin == sample.begin) cost.taught = SpentBits(log);
    if (begin >= next_poll) {
      TRINE_RETURN_IF_ERROR(cancel.Check());
      next_poll = begin + kPollSymbols;
    }
    const Stripe stripe(size - begin, params.lanes_log2, params.segment_log2);
    AdaptiveRows at{.segment = stripe.segment};
    ForRows(stripe, [&](size_t count, int active) {
      EncodeAdaptiveRows(sample.bytes.data() + begin, count, active, models.tables(), at,
                         log.lanes);
    });
    begin += stripe.bytes;
  }
  cost.counted = SpentBits(log) - cost.taught;
  return cost;
}

absl::StatusOr<Payload> EncodeAdaptive(ByteView raw, const AdaptiveParams& params,
                                       const Limits& limits, const CancelToken& cancel) {
  Payload payload;
  for (int byte :
       {params.lanes_log2, params.segment_log2, params.slowest & 0xFF, params.slowest >> 8}) {
    payload.bytes.push_back(static_cast<char>(byte));
  }
  if (params.order == 2) payload.bytes.push_back(static_cast<char>(params.slots_log2));
  payload.bytes.push_back(static_cast<char>(ParamsCheck(ViewOf(payload.bytes))));
  payload.side_bytes = payload.bytes.size();
  if (payload.side_bytes >= raw.size()) return payload;
  TRINE_ASSIGN_OR_RETURN(ByteModels models, ByteModels::Create(params, raw.size(), limits));
  TRINE_ASSIGN_OR_RETURN(
      payload.fits, EncodeLanes(raw, models.tables(), params, raw.size() - payload.side_bytes - 1,
                                cancel, &payload.bytes));
  return payload;
}

absl::Status DecodeAdaptive(ByteView payload, int order, MutableByteView raw, const Limits& limits,
                            const CancelToken& cancel) {
  if (order == 0 && !payload.empty() && payload[0] >> 4 == kDriftForm) {
    return DecodeDrifting(payload, raw, cancel);
  }
  const size_t side_bytes = order == 2 ? 6 : 5;
  if (payload.size() < side_bytes) return Corrupt("the payload is cut off");
  if (payload[side_bytes - 1] != ParamsCheck(payload.subspan(0, side_bytes - 1))) {
    return Corrupt("the check of the payload's parameters differs");
  }
  AdaptiveParams params;
  params.order = order;
  params.lanes_log2 = payload[0];
  params.segment_log2 = payload[1];
  params.slowest = payload[2] | payload[3] << 8;
  if (params.lanes_log2 > format::kMaxLanesLog2) {
    return Corrupt("the number of lanes is not offered");
  }
  if (params.segment_log2 > format::kMaxSegmentLog2) {
    return Corrupt("the length of the lanes' segments is not offered");
  }
  if (params.slowest < format::kMinSlowest || params.slowest > format::kMaxSlowest) {
    return Corrupt("the models' slowest rate is out of range");
  }
  if (order == 2) {
    params.slots_log2 = payload[4];
    if (params.slots_log2 < format::kMinSlotsLog2 || params.slots_log2 > format::kMaxSlotsLog2) {
      return Corrupt("the number of contexts is out of range");
    }
  }
  DecoderLanes lanes;
  if (!lanes.Start(params.lanes_log2, payload.subspan(side_bytes))) {
    return WrongInitialCodes();
  }
  TRINE_ASSIGN_OR_RETURN(ByteModels models, ByteModels::Create(params, raw.size(), limits));
  return DecodeLanes(lanes, models.tables(), params, raw, cancel);
}

}  // namespace trine::coding
