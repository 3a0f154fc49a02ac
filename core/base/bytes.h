// Unaligned little-endian loads and stores. Payloads arrive at any address (gRPC slices), so every
// access to them goes through memcpy; compilers turn these into single instructions.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

#include "absl/types/span.h"

namespace trine {

using ByteView = absl::Span<const uint8_t>;
using MutableByteView = absl::Span<uint8_t>;

static_assert(std::endian::native == std::endian::little,
              "trine copies little-endian payloads as they are");

// The bytes of a text, which must outlive the view.
inline ByteView AsBytes(std::string_view s) {
  return {reinterpret_cast<const uint8_t*>(s.data()), s.size()};
}

template <typename T>
T LoadLE(const void* p) {
  static_assert(std::is_trivially_copyable_v<T>);
  T value;
  std::memcpy(&value, p, sizeof(T));
  return value;
}

template <typename T>
void StoreLE(void* p, T value) {
  static_assert(std::is_trivially_copyable_v<T>);
  std::memcpy(p, &value, sizeof(T));
}

}  // namespace trine
