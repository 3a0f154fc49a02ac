#include "tests/bench/coding/coding_cases.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <numbers>
#include <string_view>

#include "core/base/bytes.h"
#include "core/image/image.h"
#include "tests/bench/coding/coding_measure.h"

namespace trine::bench {
namespace {

constexpr size_t kMadeBytes = size_t{1} << 20;

// SplitMix64 (Steele, Lea and Flood 2014). The standard library's distributions differ from one
// implementation to the next; these numbers do not.
class Numbers {
 public:
  explicit Numbers(uint64_t seed) : state_(seed) {}
  uint64_t Next() {
    uint64_t z = state_ += 0x9E3779B97F4A7C15;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
  }
  size_t Below(size_t n) { return static_cast<size_t>(Next() % n); }
  // In (0, 1].
  double Unit() { return static_cast<double>((Next() >> 11) + 1) * 0x1p-53; }

 private:
  uint64_t state_;
};

std::vector<uint8_t> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::vector<uint8_t> out{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (out.empty()) Die("cannot read " + path);
  return out;
}

std::vector<uint8_t> Kodak(const std::string& folder) {
  std::vector<uint8_t> out;
  for (int i = 1; i <= 12; ++i) {
    char name[8];
    std::snprintf(name, sizeof name, "%02d.png", i);
    const std::vector<uint8_t> file = ReadFile(folder + "/" + name);
    const auto picture = image::DecodeImage({}, file);
    if (!picture.ok()) Die(folder + "/" + name + ": " + std::string(picture.status().message()));
    const auto gray = image::ToGray({}, picture->view(), image::GrayWeights::kBt601);
    if (!gray.ok()) Die(folder + "/" + name + ": " + std::string(gray.status().message()));
    out.insert(out.end(), gray->data.begin(), gray->data.end());
  }
  return out;
}

// Activations after a ReLU: float32 max(0, x), x normal by Box and Muller.
std::vector<uint8_t> Relu() {
  Numbers numbers(1);
  std::vector<uint8_t> out(kMadeBytes);
  for (size_t i = 0; i < out.size(); i += 2 * sizeof(float)) {
    const double radius = std::sqrt(-2 * std::log(numbers.Unit()));
    const double angle = 2 * std::numbers::pi * numbers.Unit();
    StoreLE(&out[i], static_cast<float>(std::max(0.0, radius * std::cos(angle))));
    StoreLE(&out[i + sizeof(float)], static_cast<float>(std::max(0.0, radius * std::sin(angle))));
  }
  return out;
}

// Words of two to nine letters out of a small vocabulary, the first ones often.
std::vector<uint8_t> Text() {
  constexpr size_t kWords = 2000;
  constexpr std::string_view kLetters = "eeeeeetttttaaaaoooiiinnnssshhrrddlcumwfgypbvk";
  Numbers numbers(2);
  std::vector<std::string> words(kWords);
  for (std::string& word : words) {
    const size_t letters = 2 + numbers.Below(4) + numbers.Below(5);
    for (size_t i = 0; i < letters; ++i) word += kLetters[numbers.Below(kLetters.size())];
  }
  std::vector<uint8_t> out;
  for (size_t count = 1; out.size() < kMadeBytes; ++count) {
    const double u = numbers.Unit();
    const std::string& word = words[std::min(kWords - 1, static_cast<size_t>(kWords * u * u * u))];
    out.insert(out.end(), word.begin(), word.end());
    out.push_back(count % 12 == 0 ? '\n' : ' ');
  }
  out.resize(kMadeBytes);
  return out;
}

// Bytes of which each is half as frequent as the one before it, with a few of any value between.
std::vector<uint8_t> Skewed() {
  Numbers numbers(3);
  std::vector<uint8_t> out(kMadeBytes);
  for (uint8_t& byte : out) {
    const uint64_t bits = numbers.Next();
    byte =
        static_cast<uint8_t>(bits % 64 == 0 ? bits >> 8 : std::countr_zero(bits >> 8 | 1U << 31));
  }
  return out;
}

}  // namespace

std::vector<Input> CodingInputs(const std::string& folder) {
  std::vector<Input> out;
  if (folder.empty()) {
    out.push_back({"text", Text()});
    out.push_back({"skewed", Skewed()});
  } else {
    for (const char* name : {"book1", "geo", "obj2"})
      out.push_back({name, ReadFile(folder + "/corpus/calgary/" + name)});
    out.push_back({"kodak", Kodak(folder + "/images/kodak")});
  }
  out.push_back({"relu", Relu()});
  Input all{"all", {}};
  for (const Input& input : out) all.raw.insert(all.raw.end(), input.raw.begin(), input.raw.end());
  out.push_back(std::move(all));
  return out;
}

std::vector<uint8_t> Repeated(const std::vector<uint8_t>& raw, size_t bytes) {
  std::vector<uint8_t> out;
  out.reserve(bytes);
  while (out.size() < bytes) {
    const size_t step = std::min(raw.size(), bytes - out.size());
    out.insert(out.end(), raw.begin(), raw.begin() + static_cast<ptrdiff_t>(step));
  }
  return out;
}

}  // namespace trine::bench
