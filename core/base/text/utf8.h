// UTF-8, strictly (RFC 3629: no overlong forms, no surrogates, at most U+10FFFF).
#pragma once

#include <cstdint>
#include <string_view>

#include "core/base/bytes.h"

namespace trine {

struct CodePoint {
  uint32_t value = 0;
  size_t bytes = 0;  // 0: the bytes are not valid
  // The view ended inside a sequence that is valid so far.
  bool cut_off = false;
};

// The first code point of `in`, which is not empty.
CodePoint TakeCodePoint(ByteView in);
inline CodePoint TakeCodePoint(std::string_view in) {
  return TakeCodePoint(ByteView(reinterpret_cast<const uint8_t*>(in.data()), in.size()));
}

// Bytes that a code point takes, 1 to 4. REQUIRES: a valid code point.
inline size_t Utf8Bytes(uint32_t c) { return c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4; }
inline bool IsCodePoint(uint64_t c) { return c < 0xD800 || (c >= 0xE000 && c <= 0x10FFFF); }
// Writes Utf8Bytes(c) bytes.
void PutCodePoint(uint32_t c, uint8_t* out);

}  // namespace trine
