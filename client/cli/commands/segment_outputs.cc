#include "client/cli/commands/segment_outputs.h"

#include <algorithm>
#include <string_view>
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
template <SegmentOutput kOutput>
std::string NameOf(const std::string& name) {
  return absl::StrCat(Stem(name), ".", kSegmentOutputs[kOutput], ".png");
}

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

absl::Status WriteHistogram(const v1::SegmentResponse& response, image::Format format,
                            OutputFile* file) {
  const auto& thresholds = response.threshold().thresholds();
  return WriteDrawn(DrawHistogram(response.histogram(), {thresholds.begin(), thresholds.end()}),
                    format, file);
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

absl::StatusOr<Files> CreateFiles(const Paths& paths, bool force) {
  Files files;
  for (size_t i = 0; i < paths.size(); ++i) {
    if (paths[i].empty()) continue;
    TRINE_ASSIGN_OR_RETURN(
        files[i],
        OutputFile::Create(paths[i], force, i == kContours ? Holds::kText : Holds::kBinary));
  }
  return files;
}

absl::StatusOr<Wanted> WantedFor(const Paths& paths, v1::SegmentRequest* request) {
  Wanted wanted;
  for (size_t i = 0; i < paths.size(); ++i) {
    if (paths[i].empty() || i == kContours) continue;
    TRINE_ASSIGN_OR_RETURN(wanted[i], PictureFormat(paths[i]));
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

absl::Status WriteFiles(const SegmentArgs& args, const v1::SegmentRequest& request,
                        const v1::SegmentResponse& response, const Wanted& wanted, Tensor picture,
                        const Files& files) {
  for (const auto& [output, sent] :
       {std::pair<SegmentOutput, const v1::Image&>{kMask, response.mask()},
        {kLabels, response.labels()},
        {kCutout, response.cutout()}}) {
    OutputFile* const file = files[output].get();
    if (file == nullptr) continue;
    TRINE_ASSIGN_OR_RETURN(const std::string bytes,
                           PictureFile(sent, *wanted[output], file->path(), output == kLabels));
    TRINE_RETURN_IF_ERROR(WriteAll(bytes, file));
  }
  if (files[kOverlay] != nullptr) {
    TRINE_RETURN_IF_ERROR(WriteOverlay(args, request, response, std::move(picture),
                                       *wanted[kOverlay], files[kOverlay].get()));
  }
  if (files[kHistogram] != nullptr) {
    TRINE_RETURN_IF_ERROR(WriteHistogram(response, *wanted[kHistogram], files[kHistogram].get()));
  }
  if (files[kContours] != nullptr) {
    TRINE_RETURN_IF_ERROR(WriteAll(ContoursFile(response), files[kContours].get()));
  }
  for (const FilePtr& file : files) {
    if (file != nullptr) TRINE_RETURN_IF_ERROR(file->Commit());
  }
  return absl::OkStatus();
}

}  // namespace trine::cli
