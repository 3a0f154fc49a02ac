#include "client/cli/flags/named_steps.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <algorithm>

#include "client/cli/flags/enum_text.h"
#include "client/cli/spelling.h"

namespace trine::cli {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using Step = v1::SegmentStep;

constexpr std::string_view kMethod = "method";
// What --method calls the step that finds every threshold and makes no mask.
constexpr std::string_view kAll = "all";
constexpr std::string_view kAllThresholds = "all_thresholds";

const segment::Parameter* ChoiceOfMethod(const segment::StepSpec& spec) {
  const segment::Parameter* choice = IsMethod(spec) ? spec.Find(kMethod) : nullptr;
  return choice != nullptr && choice->kind == segment::ParameterKind::kChoice ? choice : nullptr;
}

const FieldDescriptor* MethodField(const Message& parameters) {
  return parameters.GetDescriptor()->FindFieldByName(std::string(kMethod));
}

// The field of the step that is set.
const FieldDescriptor& KindOf(const Step& step) {
  return *step.GetReflection()->GetOneofFieldDescriptor(step, Step::descriptor()->oneof_decl(0));
}

}  // namespace

const segment::StepSpec& SpecOf(const Step& step) {
  return *segment::FindStep(KindOf(step).name());
}

bool IsMethod(const segment::StepSpec& spec) {
  return spec.needs == 0 && spec.uses == segment::kGray && (spec.makes & segment::kMask) != 0;
}

bool NamedStep::Takes(const segment::Parameter& parameter) const {
  return method.empty() || parameter.of.empty() ||
         std::find(parameter.of.begin(), parameter.of.end(), method) != parameter.of.end();
}

std::vector<std::string> MethodsOf(const segment::StepSpec& spec) {
  std::vector<std::string> names;
  const segment::Parameter* choice = ChoiceOfMethod(spec);
  if (choice == nullptr) return names;
  for (const std::string_view name : choice->choices) names.push_back(Dashed(name));
  return names;
}

std::optional<NamedStep> FindNamedStep(std::string_view name) {
  const std::string dashed = Dashed(name);
  for (const segment::StepSpec& spec : segment::AllSteps()) {
    if (Dashed(spec.name) == dashed) return NamedStep{&spec, ""};
  }
  if (dashed == kAll) return NamedStep{segment::FindStep(kAllThresholds), ""};
  for (const segment::StepSpec& spec : segment::AllSteps()) {
    const segment::Parameter* choice = ChoiceOfMethod(spec);
    if (choice == nullptr) continue;
    for (const std::string_view method : choice->choices) {
      if (Dashed(method) == dashed) return NamedStep{&spec, method};
    }
  }
  return std::nullopt;
}

std::string NameOf(const Step& step) {
  const segment::StepSpec& spec = SpecOf(step);
  if (ChoiceOfMethod(spec) != nullptr) {
    const Message& parameters = step.GetReflection()->GetMessage(step, &KindOf(step));
    const FieldDescriptor& field = *MethodField(parameters);
    const int method = parameters.GetReflection()->GetEnumValue(parameters, &field);
    if (method != 0) return EnumText(*field.enum_type(), method);
  }
  return Dashed(spec.name);
}

std::vector<std::string> StepNames() {
  std::vector<std::string> names;
  for (const segment::StepSpec& spec : segment::AllSteps()) {
    names.push_back(Dashed(spec.name));
    for (std::string& method : MethodsOf(spec)) names.push_back(std::move(method));
  }
  return names;
}

std::vector<std::string> MethodNames() {
  std::vector<std::string> names;
  for (const segment::StepSpec& spec : segment::AllSteps()) {
    if (!IsMethod(spec)) continue;
    std::vector<std::string> methods = MethodsOf(spec);
    if (methods.empty()) methods.push_back(Dashed(spec.name));
    for (std::string& method : methods) names.push_back(std::move(method));
  }
  names.emplace_back(kAll);
  return names;
}

Message* SetStep(const NamedStep& named, Step* step) {
  Message* parameters = step->GetReflection()->MutableMessage(
      step, Step::descriptor()->FindFieldByName(std::string(named.spec->name)));
  if (!named.method.empty()) {
    const FieldDescriptor& field = *MethodField(*parameters);
    const std::optional<int> number = ParseEnumText(*field.enum_type(), Dashed(named.method));
    parameters->GetReflection()->SetEnumValue(parameters, &field, number.value_or(0));
  }
  return parameters;
}

}  // namespace trine::cli
