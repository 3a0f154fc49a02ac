#include "core/segment/steps.h"

#include <cstdlib>
#include <map>
#include <typeinfo>
#include <utility>

#include "core/segment/rows.h"
#include "core/segment/segment.h"
#include "core/segment/validate.h"

namespace trine::segment {
namespace {

std::vector<StepSpec> MakeRows() {
  std::vector<StepSpec> rows;
  for (const auto rows_of_room :
       {FilterRows, ThresholdRows, LocalRows, DocumentRows, RegionRows, ContourRows}) {
    for (StepSpec& row : rows_of_room()) rows.push_back(std::move(row));
  }
  return rows;
}

// Whether the mask after the step may be another than before it.
bool ChangesMask(const Step& step) {
  if ((step.spec().makes & kMask) == 0) return false;
  if (step.spec().defaults.type() != typeid(ComponentsStep)) return true;
  return std::any_cast<const ComponentsStep&>(step.parameters()).min_area > 0;
}

}  // namespace

absl::Span<const StepSpec> AllSteps() {
  static const auto* const rows = new std::vector<StepSpec>(MakeRows());  // for ever
  return *rows;
}

const StepSpec* FindStep(std::string_view name) {
  for (const StepSpec& row : AllSteps()) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

std::vector<std::string> StaleMaps(absl::Span<const Step> steps, bool invert, unsigned wanted) {
  // Of each map that was made what it is instead; empty where it is the mask's.
  std::map<unsigned, std::string> stale;
  for (size_t i = 0; i < steps.size(); ++i) {
    const StepSpec& spec = steps[i].spec();
    const std::string name = StepField(i, steps[i]);
    for (auto& [map, instead] : stale) {
      const bool is_read = map == kDistance && (spec.uses & kDistance) != 0;
      if (!instead.empty() || is_read) continue;
      if (map == kRegions && (spec.makes & kLabels) != 0) {
        instead = "those of the labels before " + name;
      } else if (ChangesMask(steps[i])) {
        instead = "those of the mask before " + name;
      }
    }
    for (const Map map : {kDistance, kLabels, kContours}) {
      if ((spec.makes & map) != 0) stale[map].clear();
    }
    const unsigned classes = kThresholds | kLabels;
    if (invert && (spec.makes & classes) == classes) {
      stale[kLabels] = "the classes of gray values of " + name + ", which invert does not swap";
    }
    if ((spec.makes & kRegions) != 0) stale[kRegions] = stale[kLabels];
  }
  std::vector<std::string> out;
  for (const auto& [map, instead] : stale) {
    if ((map & wanted) == 0 || instead.empty()) continue;
    const std::string_view plural = map == kDistance ? "s are " : " are ";
    out.push_back("the " + std::string(MapNames(map)[0]) + std::string(plural) + instead);
  }
  return out;
}

const StepSpec& Step::SpecOf(std::type_index parameters) {
  for (const StepSpec& row : AllSteps()) {
    if (row.defaults.type() == parameters) return row;
  }
  std::abort();  // a struct that no row has
}

}  // namespace trine::segment
