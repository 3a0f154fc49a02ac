// Parts of a block on which models and their parameters are tried.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/bytes.h"

namespace trine::coding {

// In the block's order.
struct Sample {
  std::vector<uint8_t> bytes;  // the whole block where it is short, else pieces spread over it
  size_t begin = 0;            // cost counts from here on; what is before only teaches the models

  size_t counted() const { return bytes.size() - begin; }
};

Sample TakeSample(ByteView raw);

}  // namespace trine::coding
