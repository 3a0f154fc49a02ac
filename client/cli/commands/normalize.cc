// trine normalize: local response normalization of an array or a picture.
#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/cli/command.h"
#include "client/cli/commands/normalize_stream.h"
#include "client/cli/errors.h"
#include "client/cli/files/array_file.h"
#include "client/cli/files/convert.h"
#include "client/cli/files/file_identity.h"
#include "client/cli/files/inputs.h"
#include "client/cli/files/output_file.h"
#include "client/cli/flags/enum_text.h"
#include "client/cli/flags/lrn_flags.h"
#include "client/cli/path_names.h"
#include "client/cli/report/lrn_report.h"
#include "core/base/error.h"
#include "core/base/strings.h"

namespace trine::cli {
namespace {

struct Args {
  std::string input;
  std::string output;
  std::optional<int64_t> page;
  bool force = false;
  LrnFlags lrn;
};

// What is printed at the end.
struct Report {
  DType dtype = DType::kFloat32;
  DType file_dtype = DType::kFloat32;
  Shape shape;
  v1::LrnResolved resolved;
  double output_scale = 1;
  bool streamed = false;
  std::vector<std::string> warnings;
};

std::vector<std::string> WarningsOf(const v1::NormalizeResponse& response) {
  std::vector<std::string> warnings;
  for (const std::string& warning : response.warnings())
    warnings.push_back(WarningWithFlags(warning));
  return warnings;
}

void PrintSummary(const Args& args, const Report& report, double elapsed_ms,
                  const Session& session) {
  session.PrintStatus(absl::StrCat(DisplayName(args.input), ": ", ToAbsl(DTypeName(report.dtype)),
                                   " ", ShapeToString(report.shape), " -> ", args.output));
  session.PrintStatus(absl::StrCat("  ", ResolvedText(report.resolved)));
  if (report.file_dtype != report.dtype || args.lrn.scale != 1) {
    session.PrintStatus(absl::StrFormat("  input: %s, times %g",
                                        DTypeName(report.file_dtype).data(), args.lrn.scale));
  }
  PrintOutputScale(report.output_scale, session);
  Json json;
  json["input"] = args.input;
  json["output"] = args.output;
  json["dtype"] = std::string(DTypeName(report.dtype));
  json["shape"] = report.shape;
  json["resolved"] = ResolvedJson(report.resolved);
  json["resolved"]["scale"] = args.lrn.scale;
  json["resolved"]["input_dtype"] = std::string(DTypeName(report.file_dtype));
  json["resolved"]["output_scale"] = report.output_scale;
  json["streamed"] = report.streamed;
  json["warnings"] = report.warnings;
  json["elapsed_ms"] = elapsed_ms;
  session.PrintResult(json);
}

// The header of a regular .npy file whose elements do not fit one message; `file` is then read up
// to its end. nullopt for all else; `file` is then at its start.
absl::StatusOr<std::optional<image::NpyHeader>> OpenLong(const Args& args,
                                                         const v1::LrnOptions& options,
                                                         uint64_t max_message_bytes,
                                                         InputFile* file) {
  if (!file->size().has_value() || !IsNpyName(args.output) || args.page.has_value())
    return std::nullopt;
  std::string start(std::min(*file->size(), image::kMaxNpyHeaderBytes), '\0');
  TRINE_RETURN_IF_ERROR(file->ReadAt(0, {reinterpret_cast<uint8_t*>(start.data()), start.size()}));
  if (image::RecognizeFormat(AsBytes(start)) != image::Format::kNpy) return std::nullopt;
  Limits limits;  // a part is what the server's limits are about
  limits.max_elements = uint64_t{1} << 58;
  TRINE_ASSIGN_OR_RETURN(const image::NpyHeader header,
                         image::ParseNpyHeader(AsBytes(start), limits));
  TRINE_ASSIGN_OR_RETURN(const DType sent, SentDType(header.dtype, args.lrn.scale));
  if (!NeedsStream(header, options, sent, max_message_bytes)) return std::nullopt;
  start.resize(header.header_bytes);
  TRINE_RETURN_IF_ERROR(
      file->Read({reinterpret_cast<uint8_t*>(start.data()), start.size()}).status());
  return header;
}

absl::Status NormalizeWhole(const Args& args, v1::LrnOptions options, InputFile* file,
                            OutputFile* output, Session* session, Report* report) {
  TRINE_ASSIGN_OR_RETURN(
      const LoadedArray loaded,
      LoadArray(file, args.page, "normalize --page N takes another", args.lrn.scale));
  if (loaded.is_picture && options.layout() == v1::LRN_LAYOUT_UNSPECIFIED) {
    options.set_layout(v1::LRN_LAYOUT_HWC);
  }
  TRINE_RETURN_IF_ERROR(CheckArrayFits(args.output, loaded.tensor.view()));
  v1::NormalizeRequest request;
  SetTensor(loaded.tensor.view(), request.mutable_tensor());
  *request.mutable_options() = options;
  TRINE_ASSIGN_OR_RETURN(client::Client* const client, session->Connect());
  const uint64_t bytes = loaded.tensor.data.size();
  ProgressBar bar = session->Bar(file->path(), bytes);
  TRINE_ASSIGN_OR_RETURN(const v1::NormalizeResponse response,
                         client->Normalize(std::move(request)));
  bar.Update(bytes);
  TRINE_ASSIGN_OR_RETURN(const TensorView result, ViewOf(response.tensor(), "tensor"));
  TRINE_ASSIGN_OR_RETURN(const SavedArray saved, SaveArray(result, args.output));
  *report = {result.dtype, loaded.file_dtype, result.shape, response.resolved(), saved.output_scale,
             false,        loaded.warnings};
  const std::vector<std::string> more = WarningsOf(response);
  report->warnings.insert(report->warnings.end(), more.begin(), more.end());
  report->warnings.insert(report->warnings.end(), saved.warnings.begin(), saved.warnings.end());
  return output->Write(AsBytes(saved.bytes));
}

// No IN is stdin, whose result goes to stdout where no -o is given.
absl::Status FillNames(Args* args) {
  const bool filter = args->input.empty() || IsStdin(args->input);
  TRINE_ASSIGN_OR_RETURN(args->input, InputOrStdin(args->input));
  if (!args->output.empty()) return absl::OkStatus();
  if (!filter) return UsageError("normalize of a file needs -o OUT");
  args->output = "-";
  return absl::OkStatus();
}

absl::Status RunNormalize(Args args, Session* session) {
  const Stopwatch watch;
  TRINE_RETURN_IF_ERROR(FillNames(&args));
  session->Concern({{"input", args.input}});
  TRINE_RETURN_IF_ERROR(CheckArrayName(args.output));
  if (IsStdout(args.output)) TRINE_RETURN_IF_ERROR(session->UseStdoutForData("-o", args.output));
  TRINE_RETURN_IF_ERROR(CheckLrnFlags(args.lrn));
  TRINE_ASSIGN_OR_RETURN(InputFile file, InputFile::Open(args.input));
  TRINE_ASSIGN_OR_RETURN(const std::unique_ptr<OutputFile> output,
                         OutputFile::Create(args.output, args.force));
  const v1::LrnOptions options = ToLrnOptions(args.lrn);
  TRINE_ASSIGN_OR_RETURN(client::Client* const client, session->Connect());
  const absl::StatusOr<std::optional<image::NpyHeader>> longer =
      OpenLong(args, options, client->options().max_message_bytes, &file);
  if (!longer.ok()) return WithFile(longer.status(), args.input);
  Report report;
  absl::Status status;
  if (longer->has_value()) {
    const image::NpyHeader& header = **longer;
    TRINE_ASSIGN_OR_RETURN(const DType sent, SentDType(header.dtype, args.lrn.scale));
    const absl::StatusOr<v1::NormalizeResponse> last =
        NormalizeInParts(header, options, sent, args.lrn.scale, &file, output.get(), session);
    status = last.status();
    if (last.ok()) {
      report = {sent, header.dtype, header.shape, last->resolved(), 1, true, WarningsOf(*last)};
    }
  } else {
    status = NormalizeWhole(args, options, &file, output.get(), session, &report);
  }
  if (!status.ok()) return WithFile(status, args.input);
  TRINE_RETURN_IF_ERROR(output->Commit());
  for (const std::string& warning : report.warnings)
    session->PrintWarning(absl::StrCat(DisplayName(args.input), ": ", warning));
  PrintSummary(args, report, watch.ms(), *session);
  return absl::OkStatus();
}

}  // namespace

void AddNormalizeCommand(Command app, Run* run) {
  auto args = std::make_shared<Args>();
  Command command =
      app->add_subcommand("normalize", "Local response normalization of an array or a picture");
  command->add_option("IN", args->input,
                      ".npy or .npz, or a picture that `segment` reads; - stdin. Default: stdin");
  command
      ->add_option("-o,--output", args->output,
                   ".npy; or .tif, .png, .pgm (gray), .ppm (colour) for pictures (16 bits, the "
                   "factor is told); - stdout. Default: of stdin stdout")
      ->type_name("OUT");
  command
      ->add_option("--page", args->page,
                   "The page of a TIFF, from 0. Default: the first, which is said where there are "
                   "more")
      ->check(NotNegative())
      ->type_name("N");
  command->add_flag("-f,--force", args->force, "Overwrite. Default: never");
  AddLrnFlags(command, &args->lrn);
  command->callback(
      [args, run] { *run = [args](Session* session) { return RunNormalize(*args, session); }; });
}

}  // namespace trine::cli
