// Long lines for people: broken where the terminal ends.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace trine::cli {

// Columns of what people read stdout on: those that COLUMNS names, else of the terminal, else 80;
// at least 60.
size_t TextColumns();

// `text` in lines of at most `columns` bytes, at least one, without spaces at their ends; a word
// that is longer is broken behind a comma, and where it has none anywhere. REQUIRES: columns > 0.
std::vector<std::string> Wrapped(std::string_view text, size_t columns);

// The same with `indent` spaces before each line but the first, in one text.
std::string WrappedText(std::string_view text, size_t columns, size_t indent = 0);

}  // namespace trine::cli
