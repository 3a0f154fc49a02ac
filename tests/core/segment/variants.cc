#include "tests/core/segment/variants.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string_view>
#include <utility>

#include "core/segment/step.h"

namespace trine::segment {
namespace {

constexpr int64_t kReach = 127;  // [pixels] to each side
constexpr double kWideSigma = 40;

// Empty where the parameter is left as it is.
Value WideValue(const Parameter& parameter) {
  const Range& range = parameter.range;
  if (!std::isfinite(range.most)) return {};
  if (parameter.kind == ParameterKind::kInteger)
    return static_cast<int64_t>(
        std::min(range.most, static_cast<double>(range.odd ? 2 * kReach + 1 : kReach)));
  if (parameter.kind == ParameterKind::kReal && parameter.name == "sigma")
    return std::min(range.most, kWideSigma);
  return {};
}

}  // namespace

std::vector<Step> Variants(const StepSpec& spec, double middle) {
  Step plain(spec);
  for (const Parameter& parameter : spec.parameters) {
    if (parameter.kind == ParameterKind::kReals) plain.Set(parameter, std::vector<double>{middle});
    if (spec.name != "hysteresis") continue;
    if (parameter.name == "low") plain.Set(parameter, middle);
    if (parameter.name == "high") plain.Set(parameter, 1.5 * middle);
  }
  std::vector<Step> out = {plain};
  const Parameter* const method = spec.Find("method");
  if (method == nullptr) return out;
  for (size_t i = 1; i <= method->choices.size(); ++i) {
    out.push_back(plain);
    out.back().Set(*method, static_cast<int64_t>(i));
  }
  return out;
}

std::optional<Step> Widened(const Step& step) {
  std::optional<Step> wide;
  for (const Parameter& parameter : step.spec().parameters) {
    const Value value = WideValue(parameter);
    if (std::holds_alternative<std::monostate>(value)) continue;
    Step changed = wide.value_or(step);
    changed.Set(parameter, value);
    if (CheckTaken("", changed, parameter).ok()) wide = std::move(changed);
  }
  return wide;
}

std::vector<Step> Pipeline(const Step& step, double middle) {
  std::vector<Step> steps;
  const unsigned needs = step.spec().needs | (step.spec().uses & (kMask | kDistance));
  if ((needs & (kMask | kLabels | kDistance)) != 0) steps.emplace_back(ThresholdStep{{middle}});
  if ((needs & kLabels) != 0) steps.emplace_back(ComponentsStep{});
  if ((needs & kDistance) != 0) steps.emplace_back(DistanceStep{});
  steps.push_back(step);
  return steps;
}

std::string NameOf(const Step& step) {
  std::string name(step.spec().name);
  if (const Parameter* const method = step.spec().Find("method")) {
    const auto number = std::get<int64_t>(step.Get(*method));
    name += ".";
    name += method->choices[static_cast<size_t>(number) - 1];
  }
  return name;
}

}  // namespace trine::segment
