// Names of files as messages and outputs have them.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace trine::cli {

// What names of coded streams end in.
inline constexpr char kCodedSuffix[] = ".trine";

// "stdin" for "-", else the path in printable characters: for messages.
std::string DisplayName(const std::string& path);

// The last part of a path.
std::string BaseName(const std::string& path);

// The kind of picture, such as "GIF", that the path's extension promises and that is neither read
// nor written here; empty where it promises none. What is written has its table in
// core/image/recognize.cc.
std::string_view ForeignPictureOf(std::string_view path);

// Netpbm's extensions say which of its files a picture is: .pbm P4, black and white; .pgm P5, gray;
// .ppm P6, colour; .pnm any. USAGE where `file`, the start of a Netpbm file at least, is another;
// other extensions and other files are not looked at.
absl::Status CheckPnmName(const std::string& path, std::string_view file);
// The same before there is a file: USAGE where the path has one of these extensions, but .pnm, and
// `names` (".png, .pgm or .npy": how the output can be named) has not.
absl::Status CheckPnmNames(const std::string& path, std::string_view names);
// USAGE where the path has another extension than `extension`, in which files of that kind of text
// end, or .txt; none is right too.
absl::Status CheckTextName(const std::string& path, std::string_view extension);
// Whether black and white goes to `path` as gray of 0 and 255, not as bits: .pgm.
bool IsGrayName(std::string_view path);

}  // namespace trine::cli
