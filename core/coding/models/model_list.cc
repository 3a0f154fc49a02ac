#include "core/coding/models/model_list.h"

#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/strings.h"
#include "core/coding/models/adaptive/adaptive_block.h"
#include "core/coding/models/static/static_block.h"
#include "core/coding/models/table/table_block.h"

namespace trine::coding {
namespace {

constexpr int kNever = 256;  // above every variant

constexpr ModelRow kModels[] = {
    {.id = Model::kAuto,
     .name = "auto",
     .summary = "smallest on samples",
     .has_fast = true,
     .has_best = true},
    {.id = Model::kStatic,
     .name = "static",
     .summary = "frequencies a block",
     .max_order = format::kMaxStaticOrder,
     .max_variant = format::kMaxStaticOrder,
     .speed = Speed::kFast,
     .make = MakeStaticModel,
     .decode = DecodeStaticBlock,
     .parse_params = ParseStaticParams},
    {.id = Model::kAdaptive,
     .name = "adaptive",
     .summary = "learned",
     .max_order = format::kMaxOrder,
     .default_order = 1,
     .has_best = true,
     .max_variant = format::kMaxOrder,
     .first_named_variant = 0,
     .make = MakeAdaptiveModel,
     .decode = DecodeAdaptiveBlock,
     .append_params = AppendAdaptiveParams,
     .parse_params = ParseAdaptiveParams},
    {.id = Model::kTable,
     .name = "table",
     .summary = "given",
     .max_variant = format::kIndexedTables,
     .first_named_variant = kNever,
     .needs_params = true,
     .encode = EncodeTableBlock,
     .decode = DecodeTableBlock,
     .append_params = AppendPlanTables,
     .parse_params = ParsePlanTables},
};

// "a, b or c".
std::string Listed(const std::vector<std::string_view>& names) {
  std::string out;
  for (size_t i = 0; i < names.size(); ++i) {
    absl::StrAppend(&out, i == 0 ? "" : i + 1 < names.size() ? ", " : " or ", ToAbsl(names[i]));
  }
  return out;
}

}  // namespace

absl::Span<const ModelRow> ModelList() { return kModels; }

const ModelRow* FindModel(Model id) {
  for (const ModelRow& row : kModels) {
    if (row.id == id) return &row;
  }
  return nullptr;
}

const ModelRow* FindStreamModel(uint8_t id) {
  const ModelRow* const row = FindModel(static_cast<Model>(id));
  return row == nullptr || row->decode == nullptr ? nullptr : row;
}

std::string ModelNames() {
  std::vector<std::string_view> names;
  for (const ModelRow& row : kModels) names.push_back(row.name);
  return Listed(names);
}

std::string NamesOfModelsWithOrders() {
  std::vector<std::string_view> names;
  for (const ModelRow& row : kModels) {
    if (row.has_orders()) names.push_back(row.name);
  }
  return Listed(names);
}

std::string EffortNames(const ModelRow& row) {
  std::vector<std::string_view> names;
  if (row.has_fast) names.emplace_back("fast");
  names.emplace_back("balanced");
  if (row.has_best) names.emplace_back("best");
  return Listed(names);
}

std::string ModeName(format::Mode mode, uint8_t model, uint8_t variant) {
  switch (mode) {
    case format::Mode::kEnd:
      return "end";
    case format::Mode::kStored:
      return "stored";
    case format::Mode::kConstant:
      return "constant";
    case format::Mode::kModel:
      break;
  }
  const ModelRow* const row = FindStreamModel(model);
  if (row == nullptr) return absl::StrCat("model-", model);
  if (variant < row->first_named_variant) return std::string(row->name);
  return absl::StrCat(ToAbsl(row->name), "-", variant);
}

std::string ModelParams(const BlockPlan& plan) {
  std::string params;
  const ModelRow* const row = FindModel(plan.model);
  if (row != nullptr && row->append_params != nullptr) row->append_params(plan, &params);
  return params;
}

// ---- what coding.h says of them ----

std::string_view ModelName(Model model) {
  const ModelRow* const row = FindModel(model);
  return row == nullptr ? "unknown" : row->name;
}

std::optional<Model> ParseModel(std::string_view name) {
  for (const ModelRow& row : kModels) {
    if (row.name == name) return row.id;
  }
  return std::nullopt;
}

std::vector<ModelInfo> OfferedModels() {
  std::vector<ModelInfo> models;
  for (const ModelRow& row : kModels) {
    models.push_back({.model = row.id,
                      .name = row.name,
                      .summary = row.summary,
                      .max_order = row.has_orders() ? std::optional(row.max_order) : std::nullopt,
                      .default_order = row.default_order,
                      .has_fast = row.has_fast,
                      .has_best = row.has_best});
  }
  return models;
}

}  // namespace trine::coding
