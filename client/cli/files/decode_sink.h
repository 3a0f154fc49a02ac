// Where decoded bytes go: as they are, as an .npy file, or as a picture, by what they are and by
// the output's name.
#pragma once

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/cli/files/output_file.h"
#include "trine/v1/coding.pb.h"

namespace trine::cli {

class DecodeSink {
 public:
  virtual ~DecodeSink() = default;
  virtual absl::Status Write(ByteView bytes) = 0;
  virtual absl::Status Finish() = 0;     // writes what waited for the end
  virtual const char* form() const = 0;  // "bytes", "npy", "picture": for --json
};

// Bytes stay bytes. A tensor or a picture becomes .npy where the output's name ends so; a picture
// and bilevel rows become a picture file where it ends in .png, .tif, .ppm, ... (held in memory,
// at most `max_picture_bytes`). `whole` is false for a range: then bytes. `output` outlives it.
absl::StatusOr<std::unique_ptr<DecodeSink>> MakeDecodeSink(const v1::Content& content, bool whole,
                                                           uint64_t max_picture_bytes,
                                                           OutputFile* output);

}  // namespace trine::cli
