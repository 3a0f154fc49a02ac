// trine compare-labels: how a label map compares with the right one.
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/cli/command.h"
#include "client/cli/errors.h"
#include "client/cli/files/compared_file.h"
#include "client/cli/files/file_identity.h"
#include "client/cli/report/label_metrics_report.h"
#include "core/base/error.h"
#include "core/base/tensor.h"
#include "core/segment/label_metrics.h"

namespace trine::cli {
namespace {

struct Args {
  std::string labels, truth;
  std::optional<int64_t> page;
};

absl::StatusOr<ComparedFile> ReadLabels(const std::string& path, const Args& args) {
  TRINE_ASSIGN_OR_RETURN(ComparedFile file, ReadCompared(path, args.page, "compare-labels", true));
  const std::string shape = ShapeToString(file.pixels.shape);
  if (file.is_lossy) {
    return WithFile(
        InputError("is coded in a way that changes numbers: labels come from a lossless "
                   "file, such as PNG, TIFF or .npy"),
        path);
  }
  if (file.pixels.shape.size() != 2) {
    return WithFile(
        InputError(absl::StrCat("labels are [H,W], one number a pixel; this is ", shape)), path);
  }
  return file;
}

absl::Status RunCompareLabels(const Args& args, Session* session) {
  const Stopwatch watch;
  session->Concern({{"labels", args.labels}, {"ground_truth", args.truth}});
  TRINE_RETURN_IF_ERROR(CheckStdinOnce({args.labels, args.truth}));
  TRINE_ASSIGN_OR_RETURN(const ComparedFile labels, ReadLabels(args.labels, args));
  TRINE_ASSIGN_OR_RETURN(const ComparedFile truth, ReadLabels(args.truth, args));
  TRINE_RETURN_IF_ERROR(CheckComparable(labels, truth, args.page, "labels"));
  const absl::StatusOr<segment::LabelMetrics> metrics =
      segment::CompareLabels(Context(), labels.pixels.view(), truth.pixels.view());
  if (!metrics.ok()) {
    const std::optional<ErrorDetail> detail = GetErrorDetail(metrics.status());
    const bool of_truth = detail.has_value() && absl::StartsWith(detail->field, "ground_truth");
    return WithFile(
        TranslateField(metrics.status(), {{"labels", "pixel"}, {"ground_truth", "pixel"}}),
        of_truth ? args.truth : args.labels);
  }
  Json json;
  json["labels"] = args.labels;
  json["ground_truth"] = args.truth;
  for (const std::string& line : LabelMetricsLines(*metrics)) session->PrintStatus(line);
  json.update(LabelMetricsJson(*metrics));
  json["warnings"] = WarningsOf(labels, truth);
  for (const std::string& warning : WarningsOf(labels, truth)) session->PrintWarning(warning);
  json["elapsed_ms"] = watch.ms();
  session->PrintResult(json);
  return absl::OkStatus();
}

}  // namespace

void AddCompareLabelsCommand(Command app, Run* run) {
  auto args = std::make_shared<Args>();
  Command command = app->add_subcommand(
      "compare-labels",
      "F1, average precision, Dice, IoU, variation of information, Rand, splits and merges of a "
      "label map against the right one. An object is a number but 0");
  command->add_option("LABELS", args->labels, "The labels: a picture or an array; - for stdin")
      ->required();
  command->add_option("TRUTH", args->truth, "The right ones, of the same size")->required();
  command
      ->add_option("--page", args->page,
                   "Of a file of several pages this one, from 0. Default: the first, which is said")
      ->check(NotNegative())
      ->type_name("N");
  command->callback([args, run] {
    *run = [args](Session* session) { return RunCompareLabels(*args, session); };
  });
}

}  // namespace trine::cli
