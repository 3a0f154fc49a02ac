#include "client/cli/printable.h"

#include <cstdint>

#include "absl/strings/str_format.h"
#include "core/base/text/utf8.h"

namespace trine::cli {
namespace {

bool IsControl(uint32_t c) { return c < 0x20 || (c >= 0x7F && c < 0xA0); }
// Separators of lines and paragraphs, embeddings, overrides and isolates.
bool TurnsText(uint32_t c) { return (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069); }

// What stands for a code point that is not shown.
std::string Escape(uint32_t c) {
  switch (c) {
    case '\n':
      return "\\n";
    case '\t':
      return "\\t";
    case '\r':
      return "\\r";
    default:
      return c < 0x80 ? absl::StrFormat("\\x%02x", c) : absl::StrFormat("\\u%04x", c);
  }
}

// `text` with escape(c) for each code point for which hides(c), and \xff for bytes that are none.
template <typename Hides, typename EscapeOne>
std::string Escaped(std::string_view text, const Hides& hides, const EscapeOne& escape) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size();) {
    const CodePoint c = TakeCodePoint(text.substr(i));
    if (c.bytes == 0) {
      out += absl::StrFormat("\\x%02x", static_cast<uint8_t>(text[i]));
      ++i;
      continue;
    }
    if (hides(c.value)) {
      out += escape(c.value);
    } else {
      out += text.substr(i, c.bytes);
    }
    i += c.bytes;
  }
  return out;
}

bool IsHidden(uint32_t c) { return IsControl(c) || TurnsText(c); }

}  // namespace

std::string Printable(std::string_view text) { return Escaped(text, IsHidden, Escape); }

std::string PrintableLines(std::string_view text) {
  return Escaped(
      text, [](uint32_t c) { return c != '\n' && IsHidden(c); }, Escape);
}

std::string PrintableJson(std::string_view json) {
  // Below 0x20 they are escaped, or between its parts.
  return Escaped(
      json, [](uint32_t c) { return c >= 0x7F && IsHidden(c); },
      [](uint32_t c) { return absl::StrFormat("\\u%04x", c); });
}

}  // namespace trine::cli
