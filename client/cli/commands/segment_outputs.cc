#include "client/cli/commands/segment_outputs.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "client/cli/files/overlay.h"
#include "client/cli/report/plot.h"
#include "client/cli/files/segment_files.h"
#include "client/cli/flags/segment_steps.h"
#include "client/cli/path_names.h"
#include "client/cli/report/segment_report.h"
#include "core/base/bytes.h"
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
std::string HistogramName(const std::string& name) { return Stem(name) + ".histogram.png"; }

void InsertPage(const Input& input, int64_t page, std::string* path) {
  if (path->empty()) return;
  const size_t start = path->size() - BaseName(*path).size();
  const std::string stem = BaseName(Stem(input.name));
  // Of a name that follows the input's, behind what is the input's.
  const bool follows = path->compare(start, stem.size() + 1, stem + ".") == 0;
  const size_t dot = follows ? start + stem.size() : path->rfind('.');
  const size_t at = dot == std::string::npos || dot <= start ? path->size() : dot;
  path->insert(at, absl::StrCat("-page", page));
}

absl::Status WriteAll(const std::string& bytes, OutputFile* file) {
  return file->Write(AsBytes(bytes));
}

absl::Status WriteDrawn(const Tensor& drawn, image::Format format, OutputFile* file) {
  TRINE_ASSIGN_OR_RETURN(const std::string bytes,
                         image::EncodeImage(Context(), format, drawn.view()));
  TRINE_RETURN_IF_ERROR(CheckPnmName(file->path(), bytes));
  return WriteAll(bytes, file);
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
  return WriteDrawn(drawn, format, file);
}

absl::Status WriteHistogram(const v1::SegmentResponse& response, image::Format format,
                            OutputFile* file) {
  const auto& thresholds = response.threshold().thresholds();
  return WriteDrawn(DrawHistogram(response.histogram(), {thresholds.begin(), thresholds.end()}),
                    format, file);
}

}  // namespace

Naming NamingFor(const SegmentArgs& args) {
  if (args.emit == "labels") return {LabelsName};
  if (args.emit == "histogram") return {HistogramName};
  return {args.emit == "overlay" ? OverlayName : MaskName};
}

absl::StatusOr<Paths> PathsFor(const SegmentArgs& args, const Input& input) {
  if (args.outputs.out_dir.empty()) {
    return Paths{args.outputs.output, args.labels, args.overlay, args.histogram, args.contours};
  }
  TRINE_ASSIGN_OR_RETURN(std::string path, OutputPath(input, args.outputs, NamingFor(args)));
  Paths paths;
  (args.emit == "labels"      ? paths.labels
   : args.emit == "overlay"   ? paths.overlay
   : args.emit == "histogram" ? paths.histogram
                              : paths.mask) = std::move(path);
  return paths;
}

void NameByPage(const Input& input, int64_t page, Paths* paths) {
  for (std::string* path :
       {&paths->mask, &paths->labels, &paths->overlay, &paths->histogram, &paths->contours}) {
    InsertPage(input, page, path);
  }
}

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
  TRINE_RETURN_IF_ERROR(create(paths.histogram, &files.histogram));
  TRINE_RETURN_IF_ERROR(create(paths.contours, &files.contours, Holds::kText));
  return files;
}

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
  if (!paths.histogram.empty()) {
    TRINE_ASSIGN_OR_RETURN(wanted.histogram, PictureFormat(paths.histogram));
  }
  const bool overlay_of_labels = wanted.overlay.has_value() && LabelsAreOfMask(*request);
  v1::SegmentOutputs* outputs = request->mutable_outputs();
  outputs->set_mask(wanted.mask.has_value() || (wanted.overlay.has_value() && !overlay_of_labels));
  outputs->set_labels(wanted.labels.has_value() || overlay_of_labels);
  outputs->set_format(PackingFor(wanted.mask, wanted.labels));
  return wanted;
}

absl::Status WriteFiles(const v1::SegmentRequest& request, const v1::SegmentResponse& response,
                        const Wanted& wanted, Tensor picture, const Files& files) {
  if (files.mask != nullptr) {
    TRINE_ASSIGN_OR_RETURN(const std::string bytes,
                           PictureFile(response.mask(), *wanted.mask, files.mask->path()));
    TRINE_RETURN_IF_ERROR(WriteAll(bytes, files.mask.get()));
  }
  if (files.labels != nullptr) {
    TRINE_ASSIGN_OR_RETURN(const std::string bytes,
                           PictureFile(response.labels(), *wanted.labels, files.labels->path()));
    TRINE_RETURN_IF_ERROR(WriteAll(bytes, files.labels.get()));
  }
  if (files.overlay != nullptr) {
    TRINE_RETURN_IF_ERROR(
        WriteOverlay(request, response, std::move(picture), *wanted.overlay, files.overlay.get()));
  }
  if (files.histogram != nullptr) {
    TRINE_RETURN_IF_ERROR(WriteHistogram(response, *wanted.histogram, files.histogram.get()));
  }
  if (files.contours != nullptr) {
    TRINE_RETURN_IF_ERROR(WriteAll(ContoursFile(response), files.contours.get()));
  }
  for (const FilePtr* file :
       {&files.mask, &files.labels, &files.overlay, &files.histogram, &files.contours}) {
    if (*file != nullptr) TRINE_RETURN_IF_ERROR((*file)->Commit());
  }
  return absl::OkStatus();
}

}  // namespace trine::cli
