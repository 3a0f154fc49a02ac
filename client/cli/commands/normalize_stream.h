// Arrays longer than a message: cut along the batch axis, one part an item of a stream.
#pragma once

#include "absl/status/statusor.h"
#include "client/cli/files/input_file.h"
#include "client/cli/files/output_file.h"
#include "client/cli/session.h"
#include "core/image/image.h"
#include "trine/v1/normalization.pb.h"

namespace trine::cli {

// True for an .npy file in C order whose elements are to be streamed: as `sent` (SentDType) they do
// not fit one message, and there is a batch axis (the layout is not HWC). A sample that does not
// fit one either goes in chunks.
bool NeedsStream(const image::NpyHeader& header, const v1::LrnOptions& options, DType sent,
                 uint64_t max_message_bytes);

// Normalizes the array in `file`, read up to the end of its header, into `output` as .npy of
// `sent`. Each sample is normalized alone, so parts give the same bytes as a whole. Memory: a few
// parts of at most 8 MiB, or of one sample. The answer is the last part's, without its
// tensor and with the warnings of all parts.
absl::StatusOr<v1::NormalizeResponse> NormalizeInParts(const image::NpyHeader& header,
                                                       const v1::LrnOptions& options, DType sent,
                                                       double scale, InputFile* file,
                                                       OutputFile* output, Session* session);

}  // namespace trine::cli
