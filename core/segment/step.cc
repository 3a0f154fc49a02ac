#include "core/segment/step.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "core/base/error.h"

namespace trine::segment {
namespace {

// The shortest text of a number that has at most six digits.
std::string NumberText(double value) {
  std::array<char, 32> text;
  std::snprintf(text.data(), text.size(), "%.6g", value);
  if (std::fabs(value) < 0x1p53 && value == std::floor(value))
    return std::to_string(static_cast<int64_t>(value));
  return text.data();
}

std::string BoundsText(const Range& range) {
  const bool has_most = std::isfinite(range.most);
  if (!std::isfinite(range.least)) return has_most ? "at most " + NumberText(range.most) : "";
  if (!has_most) return (range.above ? "above " : "at least ") + NumberText(range.least);
  if (range.above)
    return "above " + NumberText(range.least) + ", at most " + NumberText(range.most);
  const std::string text = NumberText(range.least) + " to " + NumberText(range.most);
  return range.odd ? "odd, " + text + ", or 0 for the default" : text;
}

bool IsWithin(const Range& range, double value) {
  return value >= range.least && value <= range.most && !(range.above && value == range.least);
}

bool IsAllowed(const Range& range, int64_t value) {
  if (range.odd && value == 0) return true;
  return IsWithin(range, static_cast<double>(value)) && !(range.odd && value % 2 == 0);
}

absl::Status CheckReal(std::string_view field, const Range& range, double value) {
  if (std::isfinite(value) && IsWithin(range, value)) return absl::OkStatus();
  const std::string bounds = BoundsText(range);
  return InvalidField(field, value, "must be finite" + (bounds.empty() ? "" : " and " + bounds));
}

absl::Status CheckReals(std::string_view field, const Parameter& parameter,
                        const std::vector<double>& values) {
  if (!IsWithin(parameter.range, static_cast<double>(values.size()))) {
    return InvalidField(field, std::to_string(values.size()) + " " + std::string(parameter.name),
                        "must be " + BoundsText(parameter.range));
  }
  for (size_t i = 0; i < values.size(); ++i) {
    TRINE_RETURN_IF_ERROR(
        CheckReal(std::string(field) + "[" + std::to_string(i) + "]", Range(), values[i]));
  }
  return absl::OkStatus();
}

// "a, b and c"; `last` is " and ".
std::string Listed(const std::vector<std::string_view>& names, std::string_view last) {
  std::string list;
  for (size_t i = 0; i < names.size(); ++i) {
    if (i > 0) list += i + 1 < names.size() ? std::string_view(", ") : last;
    list += names[i];
  }
  return list;
}

std::string ValueText(const Parameter& parameter, const Value& value) {
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "yes" : "no";
  if (const auto* real = std::get_if<double>(&value)) return NumberText(*real);
  const auto* number = std::get_if<int64_t>(&value);
  if (number == nullptr) return "given";
  if (parameter.kind != ParameterKind::kChoice || *number == 0) return std::to_string(*number);
  return std::string(parameter.choices[static_cast<size_t>(*number - 1)]);
}

std::string ChoiceNames(const Parameter& parameter) {
  std::string names;
  for (const std::string_view name : parameter.choices) {
    names += (names.empty() ? "" : ", ") + std::string(name);
  }
  return names;
}

}  // namespace

std::vector<std::string_view> MapNames(unsigned maps) {
  static constexpr std::array<std::pair<Map, std::string_view>, 8> kNames = {
      {{kGray, "gray"},
       {kMask, "mask"},
       {kLabels, "labels"},
       {kDistance, "distance"},
       {kMarkers, "markers"},
       {kThresholds, "thresholds"},
       {kRegions, "regions"},
       {kContours, "contours"}}};
  std::vector<std::string_view> names;
  for (const auto& [map, name] : kNames) {
    if ((maps & map) != 0) names.push_back(name);
  }
  return names;
}

const Parameter* StepSpec::Find(std::string_view parameter) const {
  for (const Parameter& known : parameters) {
    if (known.name == parameter) return &known;
  }
  return nullptr;
}

std::string RangeText(const Parameter& parameter) {
  switch (parameter.kind) {
    case ParameterKind::kFlag:
      return "yes or no";
    case ParameterKind::kChoice:
      return ChoiceNames(parameter);
    case ParameterKind::kReals:
      return BoundsText(parameter.range) + " numbers";
    default: {
      const std::string bounds = BoundsText(parameter.range);
      return bounds.empty() ? "any" : bounds;
    }
  }
}

std::string AboutText(const Parameter& parameter) {
  if (parameter.of.empty()) return std::string(parameter.about);
  return Listed(parameter.of, ", ") + ": " + std::string(parameter.about);
}

std::string DefaultText(const StepSpec& spec, const Parameter& parameter) {
  if (!parameter.fallback.empty()) return std::string(parameter.fallback);
  const Value value = parameter.get(spec.defaults);
  if (std::holds_alternative<std::monostate>(value) || parameter.kind == ParameterKind::kReals)
    return "none";
  return ValueText(parameter, value);
}

absl::Status CheckRange(std::string_view field, const Parameter& parameter, const Value& value) {
  if (std::holds_alternative<std::monostate>(value)) return absl::OkStatus();
  switch (parameter.kind) {
    case ParameterKind::kInteger: {
      const int64_t number = std::get<int64_t>(value);
      if (IsAllowed(parameter.range, number)) return absl::OkStatus();
      return InvalidField(field, number, "must be " + BoundsText(parameter.range));
    }
    case ParameterKind::kReal:
      return CheckReal(field, parameter.range, std::get<double>(value));
    case ParameterKind::kReals:
      return CheckReals(field, parameter, std::get<std::vector<double>>(value));
    case ParameterKind::kChoice: {
      const int64_t number = std::get<int64_t>(value);
      if (number >= 0 && number <= static_cast<int64_t>(parameter.choices.size()))
        return absl::OkStatus();
      return InvalidField(field, number, "must be " + ChoiceNames(parameter));
    }
    case ParameterKind::kFlag:
      break;
  }
  return absl::OkStatus();
}

absl::Status CheckTaken(std::string_view field, const Step& step, const Parameter& parameter) {
  if (parameter.of.empty()) return absl::OkStatus();
  const Value value = step.Get(parameter);
  if (value == parameter.get(step.spec().defaults)) return absl::OkStatus();
  const Parameter& choice = *step.spec().Find("method");
  const int64_t method = std::get<int64_t>(step.Get(choice));
  // 0 is refused or resolved elsewhere.
  const std::string_view name = method > 0 ? choice.choices[static_cast<size_t>(method - 1)] : "";
  const auto& of = parameter.of;
  if (std::find(of.begin(), of.end(), name) != of.end()) return absl::OkStatus();
  return InvalidField(field, ValueText(parameter, value), "only for " + Listed(of, " and "));
}

}  // namespace trine::segment
