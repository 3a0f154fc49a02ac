// Probability dictionaries in JSON files:
//   {"symbols": ["a", "b"], "probabilities": ["0.7", 0.3]}     or
//   {"symbols": [0, 255], "counts": [9, 1]}
//   {"symbols": [-1, 0, 1], "counts": [1, 2, 1]}     of a tensor of signed integers
// Numbers are read by their decimal text, so that 0.1 is one tenth and not the nearest double.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "trine/v1/coding.pb.h"

namespace trine::cli {

// What the symbols of a table are taken for where they are numbers: values of bytes, values of a
// tensor's elements, or, for the exact coder, their digits.
enum class IntegerSymbols { kBytes, kElements, kDigits };

// INPUT errors that name the key and, for broken JSON, the byte. `name` is quoted in the messages.
absl::StatusOr<v1::ProbabilityTable> ParseTable(std::string_view json, const std::string& name,
                                                IntegerSymbols integers);

// The same from a file of at most 64 MiB.
absl::StatusOr<v1::ProbabilityTable> ReadTableFile(const std::string& path,
                                                   IntegerSymbols integers);

}  // namespace trine::cli
