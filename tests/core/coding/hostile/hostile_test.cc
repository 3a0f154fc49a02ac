// What must never crash, hang, allocate without bound or pass for data.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/error.h"
#include "core/coding/coding.h"
#include "core/coding/models/adaptive/drifting_model.h"
#include "core/coding/models/static/static_model.h"
#include "core/coding/models/table/table_model.h"
#include "core/runtime/thread_pool.h"
#include "tests/core/coding/hostile/allocation_counter.h"
#include "tests/core/coding/golden/golden_variants.h"
#include "tests/core/coding/hostile/order1_payload.h"
#include "tests/core/coding/test_data.h"

namespace trine::coding {
namespace {

using format::Mode;
using testing::HasSubstr;

absl::StatusOr<std::string> DecodeStream(const Context& context, ByteView coded, size_t piece,
                                         const DecodeOptions& options = {}) {
  auto decoder = StreamDecoder::Create(context, options);
  if (!decoder.ok()) return decoder.status();
  std::string raw;
  LongArray<uint8_t> part;
  const auto drain = [&]() -> absl::Status {
    while (true) {
      auto more = (*decoder)->Next(&part);
      if (!more.ok()) return more.status();
      if (!*more) return absl::OkStatus();
      raw += AsString(part);
    }
  };
  for (size_t i = 0; i < coded.size(); i += piece) {
    if (auto s = (*decoder)->Write(coded.subspan(i, piece)); !s.ok()) return s;
    if (auto s = drain(); !s.ok()) return s;
  }
  if (auto s = (*decoder)->Finish(); !s.ok()) return s;
  if (auto s = drain(); !s.ok()) return s;
  return raw;
}

void ExpectRefused(ByteView coded, absl::StatusCode code, const std::string& text,
                   const Context& context = {}) {
  const auto whole = Decode(context, coded);
  EXPECT_EQ(whole.status().code(), code) << whole.status();
  EXPECT_THAT(std::string(whole.status().message()), HasSubstr(text));
  const auto streamed = DecodeStream(context, coded, 5);
  EXPECT_EQ(streamed.status().code(), code) << streamed.status();
  EXPECT_THAT(std::string(streamed.status().message()), HasSubstr(text));
}

struct Sample {
  std::string name;
  std::string coded;
};

// A few hundred bytes of every model and mode.
std::vector<Sample> Samples() {
  std::vector<Sample> samples;
  for (const NamedOptions& model : kModels) {
    for (size_t n : {40, 300}) {
      const std::string raw = Words(n, 1);
      auto coded = Encode({}, {}, AsBytes(raw), Options(model, 256));
      EXPECT_TRUE(coded.ok()) << coded.status();
      if (coded.ok()) samples.push_back({std::string(model.name) + std::to_string(n), *coded});
    }
  }
  const auto mixed =
      Encode({}, {}, AsBytes(std::string(256, 'a') + Noise(100, 1)), Options(kModels[0], 256));
  EXPECT_TRUE(mixed.ok());
  samples.push_back({"constant and stored", *mixed});
  for (const GoldenCase& c : GoldenCases()) {
    if (c.name == "table-text" || c.name == "image-rgb" || c.name == "bits" || c.name == "empty") {
      const auto coded = Encode({}, c.content, AsBytes(c.raw), c.options);
      EXPECT_TRUE(coded.ok());
      samples.push_back({c.name, *coded});
    }
  }
  for (const GoldenVariant& v : GoldenVariants()) {
    if (v.name == "variant-excerpt" || v.name == "variant-minor-7")
      samples.push_back({v.name, v.coded});
  }
  return samples;
}

DecodeOptions OptionsFor(const Sample& sample) {
  DecodeOptions options;
  if (sample.name == "variant-excerpt") options.range = ByteRange{1000, 2000};
  return options;
}

TEST(Hostile, EveryFlippedBitIsRefused) {
  for (const Sample& sample : Samples()) {
    SCOPED_TRACE(sample.name);
    const DecodeOptions options = OptionsFor(sample);
    const auto good = Decode({}, AsBytes(sample.coded), options);
    ASSERT_TRUE(good.ok()) << good.status();
    std::string bytes = sample.coded;
    for (size_t i = 0; i < bytes.size(); ++i) {
      for (int bit = 0; bit < 8; ++bit) {
        bytes[i] = static_cast<char>(bytes[i] ^ (1 << bit));
        const auto decoded = Decode({}, AsBytes(bytes), options);
        // Another major version is not a damaged stream.
        const bool version = i == (sample.coded[2] == 'C' ? 3u : 8u);
        EXPECT_EQ(decoded.status().code(),
                  version ? absl::StatusCode::kUnimplemented : absl::StatusCode::kDataLoss)
            << "byte " << i << " bit " << bit << " " << decoded.status();
        const auto streamed = DecodeStream({}, AsBytes(bytes), 64, options);
        EXPECT_EQ(streamed.status().code(), decoded.status().code())
            << "byte " << i << " bit " << bit << " " << streamed.status();
        (void)Inspect({}, AsBytes(bytes));
        bytes[i] = static_cast<char>(bytes[i] ^ (1 << bit));
      }
    }
  }
}

TEST(Hostile, EveryTruncationIsRefused) {
  for (const Sample& sample : Samples()) {
    SCOPED_TRACE(sample.name);
    const DecodeOptions options = OptionsFor(sample);
    for (size_t n = 0; n < sample.coded.size(); ++n) {
      const ByteView cut = AsBytes(sample.coded).subspan(0, n);
      EXPECT_EQ(Decode({}, cut, options).status().code(), absl::StatusCode::kDataLoss) << n;
      EXPECT_EQ(DecodeStream({}, cut, 100, options).status().code(), absl::StatusCode::kDataLoss)
          << n;
      EXPECT_EQ(Inspect({}, cut).status().code(), absl::StatusCode::kDataLoss) << n;
    }
  }
}

TEST(Hostile, BytesBehindAStreamAreRefusedWithTheirOffset) {
  const auto coded = Encode({}, {}, AsBytes(Words(100, 1)), {});
  ASSERT_TRUE(coded.ok());
  for (const std::string& more : {std::string("x"), std::string(1, '\0'), std::string("\x89TRX")}) {
    const std::string bytes = *coded + more;
    const auto decoded = Decode({}, AsBytes(bytes));
    EXPECT_EQ(decoded.status().code(), absl::StatusCode::kDataLoss);
    EXPECT_EQ(GetErrorDetail(decoded.status())->offset, static_cast<int64_t>(coded->size()));
    const auto streamed = DecodeStream({}, AsBytes(bytes), 10);
    EXPECT_EQ(GetErrorDetail(streamed.status())->offset, static_cast<int64_t>(coded->size()));
  }
}

TEST(Hostile, PromisesCostNothing) {
  Header header = PlainHeader();
  header.raw_bytes = uint64_t{1} << 60;  // 1 EiB
  header.block_bytes = format::kMaxBlockBytes;
  std::string promise;
  AppendHeader(header, &promise);
  // A block that promises 1 GiB, without its payload; an end mark that promises 2^40 blocks.
  BlockHead head;
  head.mode = Mode::kModel;
  head.model = 2;
  head.raw_bytes = format::kMaxBlockBytes;
  head.coded_bytes = format::kMaxBlockBytes - 1;
  std::string block = promise;
  AppendBlockHead(head, false, &block);
  header.flags = format::kFlagExcerpt;
  std::string excerpt;
  AppendHeader(header, &excerpt);
  BlockHead end;
  end.mode = Mode::kEnd;
  end.raw_offset = uint64_t{1} << 60;
  end.block_count = uint64_t{1} << 40;
  AppendBlockHead(end, false, &excerpt);
  excerpt += std::string(100, '\1');
  const std::string magic(reinterpret_cast<const char*>(format::kMagic.data()), 8);
  const std::string nine = magic + "\1";
  Limits small;
  small.max_block_bytes = 1 << 16;
  Context context;
  context.limits = &small;
  for (const std::string& bytes : {promise, block, excerpt, nine}) {
    for (const Context& c : {Context{}, context}) {
      ResetAllocationCounts();
      EXPECT_FALSE(Decode(c, AsBytes(bytes)).ok());
      EXPECT_FALSE(DecodeStream(c, AsBytes(bytes), 3).ok());
      EXPECT_FALSE(Inspect(c, AsBytes(bytes)).ok());
      EXPECT_LT(LargestAllocation(), 10000u);
    }
  }
}

TEST(Hostile, LimitsAreCheckedBeforeAllocation) {
  // 40 constant blocks of 1 MiB in about 1000 bytes.
  const std::string raw(size_t{40} << 20, 'c');
  const auto coded = Encode({}, {}, AsBytes(raw), {});
  ASSERT_TRUE(coded.ok());
  EXPECT_LT(coded->size(), 1400u);
  Limits limits;
  limits.max_output_bytes = (uint64_t{40} << 20) - 1;
  Context context;
  context.limits = &limits;
  ResetAllocationCounts();
  EXPECT_EQ(Decode(context, AsBytes(*coded)).status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_LT(LargestAllocation(), 20000u);
  DecodeOptions options;
  options.max_output_bytes = 5 << 20;
  EXPECT_EQ(Decode({}, AsBytes(*coded), options).status().code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(DecodeStream({}, AsBytes(*coded), 1000, options).status().code(),
            absl::StatusCode::kResourceExhausted);
  ResetAllocationCounts();
  limits.max_block_bytes = 1 << 19;
  ExpectRefused(AsBytes(*coded).subspan(0), absl::StatusCode::kResourceExhausted, "max_", context);
  EXPECT_LT(LargestAllocation(), 20000u);

  // A stream decoder hands out block by block, whatever it decodes to.
  auto decoder = StreamDecoder::Create({}, {});
  ASSERT_TRUE(decoder.ok());
  ASSERT_TRUE((*decoder)->Write(AsBytes(*coded)).ok());
  LongArray<uint8_t> part;
  uint64_t total = 0;
  ResetAllocationCounts();
  while (true) {
    const auto more = (*decoder)->Next(&part);
    ASSERT_TRUE(more.ok()) << more.status();
    if (!*more) break;
    total += part.size();
  }
  EXPECT_EQ(total, raw.size());
  EXPECT_LT(LargestAllocation(), (size_t{1} << 20) + 1000);
}

// Memory does not grow with the stream: 24 MiB pass through on two threads.
TEST(Memory, StreamsAreCodedInBoundedMemory) {
  ThreadPool pool(2);
  Context context;
  context.pool = &pool;
  const std::string unit = Words(1 << 20, 1);
  for (const NamedOptions& model : {kModels[0], kModels[6]}) {  // auto, table
    SCOPED_TRACE(model.name);
    std::string coded;
    LongArray<uint8_t> decoded;
    ResetAllocationCounts();
    {
      auto encoder = StreamEncoder::Create(context, {}, Options(model, 128 << 10));
      auto decoder = StreamDecoder::Create(context, {});
      ASSERT_TRUE(encoder.ok() && decoder.ok());
      uint64_t raw_bytes = 0;
      const auto pass_on = [&] {
        ASSERT_TRUE((*decoder)->Write(AsBytes(coded)).ok());
        coded.clear();
        while (true) {
          const auto more = (*decoder)->Next(&decoded);
          ASSERT_TRUE(more.ok()) << more.status();
          if (!*more) break;
          raw_bytes += decoded.size();
        }
      };
      for (int i = 0; i < 24; ++i) {
        ASSERT_TRUE((*encoder)->Write(AsBytes(unit), &coded).ok());
        pass_on();
      }
      ASSERT_TRUE((*encoder)->Finish(&coded, nullptr).ok());
      pass_on();
      ASSERT_TRUE((*decoder)->Finish().ok());
      EXPECT_THAT((*decoder)->Next(&decoded), testing::Property(&absl::StatusOr<bool>::ok, true));
      EXPECT_EQ(raw_bytes, uint64_t{24} << 20);
    }
    EXPECT_LT(PeakLiveBytes(), size_t{16} << 20);
  }
}

TEST(Hostile, ModelMemoryIsLimited) {
  const std::string raw = Words(60000, 1);
  EncodeOptions options;
  options.model = Model::kAdaptive;
  options.order = 2;
  const auto coded = Encode({}, {}, AsBytes(raw), options);
  ASSERT_TRUE(coded.ok());
  Limits limits;
  limits.max_model_bytes = 300000;
  Context context;
  context.limits = &limits;
  ExpectRefused(AsBytes(*coded), absl::StatusCode::kResourceExhausted, "max_model_bytes", context);
  limits.max_table_symbols = 100;
  options.model = Model::kTable;
  options.order.reset();
  options.table = ByteTable();
  const auto table = Encode({}, {}, AsBytes(raw), options);
  ASSERT_TRUE(table.ok());
  ExpectRefused(AsBytes(*table), absl::StatusCode::kResourceExhausted, "max_table_symbols",
                context);
}

std::string OneBlock(const Header& header, uint8_t model, uint8_t variant,
                     const std::string& payload, const std::string& raw) {
  StreamBuilder stream(header);
  stream.Add(Mode::kModel, model, variant, payload, raw);
  return stream.Finish();
}

TEST(Hostile, UnknownModelsAreNamedAndInspected) {
  const std::string raw = Words(50, 1);
  Header header = PlainHeader(static_cast<Model>(19));
  header.params = "whatever";
  const std::string coded = OneBlock(header, 19, 2, "????", raw);
  ExpectRefused(AsBytes(coded), absl::StatusCode::kUnimplemented, "model 19");
  const auto info = Inspect({}, AsBytes(coded));
  ASSERT_TRUE(info.ok()) << info.status();
  EXPECT_EQ(info->blocks[0].mode, "model-19");
  EXPECT_EQ(info->raw_bytes, 50u);
  // A block beside it that needs no model decodes.
  StreamBuilder stream(header);
  stream.Add(Mode::kStored, 0, 0, "plain", "plain");
  stream.Add(Mode::kModel, 19, 0, "????", raw);
  const std::string two = stream.Finish();
  DecodeOptions options;
  options.range = ByteRange{0, 5};
  const auto part = Decode({}, AsBytes(two), options);
  ASSERT_TRUE(part.ok()) << part.status();
  EXPECT_EQ(AsString(part->data), "plain");
  ExpectRefused(AsBytes(OneBlock(PlainHeader(), 2, 2, "????", raw)),
                absl::StatusCode::kUnimplemented, "model 2 with variant 2");
  ExpectRefused(AsBytes(OneBlock(PlainHeader(), 3, 3, "????", raw)),
                absl::StatusCode::kUnimplemented, "variant 3");
}

TEST(Hostile, VersionsAndFlags) {
  for (int major : {0, 2, 255}) {
    Header header = PlainHeader();
    header.major = static_cast<uint8_t>(major);
    ExpectRefused(AsBytes(StreamBuilder(header).Finish()), absl::StatusCode::kUnimplemented,
                  "version " + std::to_string(major));
  }
  for (int flag : {4, 8}) {
    Header header = PlainHeader();
    header.flags = static_cast<uint8_t>(flag);
    ExpectRefused(AsBytes(StreamBuilder(header).Finish()), absl::StatusCode::kUnimplemented,
                  "flag " + std::to_string(flag));
  }
  Header header = PlainHeader();
  header.minor = 200;
  header.flags = 0xF0;
  const auto decoded = Decode({}, AsBytes(StreamBuilder(header).Finish()));
  EXPECT_TRUE(decoded.ok()) << decoded.status();
}

std::string StaticPayload(int total_bits, const std::array<uint32_t, 256>& frequencies) {
  std::string payload(1, static_cast<char>(total_bits << 4));
  AppendFrequencies(frequencies, total_bits, &payload);
  payload += std::string(40, '\0');
  return payload;
}

TEST(Hostile, MalformedFrequencyTables) {
  const std::string raw(4000, 'x');
  const auto refused = [&](const std::string& payload, const std::string& text) {
    ExpectRefused(AsBytes(OneBlock(PlainHeader(), 2, 0, payload, raw)), absl::StatusCode::kDataLoss,
                  text);
  };
  std::array<uint32_t, 256> f{};
  f['x'] = 2000;
  f['y'] = 2095;
  refused(StaticPayload(12, f), "sums to 1 less");
  f['y'] = 2097;
  refused(StaticPayload(12, f), "sums to more");
  f = {};
  f['x'] = 4096;
  refused(StaticPayload(12, f), "one symbol only");
  f = {};
  refused(StaticPayload(12, f), "less than");
  refused(std::string(1, '\x70') + std::string(20, '\1'), "total");
  refused(std::string(1, '\xF0') + std::string(20, '\1'), "total");
  refused(std::string(1, '\xC7') + std::string(20, '\1'), "lanes");
  refused("", "empty");
  refused("\xC0", "cut off");
  refused(std::string("\xC0\xFF\xFF\xFF\xFF", 5), "cut off");  // a code at the end of the range
}

TEST(Hostile, PayloadsThatAreTooShortOrTooLong) {
  const std::string raw = Words(3000, 1);
  Histogram counts{};
  CountBytes(AsBytes(raw), counts);
  const auto good = EncodeStatic(AsBytes(raw), counts, {});
  AdaptiveParams params;
  const auto adaptive = EncodeAdaptive(AsBytes(raw), params, DefaultLimits(), {});
  const auto pairs = EncodePairs(AsBytes(raw), counts);
  const auto drifting = EncodeDrifting(AsBytes(raw), counts, {}, {});
  ASSERT_TRUE(good.ok() && adaptive.ok() && good->fits && adaptive->fits);
  ASSERT_TRUE(pairs.ok() && drifting.ok() && pairs->fits && drifting->fits);
  struct {
    uint8_t model, variant;
    std::string bytes;
  } const cases[] = {
      {2, 0, good->bytes}, {2, 1, pairs->bytes}, {3, 0, drifting->bytes}, {3, 1, adaptive->bytes}};
  for (const auto& c : cases) {
    const auto stream = [&](const std::string& payload) {
      return OneBlock(PlainHeader(), c.model, c.variant, payload, raw);
    };
    ASSERT_TRUE(Decode({}, AsBytes(stream(c.bytes))).ok());
    ExpectRefused(AsBytes(stream(c.bytes + std::string(2, '\0'))), absl::StatusCode::kDataLoss,
                  "goes on");
    ExpectRefused(AsBytes(stream(c.bytes + "x")), absl::StatusCode::kDataLoss, "goes on");
    ExpectRefused(AsBytes(stream(c.bytes.substr(0, c.bytes.size() - 1))),
                  absl::StatusCode::kDataLoss, "ends before");
    ExpectRefused(AsBytes(stream(c.bytes.substr(0, 9))), absl::StatusCode::kDataLoss, "");
    std::string other = c.bytes;
    other[other.size() - 1] = static_cast<char>(other.back() ^ 1);
    ExpectRefused(AsBytes(stream(other)), absl::StatusCode::kDataLoss, "block 0");
  }
  // Parameters out of range, with their check right.
  for (const std::string& bad :
       {std::string("\x07\x07\xFA\x00", 4), std::string("\x00\x0D\xFA\x00", 4),
        std::string("\x00\x07\x03\x00", 4), std::string("\x00\x07\x01\x40", 4),
        std::string("\x20\x07\xFA\x00", 4)}) {
    uint8_t check = format::kParamsCheckSeed;
    for (char c : bad) check ^= static_cast<uint8_t>(c);
    ExpectRefused(AsBytes(OneBlock(PlainHeader(), 3, 1,
                                   bad + static_cast<char>(check) + std::string(40, '\0'), raw)),
                  absl::StatusCode::kDataLoss, "block 0");
  }
}

// Whatever bit of the tables is damaged: refused by what the table says or by the checksum.
TEST(Hostile, DamagedTablesOfPairsAndAlphabets) {
  const std::string raw = Skewed(3000, 1) + Words(3000, 2);
  Histogram counts{};
  CountBytes(AsBytes(raw), counts);
  const auto pairs = EncodePairs(AsBytes(raw), counts);
  const auto drifting = EncodeDrifting(AsBytes(raw), counts, {}, {});
  ASSERT_TRUE(pairs.ok() && drifting.ok() && pairs->fits && drifting->fits);
  for (const auto& [variant, payload] : {std::pair{1, &*pairs}, std::pair{0, &*drifting}}) {
    const auto model = static_cast<uint8_t>(variant == 1 ? 2 : 3);
    for (size_t bit = 0; bit < 8 * payload->side_bytes; bit += 3) {
      std::string bytes = payload->bytes;
      bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ 1 << bit % 8);
      ExpectRefused(
          AsBytes(OneBlock(PlainHeader(), model, static_cast<uint8_t>(variant), bytes, raw)),
          absl::StatusCode::kDataLoss, "block 0");
    }
  }
  // What a drifting table may not be.
  for (const std::string& bad : {std::string("\x17\x0A\x52", 3), std::string("\x10\x05\x52", 3),
                                 std::string("\x10\x0F\x51", 3), std::string("\x10\x0A\x50", 3),
                                 std::string("\x10\x0A\x56", 3), std::string("\x10\x8A\x52", 3)}) {
    uint8_t check = format::kParamsCheckSeed;
    for (char c : bad) check ^= static_cast<uint8_t>(c);
    ExpectRefused(AsBytes(OneBlock(PlainHeader(), 3, 0,
                                   bad + static_cast<char>(check) + std::string(40, '\0'), raw)),
                  absl::StatusCode::kDataLoss, "not offered");
  }
}

// A header's tables: one, by value.
std::string OneTable(const std::string& dictionary) {
  std::string params("\1\0", 2);
  AppendVarint(dictionary.size(), &params);
  return params + dictionary;
}

TEST(Hostile, MalformedDictionaries) {
  const auto refused = [](const std::string& params, const std::string& text) {
    Header header = PlainHeader(Model::kTable);
    header.params = OneTable(params);
    ExpectRefused(AsBytes(StreamBuilder(header).Finish()), absl::StatusCode::kDataLoss, text);
  };
  const auto params = [](int kind, int bits, std::vector<uint64_t> numbers) {
    std::string out{static_cast<char>(kind), static_cast<char>(bits)};
    for (uint64_t n : numbers) AppendVarint(n, &out);
    return out;
  };
  {
    Header header = PlainHeader(Model::kTable);
    header.params = OneTable(params(1, 8, {2, 'a', 0, 100, 156}));
    ASSERT_TRUE(Decode({}, AsBytes(StreamBuilder(header).Finish())).ok());
  }
  refused("", "kind");
  refused(params(0, 8, {1, 'a', 256}), "kind");
  refused(params(4, 8, {1, 'a', 256}), "kind");
  refused(params(1, 7, {1, 'a', 128}), "total");
  refused(params(1, 25, {1, 'a', 1 << 25}), "total");
  refused(params(1, 8, {0}), "number of symbols");
  refused(params(1, 8, {uint64_t{1} << 50}), "number of symbols");
  refused(params(1, 8, {65537, 1, 2, 3}), "number of symbols");
  refused(params(1, 8, {2, 'a', 0, 100, 155}), "too small");
  refused(params(1, 8, {2, 'a', 0, 100, 157}), "too large");
  refused(params(1, 8, {2, 'a', 0, 0, 256}), "0");
  refused(params(1, 8, {2, 'a', 0, 256, 0}), "0");
  refused(params(1, 8, {2, 'a', 200, 100, 156}), "symbol is out of range");
  refused(params(2, 8, {2, 0xD7FF, 0, 100, 156}), "symbol is out of range");
  refused(params(2, 8, {2, 0x10FFFF, 0, 100, 156}), "symbol is out of range");
  refused(params(3, 8, {2, 0xFFFFFFFF, 0, 100, 156}), "symbol is out of range");
  refused(params(3, 8, {2, 5, ~uint64_t{0}, 100, 156}), "symbol is out of range");
  refused(params(1, 8, {2, 'a', 0, 100}), "0 or the sum");
  refused(params(1, 8, {2, 'a', 0, 100, 156, 1}), "behind");
  // A block that wants a table where there is none.
  ExpectRefused(AsBytes(OneBlock(PlainHeader(), 4, 0, "????", "some bytes")),
                absl::StatusCode::kDataLoss, "wants a table");
}

TEST(Hostile, MalformedHeads) {
  const auto refused = [](const BlockHead& head, const std::string& payload,
                          const std::string& text) {
    StreamBuilder stream(PlainHeader());
    stream.AddHead(head, payload);
    ExpectRefused(AsBytes(stream.Finish()), absl::StatusCode::kDataLoss, text);
  };
  BlockHead head;
  head.mode = Mode::kStored;
  head.raw_bytes = 3;
  head.coded_bytes = 4;
  refused(head, "abcd", "coded length");
  head.raw_bytes = head.coded_bytes = 0;
  refused(head, "", "raw length");
  head.raw_bytes = head.coded_bytes = (1 << 20) + 1;
  refused(head, "abcd", "raw length");
  head.mode = Mode::kConstant;
  head.raw_bytes = 100;
  head.coded_bytes = 0;
  refused(head, "", "coded length");
  head.coded_bytes = 17;
  refused(head, std::string(17, 'a'), "coded length");
  head.mode = Mode::kModel;
  head.model = 2;
  head.coded_bytes = 100;
  refused(head, std::string(100, 'a'), "coded length");
  head.mode = Mode::kStored;
  head.raw_bytes = head.coded_bytes = 4;
  refused(head, "abcd", "names one");
  head.mode = static_cast<Mode>(4);
  refused(head, "abcd", "mode");
}

TEST(Hostile, MalformedHeaders) {
  const auto refused = [](const Header& header, const std::string& text) {
    ExpectRefused(AsBytes(StreamBuilder(header).Finish()), absl::StatusCode::kDataLoss, text);
  };
  Header header = PlainHeader();
  header.block_bytes = 0;
  refused(header, "block size");
  header.block_bytes = format::kMaxBlockBytes + 1;
  refused(header, "block size");
  header = PlainHeader();
  header.params = "x";
  refused(header, "parameters");
  header = PlainHeader(Model::kAdaptive);
  header.params.assign(2, 1);
  refused(header, "parameters");
  header.params = "";
  refused(header, "order");
  header = PlainHeader();
  header.content.kind = static_cast<ContentKind>(5);
  refused(header, "kind 5");
  header.content.kind = ContentKind::kTensor;
  header.content.shape = {2, 3};
  refused(header, "raw length");
  header.raw_bytes = 7;
  refused(header, "raw length");
  header.content.shape = {int64_t{1} << 31, int64_t{1} << 31, 4};
  refused(header, "overflows");
  header.content.shape.assign(9, 1);
  refused(header, "rank 9");
  header.content.shape = {6};
  header.content.dtype = static_cast<DType>(14);
  refused(header, "dtype 14");
  header.content.dtype = DType::kUint8;
  header.raw_bytes = 6;
  refused(header, "another raw length");
  header.content.kind = ContentKind::kImage;
  refused(header, "shape");
}

}  // namespace
}  // namespace trine::coding
