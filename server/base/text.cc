#include "server/base/text.h"

#include "core/base/utf8.h"

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
  static constexpr char kHex[] = "0123456789abcdef";
  *out += '"';
  ForEachCharacter(text, [out](std::string_view piece) {
    const auto c = static_cast<unsigned char>(piece[0]);
    if (c == '"' || c == '\\') {
      *out += '\\';
      *out += piece;
    } else if (c < 0x20 || c == 0x7F) {
      *out += "\\u00";
      *out += kHex[c >> 4];
      *out += kHex[c & 15];
    } else {
      *out += piece;
    }
    return true;
  });
  *out += '"';
}

}  // namespace trine::server
