#include "server/base/text.h"

#include <cstdint>

namespace trine::server {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// Bytes of the valid UTF-8 character at the start of `s` (not empty), 0 where there is none.
// Table 3-7 of the Unicode standard: no overlong forms, no surrogates, nothing past U+10FFFF.
size_t Utf8Length(std::string_view s) {
  const auto byte = [s](size_t i) -> uint8_t {
    return i < s.size() ? static_cast<uint8_t>(s[i]) : uint8_t{0};
  };
  const auto in = [](uint8_t b, uint8_t low, uint8_t high) { return b >= low && b <= high; };
  const uint8_t b0 = byte(0);
  if (b0 < 0x80) return 1;
  if (in(b0, 0xC2, 0xDF)) return in(byte(1), 0x80, 0xBF) ? 2 : 0;
  if (in(b0, 0xE0, 0xEF)) {
    const uint8_t low = b0 == 0xE0 ? 0xA0 : 0x80;
    const uint8_t high = b0 == 0xED ? 0x9F : 0xBF;
    return in(byte(1), low, high) && in(byte(2), 0x80, 0xBF) ? 3 : 0;
  }
  if (in(b0, 0xF0, 0xF4)) {
    const uint8_t low = b0 == 0xF0 ? 0x90 : 0x80;
    const uint8_t high = b0 == 0xF4 ? 0x8F : 0xBF;
    return in(byte(1), low, high) && in(byte(2), 0x80, 0xBF) && in(byte(3), 0x80, 0xBF) ? 4 : 0;
  }
  return 0;
}

// Calls take(piece) for each character of `text`, the replacement standing for a broken byte,
// until it returns false.
template <typename Take>
void ForEachCharacter(std::string_view text, Take take) {
  while (!text.empty()) {
    const size_t length = Utf8Length(text);
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
