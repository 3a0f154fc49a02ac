// Foreign text for terminals and tables: names of files, and what a server or a file says.
#pragma once

#include <string>
#include <string_view>

namespace trine::cli {

// `text` in one line that controls no terminal and reads in its order. Escaped are control
// characters (\n, \t, \r, \x1b, of C1 \u009b), separators of lines and paragraphs, what turns the
// direction of text (\u202e), and bytes that are no UTF-8 (\xff). The rest stays.
std::string Printable(std::string_view text);

// The same of text whose lines are meant: each "\n" stays.
std::string PrintableLines(std::string_view text);

// JSON with \u escapes for those characters, which its strings may hold as they are. REQUIRES:
// valid JSON.
std::string PrintableJson(std::string_view json);

}  // namespace trine::cli
