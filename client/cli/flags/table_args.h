// Tables and the table index as flags of encode and decode give them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/cli/files/input_file.h"
#include "trine/v1/coding.pb.h"

namespace trine::cli {

struct TableArgs {
  std::vector<std::string> tables;  // --table, JSON files
  std::string index;                // --table-index
};

// The index in a file: an .npy or .npz of uint8 where it is named so, whatever its shape, else its
// bytes. INPUT errors for other arrays; RESOURCE_EXHAUSTED where the file is longer than `limit`
// [bytes].
absl::StatusOr<std::string> ReadTableIndex(const std::string& path, const NamedLimit& limit);

// The tables of a decoder. A file does not say whether its numbers are of bytes or of a tensor's
// elements, which differ in their ids: the stream in `file` says what it codes where it can be
// read ahead; elsewhere each is given as both.
absl::StatusOr<std::vector<v1::ProbabilityTable>> ReadDecodeTables(
    const std::vector<std::string>& paths, const InputFile& file);

}  // namespace trine::cli
