// The vector loops on every instruction set of this machine: the same words as the range coder in
// plain code, the same streams whatever the target, and each decodes what the others coded.
#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "core/base/long_array.h"
#include "core/coding/coding.h"
#include "core/coding/lanes.h"
#include "core/coding/range_coder.h"
#include "core/coding/static_kernels.h"
#include "tests/core/coding/test_data.h"

namespace trine::coding {
namespace {

// Targets that the loops are compiled for and this machine has, each alone.
std::vector<int64_t> Targets() {
  std::vector<int64_t> out;
  for (int64_t left = hwy::SupportedTargets() & StaticKernelTargets(); left != 0;
       left &= left - 1) {
    out.push_back(left & -left);
  }
  return out;
}

// With that target alone, until its end.
class OnlyTarget {
 public:
  explicit OnlyTarget(int64_t target) { hwy::SetSupportedTargetsForTest(target); }
  ~OnlyTarget() { hwy::SetSupportedTargetsForTest(0); }
};

// Parts through rows of lanes and through the range coder of range_coder.h, with carries that run
// far.
void CompareWords(int lanes_log2, int rule) {
  const int count = 1 << lanes_log2;
  constexpr size_t kRows = 400;
  std::mt19937 random(static_cast<uint32_t>(lanes_log2 * 10 + rule));
  const size_t symbols = kRows << lanes_log2;
  auto digits = LongArray<uint32_t>::Zeros(symbols + kLaneSlackBytes);
  auto rows = LongArray<uint64_t>::Zeros(kRows);
  EncoderLanes lanes(lanes_log2);
  lanes.digits = digits.data();
  lanes.rows = rows.data();
  RangeEncoder<NarrowCoder> plain(count, symbols + 1);
  for (size_t t = 0; t < kRows; ++t) {
    uint64_t row = 0;
    // Rows may be incomplete.
    const int active =
        t % 7 == 6 ? static_cast<int>(random() % static_cast<uint32_t>(count)) : count;
    for (int l = 0; l < active; ++l) {
      const uint32_t range = lanes.range[l];
      uint32_t offset = 0, width = 1;
      if (rule == 0) {
        offset = random() % range;
        width = 1 + random() % (range - offset);
      } else if (rule == 1) {
        offset = range - 1;
      } else {
        offset = random() % 100 == 0 ? 0 : range - 1 - random() % 3;
      }
      row |= lanes.Take(l, offset, width, lanes.digits);
      plain.lane(l).Narrow(offset, width);
      plain.Renormalise(l);
    }
    *lanes.rows++ = row;
  }
  std::string expected = "x", words = "x";
  ASSERT_TRUE(plain.Finish(&expected).ok());
  ASSERT_TRUE(WriteWords(lanes, rows.data(), digits.data(), {}, &words).ok());
  EXPECT_TRUE(words == expected) << lanes_log2 << " " << rule;
}

TEST(Targets, WordsAreThoseOfTheRangeCoder) {
  for (int64_t target : Targets()) {
    SCOPED_TRACE(hwy::TargetName(target));
    const OnlyTarget only(target);
    for (int lanes_log2 = 0; lanes_log2 <= 6; ++lanes_log2) {
      for (int rule : {0, 1, 2}) CompareWords(lanes_log2, rule);
    }
  }
}

struct Case {
  std::string name;
  std::string raw;
  EncodeOptions options;
};

std::vector<Case> Cases() {
  std::string rare(70000, 'a');
  for (size_t i = 0; i < rare.size(); i += 977) rare[i] = static_cast<char>('b' + i % 20);
  std::string wide = Skewed(300000, 5);
  for (size_t i = 0; i < wide.size(); i += 3) wide[i] = static_cast<char>(wide[i] + (i >> 9));
  std::vector<Case> cases;
  for (size_t n :
       {1, 2, 15, 16, 17, 63, 64, 65, 1000, 4095, 4097, 20000, 65535, 65537, 140001, 300000}) {
    for (const auto& [name, source] :
         {std::pair<std::string, std::string>{"words", Words(300000, 3)},
          {"wide", wide},
          {"rare", rare}}) {
      if (n > source.size()) continue;
      const std::string raw = source.substr(0, n);
      const auto add = [&](Model model, std::optional<int> order) -> Case& {
        cases.push_back({name + " " + std::to_string(n) + " " + std::string(ModelName(model)) +
                             (order.has_value() ? std::to_string(*order) : ""),
                         raw,
                         {}});
        cases.back().options.model = model;
        cases.back().options.order = order;
        return cases.back();
      };
      for (int order : {0, 1}) add(Model::kStatic, order);
      for (int order : {0, 1, 2}) add(Model::kAdaptive, order);
      add(Model::kTable, {}).options.table = ByteTable();
    }
  }
  return cases;
}

TEST(Targets, GiveAndTakeTheSameStreams) {
  const std::vector<int64_t> targets = Targets();
  ASSERT_FALSE(targets.empty());
  for (const Case& c : Cases()) {
    SCOPED_TRACE(c.name);
    std::string first;
    for (int64_t target : targets) {
      SCOPED_TRACE(hwy::TargetName(target));
      const OnlyTarget only(target);
      const auto coded = Encode({}, {}, AsBytes(c.raw), c.options);
      if (!coded.ok() && c.options.model == Model::kTable) {  // a byte that the table lacks
        ASSERT_EQ(coded.status().code(), absl::StatusCode::kInvalidArgument);
        continue;
      }
      ASSERT_TRUE(coded.ok()) << coded.status();
      if (first.empty()) first = *coded;
      ASSERT_TRUE(*coded == first);
      const auto decoded = Decode({}, AsBytes(first));
      ASSERT_TRUE(decoded.ok()) << decoded.status();
      ASSERT_TRUE(AsString(decoded->data) == c.raw);
    }
  }
}

// A damaged stream is refused by all of them.
TEST(Targets, RefuseTheSameStreams) {
  const std::string raw = Words(60000, 4);
  for (const auto& [model, order] : {std::pair{Model::kStatic, 0},
                                     {Model::kStatic, 1},
                                     {Model::kAdaptive, 0},
                                     {Model::kAdaptive, 1}}) {
    EncodeOptions options;
    options.model = model;
    options.order = order;
    const auto coded = Encode({}, {}, AsBytes(raw), options);
    ASSERT_TRUE(coded.ok());
    for (size_t at = 40; at < coded->size(); at += coded->size() / 37) {
      std::string damaged = *coded;
      damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
      for (int64_t target : Targets()) {
        const OnlyTarget only(target);
        EXPECT_EQ(Decode({}, AsBytes(damaged)).status().code(), absl::StatusCode::kDataLoss)
            << hwy::TargetName(target) << " " << at;
      }
    }
  }
}

}  // namespace
}  // namespace trine::coding
