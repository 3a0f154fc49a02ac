// Streams as a whole: what goes in comes out, whatever the pieces, the threads and the block size.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <tuple>

#include "core/coding/coding.h"
#include "core/runtime/thread_pool.h"
#include "tests/core/coding/stream/stream_helpers.h"
#include "tests/core/coding/test_data.h"
#include "tests/core/sanitized.h"

namespace trine::coding {
namespace {

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
    if (kSanitized && threads == 1) continue;
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
  FewerSanitized fewer(4);
  for (const NamedOptions& model : kModels) {
    for (const size_t block : {size_t{256}, kBatch / 2, kBatch}) {
      for (const size_t n : {block, kBatch, 2 * kBatch - 1, 2 * kBatch, 2 * kBatch + 1}) {
        if (fewer.Skips()) continue;
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

TEST(Stream, ContentIsTheFirstStreamsAndEachIsCounted) {
  const Content tensor{ContentKind::kTensor, DType::kUint8, {2, 3}};
  const Content none{ContentKind::kTensor, DType::kUint8, {0, 7}};
  const std::string small = *Encode({}, tensor, AsBytes(std::string("abcdef")), {}),
                    empty = *Encode({}, none, {}, {});
  for (const auto& [coded, shape, streams] : {std::tuple{small, Shape{2, 3}, 1},
                                              {small + empty, Shape{2, 3}, 2},
                                              {empty + small, Shape{0, 7}, 2},
                                              {empty + empty + small + small, Shape{0, 7}, 4}}) {
    for (const size_t piece : {size_t{1}, size_t{30}, coded.size()}) {
      auto decoder = *StreamDecoder::Create({}, {});
      EXPECT_EQ(decoder->streams(), 0u);
      LongArray<uint8_t> raw;
      for (size_t at = 0; at < coded.size(); at += piece) {
        ASSERT_TRUE(
            decoder->Write(AsBytes(coded).subspan(at, std::min(piece, coded.size() - at))).ok());
        while (*decoder->Next(&raw)) {
        }
      }
      ASSERT_TRUE(decoder->Finish().ok());
      while (*decoder->Next(&raw)) {
      }
      EXPECT_EQ(decoder->content()->shape, shape);
      EXPECT_EQ(decoder->streams(), static_cast<uint64_t>(streams));
    }
  }
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

}  // namespace
}  // namespace trine::coding
