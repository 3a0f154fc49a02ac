// The files that "trine segment" writes of one picture.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/cli/files/output_file.h"
#include "client/cli/files/outputs.h"
#include "client/cli/flags/segment_args.h"
#include "core/base/tensor.h"
#include "core/image/image.h"
#include "trine/v1/segmentation.pb.h"

namespace trine::cli {

template <typename T>
using OfOutputs = std::array<T, kSegmentOutputs.size()>;

// How --out-dir names what --emit says.
Naming NamingFor(const SegmentArgs& args);

// The paths of one input's outputs; empty: not wanted.
using Paths = OfOutputs<std::string>;
absl::StatusOr<Paths> PathsFor(const SegmentArgs& args, const Input& input);

// "out/a.mask.png" of "a.tif" to "out/a-page3.mask.png".
void NameByPage(const Input& input, int64_t page, Paths* paths);

// Created before the call, so that a name that cannot be written is refused at once.
using Files = OfOutputs<std::unique_ptr<OutputFile>>;
// Errors here and below name the flag.
absl::StatusOr<Files> CreateFiles(const SegmentArgs& args, const Paths& paths);

// Formats of the pictures that are written, and what is asked of the server for them.
using Wanted = OfOutputs<std::optional<image::Format>>;
absl::StatusOr<Wanted> WantedFor(const SegmentArgs& args, const Paths& paths,
                                 v1::SegmentRequest* request);

// Whether what a cutout's file can hold is not the server's to check, which is not told of it. It
// is then the picture that says so: USAGE where the file of a cutout of `pixels` holds none such.
bool IsCutoutToCheck(const Wanted& wanted, const v1::SegmentOutputs& outputs);
absl::Status CheckCutout(const SegmentArgs& args, const Paths& paths, const Wanted& wanted,
                         const Tensor& pixels);

// `status` of a server with the flag of the picture that the format does not hold in which all of
// them are packed. A mask is the last to blame: what it does not fit none does.
absl::Status WithPackedFlag(const absl::Status& status, const SegmentArgs& args,
                            const Wanted& wanted);

// `picture`: the input's pixels where an overlay is wanted.
absl::Status WriteFiles(const SegmentArgs& args, const v1::SegmentRequest& request,
                        const v1::SegmentResponse& response, const Wanted& wanted, Tensor picture,
                        const Files& files);

}  // namespace trine::cli
