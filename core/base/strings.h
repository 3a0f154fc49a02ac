// Conversions between std::string_view and absl::string_view. They are two types where Abseil was
// built for C++14 (Debian 12) and one type where it was not (Debian 13); these two functions
// compile on both.
#pragma once

#include <string_view>

#include "absl/strings/string_view.h"

namespace trine {

inline absl::string_view ToAbsl(std::string_view s) { return {s.data(), s.size()}; }
inline std::string_view ToStd(absl::string_view s) { return {s.data(), s.size()}; }

}  // namespace trine
