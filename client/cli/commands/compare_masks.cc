// trine compare-masks: how a mask compares with the right one.
#include <cmath>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/cli/command.h"
#include "client/cli/errors.h"
#include "client/cli/files/input_file.h"
#include "client/options.h"
#include "core/base/element_type.h"
#include "core/base/error.h"
#include "core/base/tensor.h"
#include "core/image/image.h"
#include "core/segment/metrics.h"

namespace trine::cli {
namespace {

struct Args {
  std::string mask, truth;
  bool invert = false;
};

// The foreground as 1: what is above half of the picture's largest value, with `invert` the rest.
template <typename T>
void MarkForeground(const Tensor& picture, bool invert, Tensor* out) {
  const auto at = [&](size_t i) {
    return static_cast<double>(LoadLE<T>(picture.data.data() + i * sizeof(T)));
  };
  double largest = 0;
  for (size_t i = 0; i < out->data.size(); ++i) largest = std::fmax(largest, at(i));
  for (size_t i = 0; i < out->data.size(); ++i)
    out->data[i] = (at(i) > largest / 2) != invert ? 1 : 0;
}

absl::StatusOr<Tensor> ReadForeground(const std::string& path, bool invert) {
  TRINE_ASSIGN_OR_RETURN(InputFile file, InputFile::Open(path));
  TRINE_ASSIGN_OR_RETURN(const std::string bytes, file.ReadAll(client::kItemLimit));
  const ByteView view(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  const Context context;
  TRINE_ASSIGN_OR_RETURN(Tensor picture, image::HoldsArray(view)
                                             ? image::DecodeNpy(context, view)
                                             : image::DecodeImage(context, view));
  if (picture.shape.size() == 3 && picture.shape[2] == 3) {
    TRINE_ASSIGN_OR_RETURN(picture,
                           image::ToGray(context, picture.view(), image::GrayWeights::kBt601));
  }
  if (picture.shape.size() == 3 && picture.shape[2] == 1) picture.shape.pop_back();
  if (picture.shape.size() != 2) {
    return InputError(absl::StrCat("a mask is [H,W]; this is ", ShapeToString(picture.shape)));
  }
  Tensor out = Tensor::Zeros(DType::kUint8, picture.shape);
  WithElementType(picture.dtype,
                  [&](auto type) { MarkForeground<decltype(type)>(picture, invert, &out); });
  return out;
}

// What a person and a program are told of, in this order. No number of JSON is infinite: null.
struct Line {
  std::string_view name, title, unit;
  double value;
};

std::string TextOf(const Line& line) {
  const std::string unit = line.unit.empty() ? "" : absl::StrCat(" ", std::string(line.unit));
  return absl::StrFormat(
      "%-18s %s%s", line.title,
      std::isfinite(line.value) ? absl::StrFormat("%.3f", line.value) : std::string("infinite"),
      unit);
}

void Report(const Args& args, const segment::MaskMetrics& metrics, double elapsed_ms,
            const Session& session) {
  const Line lines[] = {
      {"f_measure", "F-measure", "%", metrics.f_measure},
      {"pseudo_f_measure", "pseudo-F-measure", "%", metrics.pseudo_f_measure},
      {"psnr", "PSNR", "dB", metrics.psnr},
      {"drd", "DRD", "", metrics.drd},
      {"dice", "Dice", "", metrics.dice},
      {"iou", "IoU", "", metrics.iou},
      {"precision", "precision", "%", metrics.precision},
      {"recall", "recall", "%", metrics.recall},
      {"pseudo_precision", "pseudo-precision", "%", metrics.pseudo_precision},
      {"pseudo_recall", "pseudo-recall", "%", metrics.pseudo_recall},
  };
  Json json;
  json["mask"] = args.mask;
  json["ground_truth"] = args.truth;
  for (const Line& line : lines) {
    session.PrintStatus(TextOf(line));
    const std::string name(line.name);
    if (std::isfinite(line.value)) {
      json[name] = line.value;
    } else {
      json[name] = nullptr;
    }
  }
  session.PrintStatus(absl::StrFormat("%-18s %d true, %d false, %d missing", "foreground",
                                      metrics.true_positives, metrics.false_positives,
                                      metrics.false_negatives));
  json["true_positives"] = metrics.true_positives;
  json["false_positives"] = metrics.false_positives;
  json["false_negatives"] = metrics.false_negatives;
  json["true_negatives"] = metrics.true_negatives;
  json["elapsed_ms"] = elapsed_ms;
  session.PrintResult(json);
}

absl::Status RunCompareMasks(const Args& args, Session* session) {
  const Stopwatch watch;
  if (args.mask == "-" && args.truth == "-")
    return UsageError("only one of both masks can come from stdin");
  const absl::StatusOr<Tensor> mask = ReadForeground(args.mask, args.invert);
  if (!mask.ok()) return WithFile(mask.status(), args.mask);
  const absl::StatusOr<Tensor> truth = ReadForeground(args.truth, args.invert);
  if (!truth.ok()) return WithFile(truth.status(), args.truth);
  if (mask->shape != truth->shape) {
    return WithFile(InputError(absl::StrCat("is ", ShapeToString(truth->shape), " and ", args.mask,
                                            " ", ShapeToString(mask->shape),
                                            "; masks that are compared are of one size")),
                    args.truth);
  }
  TRINE_ASSIGN_OR_RETURN(const segment::MaskMetrics metrics,
                         segment::CompareMasks(Context(), mask->view(), truth->view()));
  Report(args, metrics, watch.ms(), *session);
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
  command->add_flag("--invert", args->invert,
                    "Foreground is dark in both, as the ink of pages is. Default: no");
  command->callback(
      [args, run] { *run = [args](Session* session) { return RunCompareMasks(*args, session); }; });
}

}  // namespace trine::cli
