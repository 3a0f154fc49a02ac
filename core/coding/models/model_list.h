// The coding models, one row each. Names, what an order means, the candidates of AUTO, how a block
// and a header are read: all follow from here. A new model adds a folder beside this file and a row
// in model_list.cc.
#pragma once

#include <string>

#include "absl/types/span.h"
#include "core/coding/container/format.h"
#include "core/coding/models/model.h"

namespace trine::coding {

// In the order of their numbers, AUTO (which has a name, and no functions) among them.
absl::Span<const ModelRow> ModelList();
// Null for a number that is none.
const ModelRow* FindModel(Model id);
// The same of those that a stream may hold: not AUTO.
const ModelRow* FindStreamModel(uint8_t id);

// "auto, static, adaptive or table": the names of all models, or of those that have orders.
std::string ModelNames();
std::string NamesOfModelsWithOrders();

// "fast, balanced or best": the efforts that the model of this row takes.
std::string EffortNames(const ModelRow& row);

// The mode that Inspect shows: "stored", "constant", "static", "adaptive-1", "table"; "model-9" for
// a model that is not known.
std::string ModeName(format::Mode mode, uint8_t model, uint8_t variant);

// The header's parameters of plan.model; empty for a model that has none.
std::string ModelParams(const BlockPlan& plan);

}  // namespace trine::coding
