// What decides a coded or decoded byte does not depend on how the processor rounds: floating point
// is used for estimates only, which integers put right.
#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <cfenv>
#include <string>
#include <vector>

#include "core/coding/coding.h"
#include "core/coding/models/model_list.h"
#include "tests/core/coding/each_target.h"
#include "tests/core/coding/golden/golden_cases.h"
#include "tests/core/coding/golden/golden_files.h"
#include "tests/core/coding/golden/golden_variants.h"
#include "tests/core/coding/payloads/whole_payloads.h"
#include "tests/core/coding/test_data.h"

namespace trine::coding {
namespace {

class Rounding {
 public:
  explicit Rounding(int mode) { EXPECT_EQ(std::fesetround(mode), 0); }
  ~Rounding() { std::fesetround(FE_TONEAREST); }
};

// Calls body(where) in every mode on every target of this machine, each alone.
template <class Body>
void Everywhere(Body body) {
  for (const int64_t target : Targets()) {
    const OnlyTarget only(target);
    for (const int mode : {FE_TONEAREST, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO}) {
      const Rounding rounding(mode);
      body(std::string(hwy::TargetName(target)) + " " + std::to_string(mode));
    }
  }
}

// That it is there at all: one third up is above one third down.
TEST(HostileRounding, TheModeIsInForce) {
  const auto third = [](int mode) {
    const Rounding rounding(mode);
    volatile double one = 1, three = 3;
    return one / three;
  };
  EXPECT_GT(third(FE_UPWARD), third(FE_DOWNWARD));
}

TEST(HostileRounding, GoldenStreamsAreTheSame) {
  std::vector<std::string> coded;
  const std::vector<GoldenCase> cases = GoldenCases();
  for (const GoldenCase& c : cases) {
    for (const Effort effort : {Effort::kFast, Effort::kBalanced, Effort::kBest}) {
      EncodeOptions options = c.encode_options();
      if (!FindModel(options.model)->takes(effort)) continue;
      options.effort = effort;
      const auto nearest = Encode({}, c.content, AsBytes(c.raw), options);
      ASSERT_TRUE(nearest.ok()) << nearest.status();
      coded.push_back(*nearest);
    }
  }
  Everywhere([&](const std::string& where) {
    SCOPED_TRACE(where);
    size_t next = 0;
    for (const GoldenCase& c : GoldenCases()) {  // their tables made anew
      for (const Effort effort : {Effort::kFast, Effort::kBalanced, Effort::kBest}) {
        EncodeOptions options = c.encode_options();
        if (!FindModel(options.model)->takes(effort)) continue;
        options.effort = effort;
        const auto again = Encode({}, c.content, AsBytes(c.raw), options);
        ASSERT_TRUE(again.ok()) << again.status();
        EXPECT_TRUE(*again == coded[next]) << c.name;
        const auto decoded = Decode({}, AsBytes(coded[next]), c.decode_options());
        ASSERT_TRUE(decoded.ok()) << c.name << " " << decoded.status();
        EXPECT_TRUE(AsString(decoded->data) == c.raw) << c.name;
        ++next;
      }
    }
  });
}

TEST(HostileRounding, VariantsDecodeToTheSame) {
  const std::vector<GoldenVariant> variants = GoldenVariants();
  Everywhere([&](const std::string& where) {
    SCOPED_TRACE(where);
    for (const GoldenVariant& v : variants) {
      const auto decoded = DecodeAll({v.name, v.coded, v.tables, v.table_index});
      ASSERT_TRUE(decoded.ok()) << v.name << " " << decoded.status();
      EXPECT_TRUE(*decoded == v.raw) << v.name;
    }
  });
}

TEST(HostileRounding, EveryModelDecodesToTheSame) {
  for (const int lanes_log2 : {0, 3, 4, 5, 6}) {
    for (const size_t n : {100u, 3000u, 30000u}) {
      const std::vector<WholePayload> payloads = WholePayloads(n, lanes_log2);
      Everywhere([&](const std::string& where) {
        SCOPED_TRACE(where);
        for (const WholePayload& c : payloads) {
          std::string raw(c.raw.size(), '?');
          const absl::Status status =
              c.decode(AsBytes(c.bytes),
                       MutableByteView(reinterpret_cast<uint8_t*>(raw.data()), raw.size()));
          ASSERT_TRUE(status.ok()) << c.name << " " << status;
          EXPECT_TRUE(raw == c.raw) << c.name;
        }
      });
    }
  }
}

}  // namespace
}  // namespace trine::coding
