// The textbook's coder.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/coding/coding.h"
#include "core/coding/exact.h"

namespace trine::coding {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

ProbabilityTable Binary() {
  ProbabilityTable table;
  table.text = {"0", "1"};
  table.probabilities = {"0.7", "0.3"};
  return table;
}

TEST(Exact, TheTextbookExample) {
  const auto code = ExactEncode({}, Binary(), {"0", "0", "1"}, 256);
  ASSERT_TRUE(code.ok()) << code.status();
  EXPECT_EQ(code->low.decimal, "0.343");
  EXPECT_EQ(code->high.decimal, "0.49");
  EXPECT_EQ(code->low.fraction, "343/1000");
  EXPECT_EQ(code->high.fraction, "49/100");
  EXPECT_EQ(code->shortest, "011");
  EXPECT_EQ(code->prefix_free, "0110");
  EXPECT_NEAR(code->ideal_bits, -std::log2(0.147), 1e-12);
  ASSERT_EQ(code->steps.size(), 3u);
  const char* const expected[3][3] = {
      {"0", "0", "0.7"}, {"0", "0", "0.49"}, {"1", "0.343", "0.49"}};
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(code->steps[i].symbol, expected[i][0]);
    EXPECT_EQ(code->steps[i].low.decimal, expected[i][1]);
    EXPECT_EQ(code->steps[i].high.decimal, expected[i][2]);
  }
  for (const std::string& bits : {code->shortest, code->prefix_free, code->prefix_free + "0101"}) {
    const auto message = ExactDecode({}, Binary(), bits, 3);
    ASSERT_TRUE(message.ok()) << message.status();
    EXPECT_THAT(*message, ElementsAre("0", "0", "1"));
  }
}

TEST(Exact, StepsOnlyOnRequest) {
  const auto none = ExactEncode({}, Binary(), {"0", "1"}, 0);
  ASSERT_TRUE(none.ok());
  EXPECT_TRUE(none->steps.empty());
  EXPECT_EQ(ExactEncode({}, Binary(), {"0", "1"}, 1)->steps.size(), 1u);
  EXPECT_EQ(ExactEncode({}, Binary(), {"0"}, 257).status().code(),
            absl::StatusCode::kResourceExhausted);
}

// 1 - 10^-250, 10^-250 - 10^-400, 10^-400: a common denominator of 400 digits.
ProbabilityTable LongDenominators() {
  ProbabilityTable table;
  table.text = {"a", "b", "c"};
  table.probabilities = {"0." + std::string(250, '9'), std::string(150, '9') + "e-400", "1e-400"};
  return table;
}

size_t TextBytes(const ExactCode& code) {
  size_t bytes = 0;
  for (const ExactStep& step : code.steps) {
    for (const Rational* r : {&step.low, &step.high}) {
      bytes += r->fraction.size() + r->decimal.size();
    }
  }
  return bytes;
}

// More than 50 MB of text by 256 steps: refused before a digit of it is printed.
TEST(Exact, StepsOfLongNumbersAreBounded) {
  const ProbabilityTable table = LongDenominators();
  std::vector<std::string> message(256, "b");
  const absl::Status refused = ExactEncode({}, table, message, 256).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
  const auto detail = GetErrorDetail(refused);
  ASSERT_TRUE(detail.has_value());
  EXPECT_EQ(detail->field, "max_steps");
  // Fewer steps of the same message are served, and the bound is not far above what they take.
  const auto fewer = ExactEncode({}, table, message, 140);
  ASSERT_TRUE(fewer.ok()) << fewer.status();
  EXPECT_EQ(fewer->steps.size(), 140u);
  EXPECT_LT(TextBytes(*fewer), size_t{16} << 20);
  EXPECT_GT(TextBytes(*fewer), size_t{14} << 20);
  // Simple tables have all their steps.
  message.assign(4096, "0");
  const auto simple = ExactEncode({}, Binary(), message, 256);
  ASSERT_TRUE(simple.ok()) << simple.status();
  EXPECT_EQ(simple->steps.size(), 256u);
}

TEST(Exact, TheEmptyMessageAndTheCertainSymbol) {
  const auto empty = ExactEncode({}, Binary(), {}, 0);
  ASSERT_TRUE(empty.ok());
  EXPECT_EQ(empty->low.decimal, "0");
  EXPECT_EQ(empty->high.decimal, "1");
  EXPECT_EQ(empty->shortest, "");
  EXPECT_EQ(empty->prefix_free, "");
  EXPECT_EQ(empty->ideal_bits, 0);
  EXPECT_TRUE(ExactDecode({}, Binary(), "", 0)->empty());
  ProbabilityTable certain;
  certain.text = {"x"};
  certain.probabilities = {"1"};
  const auto code = ExactEncode({}, certain, {"x", "x", "x"}, 0);
  ASSERT_TRUE(code.ok());
  EXPECT_EQ(code->shortest, "");
  EXPECT_EQ(code->ideal_bits, 0);
  EXPECT_THAT(*ExactDecode({}, certain, "", 3), ElementsAre("x", "x", "x"));
}

// All messages of length 4 over three symbols: the intervals tile [0, 1); codewords decode, lie
// inside, are the shortest possible, and the prefix-free ones are prefix-free.
// No message could hold such a symbol: its space would part it.
TEST(Exact, ASymbolWithASpaceIsRefusedWhereSpacesPart) {
  ProbabilityTable table;
  table.counts = {1, 1};
  for (const std::vector<std::string>& text :
       {std::vector<std::string>{"a b", "c"}, {"sun", " "}, {"sun", "rain "}}) {
    table.text = text;
    const size_t at = text[0] == "a b" ? 0 : 1;
    const std::string field = "table.text[" + std::to_string(at) + "]";
    for (const absl::Status& status :
         {SplitMessage(text[0], table).status(), ExactEncode({}, table, {text[0]}, 0).status(),
          ExactDecode({}, table, "0", 1).status()}) {
      EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
      EXPECT_THAT(std::string(status.message()), StartsWith(field));
      EXPECT_THAT(std::string(status.message()), HasSubstr("space"));
    }
  }
  // Of characters, a space is one like any other.
  table.text = {"a", " "};
  EXPECT_THAT(*SplitMessage("a  a", table), ElementsAre("a", " ", " ", "a"));
  EXPECT_TRUE(ExactEncode({}, table, {"a", " "}, 0).ok());
  // The longest that is taken.
  table.text = {std::string(256, 'x'), "y"};
  EXPECT_TRUE(ExactEncode({}, table, {"y"}, 0).ok());
  table.text[0] += "x";
  EXPECT_THAT(std::string(ExactEncode({}, table, {"y"}, 0).status().message()),
              HasSubstr("1 to 256 bytes"));
}

TEST(Exact, AllShortMessages) {
  ProbabilityTable table;
  table.text = {"a", "b", "c"};
  table.counts = {5, 2, 1};
  std::vector<std::string> prefix_free;
  std::string last_high = "0";
  for (int m = 0; m < 81; ++m) {
    std::vector<std::string> message;
    for (int k : {27, 9, 3, 1}) message.push_back(table.text[static_cast<size_t>(m / k % 3)]);
    const auto code = ExactEncode({}, table, message, 0);
    ASSERT_TRUE(code.ok());
    EXPECT_EQ(code->low.fraction, last_high);
    last_high = code->high.fraction;
    EXPECT_EQ(*ExactDecode({}, table, code->shortest, 4), message);
    EXPECT_EQ(*ExactDecode({}, table, code->prefix_free + "1111111", 4), message);
    // Intervals are multiples of 1/4096, exact in double.
    const double low = std::stod(code->low.decimal), high = std::stod(code->high.decimal);
    const auto value = [](const std::string& bits) {
      double v = 0;
      for (size_t i = 0; i < bits.size(); ++i) v += (bits[i] - '0') * std::pow(0.5, i + 1);
      return v;
    };
    EXPECT_GE(value(code->shortest), low);
    EXPECT_LT(value(code->shortest), high);
    for (size_t n = 0; n < code->shortest.size(); ++n) {  // nothing shorter lies inside
      const double step = std::pow(0.5, static_cast<double>(n));
      EXPECT_GE(std::ceil(low / step) * step, high);
    }
    const double width = std::pow(0.5, static_cast<double>(code->prefix_free.size()));
    EXPECT_GE(value(code->prefix_free), low);
    EXPECT_LE(value(code->prefix_free) + width, high);
    EXPECT_GT(std::ceil(low / (2 * width)) * 2 * width + 2 * width, high);
    EXPECT_LE(code->prefix_free.size(), std::ceil(code->ideal_bits) + 1);
    prefix_free.push_back(code->prefix_free);
  }
  EXPECT_EQ(last_high, "1");
  for (const std::string& a : prefix_free) {
    for (const std::string& b : prefix_free) {
      const bool is_prefix = b.compare(0, a.size(), a) == 0;
      EXPECT_EQ(is_prefix, &a == &b) << a << " " << b;
    }
  }
}

TEST(Exact, LongMessagesAndEndlessDecimals) {
  ProbabilityTable table;
  table.text = {"x", "y"};
  table.probabilities = {"1/3", "2/3"};
  const auto one = ExactEncode({}, table, {"x"}, 0);
  ASSERT_TRUE(one.ok());
  EXPECT_EQ(one->high.fraction, "1/3");
  EXPECT_EQ(one->high.decimal, "0.333333333333333333333333333333...");
  std::vector<std::string> message;
  for (int i = 0; i < 4096; ++i) message.push_back(table.text[static_cast<size_t>(i * i % 7 % 2)]);
  const auto code = ExactEncode({}, table, message, 0);
  ASSERT_TRUE(code.ok()) << code.status();
  EXPECT_LE(code->prefix_free.size(), code->ideal_bits + 2);
  EXPECT_EQ(*ExactDecode({}, table, code->shortest, 4096), message);
  message.push_back("x");
  EXPECT_EQ(ExactEncode({}, table, message, 0).status().code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ExactDecode({}, table, "0", 4097).status().code(),
            absl::StatusCode::kResourceExhausted);
}

TEST(Exact, SplitsMessages) {
  ProbabilityTable table = Binary();
  EXPECT_THAT(*SplitMessage("0110", table), ElementsAre("0", "1", "1", "0"));
  EXPECT_THAT(std::string(SplitMessage("01x", table).status().message()),
              testing::AllOf(StartsWith("message:"), testing::HasSubstr("symbol 2")));
  EXPECT_TRUE(SplitMessage("", table)->empty());
  table.text = {"\xC3\xA9", "e"};
  EXPECT_THAT(*SplitMessage("e\xC3\xA9", table), ElementsAre("e", "\xC3\xA9"));
  EXPECT_FALSE(SplitMessage("\xC3", table).ok());
  table.text = {"sun", "rain"};
  EXPECT_THAT(*SplitMessage("sun rain sun", table), ElementsAre("sun", "rain", "sun"));
  for (const char* bad : {"sun ", " sun", "sun  sun", "snow"}) {
    EXPECT_FALSE(SplitMessage(bad, table).ok()) << bad;
  }
}

TEST(Exact, RefusesByField) {
  ProbabilityTable table = Binary();
  table.probabilities[1] = "0.2";
  auto status = ExactEncode({}, table, {"0"}, 0).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()),
              testing::AllOf(StartsWith("table.probabilities:"), testing::HasSubstr("9/10")));
  table = Binary();
  EXPECT_THAT(std::string(ExactEncode({}, table, {"0", "2"}, 0).status().message()),
              StartsWith("message:"));
  EXPECT_THAT(std::string(ExactDecode({}, table, "012", 1).status().message()),
              StartsWith("bits:"));
  EXPECT_EQ(ExactDecode({}, table, std::string(65537, '0'), 1).status().code(),
            absl::StatusCode::kResourceExhausted);
  table.probabilities.clear();
  table.weights = {0.5, 0.5};
  EXPECT_THAT(std::string(ExactEncode({}, table, {"0"}, 0).status().message()),
              StartsWith("table.weights:"));
  table = Binary();
  table.kind = SymbolKind::kBytes;
  EXPECT_THAT(std::string(ExactEncode({}, table, {"0"}, 0).status().message()),
              StartsWith("table.kind:"));
  // Denominators that are too long to compute with.
  table = {};
  for (int i = 0; i < 400; ++i) {
    table.text.push_back("s" + std::to_string(i));
    table.probabilities.push_back("1/" + std::string(200, '1') + std::to_string(1001 + 2 * i));
  }
  EXPECT_EQ(ExactEncode({}, table, {"s0"}, 0).status().code(),
            absl::StatusCode::kResourceExhausted);
  CancelSource source;
  source.Cancel();
  Context context;
  context.cancel = source.token();
  EXPECT_EQ(ExactEncode(context, Binary(), {"0"}, 0).status().code(), absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace trine::coding
