// trine segment: thresholds, masks, label maps, measurements and outlines of pictures.
#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/cli/command.h"
#include "client/cli/errors.h"
#include "client/cli/files/input_file.h"
#include "client/cli/files/output_file.h"
#include "client/cli/files/overlay.h"
#include "client/cli/files/segment_files.h"
#include "client/cli/flags/segment_args.h"
#include "client/cli/flags/segment_help.h"
#include "client/cli/flags/segment_steps.h"
#include "client/cli/flags/step_names.h"
#include "client/cli/path_names.h"
#include "client/cli/report/segment_report.h"
#include "core/base/error.h"

namespace trine::cli {
namespace {

using FilePtr = std::unique_ptr<OutputFile>;

// "a.tif" to "a": --out-dir adds ".mask.png".
std::string Stem(const std::string& name) {
  const size_t dot = name.rfind('.');
  const size_t start = name.size() - BaseName(name).size();
  return dot == std::string::npos || dot <= start ? name : name.substr(0, dot);
}
std::string MaskName(const std::string& name) { return Stem(name) + ".mask.png"; }
std::string LabelsName(const std::string& name) { return Stem(name) + ".labels.png"; }
std::string OverlayName(const std::string& name) { return Stem(name) + ".overlay.png"; }

Naming NamingFor(const SegmentArgs& args) {
  if (args.emit == "labels") return {LabelsName};
  return {args.emit == "overlay" ? OverlayName : MaskName};
}

// The paths of one input's outputs; empty: not wanted.
struct Paths {
  std::string mask, labels, overlay, contours;
};

absl::StatusOr<Paths> PathsFor(const SegmentArgs& args, const Input& input) {
  if (args.outputs.out_dir.empty()) {
    return Paths{args.outputs.output, args.labels, args.overlay, args.contours};
  }
  TRINE_ASSIGN_OR_RETURN(std::string path, OutputPath(input, args.outputs, NamingFor(args)));
  Paths paths;
  (args.emit == "labels"    ? paths.labels
   : args.emit == "overlay" ? paths.overlay
                            : paths.mask) = std::move(path);
  return paths;
}

// What all inputs write to, in their order.
struct Common {
  FilePtr csv;            // null: not wanted
  bool is_first = true;   // nothing was written or printed yet
  bool in_lines = false;  // a line an input on the terminal
  size_t name_width = 0;  // of the longest input
};

// Created before the call, so that a name that cannot be written is refused at once.
struct Files {
  FilePtr mask, labels, overlay, contours;
};

absl::StatusOr<Files> CreateFiles(const Paths& paths, bool force) {
  Files files;
  const auto create = [force](const std::string& path, FilePtr* file,
                              Holds holds = Holds::kBinary) -> absl::Status {
    if (path.empty()) return absl::OkStatus();
    TRINE_ASSIGN_OR_RETURN(*file, OutputFile::Create(path, force, holds));
    return absl::OkStatus();
  };
  TRINE_RETURN_IF_ERROR(create(paths.mask, &files.mask));
  TRINE_RETURN_IF_ERROR(create(paths.labels, &files.labels));
  TRINE_RETURN_IF_ERROR(create(paths.overlay, &files.overlay));
  TRINE_RETURN_IF_ERROR(create(paths.contours, &files.contours, Holds::kText));
  return files;
}

// Formats of the pictures that are written, and what is asked of the server for them.
struct Wanted {
  std::optional<image::Format> mask, labels, overlay;
};

absl::StatusOr<Wanted> WantedFor(const Paths& paths, v1::SegmentRequest* request) {
  Wanted wanted;
  if (!paths.mask.empty()) {
    TRINE_ASSIGN_OR_RETURN(wanted.mask, PictureFormat(paths.mask));
  }
  if (!paths.labels.empty()) {
    TRINE_ASSIGN_OR_RETURN(wanted.labels, PictureFormat(paths.labels));
  }
  if (!paths.overlay.empty()) {
    TRINE_ASSIGN_OR_RETURN(wanted.overlay, PictureFormat(paths.overlay));
  }
  const bool overlay_of_labels = wanted.overlay.has_value() && MakesLabels(*request);
  v1::SegmentOutputs* outputs = request->mutable_outputs();
  outputs->set_mask(wanted.mask.has_value() || (wanted.overlay.has_value() && !overlay_of_labels));
  outputs->set_labels(wanted.labels.has_value() || overlay_of_labels);
  outputs->set_format(PackingFor(wanted.mask, wanted.labels));
  return wanted;
}

absl::Status WriteAll(const std::string& bytes, OutputFile* file) {
  return file->Write(AsBytes(bytes));
}

absl::Status WriteOverlay(const v1::SegmentRequest& request, const v1::SegmentResponse& response,
                          Tensor picture, image::Format format, OutputFile* file) {
  const v1::Image& outlines = request.outputs().labels() ? response.labels() : response.mask();
  TRINE_ASSIGN_OR_RETURN(const Tensor labels, UnpackImage(outlines));
  if (request.has_channel()) {
    TRINE_ASSIGN_OR_RETURN(picture,
                           image::ExtractChannel(Context(), picture.view(), request.channel()));
  }
  TRINE_ASSIGN_OR_RETURN(const Tensor drawn, DrawOverlay(picture.view(), labels.view()));
  TRINE_ASSIGN_OR_RETURN(const std::string bytes,
                         image::EncodeImage(Context(), format, drawn.view()));
  return WriteAll(bytes, file);
}

// `picture`: the input's pixels where an overlay is wanted.
absl::Status WriteFiles(const v1::SegmentRequest& request, const v1::SegmentResponse& response,
                        const Wanted& wanted, Tensor picture, const Files& files) {
  if (files.mask != nullptr) {
    TRINE_ASSIGN_OR_RETURN(const std::string bytes, PictureFile(response.mask(), *wanted.mask));
    TRINE_RETURN_IF_ERROR(WriteAll(bytes, files.mask.get()));
  }
  if (files.labels != nullptr) {
    TRINE_ASSIGN_OR_RETURN(const std::string bytes, PictureFile(response.labels(), *wanted.labels));
    TRINE_RETURN_IF_ERROR(WriteAll(bytes, files.labels.get()));
  }
  if (files.overlay != nullptr) {
    TRINE_RETURN_IF_ERROR(
        WriteOverlay(request, response, std::move(picture), *wanted.overlay, files.overlay.get()));
  }
  if (files.contours != nullptr) {
    TRINE_RETURN_IF_ERROR(WriteAll(ContoursFile(response), files.contours.get()));
  }
  for (const FilePtr* file : {&files.mask, &files.labels, &files.overlay, &files.contours}) {
    if (*file != nullptr) TRINE_RETURN_IF_ERROR((*file)->Commit());
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadInput(const std::string& path, const NamedLimit& limit) {
  TRINE_ASSIGN_OR_RETURN(InputFile file, InputFile::Open(path));
  return file.ReadAll(limit);
}

absl::Status LoadImage(const std::string& path, std::optional<int64_t> page,
                       const NamedLimit& limit, v1::Image* out) {
  absl::StatusOr<std::string> bytes = ReadInput(path, limit);
  if (!bytes.ok()) return WithFile(bytes.status(), path);
  return WithFile(SetImage(*std::move(bytes), page, out), path);
}

// The image of `request`, and its pixels to draw on. REQUIRES: the rest of the request is set.
absl::StatusOr<Tensor> LoadPixels(const std::string& path, std::optional<int64_t> page,
                                  const NamedLimit& limit, v1::SegmentRequest* request) {
  absl::StatusOr<std::string> bytes = ReadInput(path, limit);
  if (!bytes.ok()) return WithFile(bytes.status(), path);
  constexpr uint64_t kHeads = 256;  // of the image's and the tensor's messages
  const uint64_t rest = request->ByteSizeLong() + kHeads;
  absl::StatusOr<Tensor> pixels = SetDecodedImage(
      *std::move(bytes), page, limit.value - std::min(limit.value, rest), request->mutable_image());
  if (!pixels.ok()) return WithFile(pixels.status(), path);
  return pixels;
}

void Print(const std::string& input, const v1::SegmentResponse& response, const Common& common,
           const Session& session) {
  if (!common.in_lines) return PrintSegment(session, input, response);
  if (common.is_first) session.PrintStatus(SegmentLineHead(common.name_width));
  session.PrintStatus(SegmentLine(input, common.name_width, response));
}

absl::Status SegmentOne(const SegmentArgs& args, v1::SegmentRequest request, const Input& from,
                        Common* common, Session* session) {
  const Stopwatch watch;
  const std::string& input = from.path;
  TRINE_ASSIGN_OR_RETURN(const Paths paths, PathsFor(args, from));
  TRINE_ASSIGN_OR_RETURN(const Wanted wanted, WantedFor(paths, &request));
  TRINE_ASSIGN_OR_RETURN(client::Client* const client, session->Connect());
  const NamedLimit limit = client->options().message_limit();
  Tensor pixels;
  if (wanted.overlay.has_value()) {
    TRINE_ASSIGN_OR_RETURN(pixels, LoadPixels(input, args.page, limit, &request));
  } else {
    TRINE_RETURN_IF_ERROR(LoadImage(input, args.page, limit, request.mutable_image()));
  }
  TRINE_ASSIGN_OR_RETURN(const Files files, CreateFiles(paths, args.force));
  const absl::StatusOr<v1::SegmentResponse> response = client->Segment(request);
  if (!response.ok()) {
    return WithFile(WithStepFlags(response.status(), request, !args.steps.empty()), input);
  }
  const absl::Status written = WriteFiles(request, *response, wanted, std::move(pixels), files);
  if (!written.ok()) return WithFile(written, input);
  if (common->csv != nullptr) {
    if (common->is_first) TRINE_RETURN_IF_ERROR(WriteAll(RegionsCsvHead(), common->csv.get()));
    TRINE_RETURN_IF_ERROR(WriteAll(RegionsCsv(input, *response), common->csv.get()));
  }
  Print(input, *response, *common, *session);
  common->is_first = false;
  Json json;
  json["input"] = input;
  json.update(SegmentJson(*response));
  if (files.contours != nullptr) json["contour_count"] = response->contours_size();
  Json outputs = Json::object();
  const auto add = [&outputs](const char* key, const std::string& path) {
    if (!path.empty()) outputs[key] = path;
  };
  add("mask", paths.mask);
  add("labels", paths.labels);
  add("overlay", paths.overlay);
  add("contours", paths.contours);
  add("csv", args.csv);
  json["outputs"] = outputs;
  json["elapsed_ms"] = watch.ms();
  session->PrintResult(json);
  return absl::OkStatus();
}

absl::Status CheckArgs(const SegmentArgs& args, const std::vector<Input>& inputs,
                       Session* session) {
  const bool to_folder = !args.outputs.out_dir.empty();
  const auto from_stdin =
      std::count_if(inputs.begin(), inputs.end(), [](const Input& i) { return i.path == "-"; }) +
      (args.mask == "-" ? 1 : 0) + (args.markers == "-" ? 1 : 0);
  if (from_stdin > 1) return UsageError("stdin can be one input only");
  for (const auto& [flag, path] : {std::pair{"--labels", &args.labels},
                                   {"--overlay", &args.overlay},
                                   {"--contours", &args.contours}}) {
    if (path->empty()) continue;
    if (to_folder) return UsageError("--out-dir writes one file an input; --emit says which");
    if (inputs.size() > 1) {
      return UsageError(
          absl::StrCat(flag, " names the output of one input; several go to --out-dir"));
    }
  }
  if (!to_folder && args.emit_given->count() > 0) {
    return UsageError("--emit says what --out-dir gets, which is not given");
  }
  for (const auto& [flag, path] : {std::pair{"-o -", &args.outputs.output},
                                   {"--labels -", &args.labels},
                                   {"--overlay -", &args.overlay},
                                   {"--contours -", &args.contours},
                                   {"--csv -", &args.csv}}) {
    if (*path == "-") TRINE_RETURN_IF_ERROR(session->UseStdoutForData(flag));
  }
  return absl::OkStatus();
}

// Neither a picture nor a server is needed.
absl::Status ListSteps(const SegmentArgs& args, Session* session) {
  if (args.steps_markdown) {
    std::printf("%s\n", StepsMarkdown().c_str());
  } else {
    session->PrintStatus(StepsHelp());
    session->PrintResult(StepsJson());
  }
  return absl::OkStatus();
}

absl::Status RunSegment(const SegmentArgs& args, Session* session) {
  if (args.help_steps) return ListSteps(args, session);
  TRINE_ASSIGN_OR_RETURN(const Inputs inputs, FindInputs(args.inputs, args.outputs.recursive,
                                                         TakesPictures, args.outputs.out_dir));
  TRINE_RETURN_IF_ERROR(CheckArgs(args, inputs.list, session));
  TRINE_ASSIGN_OR_RETURN(v1::SegmentRequest request, MakeSegmentRequest(args));
  TRINE_ASSIGN_OR_RETURN(client::Client* const client, session->Connect());
  const NamedLimit limit = client->options().message_limit();
  if (!args.mask.empty()) {
    TRINE_RETURN_IF_ERROR(LoadImage(args.mask, std::nullopt, limit, request.mutable_mask()));
  }
  if (!args.markers.empty()) {
    TRINE_RETURN_IF_ERROR(LoadImage(args.markers, std::nullopt, limit, request.mutable_markers()));
  }
  TRINE_RETURN_IF_ERROR(PrepareOutputs(inputs.list, args.outputs, NamingFor(args)));
  session->PrintPassedOver(inputs);
  Common common;
  if (!args.csv.empty()) {
    TRINE_ASSIGN_OR_RETURN(common.csv, OutputFile::Create(args.csv, args.force, Holds::kText));
  }
  common.in_lines = args.summary || inputs.list.size() > 1;
  for (const Input& input : inputs.list) {
    common.name_width = std::max(common.name_width, DisplayName(input.path).size());
  }
  const absl::Status status = session->ForEach(inputs.list, [&](const Input& input) {
    return SegmentOne(args, request, input, &common, session);
  });
  // What is good is kept where others failed.
  absl::Status kept;
  if (common.csv != nullptr && !common.is_first) kept = common.csv->Commit();
  if (status.ok()) return kept;
  if (!kept.ok()) PrintError(kept, session->target(), session->globals().verbose);
  return status;
}

}  // namespace

void AddSegmentCommand(Command app, Run* run) {
  auto args = std::make_shared<SegmentArgs>();
  Command command = app->add_subcommand("segment", "Find objects in pictures");
  AddSegmentFlags(command, args.get());
  command->callback(
      [args, run] { *run = [args](Session* session) { return RunSegment(*args, session); }; });
}

}  // namespace trine::cli
