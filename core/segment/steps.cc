#include "core/segment/steps.h"

#include <algorithm>
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

std::vector<std::string> UnusedSteps(absl::Span<const Step> steps, unsigned wanted) {
  constexpr unsigned kClasses = kThresholds | kLabels;
  unsigned made = 0;
  for (const Step& step : steps) made |= step.spec().makes;
  // What counts of the maps as they are after a step, from the last step to the first.
  unsigned counts = kMask | kLabels | kThresholds | kRegions | kContours | wanted;
  if ((made & kMask) == 0) counts |= kGray;
  bool are_numbered = (wanted & kLabels) != 0;  // the labels themselves count
  bool is_threshold_read = false;
  std::map<unsigned, std::string> next;  // of each map the next step that counts and makes it
  std::vector<std::string> out;
  for (size_t i = steps.size(); i-- > 0;) {
    const StepSpec& spec = steps[i].spec();
    unsigned makes = spec.makes;
    if (!ChangesMask(steps[i])) makes &= ~unsigned{kMask};
    if ((spec.makes & kClasses) == kClasses && !are_numbered) makes &= ~unsigned{kLabels};
    const bool parts = (spec.makes & kMask) != 0 && (spec.makes & kThresholds) != 0;
    if (parts && !is_threshold_read) makes &= ~unsigned{kThresholds};
    const std::string name = StepField(i, steps[i]);
    if ((makes & counts) == 0) {
      std::string text = "the ";
      text += MapNames(makes)[0];
      const std::string_view verb = text.back() == 's' ? " have" : " has";
      if ((makes & kGray) != 0) text += " picture";
      if (makes == kDistance) text += " map";
      text += " of ";
      text += name;
      text += verb;
      text += " no effect: ";
      const auto other = next.find(makes & ~(makes - 1));
      text += other == next.end() ? "nothing that is given out depends on it"
                                  : other->second + " makes its own";
      out.push_back(std::move(text));
      continue;
    }
    const unsigned reads = spec.needs | spec.uses;
    for (const Map map : {kGray, kMask, kLabels, kDistance, kRegions, kContours}) {
      if ((spec.makes & map) != 0) next[map] = name;
    }
    if ((spec.makes & kLabels) != 0) are_numbered = false;
    if ((reads & kLabels) != 0) are_numbered = true;
    if (parts) is_threshold_read = false;
    if ((reads & kThresholds) != 0) is_threshold_read = true;
    counts = (counts & ~makes) | reads | kThresholds;
  }
  std::reverse(out.begin(), out.end());
  return out;
}

const StepSpec& Step::SpecOf(std::type_index parameters) {
  for (const StepSpec& row : AllSteps()) {
    if (row.defaults.type() == parameters) return row;
  }
  std::abort();  // a struct that no row has
}

}  // namespace trine::segment
