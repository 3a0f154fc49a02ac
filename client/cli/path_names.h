// Names of files as messages and outputs have them.
#pragma once

#include <string>

namespace trine::cli {

// What names of coded streams end in.
inline constexpr char kCodedSuffix[] = ".trine";

// "stdin" for "-", else the path: for messages.
std::string DisplayName(const std::string& path);

// The last part of a path.
std::string BaseName(const std::string& path);

}  // namespace trine::cli
