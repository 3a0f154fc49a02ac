// Runs the coding kernels with one instruction set after the other.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace trine::bench {

// Names for ForceTarget of what this machine has, fastest first: Highway's names in lower case
// ("avx3", "avx2", "sse4"), and "scalar".
std::vector<std::string> ForcibleTargets();

// From here on only this one; "" gives the choice back. Dies for a name that is not in the list.
void ForceTarget(std::string_view name);

}  // namespace trine::bench
