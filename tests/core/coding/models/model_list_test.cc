// The list of models: what follows from its rows, and how AUTO chooses among them.
#include "core/coding/models/model_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "core/base/error.h"
#include "core/coding/models/static/order1_table.h"
#include "tests/core/coding/test_data.h"

namespace trine::coding {
namespace {

using absl::StatusCode;

TEST(ModelList, RowsAreWhole) {
  std::set<Model> ids;
  std::set<std::string_view> names;
  Model last{};
  for (const ModelRow& row : ModelList()) {
    SCOPED_TRACE(row.name);
    EXPECT_TRUE(ids.insert(row.id).second && names.insert(row.name).second);
    EXPECT_LT(last, row.id) << "AUTO passes to slower models by the order of the rows";
    last = row.id;
    EXPECT_FALSE(row.summary.empty());
    EXPECT_EQ(ParseModel(row.name), row.id);
    EXPECT_EQ(ModelName(row.id), row.name);
    if (row.id == Model::kAuto) {
      EXPECT_EQ(FindStreamModel(static_cast<uint8_t>(row.id)), nullptr);
      continue;
    }
    EXPECT_NE(row.decode, nullptr);
    EXPECT_NE(row.make == nullptr, row.encode == nullptr) << "codes bytes, or its own symbols";
    EXPECT_LE(row.default_order, std::max(row.max_order, 0));
    EXPECT_LE(row.max_order, row.max_variant);
    EXPECT_EQ(row.append_params != nullptr && row.parse_params == nullptr, false);
  }
  EXPECT_EQ(OfferedModels().size(), ModelList().size());
}

// What a row says of efforts is so: one that it does not have is refused, the others differ.
TEST(ModelList, Efforts) {
  const std::string raw = Words(60001, 3);
  for (const ModelInfo& info : OfferedModels()) {
    SCOPED_TRACE(info.name);
    bool fast_differs = false, best_differs = false;
    for (int order = 0; order <= info.max_order.value_or(0); ++order) {
      EncodeOptions options;
      options.model = info.model;
      if (info.max_order.has_value()) options.order = order;
      if (info.model == Model::kTable) {
        options.table.emplace();
        options.table->kind = SymbolKind::kBytes;
        for (uint64_t v = 0; v < 256; ++v) {
          options.table->integers.push_back(v);
          options.table->counts.push_back(1 + v % 7);
        }
      }
      options.effort = Effort::kBalanced;
      const auto balanced = Encode({}, {}, AsBytes(raw), options);
      ASSERT_TRUE(balanced.ok()) << balanced.status();
      // Where it is refused, nothing differs.
      const auto coded = [&](Effort effort) {
        options.effort = effort;
        auto other = Encode({}, {}, AsBytes(raw), options);
        EXPECT_EQ(other.ok(), FindModel(info.model)->takes(effort)) << other.status();
        if (other.ok()) return *std::move(other);
        EXPECT_EQ(other.status().code(), StatusCode::kInvalidArgument);
        EXPECT_EQ(GetErrorDetail(other.status())->field, "options.effort");
        return *balanced;
      };
      fast_differs = fast_differs || coded(Effort::kFast) != *balanced;
      best_differs = best_differs || coded(Effort::kBest) != *balanced;
    }
    EXPECT_EQ(fast_differs, info.has_fast);
    EXPECT_EQ(best_differs, info.has_best);
  }
}

TEST(ModelList, NamesOfModes) {
  using format::Mode;
  EXPECT_EQ(ModeName(Mode::kEnd, 0, 0), "end");
  EXPECT_EQ(ModeName(Mode::kStored, 3, 1), "stored");
  EXPECT_EQ(ModeName(Mode::kConstant, 0, 0), "constant");
  EXPECT_EQ(ModeName(Mode::kModel, 2, 0), "static");
  EXPECT_EQ(ModeName(Mode::kModel, 2, 1), "static-1");
  EXPECT_EQ(ModeName(Mode::kModel, 3, 0), "adaptive-0");
  EXPECT_EQ(ModeName(Mode::kModel, 3, 2), "adaptive-2");
  EXPECT_EQ(ModeName(Mode::kModel, 4, 1), "table");
  EXPECT_EQ(ModeName(Mode::kModel, 1, 0), "model-1") << "AUTO is in no stream";
  EXPECT_EQ(ModeName(Mode::kModel, 9, 0), "model-9");
  EXPECT_EQ(ModelNames(), "auto, static, adaptive or table");
  EXPECT_EQ(NamesOfModelsWithOrders(), "static or adaptive");
  EXPECT_EQ(EffortNames(*FindModel(Model::kAuto)), "fast, balanced or best");
  EXPECT_EQ(EffortNames(*FindModel(Model::kAdaptive)), "balanced or best");
  EXPECT_EQ(EffortNames(*FindModel(Model::kTable)), "balanced");
}

// The pairs are counted once, as lanes see them; a cost is that of one lane.
TEST(ModelList, PairsOfLanesAndOfOneLane) {
  const std::string raw = Words(200001, 3);
  Order1Pairs pairs(raw.size());
  ASSERT_TRUE(pairs.Count(AsBytes(raw), {}).ok());
  ASSERT_GT(pairs.lanes_log2, 3);
  const std::vector<uint32_t> of_lanes(pairs.counts.data(), pairs.counts.data() + kPairs);
  std::vector<uint32_t> of_one(kPairs);
  uint8_t before = 0;
  for (const char c : raw) {
    ++of_one[before << 8 | static_cast<uint8_t>(c)];
    before = static_cast<uint8_t>(c);
  }
  pairs.JoinLanes(AsBytes(raw));
  EXPECT_EQ(std::vector<uint32_t>(pairs.counts.data(), pairs.counts.data() + kPairs), of_one);
  pairs.SplitLanes(AsBytes(raw));
  EXPECT_EQ(std::vector<uint32_t>(pairs.counts.data(), pairs.counts.data() + kPairs), of_lanes);
}

StreamInfo InspectAll(const std::string& coded) {
  absl::StatusOr<StreamInfo> info = Inspect({}, AsBytes(coded));
  EXPECT_TRUE(info.ok()) << info.status();
  return info.ok() ? *std::move(info) : StreamInfo{};
}

// Under limits that a larger model would exceed, AUTO takes one that fits; the same limits decode
// what it has coded.
TEST(SelectModel, AutoKeepsToLimits) {
  const std::string text = Words(300000, 1);
  for (const Effort effort : {Effort::kFast, Effort::kBalanced, Effort::kBest}) {
    SCOPED_TRACE(static_cast<int>(effort));
    EncodeOptions options;
    options.effort = effort;
    const auto free = Encode({}, {}, AsBytes(text), options);
    ASSERT_TRUE(free.ok());
    for (const uint64_t max_model_bytes :
         {uint64_t{544}, uint64_t{64} << 10, uint64_t{200} << 10}) {
      SCOPED_TRACE(max_model_bytes);
      Limits limits;
      limits.max_model_bytes = max_model_bytes;
      Context context;
      context.limits = &limits;
      const auto coded = Encode(context, {}, AsBytes(text), options);
      ASSERT_TRUE(coded.ok()) << coded.status();
      const auto decoded = Decode(context, AsBytes(*coded));
      ASSERT_TRUE(decoded.ok()) << decoded.status();
      EXPECT_EQ(AsString(decoded->data), text);
      EXPECT_LT(coded->size(), text.size() * 3 / 4) << "still coded, not stored";
    }
    if (effort == Effort::kFast) continue;
    // What AUTO would take is more than that: it is the limit that makes the difference.
    ASSERT_EQ(InspectAll(*free).model, Model::kAdaptive);
    Limits limits;
    limits.max_model_bytes = uint64_t{64} << 10;
    Context context;
    context.limits = &limits;
    options.model = Model::kAdaptive;
    options.order = InspectAll(*free).order;
    EXPECT_EQ(Encode(context, {}, AsBytes(text), options).status().code(),
              StatusCode::kResourceExhausted);
  }
}

TEST(SelectModel, LimitsThatFitChangeNothing) {
  for (const std::string& raw : {Words(100000, 2), Skewed(70000, 3), Words(3000, 4)}) {
    for (const Effort effort : {Effort::kFast, Effort::kBalanced}) {
      EncodeOptions options;
      options.effort = effort;
      Limits limits;
      limits.max_model_bytes = uint64_t{10} << 20;
      Context context;
      context.limits = &limits;
      const auto coded = Encode(context, {}, AsBytes(raw), options);
      const auto free = Encode({}, {}, AsBytes(raw), options);
      ASSERT_TRUE(coded.ok() && free.ok());
      EXPECT_TRUE(*coded == *free);
    }
  }
}

}  // namespace
}  // namespace trine::coding
