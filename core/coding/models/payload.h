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

}  // namespace trine::coding
