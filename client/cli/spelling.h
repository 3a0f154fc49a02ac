// Names that people type: dashes and underscores are the same in them. Shown are dashes.
#pragma once

#include <string>
#include <string_view>

namespace trine::cli {

// "fill-holes" for "fill_holes".
std::string Dashed(std::string_view name);

}  // namespace trine::cli
