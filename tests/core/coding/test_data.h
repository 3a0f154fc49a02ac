// Inputs that the coding tests make by rule.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/coding/coding.h"

namespace trine::coding {

inline ByteView AsBytes(const std::string& s) {
  return ByteView(reinterpret_cast<const uint8_t*>(s.data()), s.size());
}

inline std::string AsString(ByteView bytes) { return std::string(bytes.begin(), bytes.end()); }

// Independent bytes with a geometric distribution: about 3.3 bits each.
inline std::string Skewed(size_t n, uint32_t seed) {
  std::mt19937 random(seed);
  std::string out(n, '\0');
  for (char& c : out) {
    uint32_t bits = random();
    int value = 0;
    while ((bits & 3) == 0 && value < 15) {
      bits >>= 2;
      ++value;
    }
    c = static_cast<char>(value * 16 + static_cast<int>(random() % 5));
  }
  return out;
}

inline std::string Noise(size_t n, uint32_t seed) {
  std::mt19937 random(seed);
  std::string out(n, '\0');
  for (char& c : out) c = static_cast<char>(random());
  return out;
}

// Words from a small vocabulary: order 1 and 2 pay.
inline std::string Words(size_t n, uint32_t seed) {
  static const char* const kWords[] = {"the ", "range ", "coder ", "keeps ", "its ", "low ",
                                       "end ", "and ",   "a ",     "carry ", "of ",  "digits, "};
  std::mt19937 random(seed);
  std::string out;
  while (out.size() < n) out += kWords[random() % 12];
  out.resize(n);
  return out;
}

// Slowly changing 16-bit samples.
inline std::string Wave(size_t n, uint32_t seed) {
  std::mt19937 random(seed);
  std::string out;
  int value = 20000;
  while (out.size() < n) {
    value += static_cast<int>(random() % 41) - 20;
    out.push_back(static_cast<char>(value & 0xFF));
    out.push_back(static_cast<char>(value >> 8));
  }
  out.resize(n);
  return out;
}

struct NamedInput {
  const char* name;
  std::string (*make)(size_t n, uint32_t seed);
};
inline constexpr NamedInput kInputs[] = {
    {"skewed", Skewed},
    {"noise", Noise},
    {"words", Words},
    {"wave", Wave},
    {"zeros", [](size_t n, uint32_t) { return std::string(n, '\0'); }},
};

struct NamedOptions {
  const char* name;
  Model model;
  std::optional<int> order;
};
inline constexpr NamedOptions kModels[] = {
    {"auto", Model::kAuto, std::nullopt},         {"static", Model::kStatic, std::nullopt},
    {"adaptive", Model::kAdaptive, std::nullopt}, {"adaptive0", Model::kAdaptive, 0},
    {"adaptive1", Model::kAdaptive, 1},           {"adaptive2", Model::kAdaptive, 2},
    {"table", Model::kTable, std::nullopt},
};

// All bytes, the lower ones more probable.
inline ProbabilityTable ByteTable() {
  ProbabilityTable table;
  table.kind = SymbolKind::kBytes;
  for (uint64_t b = 0; b < 256; ++b) {
    table.integers.push_back(b);
    table.counts.push_back(1 + 10000 / (b + 1));
  }
  return table;
}

inline EncodeOptions Options(const NamedOptions& m, uint64_t block_bytes = 0) {
  EncodeOptions options;
  options.model = m.model;
  options.order = m.order;
  options.block_bytes = block_bytes;
  if (m.model == Model::kTable) options.table = ByteTable();
  return options;
}

}  // namespace trine::coding
