// Little-endian base-128 numbers (LEB128): 7 bits a byte, the high bit set on all but the last
// byte, no more bytes than needed. And a reader of bytes that cannot leave its view.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/base/bytes.h"

namespace trine::coding {

inline void AppendVarint(uint64_t value, std::string* out) {
  for (; value >= 0x80; value >>= 7) out->push_back(static_cast<char>((value & 0x7F) | 0x80));
  out->push_back(static_cast<char>(value));
}

// How many of them AppendVarint writes.
inline uint64_t VarintBytes(uint64_t value) {
  uint64_t bytes = 1;
  while (value >>= 7) ++bytes;
  return bytes;
}

template <typename T>
void AppendLE(T value, std::string* out) {
  char bytes[sizeof(T)];
  StoreLE(bytes, value);
  out->append(bytes, sizeof(T));
}

inline ByteView ViewOf(const std::string& s) {
  return ByteView(reinterpret_cast<const uint8_t*>(s.data()), s.size());
}

inline void AppendView(ByteView bytes, std::string* out) {
  out->append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

// Takes values from the front of a view. After a failure (the bytes end too early, or a varint is
// not in its shortest form) every further value is 0 and `failed` stays true; `short_of_bytes`
// says whether more bytes could mend it.
class ByteReader {
 public:
  explicit ByteReader(ByteView bytes) : bytes_(bytes) {}

  bool failed() const { return failed_; }
  bool short_of_bytes() const { return short_; }
  size_t position() const { return position_; }
  size_t left() const { return bytes_.size() - position_; }

  uint8_t Byte() { return static_cast<uint8_t>(Fixed<uint8_t>()); }

  template <typename T>
  T Fixed() {
    if (failed_ || left() < sizeof(T)) {
      short_ = short_ || !failed_;
      failed_ = true;
      return T{};
    }
    const T value = LoadLE<T>(bytes_.data() + position_);
    position_ += sizeof(T);
    return value;
  }

  uint64_t Varint() {
    uint64_t value = 0;
    for (int shift = 0; shift < 70; shift += 7) {
      const uint8_t byte = Byte();
      if (failed_) return 0;
      const uint64_t part = byte & 0x7F;
      if (shift == 63 && byte > 1) break;  // beyond 64 bits
      value |= part << shift;
      if (byte < 0x80) {
        if (byte == 0 && shift != 0) break;  // not the shortest form
        return value;
      }
    }
    failed_ = true;
    return 0;
  }

  ByteView Take(uint64_t n) {
    if (failed_ || left() < n) {
      short_ = short_ || !failed_;
      failed_ = true;
      return {};
    }
    position_ += static_cast<size_t>(n);
    return bytes_.subspan(position_ - static_cast<size_t>(n), static_cast<size_t>(n));
  }

 private:
  ByteView bytes_;
  size_t position_ = 0;
  bool failed_ = false;
  bool short_ = false;
};

}  // namespace trine::coding
