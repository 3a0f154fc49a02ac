#include "core/base/text/utf8.h"

namespace trine {

CodePoint TakeCodePoint(ByteView in) {
  const uint8_t lead = in[0];
  if (lead < 0x80) return {lead, 1, false};
  const size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4) return {};
  uint32_t value = lead & (0xFFu >> (length + 1));
  for (size_t i = 1; i < length; ++i) {
    if (i == in.size()) return {0, 0, true};
    if ((in[i] & 0xC0) != 0x80) return {};
    value = value << 6 | (in[i] & 0x3Fu);
    // The second byte decides about overlong forms, surrogates and the end of the range.
    if (i == 1 && length > 2) {
      const uint32_t top = value << (6 * (length - 2));
      if (top > 0x10FFFF || (top & 0xFFFFF800) == 0xD800 || (length == 3 && value < 0x20) ||
          (length == 4 && value < 0x10)) {
        return {};
      }
    }
  }
  return {value, length, false};
}

void PutCodePoint(uint32_t c, uint8_t* out) {
  const size_t length = Utf8Bytes(c);
  if (length == 1) {
    out[0] = static_cast<uint8_t>(c);
    return;
  }
  for (size_t i = length; i-- > 1; c >>= 6) out[i] = static_cast<uint8_t>(0x80 | (c & 0x3F));
  static constexpr uint8_t kLead[5] = {0, 0, 0xC0, 0xE0, 0xF0};
  out[0] = static_cast<uint8_t>(kLead[length] | c);
}

}  // namespace trine
