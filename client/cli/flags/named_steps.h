// Steps of a segmentation as people name them: the name of a row of the list of steps with dashes,
// or a value of a row's choice "method" where the row parts the picture: "sauvola" is
// local-threshold with method=sauvola. A new row or method is offered without a change here.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/segment/steps.h"
#include "trine/v1/segmentation.pb.h"

namespace trine::cli {

struct NamedStep {
  const segment::StepSpec* spec = nullptr;
  std::string_view method;  // value of the row's choice "method"; empty: the name does not say it

  // Whether a parameter of the row is one of the method that is named.
  bool Takes(const segment::Parameter& parameter) const;
};

// Whether the step parts the gray picture alone into mask and background.
bool IsMethod(const segment::StepSpec& spec);

// Dashes and underscores are the same. "all" is all-thresholds.
std::optional<NamedStep> FindNamedStep(std::string_view name);

// The row of `step`, and its name as --steps would have it. REQUIRES: one is set.
const segment::StepSpec& SpecOf(const v1::SegmentStep& step);
std::string NameOf(const v1::SegmentStep& step);

// What FindNamedStep knows.
std::vector<std::string> StepNames();
// Those of them that part the picture, one a way of doing so, and "all": what --method offers.
std::vector<std::string> MethodNames();
// The values of the choice "method" of a row that parts the picture; empty: it has none.
std::vector<std::string> MethodsOf(const segment::StepSpec& spec);

// The message of `spec`'s parameters in `step`, which it sets, with the method that is named.
google::protobuf::Message* SetStep(const NamedStep& named, v1::SegmentStep* step);

}  // namespace trine::cli
