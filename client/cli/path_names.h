// Names of files as messages and outputs have them.
#pragma once

#include <string>
#include <string_view>

namespace trine::cli {

// What names of coded streams end in.
inline constexpr char kCodedSuffix[] = ".trine";

// "stdin" for "-", else the path: for messages.
std::string DisplayName(const std::string& path);

// The last part of a path.
std::string BaseName(const std::string& path);

// The kind of picture, such as "GIF", that the path's extension promises and that is neither read
// nor written here; empty where it promises none. What is written has its table in
// core/image/recognize.cc.
std::string_view ForeignPictureOf(std::string_view path);

}  // namespace trine::cli
