#include "client/cli/flags/step_names.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "client/cli/flags/message_text.h"
#include "client/cli/flags/named_steps.h"
#include "client/cli/spelling.h"
#include "core/base/error.h"
#include "core/base/strings.h"

namespace trine::cli {
namespace {

// "steps[2].components.min_area": the number of the step and the names after it.
struct StepField {
  int step = 0;
  std::string parameter;  // empty: the step as a whole
};

std::optional<StepField> ParseStepField(const std::string& field, int steps) {
  std::vector<std::string> parts = absl::StrSplit(field, absl::MaxSplits('.', 2));
  std::string& head = parts[0];
  StepField out;
  if (head.rfind("steps[", 0) != 0 || head.back() != ']') return std::nullopt;
  if (!absl::SimpleAtoi(head.substr(6, head.size() - 7), &out.step)) return std::nullopt;
  if (out.step < 0 || out.step >= steps) return std::nullopt;
  if (parts.size() > 2) out.parameter = parts[2];
  return out;
}

// By the step's name as it is written in the list.
std::string ListedName(std::string_view steps, int step, const std::string& parameter) {
  const std::vector<std::string_view> listed = SplitText(steps, ',');
  const std::string_view written = listed[static_cast<size_t>(step)];
  return absl::StrCat("--steps ", ToAbsl(written.substr(0, written.find(':'))),
                      parameter.empty() ? "" : ":", parameter);
}

std::string MethodFlag(const v1::SegmentStep& step, const std::string& parameter) {
  const segment::StepSpec& spec = SpecOf(step);
  if (spec.makes == segment::kGray) {
    return absl::StrCat("--before ", NameOf(step), parameter.empty() ? "" : ":", parameter);
  }
  if (parameter.empty()) {
    const bool has_flag = step.has_fill_holes() || step.has_components() || step.has_contours();
    return has_flag ? absl::StrCat("--", Dashed(spec.name)) : "--method";
  }
  // The flag gives a list one by one.
  if (parameter.rfind("thresholds", 0) == 0) {
    return absl::StrCat("--threshold", parameter.substr(10));
  }
  return absl::StrCat("--", Dashed(parameter));
}

// "triangle", and where several are called so "triangle (step 1)".
std::string NameAmongSteps(const v1::SegmentRequest& request, int index) {
  const std::string name = NameOf(request.steps(index));
  const auto same =
      std::count_if(request.steps().begin(), request.steps().end(),
                    [&name](const v1::SegmentStep& step) { return NameOf(step) == name; });
  return same > 1 ? absl::StrCat(name, " (step ", index + 1, ")") : name;
}

}  // namespace

std::string WithStepNames(std::string text, const v1::SegmentRequest& request) {
  constexpr std::string_view kStart = "steps[";
  for (size_t at = text.find(kStart); at != std::string::npos; at = text.find(kStart, at + 1)) {
    const size_t number = at + kStart.size();
    const size_t end = text.find_first_not_of("0123456789", number);
    int index = 0;
    const bool is_step = end != std::string::npos && text[end] == ']' &&
                         absl::SimpleAtoi(text.substr(number, end - number), &index) &&
                         index < request.steps_size();
    if (!is_step) continue;
    size_t length = end + 1 - at;
    const std::string spec = absl::StrCat(".", ToAbsl(SpecOf(request.steps(index)).name));
    if (text.compare(end + 1, spec.size(), spec) == 0) length += spec.size();
    text.replace(at, length, NameAmongSteps(request, index));
  }
  return text;
}

absl::Status WithStepFlags(const absl::Status& status, const v1::SegmentRequest& request,
                           std::string_view steps) {
  const std::optional<ErrorDetail> detail = GetErrorDetail(status);
  if (!detail.has_value()) return status;
  const std::optional<StepField> field = ParseStepField(detail->field, request.steps_size());
  if (!field.has_value()) return status;
  const v1::SegmentStep& step = request.steps(field->step);
  // Steps that the list does not have are of flags such as --csv.
  const bool listed =
      !steps.empty() && static_cast<size_t>(field->step) < SplitText(steps, ',').size();
  return TranslateField(status,
                        {{detail->field, listed ? ListedName(steps, field->step, field->parameter)
                                                : MethodFlag(step, field->parameter)}});
}

}  // namespace trine::cli
