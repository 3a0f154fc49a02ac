// Streams as a whole: what goes in comes out, whatever the pieces, the threads and the block size.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <utility>

#include "core/coding/coding.h"
#include "core/runtime/thread_pool.h"
#include "tests/core/coding/test_data.h"

namespace trine::coding {
namespace {

std::string MustEncode(const std::string& raw, const EncodeOptions& options,
                       const Context& context = {}, EncodeStats* stats = nullptr) {
  auto coded = Encode(context, Content{}, AsBytes(raw), options, stats);
  EXPECT_TRUE(coded.ok()) << coded.status();
  return coded.ok() ? *coded : "";
}

std::string MustDecode(const std::string& coded, const Context& context = {}) {
  const auto decoded = Decode(context, AsBytes(coded));
  EXPECT_TRUE(decoded.ok()) << decoded.status();
  return decoded.ok() ? AsString(decoded->data) : "failed";
}

std::string EncodeInPieces(const std::string& raw, const EncodeOptions& options, size_t piece,
                           const Context& context = {}) {
  auto encoder = StreamEncoder::Create(context, Content{}, options);
  EXPECT_TRUE(encoder.ok());
  std::string out;
  for (size_t i = 0; i < raw.size(); i += piece) {
    EXPECT_TRUE((*encoder)->Write(AsBytes(raw).subspan(i, piece), &out).ok());
  }
  EncodeStats stats;
  EXPECT_TRUE((*encoder)->Finish(&out, &stats).ok());
  EXPECT_EQ(stats.raw_bytes, raw.size());
  EXPECT_EQ(stats.coded_bytes, out.size());
  return out;
}

absl::StatusOr<std::string> DecodeInPieces(const std::string& coded, size_t piece,
                                           const DecodeOptions& options = {},
                                           const Context& context = {}) {
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
    if (auto s = (*decoder)->Write(AsBytes(coded).subspan(i, piece)); !s.ok()) return s;
    if (auto s = drain(); !s.ok()) return s;
  }
  if (auto s = (*decoder)->Finish(); !s.ok()) return s;
  if (auto s = drain(); !s.ok()) return s;
  return raw;
}

TEST(Stream, RoundTripsEveryModelInputAndLength) {
  for (const NamedOptions& model : kModels) {
    for (const NamedInput& input : kInputs) {
      for (size_t n :
           {0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 255, 256, 257, 1000, 4095, 4096, 4097, 30000}) {
        SCOPED_TRACE(testing::Message() << model.name << " " << input.name << " " << n);
        const std::string raw = input.make(n, 1);
        EncodeStats stats;
        const std::string coded = MustEncode(raw, Options(model), {}, &stats);
        EXPECT_TRUE(MustDecode(coded) == raw);
        const auto streamed = DecodeInPieces(coded, 4096);
        ASSERT_TRUE(streamed.ok()) << streamed.status();
        EXPECT_TRUE(*streamed == raw);
        EXPECT_EQ(stats.raw_bytes, n);
        EXPECT_EQ(stats.coded_bytes, coded.size());
        EXPECT_EQ(stats.model_bits + stats.side_bits + stats.container_bits, 8 * coded.size());
        EXPECT_EQ(stats.blocks, n == 0 ? 0 : 1);
      }
    }
  }
}

TEST(Stream, BlocksEndWhereTheyShould) {
  for (const NamedOptions& model : kModels) {
    for (uint64_t block : {256, 257, 1000}) {
      for (int around : {-1, 0, 1}) {
        for (int blocks : {1, 3}) {
          const size_t n = static_cast<size_t>(blocks) * block + static_cast<size_t>(around);
          SCOPED_TRACE(testing::Message() << model.name << " " << block << " " << n);
          const std::string raw = Words(n, 2);
          EncodeStats stats;
          const std::string coded = MustEncode(raw, Options(model, block), {}, &stats);
          EXPECT_EQ(stats.blocks, (n + block - 1) / block);
          EXPECT_TRUE(MustDecode(coded) == raw);
          const auto info = Inspect({}, AsBytes(coded));
          ASSERT_TRUE(info.ok()) << info.status();
          EXPECT_EQ(info->blocks.size(), stats.blocks);
          EXPECT_EQ(info->blocks.back().raw_bytes, (n - 1) % block + 1);
        }
      }
    }
  }
}

TEST(Stream, ThreadsAndPiecesDoNotMatter) {
  const std::string raw = Words(120000, 3) + Skewed(70000, 4) + Noise(60000, 5) + Wave(9999, 6);
  for (int threads : {1, 2, 8}) {
    ThreadPool pool(threads);  // one at a time: the smallest of several would limit them all
    Context context;
    context.pool = &pool;
    for (const NamedOptions& model : kModels) {
      for (uint64_t block : {uint64_t{300}, uint64_t{50000}}) {
        SCOPED_TRACE(testing::Message() << threads << " " << model.name << " " << block);
        const EncodeOptions options = Options(model, block);
        const std::string coded = MustEncode(raw, options);
        EXPECT_TRUE(MustEncode(raw, options, context) == coded);
        EXPECT_TRUE(MustDecode(coded, context) == raw);
        for (size_t piece : {size_t{7}, size_t{4096}, size_t{100000}, raw.size()}) {
          if (piece == 7 && block == 300) continue;  // slow, and in the other block size
          EXPECT_TRUE(EncodeInPieces(raw, options, piece, context) == coded) << piece;
          const auto streamed = DecodeInPieces(coded, piece, {}, context);
          ASSERT_TRUE(streamed.ok()) << streamed.status();
          EXPECT_TRUE(*streamed == raw) << piece;
        }
      }
    }
  }
}

// Pieces that end where blocks and batches of them do, or a byte beside: whole batches are coded
// where they lie, what is between them by way of a copy.
TEST(Stream, PiecesThatEndWithABlockDoNotMatter) {
  constexpr size_t kBatch = size_t{256} << 10;  // of one thread
  for (const NamedOptions& model : kModels) {
    for (const size_t block : {size_t{256}, kBatch / 2, kBatch}) {
      for (const size_t n : {block, kBatch, 2 * kBatch - 1, 2 * kBatch, 2 * kBatch + 1}) {
        const std::string raw = Words(n, 11);
        const EncodeOptions options = Options(model, block);
        const std::string coded = MustEncode(raw, options);
        for (const size_t piece : {kBatch - 1, kBatch, kBatch + 1, 2 * kBatch}) {
          SCOPED_TRACE(testing::Message()
                       << model.name << " " << block << " " << n << " " << piece);
          EXPECT_TRUE(EncodeInPieces(raw, options, piece) == coded);
        }
      }
    }
  }
}

// All that came whole before a cut or a fault is handed out before the error, whatever the batches.
TEST(Stream, GoodBlocksComeBeforeTheError) {
  constexpr size_t kBlock = 1000;
  const std::string raw = Words(40 * kBlock, 12);
  const std::string coded = MustEncode(raw, Options(kModels[0], kBlock));
  const auto info = Inspect({}, AsBytes(coded));
  ASSERT_TRUE(info.ok());
  const auto decode = [](const std::string& bytes, const Context& context) {
    const auto decoder = StreamDecoder::Create(context, {});
    std::string out;
    LongArray<uint8_t> part;
    absl::Status status = (*decoder)->Write(AsBytes(bytes));
    bool ended = false;
    while (status.ok()) {
      const auto more = (*decoder)->Next(&part);
      status = more.status();
      if (!status.ok()) break;
      if (*more) {
        out += AsString(part);
      } else if (!ended) {
        ended = true;
        status = (*decoder)->Finish();
      } else {
        return std::make_pair(out, status);
      }
    }
    // It stays failed, with the same error.
    EXPECT_EQ((*decoder)->Next(&part).status(), status);
    return std::make_pair(out, status);
  };
  for (int threads : {1, 4}) {
    ThreadPool pool(threads);
    Context context;
    context.pool = &pool;
    for (size_t k : {0, 1, 7, 39}) {
      const BlockInfo& block = info->blocks[k];
      const size_t end = block.coded_offset + block.coded_bytes;
      for (size_t n : {block.coded_offset, block.coded_offset + 5, end - 1}) {
        SCOPED_TRACE(testing::Message() << threads << " " << n);
        const auto [got, status] = decode(coded.substr(0, n), context);
        EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
        EXPECT_THAT(std::string(status.message()), testing::HasSubstr("cut off"));
        EXPECT_TRUE(got == raw.substr(0, k * kBlock)) << got.size();
      }
      for (size_t at : {block.coded_offset + 1, end - 1}) {
        SCOPED_TRACE(testing::Message() << threads << " " << at);
        std::string damaged = coded;
        damaged[at] = static_cast<char>(damaged[at] ^ 0x21);
        const auto [got, status] = decode(damaged, context);
        EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
        EXPECT_THAT(std::string(status.message()), testing::HasSubstr(absl::StrCat("block ", k)));
        EXPECT_TRUE(got == raw.substr(0, k * kBlock)) << got.size();
      }
    }
  }
}

TEST(Stream, NoiseIsStoredAndConstantsCostNothing) {
  const std::string noise = Noise(200000, 7);
  EXPECT_LE(MustEncode(noise, {}).size(), noise.size() + 120);
  for (size_t period : {1, 2, 4, 8}) {
    std::string raw;
    while (raw.size() < 1000000) raw += std::string("abcdefgh").substr(0, period);
    const std::string coded = MustEncode(raw, {});
    EXPECT_LE(coded.size(), 130) << period;
    EXPECT_TRUE(MustDecode(coded) == raw);
    const auto info = Inspect({}, AsBytes(coded));
    ASSERT_TRUE(info.ok());
    EXPECT_EQ(info->blocks[0].mode, "constant");
  }
}

TEST(Stream, AutoChoosesByContent) {
  const auto mode = [](const std::string& raw) {
    EncodeOptions options;
    const auto info = Inspect({}, AsBytes(MustEncode(raw, options)));
    EXPECT_TRUE(info.ok());
    return info.ok() ? info->blocks[0].mode : "";
  };
  EXPECT_EQ(mode(Words(500000, 8)), "adaptive-2");
  EXPECT_EQ(mode(Skewed(500000, 8)), "static");
  EXPECT_EQ(mode(Noise(500000, 8)), "stored");
}

// However the bytes are cut into pieces and blocks, and whatever codes them.
TEST(Stream, EntropyOfOrder1) {
  const std::string raw = Words(30000, 3);
  std::map<std::pair<char, char>, double> pairs;
  std::map<char, double> befores;
  char before = 0;
  for (const char c : raw) {
    ++pairs[{before, c}];
    ++befores[before];
    before = c;
  }
  double bits = 0;
  for (const auto& [pair, n] : pairs) bits += n * std::log2(befores[pair.first] / n);
  for (const size_t bytes : {raw.size(), size_t{700}}) {
    for (const NamedOptions& m : kModels) {
      EncodeStats stats;
      EncodeOptions options = Options(m, bytes == 700 ? 256 : 4096);
      MustEncode(raw, options, {}, &stats);
      EXPECT_FALSE(stats.order1_entropy_bits_per_byte.has_value());
      options.full_statistics = true;
      auto encoder = StreamEncoder::Create({}, {}, options);
      ASSERT_TRUE(encoder.ok()) << encoder.status();
      std::string coded;
      for (size_t at = 0; at < raw.size(); at += bytes) {
        ASSERT_TRUE((*encoder)->Write(AsBytes(raw.substr(at, bytes)), &coded).ok());
      }
      ASSERT_TRUE((*encoder)->Finish(&coded, &stats).ok());
      ASSERT_TRUE(stats.order1_entropy_bits_per_byte.has_value());
      EXPECT_NEAR(*stats.order1_entropy_bits_per_byte, bits / 30000, 1e-9) << m.name;
    }
  }
  EncodeStats stats;
  EncodeOptions options;
  options.full_statistics = true;
  MustEncode("abababab", options, {}, &stats);  // compact; each byte follows from the one before
  EXPECT_EQ(stats.order1_entropy_bits_per_byte, 0.0);
}

TEST(Stream, StatisticsSayWhatWasSpent) {
  const std::string raw = Skewed(100000, 9);
  EncodeStats stats;
  EncodeOptions options;
  options.model = Model::kStatic;
  MustEncode(raw, options, {}, &stats);
  EXPECT_EQ(stats.model, Model::kStatic);
  EXPECT_EQ(stats.symbols, raw.size());
  EXPECT_GT(stats.huffman_bits_per_symbol, stats.entropy_bits_per_symbol);
  EXPECT_LT(stats.huffman_bits_per_symbol, stats.entropy_bits_per_symbol + 1);
  EXPECT_NEAR(static_cast<double>(stats.model_bits) / 1e5, stats.entropy_bits_per_symbol, 0.01);
  EXPECT_DOUBLE_EQ(stats.bits_per_symbol, 8.0 * static_cast<double>(stats.coded_bytes) / 1e5);
  EXPECT_GT(stats.side_bits, 0u);
  EXPECT_LT(stats.side_bits, 8 * 200u);
  EXPECT_LT(stats.container_bits, 8 * 150u);
}

TEST(Stream, ConcatenatedStreamsDecodeToTheConcatenation) {
  const std::string a = Words(5000, 10), b = Skewed(3000, 11);
  EncodeOptions options;
  options.block_bytes = 1024;
  const std::string coded = MustEncode(a, options) + MustEncode("", {}) + MustEncode(b, {});
  EXPECT_TRUE(MustDecode(coded) == a + b);
  for (size_t piece : {1, 10, 100000}) {
    const auto streamed = DecodeInPieces(coded, piece);
    ASSERT_TRUE(streamed.ok()) << streamed.status();
    EXPECT_TRUE(*streamed == a + b);
  }
  DecodeOptions range;
  range.range = ByteRange{4990, 20};
  const auto part = Decode({}, AsBytes(coded), range);
  ASSERT_TRUE(part.ok()) << part.status();
  EXPECT_EQ(AsString(part->data), (a + b).substr(4990, 20));
  EXPECT_EQ(part->blocks_decoded, 2u);
  const auto info = Inspect({}, AsBytes(coded));
  ASSERT_TRUE(info.ok());
  EXPECT_EQ(info->raw_bytes, 8000u);
  EXPECT_EQ(info->coded_bytes, coded.size());
}

TEST(Stream, TensorsKeepShapeAndType) {
  Content content;
  content.kind = ContentKind::kTensor;
  content.dtype = DType::kUint16;
  content.shape = {10, 50};
  const std::string raw = Wave(1000, 12);
  const auto coded = Encode({}, content, AsBytes(raw), {});
  ASSERT_TRUE(coded.ok()) << coded.status();
  const auto decoded = Decode({}, AsBytes(*coded));
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(decoded->content.kind, ContentKind::kTensor);
  EXPECT_EQ(decoded->content.dtype, DType::kUint16);
  EXPECT_EQ(decoded->content.shape, content.shape);
  EXPECT_EQ(AsString(decoded->data), raw);

  // An empty dimension, a scalar, packed bits.
  for (const Shape& shape : {Shape{0, 5}, Shape{}, Shape{3, 1, 1, 1, 1, 1, 1, 1}}) {
    content.shape = shape;
    const size_t n = shape.empty() ? 2 : shape[0] == 0 ? 0 : 6;
    const auto small = Encode({}, content, AsBytes(raw.substr(0, n)), {});
    ASSERT_TRUE(small.ok()) << small.status();
    const auto back = Decode({}, AsBytes(*small));
    ASSERT_TRUE(back.ok()) << back.status();
    EXPECT_EQ(back->content.shape, shape);
    EXPECT_EQ(back->data.size(), n);
  }
  content.kind = ContentKind::kBits;
  content.shape = {7, 9};
  EXPECT_TRUE(Encode({}, content, AsBytes(raw.substr(0, 14)), {}).ok());
}

TEST(Stream, WrongOptionsAreRefusedByName) {
  const auto message = [](const Content& content, const std::string& raw, EncodeOptions options) {
    const auto coded = Encode({}, content, AsBytes(raw), options);
    EXPECT_EQ(coded.status().code(), absl::StatusCode::kInvalidArgument) << coded.status();
    return std::string(coded.status().message());
  };
  const auto starts = [](const char* s) { return testing::StartsWith(s); };
  EncodeOptions o;
  o.model = static_cast<Model>(77);
  EXPECT_THAT(message({}, "", o), starts("options.model:"));
  o = {};
  o.order = 1;
  EXPECT_THAT(message({}, "", o), starts("options.order:"));
  o.model = Model::kAdaptive;
  o.order = 3;
  EXPECT_THAT(message({}, "", o), starts("options.order:"));
  o.order = -1;
  EXPECT_THAT(message({}, "", o), starts("options.order:"));
  o = {};
  o.block_bytes = 255;
  EXPECT_THAT(message({}, "", o), starts("options.block_bytes:"));
  o.block_bytes = (uint64_t{64} << 20) + 1;
  EXPECT_THAT(message({}, "", o), starts("options.block_bytes:"));
  o = {};
  o.model = Model::kTable;
  EXPECT_THAT(message({}, "", o), starts("options.table:"));
  o = {};
  o.table = ByteTable();
  EXPECT_THAT(message({}, "", o), starts("options.table:"));
  Content tensor;
  tensor.kind = ContentKind::kTensor;
  tensor.shape = {3};
  EXPECT_THAT(message(tensor, "ab", {}), starts("data:"));
  EXPECT_THAT(message(tensor, "abcd", {}), starts("data:"));
  tensor.shape = {-1};
  EXPECT_THAT(message(tensor, "", {}), starts("tensor.shape[0]:"));
  tensor.kind = ContentKind::kImage;
  tensor.shape = {3};
  EXPECT_THAT(message(tensor, "abc", {}), starts("tensor.shape:"));
}

TEST(Stream, AFinishedStreamTakesNoMore) {
  auto encoder = StreamEncoder::Create({}, Content{}, {});
  ASSERT_TRUE(encoder.ok());
  std::string out;
  EXPECT_TRUE((*encoder)->Finish(&out, nullptr).ok());
  EXPECT_EQ((*encoder)->Finish(&out, nullptr).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ((*encoder)->Write({}, &out).code(), absl::StatusCode::kFailedPrecondition);
  auto decoder = StreamDecoder::Create({}, {});
  ASSERT_TRUE(decoder.ok());
  EXPECT_EQ((*decoder)->content(), nullptr);
  EXPECT_TRUE((*decoder)->Write(AsBytes(out)).ok());
  LongArray<uint8_t> raw;
  EXPECT_THAT((*decoder)->Next(&raw), testing::Property(&absl::StatusOr<bool>::value, false));
  EXPECT_NE((*decoder)->content(), nullptr);
  EXPECT_TRUE((*decoder)->Finish().ok());
  EXPECT_TRUE((*decoder)->Next(&raw).ok());
  EXPECT_FALSE((*decoder)->Write(AsBytes(out)).ok());
}

// Short messages: at most 24 bytes around what the model writes.
TEST(Compact, CostsAtMost24Bytes) {
  for (size_t n = 0; n <= 64; ++n) {
    for (const std::string& raw : {Noise(n, 1), Words(n, 2), std::string(n, 'x'), Skewed(n, 3)}) {
      for (Model model : {Model::kAuto, Model::kStatic, Model::kAdaptive}) {
        EncodeOptions options;
        options.model = model;
        EncodeStats stats;
        const auto coded = Encode({}, {}, AsBytes(raw), options, &stats);
        ASSERT_TRUE(coded.ok());
        EXPECT_LE(stats.container_bits, 24u * 8) << n;
        EXPECT_LE(coded->size(), n + 24);
        EXPECT_EQ(coded->size(), stats.coded_bytes);
        const auto decoded = Decode({}, AsBytes(*coded));
        ASSERT_TRUE(decoded.ok()) << decoded.status();
        EXPECT_EQ(AsString(decoded->data), raw);
        const auto info = Inspect({}, AsBytes(*coded));
        ASSERT_TRUE(info.ok()) << info.status();
        EXPECT_TRUE(info->is_compact);
        EXPECT_EQ(info->raw_bytes, n);
        EXPECT_EQ(info->blocks.size(), n == 0 ? 0u : 1u);
      }
    }
  }
}

// The form changes at 4096 bytes, and with the block size; an excerpt of it is itself.
TEST(Compact, OnlyWhereOneShortBlockIsAll) {
  for (const auto& [n, block, compact] : {std::tuple<size_t, uint64_t, bool>{4095, 0, true},
                                          {4096, 0, true},
                                          {4097, 0, false},
                                          {300, 256, false},
                                          {256, 256, true}}) {
    EncodeOptions options;
    options.block_bytes = block;
    const std::string raw = Words(n, 1);
    const auto coded = Encode({}, {}, AsBytes(raw), options);
    ASSERT_TRUE(coded.ok());
    const auto info = Inspect({}, AsBytes(*coded));
    ASSERT_TRUE(info.ok());
    EXPECT_EQ(info->is_compact, compact) << n;
    if (!compact) continue;
    const auto excerpt = MakeExcerpt(
        {}, coded->size(),
        [&](uint64_t at, MutableByteView out) {
          std::copy_n(coded->data() + at, out.size(), out.data());
          return absl::OkStatus();
        },
        ByteRange{10, 20});
    ASSERT_TRUE(excerpt.ok()) << excerpt.status();
    EXPECT_TRUE(*excerpt == *coded);
    DecodeOptions part;
    part.range = ByteRange{10, 20};
    const auto decoded = Decode({}, AsBytes(*excerpt), part);
    ASSERT_TRUE(decoded.ok()) << decoded.status();
    EXPECT_EQ(AsString(decoded->data), raw.substr(10, 20));
  }
}

// Cut off anywhere, or with any byte changed: refused, in one piece and streamed.
TEST(Compact, DamageIsRefused) {
  const std::string raw = Words(200, 1);
  const auto coded = Encode({}, {}, AsBytes(raw), {});
  ASSERT_TRUE(coded.ok());
  const auto stream = [](const std::string& bytes) -> absl::Status {
    auto decoder = StreamDecoder::Create({}, {});
    LongArray<uint8_t> out;
    const auto drain = [&]() -> absl::Status {
      while (true) {
        const auto more = (*decoder)->Next(&out);
        if (!more.ok()) return more.status();
        if (!*more) return absl::OkStatus();
      }
    };
    for (char c : bytes) {
      absl::Status status = (*decoder)->Write(AsBytes(std::string(1, c)));
      if (status.ok()) status = drain();
      if (!status.ok()) return status;
    }
    const absl::Status status = (*decoder)->Finish();
    return status.ok() ? drain() : status;
  };
  EXPECT_TRUE(stream(*coded).ok());
  for (size_t n = 0; n < coded->size(); ++n) {
    EXPECT_EQ(Decode({}, AsBytes(coded->substr(0, n))).status().code(), absl::StatusCode::kDataLoss)
        << n;
    EXPECT_EQ(stream(coded->substr(0, n)).code(), absl::StatusCode::kDataLoss) << n;
    for (int bit : {0, 7}) {
      std::string damaged = *coded;
      damaged[n] = static_cast<char>(damaged[n] ^ 1 << bit);
      const auto one = Decode({}, AsBytes(damaged)).status();
      // The version is looked at before the check.
      const auto expected = n == 3 ? absl::StatusCode::kUnimplemented : absl::StatusCode::kDataLoss;
      EXPECT_EQ(one.code(), expected) << n << " " << one;
      EXPECT_EQ(stream(damaged).code(), expected) << n;
    }
  }
}

// What Inspect says of the parts is what the encoder says that it spent, from whole streams and
// from header and index alone.
TEST(Inspect, TellsThePartsThatTheEncoderCounted) {
  const std::string raw = Words(30000, 1) + Noise(2000, 2) + std::string(3000, 'x');
  for (const auto& [model, order] : {std::pair<Model, std::optional<int>>{Model::kAuto, {}},
                                     {Model::kStatic, 0},
                                     {Model::kStatic, 1},
                                     {Model::kAdaptive, 2},
                                     {Model::kTable, {}}}) {
    SCOPED_TRACE(ModelName(model));
    EncodeOptions options;
    options.model = model;
    options.order = order;
    options.block_bytes = 1000;
    std::string input = raw;
    if (model == Model::kTable) {
      options.table = ByteTable();
      input = Skewed(20000, 1);
    }
    EncodeStats stats;
    const auto coded = Encode({}, {}, AsBytes(input), options, &stats);
    ASSERT_TRUE(coded.ok()) << coded.status();
    const auto index_only = MakeExcerpt({}, coded->size(),
                                        [&](uint64_t at, MutableByteView out) {
                                          std::copy_n(coded->data() + at, out.size(), out.data());
                                          return absl::OkStatus();
                                        },
                                        {});
    ASSERT_TRUE(index_only.ok());
    for (const std::string& bytes : {*coded, *index_only}) {
      const auto info = Inspect({}, AsBytes(bytes));
      ASSERT_TRUE(info.ok()) << info.status();
      EXPECT_EQ(8 * info->model_bytes, stats.model_bits);
      EXPECT_EQ(8 * info->side_bytes, stats.side_bits);
      EXPECT_EQ(8 * info->container_bytes, stats.container_bits);
      uint64_t blocks = 0, raw_bytes = 0;
      for (const ModeInfo& mode : info->modes) {
        blocks += mode.blocks;
        raw_bytes += mode.raw_bytes;
      }
      EXPECT_EQ(blocks, stats.blocks);
      EXPECT_EQ(raw_bytes, input.size());
    }
  }
}

}  // namespace
}  // namespace trine::coding
