// "did you mean ...?" for a word that nobody knows.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace trine::cli {

// The one of `words` that `typed` most likely stands for: by the fewest letters that are other, too
// many, missing or swapped, at most a third of it (one of two or three, none of one); else the
// first that it begins. Empty: none.
std::string Nearest(std::string_view typed, const std::vector<std::string>& words);

// The question at the end of a text, "; did you mean 'otsu'?"; empty where none is near.
std::string DidYouMean(std::string_view typed, const std::vector<std::string>& words);

}  // namespace trine::cli
