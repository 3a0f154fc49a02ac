// trine compare-masks: how a mask compares with the right one.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/cli/command.h"
#include "client/cli/errors.h"
#include "client/cli/files/array_file.h"
#include "client/cli/files/file_identity.h"
#include "client/cli/files/input_file.h"
#include "client/cli/path_names.h"
#include "client/cli/report/metrics_report.h"
#include "client/options.h"
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

// Of one of the two files.
struct Foreground {
  Tensor mask;
  std::vector<std::string> warnings;
  bool has_pages = false;  // several
};

absl::StatusOr<Foreground> ReadForeground(const std::string& path, const Args& args) {
  TRINE_ASSIGN_OR_RETURN(InputFile file, InputFile::Open(path));
  TRINE_ASSIGN_OR_RETURN(const std::string bytes, file.ReadAll(client::kItemLimit));
  const ByteView view = AsBytes(bytes);
  const Context context;
  Foreground out;
  Tensor picture;
  if (image::HoldsArray(view)) {
    TRINE_ASSIGN_OR_RETURN(picture, image::DecodeNpy(context, view, &out.warnings));
  } else {
    const absl::StatusOr<int64_t> pages = image::CountPages(context, view);
    out.has_pages = pages.ok() && *pages > 1;
    TRINE_ASSIGN_OR_RETURN(picture,
                           LoadPicture(view, out.has_pages ? args.page : std::nullopt,
                                       "compare-masks --page N takes another", &out.warnings));
  }
  if (picture.shape.size() == 3 && picture.shape[2] == 3) {
    TRINE_ASSIGN_OR_RETURN(picture,
                           image::ToGray(context, picture.view(), image::GrayWeights::kBt601));
  }
  if (picture.shape.size() == 3 && picture.shape[2] == 1) picture.shape.pop_back();
  if (picture.shape.size() != 2) {
    return InputError(
        absl::StrCat("a mask is [H,W], gray or RGB; this is ", ShapeToString(picture.shape)));
  }
  if (image::IsLossy(context, view, out.has_pages ? args.page.value_or(0) : 0)) {
    TRINE_ASSIGN_OR_RETURN(const uint64_t between, segment::CountBetween(context, picture.view()));
    const std::string text = segment::LossyWarning(between, segment::kTakenByHalf);
    if (!text.empty()) out.warnings.push_back(text);
  }
  absl::StatusOr<Tensor> mask = segment::MaskOfBright(context, picture.view(), args.invert);
  if (!mask.ok()) return TranslateField(mask.status(), {{"mask", "pixel"}});
  out.mask = *std::move(mask);
  return out;
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
  const absl::StatusOr<Foreground> mask = ReadForeground(args.mask, args);
  if (!mask.ok()) return WithFile(mask.status(), args.mask);
  const absl::StatusOr<Foreground> truth = ReadForeground(args.truth, args);
  if (!truth.ok()) return WithFile(truth.status(), args.truth);
  // Every file has page 0.
  if (args.page.value_or(0) > 0 && !mask->has_pages && !truth->has_pages)
    return UsageError("--page is for files of several pages; neither of the two is one");
  const Shape& of_mask = mask->mask.shape;
  const Shape& of_truth = truth->mask.shape;
  if (of_mask != of_truth) {
    return WithFile(InputError(absl::StrCat("is ", ShapeToString(of_truth), " and ", args.mask, " ",
                                            ShapeToString(of_mask),
                                            "; masks that are compared are of one size")),
                    args.truth);
  }
  TRINE_ASSIGN_OR_RETURN(const segment::MaskMetrics metrics,
                         segment::CompareMasks(Context(), mask->mask.view(), truth->mask.view()));
  std::vector<std::string> warnings;
  for (const auto& [path, from] : {std::pair{&args.mask, &*mask}, {&args.truth, &*truth}}) {
    for (const std::string& warning : from->warnings)
      warnings.push_back(absl::StrCat(DisplayName(*path), ": ", warning));
  }
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
