// What a coding model makes of a block.
#pragma once

#include <cstdint>
#include <string>

namespace trine::coding {

struct Payload {
  std::string bytes;
  uint64_t side_bytes = 0;  // of them: tables and parameters
  bool fits = false;        // false: not shorter than the raw bytes; `bytes` is then unusable
};

inline bool IsShorter(const Payload& payload, const Payload& than) {
  return payload.fits && (!than.fits || payload.bytes.size() < than.bytes.size());
}

// What a model spends on a whole block, as far as counts of the block tell [2^-16 bits].
struct KnownCost {
  uint64_t least = 0;
  uint64_t likely = 0;
};

}  // namespace trine::coding
