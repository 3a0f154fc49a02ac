#include "server/base/text.h"

#include <nlohmann/json.hpp>

#include "core/base/text/utf8.h"

namespace trine::server {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// Calls take(piece) for each character of `text`, the replacement standing for a broken byte,
// until it returns false.
template <typename Take>
void ForEachCharacter(std::string_view text, Take take) {
  while (!text.empty()) {
    const size_t length = TakeCodePoint(text).bytes;
    if (!take(length == 0 ? kReplacement : text.substr(0, length))) return;
    text.remove_prefix(length == 0 ? 1 : length);
  }
}

}  // namespace

std::string ValidUtf8(std::string_view text, size_t max_bytes) {
  std::string out;
  ForEachCharacter(text, [&](std::string_view piece) {
    if (out.size() + piece.size() > max_bytes) return false;
    out += piece;
    return true;
  });
  return out;
}

void AppendJsonString(std::string* out, std::string_view text) {
  *out += nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace trine::server
