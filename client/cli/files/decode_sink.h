// Where decoded bytes go: as they are, as an .npy file, or as a picture, by what they are and by
// the output's name.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/cli/files/output_file.h"
#include "trine/v1/coding.pb.h"

namespace trine::cli {

class DecodeSink {
 public:
  virtual ~DecodeSink() = default;
  virtual absl::Status Write(ByteView bytes) = 0;
  // Before Finish: so many streams were decoded, empty ones too, and so many of them are arrays or
  // pictures.
  virtual absl::Status CheckStreams(uint64_t /*streams*/, uint64_t /*typed*/) {
    return absl::OkStatus();
  }
  virtual absl::Status Finish() = 0;     // writes what waited for the end
  virtual const char* form() const = 0;  // "bytes", "npy", "picture": for --json
  // What the output does not hold of the content, in words.
  const std::vector<std::string>& warnings() const { return warnings_; }
  void Warn(std::string_view text) { warnings_.emplace_back(text); }

 private:
  std::vector<std::string> warnings_;
};

// How the output is to come about.
struct DecodeTo {
  bool whole = true;                  // false for a range and for what is recovered
  bool is_named_after_input = false;  // NAME of NAME.trine, and not by -o
  bool is_input_removed = false;      // --rm
  uint64_t max_picture_bytes = 0;
};

// A file's own bytes stay bytes, whatever the output's name. A tensor, a picture or bilevel rows
// become .npy where the name ends so; a picture and bilevel rows become a picture file where it
// ends in .png, .tif, .ppm, ... (held in memory, at most `max_picture_bytes`), of the same colours,
// palette, bits and pages. USAGE where that kind of file cannot hold them, or is never written, and
// for a tensor under a picture's name; other names get the bytes, with a warning that says what
// they are, but on stdout and where a file that was coded by its shape comes back under its name.
// What is not whole is bytes, with a warning under a name that promises a file of its own. INPUT
// where the input is to be removed and shape, dtype or palette would be with it, and, of the sink,
// where several streams follow one another and the output would be a file of one array or picture.
// `output` outlives it.
absl::StatusOr<std::unique_ptr<DecodeSink>> MakeDecodeSink(const v1::Content& content,
                                                           const DecodeTo& to, OutputFile* output);

}  // namespace trine::cli
