// What a coding model is to the rest of the coder: a row of functions and facts (model_list.h has
// the rows), and, where it codes bytes, an object for each block.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/bytes.h"
#include "core/base/limits.h"
#include "core/coding/coding.h"
#include "core/coding/models/block_plan.h"
#include "core/coding/models/histogram.h"
#include "core/coding/models/payload.h"
#include "core/coding/models/sample.h"
#include "core/runtime/context.h"

namespace trine::coding {

// A model at work on one block of bytes, which with its counts outlives the object. What one
// function has found out (counts of pairs, say) serves the next one. An object serves one thread.
// `order` is one of those that the model's row offers, and Fits.
class BlockModel {
 public:
  virtual ~BlockModel() = default;
  // False where the tables of the encoder or of the decoder would exceed limits.max_model_bytes.
  virtual absl::StatusOr<bool> Fits(int order) = 0;
  // Of models that are fitted to the block; nullopt for those that learn.
  virtual absl::StatusOr<std::optional<KnownCost>> CostByCounts(int /*order*/) {
    return std::optional<KnownCost>();
  }
  // What the model would spend on the counted part of `sample` of this block [2^-16 bits], about;
  // nullopt where to code the block takes no longer than to tell.
  virtual absl::StatusOr<std::optional<uint64_t>> CostOnSample(int order, const Sample& sample) = 0;
  // RESOURCE_EXHAUSTED where the encoder's tables exceed limits.max_model_bytes.
  virtual absl::StatusOr<Payload> Encode(int order) = 0;
  // The shortest of the other ways to code the block with this model, which take much longer and
  // save a sixth at most. Does not fit where there are none.
  virtual absl::StatusOr<Payload> EncodeOtherWays(int /*order*/) { return Payload{}; }
};

// What a block holds, in the symbols of its model.
struct BlockSymbols {
  uint64_t symbols = 0;
  // How often each occurs: by byte; TABLE: by rank, table after table.
  std::vector<uint64_t> counts;
  int variant = 0;        // of the model, for the block's head
  double ideal_bits = 0;  // TABLE
};

// What is coded with a model that has symbols of its own.
struct RawBlock {
  ByteView raw;
  uint64_t raw_offset = 0;   // in the stream
  bool is_constant = false;  // only the symbols are asked for: there is a shorter form
};

// What is decoded.
struct CodedBlock {
  ByteView payload;
  int variant = 0;
  uint64_t raw_offset = 0;
  uint64_t checksum = 0;  // of the raw bytes, from the head: compared by the caller
};

// A model's parameters in a stream's header.
struct HeaderParams {
  ByteView bytes;
  int minor = 0;  // version of the stream
};

// Models that take about as long are of one speed. AUTO takes a slower model only where it saves
// enough (select_model.cc). The fast ones know their cost by counts.
enum class Speed : uint8_t { kFast, kSlow };

// Functions that are null where the model has no use for them; all of them may run on several
// threads. Their errors name neither block nor offset: the caller knows them.
struct ModelRow {
  Model id;
  std::string_view name;
  std::string_view summary;  // a few words for the command line
  // Bytes of context that a caller may ask for: 0 to max_order; kNoOrders: none.
  static constexpr int kNoOrders = -1;
  int max_order = kNoOrders;
  int default_order = 0;
  // Whether effort FAST, and effort BEST, give another stream than BALANCED.
  bool has_fast = false;
  bool has_best = false;
  // Variants of a block that its decoder knows, 0 to this; where there are orders they are them.
  int max_variant = 0;
  // Variants from this one on are part of a mode's name, as in "adaptive-1".
  int first_named_variant = 1;
  // A block is decoded by means of the header's parameters, not by its payload alone.
  bool needs_params = false;
  Speed speed = Speed::kSlow;

  // Of models of bytes, which AUTO may choose.
  std::unique_ptr<BlockModel> (*make)(const Context& context, ByteView raw,
                                      const Histogram& counts) = nullptr;
  // Of models with symbols of their own. INVALID_ARGUMENT naming "data" for a symbol that the model
  // does not have.
  absl::StatusOr<Payload> (*encode)(const Context& context, const BlockPlan& plan,
                                    const RawBlock& block, BlockSymbols* symbols) = nullptr;
  // Fills `raw`. DATA_LOSS for a payload that is not one of its length; RESOURCE_EXHAUSTED when the
  // tables need more than limits.max_model_bytes. REQUIRES: block.variant <= max_variant.
  absl::Status (*decode)(const Context& context, const BlockPlan& plan, const CodedBlock& block,
                         MutableByteView raw) = nullptr;

  // The header's parameters, and what they say of the plan. Null: the model has none.
  void (*append_params)(const BlockPlan& plan, std::string* out) = nullptr;
  absl::Status (*parse_params)(const HeaderParams& params, const Limits& limits,
                               BlockPlan* plan) = nullptr;

  bool has_orders() const { return max_order != kNoOrders; }
  // An effort that would change nothing is not taken, but for the default.
  bool takes(Effort effort) const {
    return effort == Effort::kBalanced || (effort == Effort::kFast ? has_fast : has_best);
  }
};

}  // namespace trine::coding
