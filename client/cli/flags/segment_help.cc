#include "client/cli/flags/segment_help.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/cli/flags/named_steps.h"
#include "client/cli/spelling.h"
#include "core/segment/steps.h"

namespace trine::cli {
namespace {

using segment::Parameter;
using segment::StepSpec;

constexpr size_t kColumns = 4;
using Row = std::array<std::string, kColumns>;

std::vector<std::string> MapNames(unsigned maps) {
  const std::vector<std::string_view> names = segment::MapNames(maps);
  return {names.begin(), names.end()};
}
std::string Maps(unsigned maps) { return absl::StrJoin(MapNames(maps), ", "); }

Row RowOf(const StepSpec& step, const Parameter& parameter) {
  return {std::string(parameter.name), segment::RangeText(parameter),
          segment::DefaultText(step, parameter), segment::AboutText(parameter)};
}

// Columns as wide as their longest cell, the last one ragged.
std::string Aligned(const std::vector<Row>& rows) {
  std::array<size_t, kColumns> width{};
  for (const Row& row : rows) {
    for (size_t c = 0; c < kColumns; ++c) width[c] = std::max(width[c], row[c].size());
  }
  std::vector<std::string> lines;
  for (const Row& row : rows) {
    std::string line;
    for (size_t c = 0; c + 1 < kColumns; ++c) {
      absl::StrAppend(&line, row[c], std::string(width[c] + 2 - row[c].size(), ' '));
    }
    line += row.back();
    line.erase(line.find_last_not_of(' ') + 1);
    lines.push_back(line);
  }
  return absl::StrJoin(lines, "\n");
}

}  // namespace

std::string StepsHelp() {
  std::vector<Row> rows = {{"STEP", "READS", "WRITES", "WHAT IT DOES"},
                           {"  PARAMETER", "RANGE", "DEFAULT", ""}};
  for (const StepSpec& step : segment::AllSteps()) {
    rows.push_back({Dashed(step.name), Maps(step.needs | step.uses), Maps(step.makes),
                    std::string(step.about)});
    for (const Parameter& parameter : step.parameters) {
      Row row = RowOf(step, parameter);
      row[0] = "  " + row[0];
      rows.push_back(row);
    }
  }
  std::string methods;
  for (const StepSpec& step : segment::AllSteps()) {
    const std::vector<std::string> names = MethodsOf(step);
    if (!names.empty())
      absl::StrAppend(&methods, "\n\n", absl::StrJoin(names, ", "), ":\n", Dashed(step.name),
                      " with that method");
  }
  return absl::StrCat(Aligned(rows), methods,
                      "\n\nSteps are separated by commas, parameters follow after colons: --steps "
                      "otsu,components:min_area=20,measure");
}

Json StepsJson() {
  Json steps = Json::array();
  for (const StepSpec& step : segment::AllSteps()) {
    Json parameters = Json::array();
    for (const Parameter& parameter : step.parameters) {
      Row row = RowOf(step, parameter);
      // Choices as every other JSON has them.
      if (parameter.kind == segment::ParameterKind::kChoice)
        row = {row[0], Dashed(row[1]), Dashed(row[2]), row[3]};
      parameters.push_back(
          {{"name", row[0]}, {"range", row[1]}, {"default", row[2]}, {"about", row[3]}});
    }
    steps.push_back({{"name", std::string(step.name)},
                     {"about", std::string(step.about)},
                     {"reads", MapNames(step.needs | step.uses)},
                     {"writes", MapNames(step.makes)},
                     {"parameters", parameters}});
  }
  return {{"steps", steps}};
}

std::string StepsMarkdown() {
  std::string out =
      "# Segmentation steps\n\n"
      "Made by `trine segment --steps-markdown`; a test compares the two. A step reads what steps "
      "before it wrote.\n\n"
      "| step | reads | writes | what it does |\n| --- | --- | --- | --- |\n";
  for (const StepSpec& step : segment::AllSteps()) {
    absl::StrAppend(&out, "| `", std::string(step.name), "` | ", Maps(step.needs | step.uses),
                    " | ", Maps(step.makes), " | ", std::string(step.about), " |\n");
  }
  absl::StrAppend(&out,
                  "\n| parameter | range | default | what it is |\n| --- | --- | --- | --- |\n");
  for (const StepSpec& step : segment::AllSteps()) {
    for (const Parameter& parameter : step.parameters) {
      const Row row = RowOf(step, parameter);
      absl::StrAppend(&out, "| `", std::string(step.name), ".", row[0], "` | ", row[1], " | ",
                      row[2], " | ", row[3], " |\n");
    }
  }
  out.pop_back();  // the line's end is the printer's
  return out;
}

}  // namespace trine::cli
