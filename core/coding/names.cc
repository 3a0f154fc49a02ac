#include "core/coding/coding.h"

namespace trine::coding {
namespace {

struct Name {
  Model model;
  std::string_view name;
};

constexpr Name kNames[] = {
    {Model::kAuto, "auto"},
    {Model::kStatic, "static"},
    {Model::kAdaptive, "adaptive"},
    {Model::kTable, "table"},
};

}  // namespace

std::string_view ModelName(Model model) {
  for (const Name& n : kNames) {
    if (n.model == model) return n.name;
  }
  return "unknown";
}

std::optional<Model> ParseModel(std::string_view name) {
  for (const Name& n : kNames) {
    if (n.name == name) return n.model;
  }
  return std::nullopt;
}

}  // namespace trine::coding
