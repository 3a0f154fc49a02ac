#include "client/cli/commands/segment/checks.h"

#include <string>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/cli/embedded_refusals.h"
#include "client/cli/errors.h"
#include "client/cli/files/file_identity.h"
#include "client/cli/flags/step_names.h"
#include "client/cli/path_names.h"
#include "core/base/error.h"

namespace trine::cli {

bool TellsInLines(const SegmentArgs& args, const Pages& pages, const std::vector<Input>& inputs) {
  return args.summary || pages.all || inputs.size() > 1;
}

absl::Status CheckArgs(const SegmentArgs& args, const Pages& pages,
                       const std::vector<Input>& inputs, Session* session) {
  const bool to_folder = !args.outputs.out_dir.empty();
  TRINE_RETURN_IF_ERROR(
      CheckTold(session->globals(), {{"--plot", args.plot, true},
                                     {"--summary", args.summary, false},
                                     {"--ground-truth", !args.ground_truth.empty(), true}}));
  std::vector<std::string> paths = {args.mask, args.markers, args.ground_truth};
  for (const Input& input : inputs) paths.push_back(input.path);
  TRINE_RETURN_IF_ERROR(CheckStdinOnce(paths));
  for (const auto& [flag, path] : {std::pair{"--labels", &args.labels},
                                   {"--overlay", &args.overlay},
                                   {"--cutout", &args.cutout},
                                   {"--histogram", &args.histogram},
                                   {"--contours", &args.contours}}) {
    if (path->empty()) continue;
    if (to_folder) return UsageError("--out-dir writes one file an input; --emit says which");
    if (inputs.size() > 1) {
      return UsageError(
          absl::StrCat(flag, " names the output of one input; several go to --out-dir"));
    }
  }
  if (args.plot && TellsInLines(args, pages, inputs)) {
    return UsageError(
        "--plot shows one picture's histogram, and several are told in a line each; --out-dir with "
        "--emit histogram draws each");
  }
  if (args.fill && args.overlay.empty() && !(to_folder && args.emit == "overlay"))
    return UsageError("--fill colours an --overlay, which is not given");
  for (const Companion& row : kCompanions) {
    if ((args.*row.page).has_value() && (args.*row.path).empty()) {
      return UsageError(
          absl::StrCat(row.page_flag, " says which page of ", row.flag, ", which is not given"));
    }
  }
  if (args.dark_truth && args.ground_truth.empty())
    return UsageError("--dark-truth says how --ground-truth is read, which is not given");
  if (!to_folder && args.emit_given->count() > 0) {
    return UsageError("--emit says what --out-dir gets, which is not given");
  }
  for (const auto& [flag, path, text] : {std::tuple{"-o", &args.outputs.output, ""},
                                         {"--labels", &args.labels, ""},
                                         {"--cutout", &args.cutout, ""},
                                         {"--overlay", &args.overlay, ""},
                                         {"--histogram", &args.histogram, ""},
                                         {"--contours", &args.contours, ".json"},
                                         {kCsv, &args.csv, ".csv"}}) {
    if (path->empty()) continue;
    if (!IsStdout(*path)) {
      if (*text != 0) TRINE_RETURN_IF_ERROR(WithFlag(CheckTextName(*path, text), flag));
      continue;
    }
    if (pages.all && path != &args.csv) {
      return UsageError(
          absl::StrCat(flag, " ", *path, ": --page all writes a file a page; name one"));
    }
    TRINE_RETURN_IF_ERROR(session->UseStdoutForData(flag, *path));
  }
  return absl::OkStatus();
}

absl::Status CheckSteps(const SegmentArgs& args, const v1::SegmentRequest& request) {
  const absl::Status status = RefusalOfAny(request, {.mask = !args.mask.empty(),
                                                     .markers = !args.markers.empty(),
                                                     .ground_truth = !args.ground_truth.empty()});
  return AsUsage(WithStepFlags(status, request, args.steps));
}

}  // namespace trine::cli
