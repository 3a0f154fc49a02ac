#include "core/coding/models/select_model.h"

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/coding/coder/fixed_log2.h"
#include "core/coding/models/model_list.h"

namespace trine::coding {
namespace {

// AUTO takes a slower model only where it saves one part in so many.
constexpr uint64_t kWorthSlower = 250;
// Below, tables of pairs cannot pay.
constexpr size_t kMinOrder1Bytes = 256;

// Orders that are tried: 0 where a model has none.
int LastOrder(const ModelRow& row) { return std::max(row.max_order, 0); }

bool IsFast(const ModelRow& row) { return row.speed == Speed::kFast; }

// How far above the least cost on the sample a cost may be, so that the block may still turn out
// otherwise [1/1000 of it]. Measured on text, programs, pictures and arrays of numbers; the more
// contexts there are, the more is learned after the sample.
struct Doubt {
  std::array<uint64_t, 3> by_order;  // of models that learn; the last one for all orders above
  // Against costs that counts of the whole block tell [1/100 of by_order]: without context they are
  // exact; with contexts they are of tables that have seen all of the block.
  uint64_t against_order0;
  uint64_t against_others;
  // A pass over the whole block counts an order's pairs only where a model of that order which
  // learns is as near.
  uint64_t worth_pass;
};
constexpr Doubt kOfSamples = {{40, 60, 100}, 5, 200, 100};
// Of blocks of which the sample is a single step, or whose pieces differ.
constexpr size_t kShortBytes = 8 * kSampleStep;
constexpr Doubt kOfPoorSamples = {{120, 180, 160}, 100, 200, 1000};
// The block itself was tried, but with one of its parameters only.
constexpr Doubt kOfWholes = {{100, 60, 60}, 100, 100, 1000};
// What those parameters may save [1/1000].
constexpr uint64_t kSavedByParams = 120;
// Costs of so few bits a byte hardly tell the models apart [2^-16 bits].
constexpr uint64_t kUntoldCost = (uint64_t{1} << kLog2FractionBits) / 32;
// Effort BEST looks so many times as far.
constexpr uint64_t kBestDoubts = 4;

const Doubt& DoubtOf(const Sample& sample, size_t raw_bytes) {
  if (sample.is_whole()) return kOfWholes;
  return sample.is_even && raw_bytes > kShortBytes ? kOfSamples : kOfPoorSamples;
}

// A way to code a block, and what it costs as far as can be told without coding it.
struct Candidate {
  const ModelRow* row = nullptr;
  BlockModel* model = nullptr;  // keeps what its trials found out
  int order = 0;
  std::optional<uint64_t> cost;    // on the sample [2^-16 bits]; absent: to be tried
  std::optional<KnownCost> known;  // of the whole block
  std::optional<uint64_t> bytes;   // once it coded the block: its payload, or raw bytes
};

// The models of bytes at a block: those that may be the shortest code it.
class Contest {
 public:
  Contest(const Context& context, Effort effort, ByteView raw, const Histogram& counts)
      : is_best_(effort == Effort::kBest),
        raw_(raw),
        sample_(TakeSample(raw)),
        doubt_(DoubtOf(sample_, raw.size())) {
    for (const ModelRow& row : ModelList()) {
      if (row.make != nullptr) models_.push_back({&row, row.make(context, raw, counts)});
    }
  }

  absl::StatusOr<ChosenPayload> Run() {
    // First those whose costs take no pass over the whole block.
    for (const bool takes_pass : {false, true}) {
      for (const auto& [row, model] : models_) {
        for (int order = 0; order <= LastOrder(*row); ++order) {
          if ((IsFast(*row) && order != 0) != takes_pass) continue;
          TRINE_RETURN_IF_ERROR(takes_pass ? AddByCounts(row, model.get(), order)
                                           : Add(row, model.get(), order));
        }
      }
    }
    std::stable_sort(candidates_.begin(), candidates_.end(), [](const auto& a, const auto& b) {
      return a.cost.value_or(0) < b.cost.value_or(0);
    });
    for (Candidate& candidate : candidates_) {
      if (&candidate != &candidates_.front() && !MayBeShortest(candidate)) continue;
      TRINE_ASSIGN_OR_RETURN(Payload payload, candidate.model->Encode(candidate.order));
      candidate.bytes = BytesOf(payload);
      Keep(candidate, std::move(payload));
    }
    if (is_best_) TRINE_RETURN_IF_ERROR(TryOtherWays());
    return std::move(chosen_);
  }

 private:
  absl::Status Add(const ModelRow* row, BlockModel* model, int order) {
    TRINE_ASSIGN_OR_RETURN(const bool fits, model->Fits(order));
    if (!fits) return absl::OkStatus();
    Candidate candidate{.row = row, .model = model, .order = order};
    TRINE_ASSIGN_OR_RETURN(candidate.cost, model->CostOnSample(order, sample_));
    TRINE_ASSIGN_OR_RETURN(candidate.known, model->CostByCounts(order));
    candidates_.push_back(candidate);
    return absl::OkStatus();
  }

  // Of a short block the trial tells the cost as soon.
  absl::Status AddByCounts(const ModelRow* row, BlockModel* model, int order) {
    if (raw_.size() < kMinOrder1Bytes) return absl::OkStatus();
    if (!sample_.is_whole()) return IsWorthPass(order) ? Add(row, model, order) : absl::OkStatus();
    TRINE_ASSIGN_OR_RETURN(const bool fits, model->Fits(order));
    if (fits) candidates_.push_back({.row = row, .model = model, .order = order});
    return absl::OkStatus();
  }

  bool IsWorthPass(int order) const {
    uint64_t least = sample_.CostOfStored(), of_order = ~uint64_t{0};
    for (const Candidate& candidate : candidates_) {
      const uint64_t cost = candidate.cost.value_or(0);
      least = std::min(least, cost);
      if (candidate.order == order) of_order = std::min(of_order, cost);
    }
    // No model of that order, none that says no.
    return of_order == ~uint64_t{0} || of_order <= Raised(least, doubt_.worth_pass);
  }

  // `cost` and what may be above it: `share` of `by`, of it [1/100, 1/1000].
  uint64_t Raised(uint64_t cost, uint64_t by, uint64_t share = 100) const {
    const uint64_t more = (cost / 1000 * by + kUntoldCost * sample_.counted()) / 100 * share;
    return cost + (is_best_ ? kBestDoubts : 1) * more;
  }

  // Whether the candidate may be shorter than what has coded the block by now.
  bool MayBeShortest(const Candidate& candidate) const {
    const uint64_t shortest = BytesOf(chosen_.payload);
    if (candidate.known.has_value()) {
      return candidate.known->least >> (kLog2FractionBits + 3) <= shortest;
    }
    if (!candidate.cost.has_value()) return true;
    if (*candidate.cost > sample_.CostOfNoise()) return false;
    if (sample_.is_whole() &&
        *candidate.cost > Raised(shortest << (kLog2FractionBits + 3), kSavedByParams)) {
      return false;
    }
    const auto order = std::min(static_cast<size_t>(candidate.order), doubt_.by_order.size() - 1);
    return std::all_of(candidates_.begin(), candidates_.end(), [&](const Candidate& other) {
      const uint64_t share = !other.known.has_value() ? 100
                             : other.order == 0       ? doubt_.against_order0
                                                      : doubt_.against_others;
      return !other.cost.has_value() ||
             *candidate.cost <= Raised(*other.cost, doubt_.by_order[order], share);
    });
  }

  uint64_t BytesOf(const Payload& payload) const {
    return payload.fits ? payload.bytes.size() : raw_.size();
  }

  // Effort BEST asks for the length only, where others look at the time to decode too.
  uint64_t Weight(const ModelRow& row, uint64_t bytes) const {
    return is_best_ || IsFast(row) ? bytes * kWorthSlower : bytes * (kWorthSlower + 1);
  }

  void Keep(const Candidate& candidate, Payload payload) {
    if (!payload.fits) return;
    const uint64_t weight = Weight(*candidate.row, payload.bytes.size());
    const bool is_shorter = shortest_ == nullptr || weight < weight_ ||
                            (weight == weight_ && candidate.row->speed < shortest_->speed);
    if (!is_shorter) return;
    shortest_ = candidate.row;
    weight_ = weight;
    chosen_ = {{candidate.row->id, candidate.order}, std::move(payload)};
  }

  absl::Status TryOtherWays() {
    const uint64_t shortest = BytesOf(chosen_.payload);
    for (const Candidate& candidate : candidates_) {
      // They save less than a sixth.
      if (!candidate.bytes.has_value() || *candidate.bytes / 6 * 5 > shortest) continue;
      TRINE_ASSIGN_OR_RETURN(Payload payload, candidate.model->EncodeOtherWays(candidate.order));
      Keep(candidate, std::move(payload));
    }
    return absl::OkStatus();
  }

  struct Entrant {
    const ModelRow* row;
    std::unique_ptr<BlockModel> model;
  };

  const bool is_best_;
  const ByteView raw_;
  const Sample sample_;
  const Doubt& doubt_;
  std::vector<Entrant> models_;
  std::vector<Candidate> candidates_;
  ChosenPayload chosen_;
  const ModelRow* shortest_ = nullptr;  // what coded chosen_.payload; null: nothing has
  uint64_t weight_ = 0;
};

// With the order of the fast models that costs least by its counts.
absl::StatusOr<ChosenPayload> EncodeFast(const Context& context, ByteView raw,
                                         const Histogram& counts) {
  ChosenPayload chosen;
  std::unique_ptr<BlockModel> cheapest;
  uint64_t least = 0;
  for (const ModelRow& row : ModelList()) {
    if (row.make == nullptr || !IsFast(row)) continue;
    std::unique_ptr<BlockModel> model = row.make(context, raw, counts);
    bool is_cheapest = false;
    for (int order = 0; order <= LastOrder(row); ++order) {
      TRINE_ASSIGN_OR_RETURN(const bool fits, model->Fits(order));
      if (!fits) continue;
      TRINE_ASSIGN_OR_RETURN(const std::optional<KnownCost> cost, model->CostByCounts(order));
      if (!cost.has_value() || (least != 0 && cost->likely >= least)) continue;
      least = cost->likely;
      is_cheapest = true;
      chosen.choice = {row.id, order};
    }
    if (is_cheapest) cheapest = std::move(model);
  }
  TRINE_ASSIGN_OR_RETURN(chosen.payload, cheapest->Encode(chosen.choice.order));
  return chosen;
}

}  // namespace

absl::StatusOr<ChosenPayload> EncodeWithModel(const Context& context, const ModelChoice& wanted,
                                              Effort effort, ByteView raw,
                                              const Histogram& counts) {
  if (wanted.model == Model::kAuto) {
    if (effort == Effort::kFast) return EncodeFast(context, raw, counts);
    return Contest(context, effort, raw, counts).Run();
  }
  ChosenPayload chosen{wanted, {}};
  const std::unique_ptr<BlockModel> model = FindModel(wanted.model)->make(context, raw, counts);
  TRINE_ASSIGN_OR_RETURN(chosen.payload, model->Encode(wanted.order));
  if (effort != Effort::kBest) return chosen;
  TRINE_ASSIGN_OR_RETURN(Payload other, model->EncodeOtherWays(wanted.order));
  if (IsShorter(other, chosen.payload)) chosen.payload = std::move(other);
  return chosen;
}

}  // namespace trine::coding
