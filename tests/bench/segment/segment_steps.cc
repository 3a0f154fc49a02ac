#include "tests/bench/segment/segment_steps.h"

#include <algorithm>
#include <cstdlib>

#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "core/segment/steps.h"

namespace trine::bench {
namespace {

std::optional<segment::Value> ValueOf(const segment::Parameter& parameter,
                                      const std::string& text) {
  using segment::ParameterKind;
  switch (parameter.kind) {
    case ParameterKind::kChoice: {
      const auto* found = std::find(parameter.choices.begin(), parameter.choices.end(), text);
      if (found == parameter.choices.end()) return std::nullopt;
      return segment::Value(int64_t{found - parameter.choices.begin() + 1});
    }
    case ParameterKind::kInteger:
      return segment::Value(int64_t{std::atoll(text.c_str())});
    case ParameterKind::kReal:
      return segment::Value(std::atof(text.c_str()));
    case ParameterKind::kReals:
      return segment::Value(std::vector<double>{std::atof(text.c_str())});
    case ParameterKind::kFlag:
      return segment::Value(text == "yes");
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::vector<segment::Step>> StepsOf(const std::string& text, std::string* missing) {
  std::vector<segment::Step> out;
  for (const absl::string_view step_text : absl::StrSplit(text, ',')) {
    const std::vector<std::string> parts = absl::StrSplit(step_text, ':');
    const segment::StepSpec* const spec = segment::FindStep(*missing = parts[0]);
    if (spec == nullptr) return std::nullopt;
    segment::Step& step = out.emplace_back(*spec);
    for (size_t i = 1; i < parts.size(); ++i) {
      const std::vector<std::string> pair = absl::StrSplit(parts[i], '=');
      *missing = parts[0] + ":" + parts[i];
      const segment::Parameter* const parameter = spec->Find(pair[0]);
      if (parameter == nullptr || pair.size() != 2) return std::nullopt;
      const auto value = ValueOf(*parameter, pair[1]);
      if (!value) return std::nullopt;
      step.Set(*parameter, *value);
    }
  }
  return out;
}

}  // namespace trine::bench
