#include "client/cli/flags/segment_help.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/cli/flags/named_steps.h"
#include "client/cli/spelling.h"
#include "client/cli/wrap.h"
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

constexpr size_t kGap = 2;

// Columns as wide as their longest cells where `columns` has room; else ranges and defaults give
// way, and then what is said of them.
std::array<size_t, kColumns> WidthsOf(const std::vector<Row>& rows, size_t columns) {
  std::array<size_t, kColumns> widths{};
  for (const Row& row : rows) {
    for (size_t c = 0; c < kColumns; ++c) widths[c] = std::max(widths[c], row[c].size());
  }
  const size_t taken = widths[0] + (kColumns - 1) * kGap;
  const size_t room = columns > taken + kColumns ? columns - taken : kColumns;
  if (widths[1] + widths[2] + widths[3] <= room) return widths;
  widths[1] = std::min(widths[1], std::max<size_t>(room / 3, 1));
  widths[2] = std::min(widths[2], std::max<size_t>(room / 4, 1));
  widths[3] = std::min(widths[3], std::max<size_t>(room - widths[1] - widths[2], 1));
  return widths;
}

// Cells wrapped within their columns, lines without spaces at their ends.
std::string Aligned(const std::vector<Row>& rows, size_t columns) {
  const std::array<size_t, kColumns> widths = WidthsOf(rows, columns);
  std::vector<std::string> lines;
  for (const Row& row : rows) {
    std::array<std::vector<std::string>, kColumns> cells;
    size_t height = 0;
    for (size_t c = 0; c < kColumns; ++c) {
      cells[c] = c == 0 ? std::vector<std::string>{row[c]} : Wrapped(row[c], widths[c]);
      height = std::max(height, cells[c].size());
    }
    for (size_t i = 0; i < height; ++i) {
      std::string line;
      size_t end = 0;  // of the column
      for (size_t c = 0; c < kColumns; ++c) {
        line.resize(end, ' ');
        if (i < cells[c].size()) line += cells[c][i];
        end += widths[c] + kGap;
      }
      line.erase(line.find_last_not_of(' ') + 1);
      lines.push_back(line);
    }
  }
  return absl::StrJoin(lines, "\n");
}

}  // namespace

std::string StepsHelp(size_t columns) {
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
      absl::StrAppend(&methods, "\n\n", WrappedText(absl::StrJoin(names, ", ") + ":", columns),
                      "\n", Dashed(step.name), " with that method");
  }
  const std::string how = WrappedText(
      "Steps are separated by commas, parameters follow after colons: --steps "
      "otsu,components:min_area=20,measure",
      columns);
  return absl::StrCat(Aligned(rows, columns), methods, "\n\n", how);
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
