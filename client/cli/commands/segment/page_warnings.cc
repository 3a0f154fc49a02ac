#include "client/cli/commands/segment/page_warnings.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "client/cli/path_names.h"

namespace trine::cli {

void PageWarnings::Add(int64_t page, const std::string& text) {
  auto row =
      std::find_if(rows_.begin(), rows_.end(), [&text](const Row& r) { return r.text == text; });
  if (row == rows_.end()) row = rows_.insert(row, {text, {}, 0});
  ++row->pages;
  if (!row->ranges.empty() && row->ranges.back().second + 1 == page) {
    row->ranges.back().second = page;
  } else {
    row->ranges.emplace_back(page, page);
  }
}

void PageWarnings::Tell(const std::string& path, int64_t count, const Session& session) const {
  for (const Row& row : rows_) {
    std::string which;
    if (row.pages < count) which = row.pages == 1 ? " page " : " pages ";
    for (size_t i = 0; i < row.ranges.size() && row.pages < count; ++i) {
      const auto& [first, last] = row.ranges[i];
      if (i > 0) which += i + 1 < row.ranges.size() ? ", " : " and ";
      absl::StrAppend(&which, first);
      if (last > first) absl::StrAppend(&which, " to ", last);
    }
    session.PrintWarning(absl::StrCat(DisplayName(path), which, ": ", row.text));
  }
}

}  // namespace trine::cli
