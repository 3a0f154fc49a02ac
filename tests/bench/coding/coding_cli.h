// The rows cli.*: the command line on a long file.
#pragma once

#include <cstdint>
#include <string>

#include "tests/bench/coding/coding_cases.h"

namespace trine::bench {

// Measures the program `trine` on a file of `bytes` bytes, made in `folder` by repeating `all`,
// against our kernel on one thread. Leaves no files behind unless it dies.
void RunCli(const std::string& trine, const std::string& folder, uint64_t bytes, const Input& all);

}  // namespace trine::bench
