#include "client/cli/wrap.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace trine::cli {
namespace {

// How much of `text`, which is longer than `columns`, a line takes.
size_t LineLength(std::string_view text, size_t columns) {
  const size_t space = text.rfind(' ', columns);
  if (space != std::string_view::npos && space > 0) return space;
  const size_t comma = text.rfind(',', columns - 1);
  return comma == std::string_view::npos ? columns : comma + 1;
}

}  // namespace

size_t TextColumns() {
  constexpr size_t kUsual = 80, kFewest = 60;
  const char* const given = std::getenv("COLUMNS");
  size_t columns = 0;
  if (given != nullptr && absl::SimpleAtoi(given, &columns) && columns > 0)
    return std::max(columns, kFewest);
  struct winsize size = {};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kUsual;
  return std::max<size_t>(size.ws_col, kFewest);
}

std::vector<std::string> Wrapped(std::string_view text, size_t columns) {
  std::vector<std::string> lines;
  while (text.size() > columns) {
    const size_t length = LineLength(text, columns);
    std::string line(text.substr(0, length));
    line.erase(line.find_last_not_of(' ') + 1);
    lines.push_back(std::move(line));
    text.remove_prefix(length);
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  }
  if (!text.empty() || lines.empty()) lines.emplace_back(text);
  return lines;
}

std::string WrappedText(std::string_view text, size_t columns, size_t indent) {
  return absl::StrJoin(Wrapped(text, columns), absl::StrCat("\n", std::string(indent, ' ')));
}

}  // namespace trine::cli
