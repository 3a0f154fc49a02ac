// Reading only the needed parts of a coded stream in a file.
#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "client/cli/files/input_file.h"
#include "client/cli/quantity.h"
#include "client/client.h"
#include "core/coding/coding.h"

namespace trine::cli {

// The excerpt of a stream in a seekable file that a decoder needs for `range`, or an inspector
// (absent). REQUIRES: file.size().
absl::StatusOr<std::string> ReadExcerpt(const InputFile& file, const std::optional<Range>& range);

// How many raw bytes the stream of a file decodes to, by its index; nullopt where that does not
// say: pipes, several streams in a row, damage.
std::optional<uint64_t> RawBytesOf(const InputFile& file);

// The same as ReadExcerpt of a file whose end may be lost; says whether it is.
absl::StatusOr<coding::SalvagedExcerpt> ReadExcerptOfDamaged(const InputFile& file,
                                                             const Range& range);

// The bytes of `text` as a source; `text` must outlive it.
client::Source SourceOf(const std::string& text);

}  // namespace trine::cli
