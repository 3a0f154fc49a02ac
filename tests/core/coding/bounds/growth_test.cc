// No input makes the encoder outgrow its memory, or its output the raw bytes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "core/coding/models/adaptive/adaptive_model.h"
#include "tests/core/coding/bounds/fence.h"
#include "tests/core/coding/golden/golden_variants.h"
#include "tests/core/coding/payloads/whole_payloads.h"
#include "tests/core/coding/test_data.h"

namespace trine::coding {
namespace {

// The length of the stream with every block stored, cut as `coded` is.
size_t StoredLength(const std::string& coded, const std::string& raw) {
  Header header;
  const auto parsed = ParseHeader(AsBytes(coded), 0, &header);
  EXPECT_TRUE(parsed.ok() && parsed->complete());
  if (header.is_compact) {
    BlockHead head;
    head.raw_bytes = head.coded_bytes = raw.size();
    std::string out;
    // Of TABLE the table, which is there for who decodes, whatever it saves.
    if (static_cast<Model>(header.model) != Model::kTable) header.params.clear();
    AppendCompact(header, head, &out);
    return out.size() + raw.size();
  }
  StreamBuilder stream(header);
  for (size_t at = 0; at < raw.size(); at += header.block_bytes) {
    const std::string block = raw.substr(at, header.block_bytes);
    stream.Add(format::Mode::kStored, 0, 0, block, block);
  }
  return stream.Finish().size();
}

// Bytes that nibble models which have seen the ones before take for the least probable, in one
// lane; `order` 0 or 1.
std::string Surprises(size_t n, int order) {
  struct Model {
    NibbleModel high = kUniformNibble;
    std::vector<NibbleModel> low = std::vector<NibbleModel>(16, kUniformNibble);
  };
  std::vector<Model> models(256);
  const auto least = [](const NibbleModel& model) {
    uint32_t best = 0;
    for (uint32_t s = 1; s < 16; ++s) {
      if (model.End(s) - model.Start(s) < model.End(best) - model.Start(best)) best = s;
    }
    return best;
  };
  std::string raw;
  while (raw.size() < n) {
    Model& model = models[order == 0 || raw.empty() ? 0 : static_cast<uint8_t>(raw.back())];
    const uint32_t high = least(model.high), low = least(model.low[high]);
    scalar::Update(model.high, high, 262);
    scalar::Update(model.low[high], low, 262);
    raw.push_back(static_cast<char>(high << 4 | low));
  }
  return raw;
}

TEST(HostileBounds, NothingIsCodedLongerThanStored) {
  // The rarest symbol of a table costs three times itself.
  const TablePtr steep = [] {
    std::vector<uint64_t> numbers(513);
    numbers[0] = 256;
    for (size_t i = 0; i < 256; ++i) numbers[257 + i] = 1;
    numbers[257] = (uint64_t{1} << 24) - 255;
    return ParseTable(1, 24, numbers).value();
  }();
  for (const size_t n : {1u, 2u, 3u, 7u, 16u, 40u, 127u, 128u, 255u, 256u, 257u, 700u, 4095u, 4096u,
                         4097u, 16384u, 40000u}) {
    std::vector<std::string> inputs = {Noise(n, 1), Surprises(n, 0), Surprises(n, 1),
                                       Noise(n / 2, 2) + Words(n - n / 2, 2),
                                       Words(n / 2, 2) + Noise(n - n / 2, 2)};
    // About as long as what it is coded into: noise after what saves just its tables.
    for (size_t easy = 1; easy < n && easy <= 2048; easy *= n > 5000 ? 16 : 4) {
      inputs.push_back(Words(easy, 3) + Noise(n - easy, 3));
    }
    for (size_t i = 0; i < inputs.size(); ++i) {
      for (const uint64_t block_bytes : {uint64_t{0}, uint64_t{256}, uint64_t{3000}}) {
        if ((block_bytes == 256 && n > 5000) || (block_bytes == 3000 && n < 4000)) continue;
        for (size_t m = 0; m < std::size(kModels) + 3; ++m) {
          EncodeOptions options = Options(kModels[m % std::size(kModels)], block_bytes);
          if (m >= std::size(kModels)) {  // steep tables: one, two of them, and STATIC of order 1
            options = {};
            options.block_bytes = block_bytes;
            options.model = m == std::size(kModels) + 2 ? Model::kStatic : Model::kTable;
            if (options.model == Model::kStatic) options.order = 1;
            if (options.model == Model::kTable) options.tables = {steep};
            if (m == std::size(kModels) + 1) options.tables.push_back(WholeTable(false));
          }
          const std::string index(options.tables.size() > 1 ? n : 0, '\0');
          options.table_index = AsBytes(index);
          SCOPED_TRACE(std::to_string(n) + " input " + std::to_string(i) + " model " +
                       std::to_string(m) + " blocks " + std::to_string(block_bytes));
          absl::StatusOr<std::string> coded;
          InFencedThread([&] { coded = Encode({}, {}, AsBytes(inputs[i]), options); });
          ASSERT_TRUE(coded.ok()) << coded.status();
          EXPECT_LE(coded->size(), StoredLength(*coded, inputs[i]));
          if (index.empty()) {
            const auto decoded = Decode({}, AsBytes(*coded));
            ASSERT_TRUE(decoded.ok()) << decoded.status();
            EXPECT_TRUE(AsString(decoded->data) == inputs[i]);
          }
        }
      }
    }
  }
}

// A message for ADAPTIVE of order 1, equal in all lanes: what a stripe of it costs is known as it
// is made. Lanes that are in one context are all surprised before the model learns of any.
class Ambush {
 public:
  explicit Ambush(const AdaptiveParams& params) : params_(params) {}

  // First what is costly throughout, so that the bytes are used up; then models are taught to
  // expect 0 after the bytes of which both nibbles are in [1, 3] and [1, 10]; the last stripe
  // consists of such bytes only.
  std::string Make() {
    const double stripe = static_cast<double>(size_t{1} << params_.segment_log2 << Log2Lanes());
    const double lesson_bytes = 3 * 10 * 2 * (3 * 18 + 25) * static_cast<double>(Lanes());
    while (bytes_cost_ < static_cast<double>(raw_.size()) + lesson_bytes + 2 * stripe) {
      PutCostliest(4, 15, 0, 15);
    }
    for (uint32_t c = 0x11; c <= 0x3A; ++c) {
      if (c % 16 < 1 || c % 16 > 10) continue;
      for (uint32_t high = 1; high <= 3; ++high) PutTimes(18, c, high << 4);
      PutTimes(25, c, 0);
    }
    while (!segment_.empty()) Put(0);
    // Of the whole message as much may be spent as was spent up to here.
    const auto length = static_cast<size_t>(bytes_cost_) + 4 * Lanes() + 300;
    const size_t end = raw_.size() + static_cast<size_t>(stripe);
    while (raw_.size() < end) PutCostliest(1, 3, 1, 10);
    EXPECT_GT(length, raw_.size());
    raw_.resize(length, 'x');
    return raw_;
  }

 private:
  struct Model {
    NibbleModel high = kUniformNibble;
    std::vector<NibbleModel> low = std::vector<NibbleModel>(16, kUniformNibble);
  };
  int Log2Lanes() const { return params_.lanes_log2; }
  size_t Lanes() const { return size_t{1} << params_.lanes_log2; }
  static double Bits(const NibbleModel& model, uint32_t s) {
    return 16 - std::log2(model.End(s) - model.Start(s));
  }
  void Put(uint32_t byte) {
    Model& model = models_[before_];
    NibbleModel& low = model.low[byte >> 4];
    bytes_cost_ +=
        (Bits(model.high, byte >> 4) + Bits(low, byte & 15)) / 8 * static_cast<double>(Lanes());
    const auto slowest = static_cast<uint32_t>(params_.slowest);
    for (size_t l = 0; l < Lanes(); ++l) {
      scalar::Update(model.high, byte >> 4, slowest);
      scalar::Update(low, byte & 15, slowest);
    }
    segment_.push_back(static_cast<char>(byte));
    before_ = byte;
    if (segment_.size() >> params_.segment_log2 == 0) return;
    for (size_t l = 0; l < Lanes(); ++l) raw_ += segment_;
    segment_.clear();
    before_ = 0;
  }
  void PutTimes(int times, uint32_t a, uint32_t b) {
    for (int i = 0; i < times; ++i) {
      Put(a);
      Put(b);
    }
  }
  void PutCostliest(uint32_t high0, uint32_t high1, uint32_t low0, uint32_t low1) {
    const Model& model = models_[before_];
    uint32_t dearest = 0;
    double most = -1;
    for (uint32_t high = high0; high <= high1; ++high) {
      for (uint32_t low = low0; low <= low1; ++low) {
        const double bits = Bits(model.high, high) + Bits(model.low[high], low);
        if (bits <= most) continue;
        most = bits;
        dearest = high << 4 | low;
      }
    }
    Put(dearest);
  }

  const AdaptiveParams params_;
  std::vector<Model> models_ = std::vector<Model>(256);
  std::string segment_, raw_;
  uint32_t before_ = 0;
  double bytes_cost_ = 0;
};

// Two digits may leave with every byte between two checks of what was spent.
TEST(HostileBounds, ACostlyStripeFitsTheEncodersMemory) {
  const std::string raw = Ambush(DefaultAdaptive(600000, 1)).Make();
  ASSERT_LT(raw.size(), kDefaultBlockBytes);
  EncodeOptions options;
  options.model = Model::kAdaptive;
  options.order = 1;
  absl::StatusOr<std::string> coded;
  InFencedThread([&] { coded = Encode({}, {}, AsBytes(raw), options); });
  ASSERT_TRUE(coded.ok()) << coded.status();
  EXPECT_LE(coded->size(), StoredLength(*coded, raw));
  const auto decoded = Decode({}, AsBytes(*coded));
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_TRUE(AsString(decoded->data) == raw);
}

// The same where stripes are as long as they may be: noise suffices.
TEST(HostileBounds, LongStripesFitTheEncodersMemory) {
  AdaptiveParams params;
  params.lanes_log2 = format::kMaxLanesLog2;
  params.segment_log2 = format::kMaxSegmentLog2;
  params.slowest = format::kMaxSlowest;
  for (params.order = 0; params.order <= format::kMaxOrder; ++params.order) {
    for (const size_t more : {1u, 3000u, 30000u}) {
      const std::string raw =
          Noise((size_t{1} << format::kMaxLanesLog2 << format::kMaxSegmentLog2) + more, 1);
      absl::StatusOr<Payload> payload;
      InFencedThread([&] { payload = EncodeAdaptive(AsBytes(raw), params, DefaultLimits(), {}); });
      ASSERT_TRUE(payload.ok()) << payload.status();
      EXPECT_FALSE(payload->fits);
    }
  }
}

}  // namespace
}  // namespace trine::coding
