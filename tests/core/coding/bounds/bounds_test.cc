// Nothing is read or written beside the bytes that a model is given, on any instruction set of this
// machine.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hwy/targets.h>

#include "core/coding/models/adaptive/adaptive_model.h"
#include "core/coding/models/adaptive/drifting_model.h"
#include "core/coding/models/static/static_model.h"
#include "core/coding/models/table/table_model.h"
#include "tests/core/coding/bounds/fence.h"
#include "tests/core/coding/each_target.h"
#include "tests/core/coding/golden/golden_variants.h"
#include "tests/core/coding/payloads/order1_payload.h"
#include "tests/core/coding/payloads/whole_payloads.h"
#include "tests/core/coding/test_data.h"

namespace trine::coding {
namespace {

// Around lanes, vectors, and the pieces between two polls.
std::vector<size_t> Sizes() {
  std::vector<size_t> sizes;
  for (size_t n = 1; n <= 40; ++n) sizes.push_back(n);
  for (const size_t n : {64u, 96u, 128u, 256u, 512u, 1024u, 4096u}) {
    for (const size_t k : {n - 1, n, n + 1}) sizes.push_back(k);
  }
  for (const size_t n : {100u, 333u, 1000u, 2017u, 16383u, 16384u, 16385u, 16384u + 33u, 40000u}) {
    sizes.push_back(n);
  }
  return sizes;
}
constexpr size_t kMostBytes = size_t{1} << 18;

// What the tests below rely on.
TEST(HostileBoundsDeathTest, ThePagesAroundAreNotToBeTouched) {
  const auto read = [](const uint8_t* p) { return *static_cast<const volatile uint8_t*>(p); };
  Between memory(100);
  const MutableByteView at_end = memory.Place(100, true);
  EXPECT_EQ(read(at_end.data() + 99), 0);
  EXPECT_DEATH(read(at_end.data() + 100), "");
  EXPECT_DEATH(read(memory.Place(100, false).data() - 1), "");
  if (!HasFence()) return;
  std::string bytes;
  InFencedThread([&] { bytes.reserve(1000); });
  const auto* const data = reinterpret_cast<const uint8_t*>(bytes.data());
  EXPECT_EQ(read(data), 0);
  EXPECT_DEATH(read(data + 1000 + 16), "");
}

TEST(HostileBounds, DecodersStayWithinTheirBytes) {
  Between in(kMostBytes), out(kMostBytes);
  const std::vector<int64_t> targets = Targets();
  ASSERT_FALSE(targets.empty());
  for (const size_t n : Sizes()) {
    for (const int lanes_log2 : {0, 1, 2, 3, 4, 5, 6}) {
      for (const WholePayload& c : WholePayloads(n, lanes_log2)) {
        SCOPED_TRACE(c.name + " " + std::to_string(n) + " in lanes " + std::to_string(lanes_log2));
        for (const int64_t target : targets) {
          const OnlyTarget only(target);
          for (const bool at_end : {true, false}) {
            const MutableByteView raw = out.Place(c.raw.size(), at_end);
            std::memset(raw.data(), '?', raw.size());
            const absl::Status good = c.decode(in.Put(c.bytes, at_end), raw);
            ASSERT_TRUE(good.ok()) << hwy::TargetName(target) << " " << good;
            ASSERT_TRUE(AsString(raw) == c.raw) << hwy::TargetName(target);
          }
          // Words that are missing are not read.
          for (const size_t cut : {size_t{1}, size_t{2}, c.bytes.size() / 2}) {
            const std::string less = c.bytes.substr(0, c.bytes.size() - cut);
            EXPECT_EQ(c.decode(in.Put(less, true), out.Place(c.raw.size(), true)).code(),
                      absl::StatusCode::kDataLoss)
                << hwy::TargetName(target);
          }
        }
      }
    }
  }
}

// Nor do decoders leave the memory of their models, whatever the payload holds.
TEST(HostileBounds, DamagedPayloadsStayWithinTheModels) {
  std::mt19937 random(1);
  for (const size_t n : {100u, 1000u, 3000u}) {
    for (int lanes_log2 = 0; lanes_log2 <= 6; ++lanes_log2) {
      std::vector<WholePayload> payloads = WholePayloads(n, lanes_log2);
      // One whose lanes reach a symbol that nothing follows.
      PairTables pairs = SomePairTables();
      WholePayload absent = payloads[3];
      ASSERT_EQ(absent.name, "static-1");
      absent.bytes = pairs.Payload(pairs.Message(n, lanes_log2, 1), lanes_log2);
      payloads.push_back(absent);
      for (const WholePayload& c : payloads) {
        for (int round = 0; round < 8; ++round) {
          std::string bytes = c.bytes;
          // The lanes' words, or anything; once or often.
          const size_t first = round % 2 == 0 ? bytes.size() / 2 : 0;
          for (int k = 0; k <= round; ++k) {
            bytes[first + random() % (bytes.size() - first)] = static_cast<char>(random());
          }
          for (const int64_t target : Targets()) {
            const OnlyTarget only(target);
            InFencedThread([&] {
              std::string raw(c.raw.size(), '?');
              (void)c.decode(AsBytes(bytes),
                             MutableByteView(reinterpret_cast<uint8_t*>(raw.data()), raw.size()));
            });
          }
        }
      }
    }
  }
}

struct Encoder {
  std::string name;
  std::function<absl::StatusOr<Payload>(ByteView)> encode;
};

std::vector<Encoder> Encoders(const std::string& index_bytes, Between& index_memory) {
  std::vector<Encoder> out;
  const auto counted = [](auto encode) {
    return [encode](ByteView raw) {
      Histogram counts{};
      CountBytes(raw, counts);
      return encode(raw, counts);
    };
  };
  out.push_back({"static-0", counted([](ByteView raw, const Histogram& counts) {
                   return EncodeStatic(raw, counts, {});
                 })});
  out.push_back({"static-1", counted([](ByteView raw, const Histogram& counts) {
                   return EncodePairs(raw, counts);
                 })});
  out.push_back({"drifting", counted([](ByteView raw, const Histogram& counts) {
                   return EncodeDrifting(raw, counts, {}, {});
                 })});
  for (const int order : {0, 1, 2}) {
    for (const int lanes_log2 : {0, 3, 4, 6}) {
      AdaptiveParams params;
      params.order = order;
      params.lanes_log2 = lanes_log2;
      params.segment_log2 = 4;
      out.push_back({"adaptive-" + std::to_string(order), [params](ByteView raw) {
                       return EncodeAdaptive(raw, params, DefaultLimits(), {});
                     }});
    }
  }
  static const TablePtr narrow = WholeTable(false), wide = WholeTable(true);
  for (const TablePtr& table : {narrow, wide}) {
    out.push_back({table->wide() ? "table wide" : "table narrow",
                   [table](ByteView raw) -> absl::StatusOr<Payload> {
                     const auto ranks = RanksOf(*table, raw, Element{}, 0, {});
                     if (!ranks.ok()) return ranks.status();
                     return EncodeTable(*table, *ranks, raw.size(), {});
                   }});
  }
  out.push_back({"table of bytes", counted([](ByteView raw, const Histogram& counts) {
                   std::vector<uint64_t> by_rank(256);
                   for (uint32_t v = 0; v < 256; ++v) by_rank[narrow->Rank(v)] = counts[v];
                   return EncodeTableBytes(*narrow, raw, by_rank, {});
                 })});
  out.push_back({"tables", [&](ByteView raw) -> absl::StatusOr<Payload> {
                   const std::vector<TableRef> tables = {{narrow->id(), false, narrow},
                                                         {wide->id(), false, wide}};
                   const TableIndex index{
                       index_memory.Put(index_bytes.substr(0, raw.size()), true)};
                   const auto ranks = IndexedRanksOf(tables, index, raw, Element{}, 0, {});
                   if (!ranks.ok()) return ranks.status();
                   return EncodeIndexed(tables, index, *ranks, raw.size(), {});
                 }});
  return out;
}

TEST(HostileBounds, EncodersStayWithinTheirBytes) {
  Between in(kMostBytes), index_memory(kMostBytes);
  std::string index;
  for (size_t i = 0; i < kMostBytes; ++i) index.push_back(static_cast<char>(i % 3 == 0));
  const std::vector<Encoder> encoders = Encoders(index, index_memory);
  for (const size_t n : Sizes()) {
    if (n < 3) continue;  // two symbols at least, and what is constant is no model's
    for (const std::string& raw : {Words(n, 2), Noise(n, 3)}) {
      for (const Encoder& encoder : encoders) {
        SCOPED_TRACE(encoder.name + " " + std::to_string(n));
        const auto expected = encoder.encode(AsBytes(raw));
        ASSERT_TRUE(expected.ok()) << expected.status();
        for (const int64_t target : Targets()) {
          const OnlyTarget only(target);
          for (const bool at_end : {true, false}) {
            bool same = false;
            InFencedThread([&] {
              const auto payload = encoder.encode(in.Put(raw, at_end));
              same = payload.ok() && payload->fits == expected->fits &&
                     (!payload->fits || payload->bytes == expected->bytes);
            });
            ASSERT_TRUE(same) << hwy::TargetName(target);
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace trine::coding
