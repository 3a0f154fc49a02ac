#include "client/cli/suggest.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "core/base/strings.h"

namespace trine::cli {
namespace {

constexpr size_t kLongestWord = 64;

// Letters to change, add, drop or swap with a neighbour (optimal string alignment).
size_t Distance(std::string_view a, std::string_view b) {
  std::vector<size_t> before, last(b.size() + 1), now(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    now[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t other = a[i - 1] == b[j - 1] ? 0 : 1;
      now[j] = std::min({last[j] + 1, now[j - 1] + 1, last[j - 1] + other});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        now[j] = std::min(now[j], before[j - 2] + 1);
      }
    }
    before = last;
    last = now;
  }
  return last[b.size()];
}

}  // namespace

std::string Nearest(std::string_view typed, const std::vector<std::string>& words) {
  const std::string lower = absl::AsciiStrToLower(ToAbsl(typed));
  // Of flags the letters count, not the dashes.
  const size_t letters = lower.size() - std::min(lower.find_first_not_of('-'), lower.size());
  if (letters == 0 || lower.size() > kLongestWord) return "";
  std::string best;
  size_t fewest = std::min(std::max<size_t>(1, letters / 3) + 1, letters);
  for (const std::string& word : words) {
    const size_t distance = Distance(lower, word);
    if (distance < fewest) {
      fewest = distance;
      best = word;
    }
  }
  if (!best.empty() || letters < 3) return best;
  for (const std::string& word : words) {
    if (word.rfind(lower, 0) == 0) return word;
  }
  return "";
}

std::string DidYouMean(std::string_view typed, const std::vector<std::string>& words) {
  const std::string nearest = Nearest(typed, words);
  return nearest.empty() ? "" : absl::StrCat("; did you mean '", nearest, "'?");
}

}  // namespace trine::cli
