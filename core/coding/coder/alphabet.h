// The set of bytes that a block holds, in the form of tables (nibble_coder.h).
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "core/coding/coder/nibble_model.h"

namespace trine::coding {

// `alphabet`: ascending. `Coder` is a NibbleEncoder, which writes it, or a NibbleDecoder, which
// fills it: whether each of four values is there is a nibble, coded by the nibble before.
template <class Coder>
void CodeAlphabet(Coder& coder, std::vector<uint8_t>& alphabet) {
  std::array<NibbleModel, 16> models;
  models.fill(kUniformNibble);
  std::array<bool, 256> present{};
  for (uint8_t s : alphabet) present[s] = true;
  alphabet.clear();
  uint32_t flags = 0;
  for (size_t s = 0; s < 256; s += 4) {
    NibbleModel& model = models[flags];
    flags = 0;
    for (size_t k = 0; k < 4; ++k) flags |= static_cast<uint32_t>(present[s + k]) << k;
    flags = coder.Nibble(model, flags);
    for (size_t k = 0; k < 4; ++k) {
      if (flags >> k & 1) alphabet.push_back(static_cast<uint8_t>(s + k));
    }
  }
}

}  // namespace trine::coding
