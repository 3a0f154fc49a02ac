// trine compare-masks: how a mask compares with the right one.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/cli/command.h"
#include "client/cli/errors.h"
#include "client/cli/files/compared_file.h"
#include "client/cli/files/file_identity.h"
#include "client/cli/report/metrics_report.h"
#include "core/base/error.h"
#include "core/base/tensor.h"
#include "core/image/image.h"
#include "core/segment/mask_values.h"
#include "core/segment/metrics.h"

namespace trine::cli {
namespace {

struct Args {
  std::string mask, truth;
  bool invert = false;
  std::optional<int64_t> page;
};

// The file's foreground in place of its pixels.
absl::Status MakeForeground(const Args& args, ComparedFile* file) {
  const Context context;
  Tensor& picture = file->pixels;
  if (picture.shape.size() == 3 && picture.shape[2] == 3) {
    TRINE_ASSIGN_OR_RETURN(picture,
                           image::ToGray(context, picture.view(), image::GrayWeights::kBt601));
  }
  if (picture.shape.size() != 2) {
    return InputError(
        absl::StrCat("a mask is [H,W], gray or RGB; this is ", ShapeToString(picture.shape)));
  }
  if (file->is_lossy) {
    TRINE_ASSIGN_OR_RETURN(const uint64_t between, segment::CountBetween(context, picture.view()));
    const std::string text = segment::LossyWarning(between, segment::kTakenByHalf);
    if (!text.empty()) file->warnings.push_back(text);
  }
  absl::StatusOr<Tensor> mask = segment::MaskOfBright(context, picture.view(), args.invert);
  if (!mask.ok()) return TranslateField(mask.status(), {{"mask", "pixel"}});
  picture = *std::move(mask);
  return absl::OkStatus();
}

absl::StatusOr<ComparedFile> ReadForeground(const std::string& path, const Args& args) {
  TRINE_ASSIGN_OR_RETURN(ComparedFile file, ReadCompared(path, args.page, "compare-masks", false));
  const absl::Status status = MakeForeground(args, &file);
  if (!status.ok()) return WithFile(status, path);
  return file;
}

void Report(const Args& args, const segment::MaskMetrics& metrics,
            const std::vector<std::string>& warnings, double elapsed_ms, const Session& session) {
  Json json;
  json["mask"] = args.mask;
  json["ground_truth"] = args.truth;
  for (const std::string& line : MetricsLines(metrics)) session.PrintStatus(line);
  json.update(MetricsJson(metrics));
  json["warnings"] = warnings;
  for (const std::string& warning : warnings) session.PrintWarning(warning);
  json["elapsed_ms"] = elapsed_ms;
  session.PrintResult(json);
}

absl::Status RunCompareMasks(const Args& args, Session* session) {
  const Stopwatch watch;
  session->Concern({{"mask", args.mask}, {"ground_truth", args.truth}});
  TRINE_RETURN_IF_ERROR(CheckStdinOnce({args.mask, args.truth}));
  TRINE_ASSIGN_OR_RETURN(const ComparedFile mask, ReadForeground(args.mask, args));
  TRINE_ASSIGN_OR_RETURN(const ComparedFile truth, ReadForeground(args.truth, args));
  TRINE_RETURN_IF_ERROR(CheckComparable(mask, truth, args.page, "masks"));
  TRINE_ASSIGN_OR_RETURN(const segment::MaskMetrics metrics,
                         segment::CompareMasks(Context(), mask.pixels.view(), truth.pixels.view()));
  const std::vector<std::string> warnings = WarningsOf(mask, truth);
  Report(args, metrics, warnings, watch.ms(), *session);
  return absl::OkStatus();
}

}  // namespace

void AddCompareMasksCommand(Command app, Run* run) {
  auto args = std::make_shared<Args>();
  Command command = app->add_subcommand(
      "compare-masks",
      "F-measure, pseudo-F-measure, PSNR, DRD, Dice and IoU of a mask against the right one. "
      "Foreground is what is brighter than half of a picture's largest value");
  command->add_option("MASK", args->mask, "The mask: a picture or an array; - for stdin")
      ->required();
  command->add_option("TRUTH", args->truth, "The right one, of the same size")->required();
  command
      ->add_option("--page", args->page,
                   "Of a file of several pages this one, from 0. Default: the first, which is said")
      ->check(NotNegative())
      ->type_name("N");
  command->add_flag("--invert", args->invert,
                    "Foreground is dark in both, as the ink of pages is. Default: no");
  command->callback(
      [args, run] { *run = [args](Session* session) { return RunCompareMasks(*args, session); }; });
}

}  // namespace trine::cli
