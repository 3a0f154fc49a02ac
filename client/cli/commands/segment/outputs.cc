#include "client/cli/commands/segment/outputs.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/cli/errors.h"
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

// "a.tif" to "a": --out-dir adds ".mask.png".
std::string Stem(const std::string& name) {
  const size_t dot = name.rfind('.');
  const size_t start = name.size() - BaseName(name).size();
  return dot == std::string::npos || dot <= start ? name : name.substr(0, dot);
}
std::string StemOf(const Input& input) { return input.keeps_name ? input.name : Stem(input.name); }
template <SegmentOutput kOutput>
std::string NameOf(const Input& input) {
  return absl::StrCat(StemOf(input), ".", kSegmentOutputs[kOutput], ".png");
}

void InsertPage(const Input& input, int64_t page, std::string* path) {
  if (path->empty()) return;
  const size_t start = path->size() - BaseName(*path).size();
  const std::string stem = BaseName(StemOf(input));
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

absl::Status WriteOverlay(const SegmentArgs& args, const v1::SegmentRequest& request,
                          const v1::SegmentResponse& response, Tensor picture, image::Format format,
                          OutputFile* file) {
  const v1::Image& outlines = request.outputs().labels() ? response.labels() : response.mask();
  TRINE_ASSIGN_OR_RETURN(const Tensor labels, UnpackImage(outlines));
  if (request.has_channel()) {
    TRINE_ASSIGN_OR_RETURN(picture,
                           image::ExtractChannel(Context(), picture.view(), request.channel()));
  }
  TRINE_ASSIGN_OR_RETURN(const Tensor drawn, DrawOverlay(picture.view(), labels.view(), args.fill));
  return WriteDrawn(drawn, format, file);
}

absl::Status WriteHistogram(const v1::SegmentRequest& request, const v1::SegmentResponse& response,
                            image::Format format, OutputFile* file) {
  return WriteDrawn(DrawHistogram(response.histogram(), MarksOf(response, HysteresisOf(request))),
                    format, file);
}

// What names the file of an output.
std::string_view FlagOf(const SegmentArgs& args, size_t output) {
  return args.outputs.out_dir.empty() ? kSegmentOutputFlags[output] : "--out-dir";
}

absl::Status WriteOne(const SegmentArgs& args, const v1::SegmentRequest& request,
                      const v1::SegmentResponse& response, SegmentOutput output,
                      std::optional<image::Format> format, Tensor* picture, OutputFile* file) {
  const auto write = [&](const v1::Image& sent) -> absl::Status {
    TRINE_ASSIGN_OR_RETURN(const std::string bytes,
                           PictureFile(sent, *format, file->path(), output == kLabels));
    return WriteAll(bytes, file);
  };
  switch (output) {
    case kMask:
      return write(response.mask());
    case kLabels:
      return write(response.labels());
    case kCutout:
      return write(response.cutout());
    case kOverlay:
      return WriteOverlay(args, request, response, std::move(*picture), *format, file);
    case kHistogram:
      return WriteHistogram(request, response, *format, file);
    case kContours:
      break;
  }
  return WriteAll(ContoursFile(response), file);
}

// What --emit says.
SegmentOutput EmittedOf(const SegmentArgs& args) {
  const auto* const name =
      std::find(kSegmentOutputs.begin(), kSegmentOutputs.end(), std::string_view(args.emit));
  return static_cast<SegmentOutput>(name - kSegmentOutputs.begin());
}

}  // namespace

Naming NamingFor(const SegmentArgs& args) {
  constexpr OfOutputs<Naming> kNamings = {{{NameOf<kMask>},
                                           {NameOf<kLabels>},
                                           {NameOf<kOverlay>},
                                           {NameOf<kCutout>},
                                           {NameOf<kHistogram>},
                                           {NameOf<kContours>}}};
  return kNamings[EmittedOf(args)];
}

absl::StatusOr<Paths> PathsFor(const SegmentArgs& args, const Input& input) {
  if (args.outputs.out_dir.empty()) {
    return Paths{args.outputs.output, args.labels,    args.overlay,
                 args.cutout,         args.histogram, args.contours};
  }
  Paths paths;
  TRINE_ASSIGN_OR_RETURN(paths[EmittedOf(args)], OutputPath(input, args.outputs, NamingFor(args)));
  return paths;
}

void NameByPage(const Input& input, int64_t page, Paths* paths) {
  for (std::string& path : *paths) InsertPage(input, page, &path);
}

absl::StatusOr<Files> CreateFiles(const SegmentArgs& args, const Paths& paths) {
  Files files;
  for (size_t i = 0; i < paths.size(); ++i) {
    if (paths[i].empty()) continue;
    auto file =
        OutputFile::Create(paths[i], args.force, i == kContours ? Holds::kText : Holds::kBinary);
    if (!file.ok()) return WithFlag(file.status(), FlagOf(args, i));
    files[i] = *std::move(file);
  }
  return files;
}

absl::StatusOr<Wanted> WantedFor(const SegmentArgs& args, const Paths& paths,
                                 v1::SegmentRequest* request) {
  Wanted wanted;
  for (size_t i = 0; i < paths.size(); ++i) {
    if (paths[i].empty() || i == kContours) continue;
    const absl::StatusOr<image::Format> format = PictureFormat(paths[i], kSegmentOutputNames[i]);
    if (!format.ok()) return WithFlag(format.status(), FlagOf(args, i));
    wanted[i] = *format;
  }
  const bool overlay_of_labels = wanted[kOverlay].has_value() && LabelsAreOfMask(*request);
  v1::SegmentOutputs* outputs = request->mutable_outputs();
  outputs->set_mask(wanted[kMask].has_value() ||
                    (wanted[kOverlay].has_value() && !overlay_of_labels));
  outputs->set_labels(wanted[kLabels].has_value() || overlay_of_labels);
  outputs->set_cutout(wanted[kCutout].has_value());
  outputs->set_format(PackingFor({wanted[kMask], wanted[kLabels], wanted[kCutout]}));
  return wanted;
}

bool IsCutoutToCheck(const Wanted& wanted, const v1::SegmentOutputs& outputs) {
  return wanted[kCutout].has_value() && *wanted[kCutout] != image::Format::kNpy &&
         outputs.format() == v1::IMAGE_FORMAT_TENSOR;
}

absl::Status CheckCutout(const SegmentArgs& args, const Paths& paths, const Wanted& wanted,
                         const Tensor& pixels) {
  return WithFlag(CheckPictureFits(paths[kCutout], *wanted[kCutout], pixels.dtype, pixels.shape),
                  std::string(FlagOf(args, kCutout)));
}

absl::Status WithPackedFlag(const absl::Status& status, const SegmentArgs& args,
                            const Wanted& wanted) {
  if (!args.outputs.out_dir.empty()) return status;  // there is one
  const bool is_of_labels = absl::StrContains(status.message(), "labels");
  SegmentOutput blamed = wanted[kMask].has_value() ? kMask : kLabels;
  if (wanted[kCutout].has_value()) blamed = kCutout;
  if (wanted[kLabels].has_value() && is_of_labels) blamed = kLabels;
  return TranslateField(status, {{"outputs.format", std::string(FlagOf(args, blamed))}});
}

absl::Status WriteFiles(const SegmentArgs& args, const v1::SegmentRequest& request,
                        const v1::SegmentResponse& response, const Wanted& wanted, Tensor picture,
                        const Files& files) {
  for (size_t i = 0; i < files.size(); ++i) {
    if (files[i] == nullptr) continue;
    const absl::Status written = WriteOne(args, request, response, static_cast<SegmentOutput>(i),
                                          wanted[i], &picture, files[i].get());
    if (!written.ok()) return WithFlag(written, FlagOf(args, i));
  }
  for (size_t i = 0; i < files.size(); ++i) {
    if (files[i] == nullptr) continue;
    const absl::Status committed = files[i]->Commit();
    if (!committed.ok()) return WithFlag(committed, FlagOf(args, i));
  }
  return absl::OkStatus();
}

}  // namespace trine::cli
