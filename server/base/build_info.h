// What this program is.
#pragma once

#include <string>

namespace trine::server {

// "0.1.0".
std::string Version();
// Compiler and build type: "gcc 12.2.0, Release".
std::string Build();
// The best instruction set that this machine has and Highway knows: "AVX2".
std::string SimdTarget();

}  // namespace trine::server
