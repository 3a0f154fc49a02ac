// What the coding rows are measured on.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace trine::bench {

struct Input {
  std::string name;
  std::vector<uint8_t> raw;
};

// With `folder`: book1, geo and obj2 of the Calgary corpus, kodak (12 pictures in BT.601 gray) and
// relu. Without: text, skewed and relu, all made by rule, the same bytes on every machine. The last
// input is `all`: the others one after another.
std::vector<Input> CodingInputs(const std::string& folder);

// `raw` over and over, cut at `bytes`.
std::vector<uint8_t> Repeated(const std::vector<uint8_t>& raw, size_t bytes);

}  // namespace trine::bench
