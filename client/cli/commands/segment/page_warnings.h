// The warnings of a file whose pages are segmented one by one: each is told once, with its pages.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "client/cli/session.h"

namespace trine::cli {

class PageWarnings {
 public:
  // What is said of `page`, once a page. REQUIRES: pages increase.
  void Add(int64_t page, const std::string& text);

  // "FILE: text" of what is said of each of `count` pages, "FILE page 2: text" and "FILE pages 0 to
  // 2 and 5: text" of others. In the order in which they came up.
  void Tell(const std::string& path, int64_t count, const Session& session) const;

 private:
  struct Row {
    std::string text;
    std::vector<std::pair<int64_t, int64_t>> ranges;  // first and last page
    int64_t pages = 0;
  };
  std::vector<Row> rows_;
};

}  // namespace trine::cli
