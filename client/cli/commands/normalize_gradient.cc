// trine normalize-gradient: the gradient of local response normalization.
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/cli/command.h"
#include "client/cli/errors.h"
#include "client/cli/files/array_file.h"
#include "client/cli/files/convert.h"
#include "client/cli/files/file_identity.h"
#include "client/cli/files/output_file.h"
#include "client/cli/flags/lrn_flags.h"
#include "client/cli/path_names.h"
#include "client/cli/report/lrn_report.h"
#include "core/base/error.h"
#include "core/base/strings.h"

namespace trine::cli {
namespace {

struct Args {
  std::string input;
  std::string gradient;
  std::string output;
  bool force = false;
  LrnFlags lrn;
};

absl::StatusOr<LoadedArray> Load(const std::string& path, double scale) {
  TRINE_ASSIGN_OR_RETURN(InputFile file, InputFile::Open(path));
  absl::StatusOr<LoadedArray> loaded =
      LoadArray(&file, std::nullopt, "normalize-gradient takes no other", scale);
  if (!loaded.ok()) return WithFile(loaded.status(), path);
  for (std::string& warning : loaded->warnings)
    warning = absl::StrCat(DisplayName(path), ": ", warning);
  return loaded;
}

absl::Status RunNormalizeGradient(const Args& args, Session* session) {
  const Stopwatch watch;
  session->Concern({{"input", args.input}, {"gradient", args.gradient}});
  if (IsStdout(args.output)) TRINE_RETURN_IF_ERROR(session->UseStdoutForData("-o", args.output));
  TRINE_RETURN_IF_ERROR(CheckStdinOnce({args.input, args.gradient}));
  TRINE_RETURN_IF_ERROR(CheckLrnFlags(args.lrn));
  TRINE_RETURN_IF_ERROR(CheckArrayName(args.output));
  TRINE_ASSIGN_OR_RETURN(const LoadedArray in, Load(args.input, args.lrn.scale));
  const absl::Status fits = CheckArrayFits(args.output, in.tensor.view());
  if (!fits.ok()) return WithFile(fits, args.input);
  TRINE_ASSIGN_OR_RETURN(const LoadedArray gradient, Load(args.gradient, 1));
  TRINE_ASSIGN_OR_RETURN(const std::unique_ptr<OutputFile> output,
                         OutputFile::Create(args.output, args.force));
  v1::NormalizeGradientRequest request;
  SetTensor(in.tensor.view(), request.mutable_tensor());
  SetTensor(gradient.tensor.view(), request.mutable_output_gradient());
  *request.mutable_options() = ToLrnOptions(args.lrn);
  if (in.is_picture && request.options().layout() == v1::LRN_LAYOUT_UNSPECIFIED) {
    request.mutable_options()->set_layout(v1::LRN_LAYOUT_HWC);
  }
  TRINE_ASSIGN_OR_RETURN(client::Client* const client, session->Connect());
  const uint64_t bytes = in.tensor.data.size();
  absl::StatusOr<v1::NormalizeGradientResponse> response;
  {
    ProgressBar bar = session->Bar(args.input, bytes);
    response = client->NormalizeGradient(std::move(request));
    if (response.ok()) bar.Update(bytes);
  }
  if (!response.ok()) return WithFile(response.status(), args.input);
  TRINE_ASSIGN_OR_RETURN(const TensorView result,
                         ViewOf(response->input_gradient(), "input_gradient"));
  TRINE_ASSIGN_OR_RETURN(const SavedArray saved, SaveArray(result, args.output));
  TRINE_RETURN_IF_ERROR(output->Write(AsBytes(saved.bytes)));
  TRINE_RETURN_IF_ERROR(output->Commit());
  session->PrintStatus(absl::StrCat(DisplayName(args.input), ": ", ToAbsl(DTypeName(result.dtype)),
                                    " ", ShapeToString(result.shape), " -> ", args.output));
  session->PrintStatus(absl::StrCat("  gradient of ", ResolvedText(response->resolved())));
  PrintOutputScale(saved.output_scale, *session);
  std::vector<std::string> warnings = in.warnings;
  warnings.insert(warnings.end(), gradient.warnings.begin(), gradient.warnings.end());
  for (const std::string& warning : response->warnings())
    warnings.push_back(WarningWithFlags(warning));
  for (const std::string& warning : saved.warnings)
    warnings.push_back(absl::StrCat(DisplayName(args.output), ": ", warning));
  for (const std::string& warning : warnings) session->PrintWarning(warning);
  Json json;
  json["input"] = args.input;
  json["gradient"] = args.gradient;
  json["output"] = args.output;
  json["dtype"] = std::string(DTypeName(result.dtype));
  json["shape"] = result.shape;
  json["resolved"] = ResolvedJson(response->resolved());
  json["resolved"]["scale"] = args.lrn.scale;
  json["resolved"]["input_dtype"] = std::string(DTypeName(in.file_dtype));
  json["resolved"]["output_scale"] = saved.output_scale;
  json["warnings"] = warnings;
  json["elapsed_ms"] = watch.ms();
  session->PrintResult(json);
  return absl::OkStatus();
}

}  // namespace

void AddNormalizeGradientCommand(Command app, Run* run) {
  auto args = std::make_shared<Args>();
  Command command = app->add_subcommand("normalize-gradient",
                                        "Gradient with respect to the normalization's input");
  command
      ->add_option("IN", args->input,
                   "The layer's input: .npy or .npz, or a picture that `segment` reads; "
                   "- stdin")
      ->required();
  command
      ->add_option("GRAD", args->gradient,
                   "Gradient with respect to the layer's output, of the same dtype and shape")
      ->required();
  command
      ->add_option("-o,--output", args->output,
                   "Gradient with respect to the input: .npy; or .tif, .png, .pgm (gray), .ppm "
                   "(colour) for pictures (16 bits, the factor is told); - stdout")
      ->required()
      ->type_name("OUT");
  command->add_flag("-f,--force", args->force, "Overwrite. Default: never");
  AddLrnFlags(command, &args->lrn);
  command->callback([args, run] {
    *run = [args](Session* session) { return RunNormalizeGradient(*args, session); };
  });
}

}  // namespace trine::cli
