// What AUTO chooses, against its models one by one, whatever the data and the length of blocks.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "core/coding/coding.h"
#include "core/coding/models/sample.h"
#include "core/runtime/thread_pool.h"
#include "tests/core/coding/stream/stream_helpers.h"
#include "tests/core/coding/test_data.h"

namespace trine::coding {
namespace {

// Like text of a language: words of syllables, the more frequent the shorter, by Zipf's law.
std::string Prose(size_t n, uint32_t seed) {
  static const char* const kSyllables[] = {"an",  "the", "o",  "ri",  "sta", "el",
                                           "ing", "ver", "qu", "ou",  "nd",  "e",
                                           "ti",  "con", "ly", "mer", "s",   "bra"};
  std::mt19937 random(seed);
  std::vector<std::string> words;
  for (size_t i = 0; i < 4000; ++i) {
    std::string word;
    for (size_t k = 0; k <= (i > 50) + (i > 400) + random() % 2; ++k) {
      word += kSyllables[random() % 18];
    }
    words.push_back(word);
  }
  std::string out;
  while (out.size() < n) {
    const double u = static_cast<double>(random() % 1000000 + 1) / 1e6;
    out += words[static_cast<size_t>(std::pow(4000.0, u)) - 1];
    out += random() % 9 == 0 ? ".\n" : random() % 7 == 0 ? ", " : " ";
  }
  out.resize(n);
  return out;
}

// Records of 4 bytes: a number that climbs, one of a few kinds, a small number.
std::string Records(size_t n, uint32_t seed) {
  std::mt19937 random(seed);
  std::string out;
  for (uint32_t i = 0; out.size() < n; ++i) {
    out.push_back(static_cast<char>(7 * i));
    out.push_back(static_cast<char>(7 * i >> 8));
    out.push_back("\3\4\11"[random() % 3]);
    out.push_back(static_cast<char>(random() % 40));
  }
  out.resize(n);
  return out;
}

// A counter of 32 bits.
std::string Counter(size_t n, uint32_t seed) {
  std::string out;
  for (uint32_t i = seed; out.size() < n; ++i) {
    for (int shift = 0; shift < 32; shift += 8) out.push_back(static_cast<char>(i >> shift));
  }
  out.resize(n);
  return out;
}

// Several kinds, one after the other: what a few places of the block show is not all of it.
std::string Mixed(size_t n, uint32_t seed) {
  const size_t part = n / 5;
  std::string out = Prose(part, seed) + Noise(part, seed) + std::string(part, '\0') +
                    Records(part, seed) + Prose(n - 4 * part, seed + 1);
  return out;
}

std::string ProseThenNoise(size_t n, uint32_t seed) {
  return Prose(n / 2, seed) + Noise(n - n / 2, seed);
}

constexpr NamedInput kKinds[] = {
    {"prose", Prose},     {"words", Words},
    {"records", Records}, {"counter", Counter},
    {"skewed", Skewed},   {"wave", Wave},
    {"noise", Noise},     {"prose, then noise", ProseThenNoise},
    {"mixed", Mixed},     {"constant", [](size_t n, uint32_t) { return std::string(n, 'c'); }},
};

struct Shortest {
  size_t bytes;
  std::string_view name;
};

// Of the models that a caller may name.
Shortest ShortestOfModels(const std::string& raw, uint64_t block_bytes) {
  static constexpr NamedOptions kNamed[] = {
      {"static of order 0", Model::kStatic, 0},     {"static of order 1", Model::kStatic, 1},
      {"adaptive of order 0", Model::kAdaptive, 0}, {"adaptive of order 1", Model::kAdaptive, 1},
      {"adaptive of order 2", Model::kAdaptive, 2},
  };
  Shortest shortest{SIZE_MAX, ""};
  for (const NamedOptions& model : kNamed) {
    const size_t bytes = MustEncode(raw, Options(model, block_bytes)).size();
    if (bytes < shortest.bytes) shortest = {bytes, model.name};
  }
  return shortest;
}

size_t BytesOf(const std::string& raw, Effort effort, uint64_t block_bytes = 0) {
  EncodeOptions options;
  options.effort = effort;
  options.block_bytes = block_bytes;
  return MustEncode(raw, options).size();
}

void ExpectNearTheShortest(const NamedInput& kind, size_t n, uint32_t seed, uint64_t block_bytes) {
  SCOPED_TRACE(kind.name);
  SCOPED_TRACE(n);
  const std::string raw = kind.make(n, seed);
  const Shortest shortest = ShortestOfModels(raw, block_bytes);
  EXPECT_LE(static_cast<double>(BytesOf(raw, Effort::kBalanced, block_bytes)),
            static_cast<double>(shortest.bytes) * 1.005)
      << shortest.name;
}

TEST(Auto, IsNearTheShortestOfItsModels) {
  for (const NamedInput& kind : kKinds) {
    ExpectNearTheShortest(kind, size_t{3} << 19, 1, 0);
    ExpectNearTheShortest(kind, 700000, 2, 0);
    ExpectNearTheShortest(kind, 300000, 3, 100000);
  }
}

TEST(Auto, IsNearTheShortestOnShortInputs) {
  uint32_t seed = 0;
  for (const NamedInput& kind : kKinds) {
    for (const size_t n : {1, 20, 300, 1000, 2000, 3000, 5000, 11000, 16383, 16384, 40000}) {
      ExpectNearTheShortest(kind, n, ++seed, 0);
    }
  }
}

// Where samples begin, and where they are trusted more.
TEST(Auto, IsNearTheShortestWhereSamplesBegin) {
  uint32_t seed = 0;
  for (const NamedInput& kind : kKinds) {
    for (const size_t n : {kMaxWholeSample, 8 * kSampleStep}) {
      ExpectNearTheShortest(kind, n, ++seed, 0);
      ExpectNearTheShortest(kind, n + 1, ++seed, 0);
    }
  }
}

TEST(Auto, BestIsNeverLonger) {
  uint32_t seed = 0;
  for (const NamedInput& kind : kKinds) {
    for (const size_t n : {1, 300, 3000, 16384, 60000, 140000, 300000}) {
      SCOPED_TRACE(kind.name);
      SCOPED_TRACE(n);
      const std::string raw = kind.make(n, ++seed);
      const size_t best = BytesOf(raw, Effort::kBest);
      EXPECT_LE(best, BytesOf(raw, Effort::kBalanced));
      EXPECT_LE(best, BytesOf(raw, Effort::kFast));
      const Shortest shortest = ShortestOfModels(raw, 0);
      EXPECT_LE(best, shortest.bytes) << shortest.name;
    }
  }
}

// How much work there is, by its polls, which do not depend on the machine.
uint64_t PollsOf(const std::string& raw, const EncodeOptions& options) {
  uint64_t polls = 0;
  CancelSource source;
  source.OnPoll([&] { ++polls; });
  Context context;
  context.cancel = source.token();
  MustEncode(raw, options, context);
  return polls;
}

TEST(Auto, TrialsWithoutHopeEnd) {
  constexpr size_t kBytes = size_t{1} << 20;
  EncodeOptions best;
  best.effort = Effort::kBest;
  // On text, the shortest model alone polls for a pass of each of its parameters.
  EncodeOptions adaptive = best;
  adaptive.model = Model::kAdaptive;
  adaptive.order = 2;
  const uint64_t on_text = PollsOf(Prose(kBytes, 1), adaptive);
  EXPECT_LT(PollsOf(Noise(kBytes, 2), best), on_text / 2);
  // A model that was asked for by name ends too.
  EXPECT_LT(PollsOf(Noise(kBytes, 2), adaptive), on_text / 2);
  // By default few models of the five code the whole of a long text.
  EncodeOptions one = adaptive;
  one.effort = Effort::kBalanced;
  EXPECT_LT(PollsOf(Prose(kBytes, 1), {}), 2 * PollsOf(Prose(kBytes, 1), one));
}

TEST(Auto, FastHasNoTrials) {
  for (const NamedInput& kind : kKinds) {
    SCOPED_TRACE(kind.name);
    const std::string raw = kind.make(600000, 4);
    EncodeOptions options;
    options.effort = Effort::kFast;
    EncodeStats stats;
    MustEncode(raw, options, {}, &stats);
    EXPECT_EQ(stats.model, Model::kStatic);
  }
}

TEST(Auto, DoesNotDependOnThreads) {
  const std::string raw = Mixed(size_t{5} << 20, 3) + Wave(500000, 4);
  ThreadPool pool(4);
  Context context;
  context.pool = &pool;
  for (const uint64_t block_bytes : {uint64_t{0}, uint64_t{150000}, uint64_t{20000}}) {
    EncodeOptions options;
    options.block_bytes = block_bytes;
    EXPECT_TRUE(MustEncode(raw, options) == MustEncode(raw, options, context));
  }
}

}  // namespace
}  // namespace trine::coding
