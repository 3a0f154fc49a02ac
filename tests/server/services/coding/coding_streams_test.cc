// EncodeStream and DecodeStream through the registry.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tests/server/services/coding/coding_examples.h"
#include "tests/server/services/service_harness.h"
#include "trine/v1/coding.pb.h"

namespace trine::server {
namespace {

using absl::StatusCode;
using EncodeRun = StreamRun<v1::EncodeStreamResponse>;
using DecodeRun = StreamRun<v1::DecodeStreamResponse>;

constexpr size_t kMaxSent = size_t{1} << 20;

// The message in chunks of `chunk_bytes`, after the header.
template <typename Request, typename Header>
std::vector<Request> Cut(const Header& header, const std::string& bytes, size_t chunk_bytes) {
  std::vector<Request> requests(1);
  *requests[0].mutable_header() = header;
  for (size_t begin = 0; begin < bytes.size(); begin += chunk_bytes) {
    requests.emplace_back().set_chunk(bytes.substr(begin, chunk_bytes));
  }
  return requests;
}

class CodingStreamsTest : public testing::Test {
 protected:
  EncodeRun Encode(const std::vector<v1::EncodeStreamRequest>& requests) {
    return services_.Stream<v1::EncodeStreamResponse>("EncodeStream", requests);
  }
  EncodeRun Encode(const v1::EncodeStreamHeader& header, const std::string& raw,
                   size_t chunk_bytes) {
    return Encode(Cut<v1::EncodeStreamRequest>(header, raw, chunk_bytes));
  }
  DecodeRun Decode(const std::vector<v1::DecodeStreamRequest>& requests) {
    return services_.Stream<v1::DecodeStreamResponse>("DecodeStream", requests);
  }
  DecodeRun Decode(const v1::DecodeStreamHeader& header, const std::string& coded,
                   size_t chunk_bytes) {
    return Decode(Cut<v1::DecodeStreamRequest>(header, coded, chunk_bytes));
  }
  v1::EncodeResponse EncodeAtOnce(const v1::EncodeRequest& request) {
    return services_.Unary<v1::EncodeResponse>("Encode", request).value();
  }

  // The chunks of a good run, whose last message is the statistics.
  static std::string Coded(const EncodeRun& run) {
    EXPECT_TRUE(run.status.ok()) << run.status;
    std::string coded;
    for (size_t i = 0; i < run.responses.size(); ++i) {
      EXPECT_EQ(run.responses[i].has_statistics(), i + 1 == run.responses.size());
      EXPECT_LE(run.responses[i].chunk().size(), kMaxSent);
      coded += run.responses[i].chunk();
    }
    return coded;
  }

  // The chunks of a good run, whose first message is the content and last the summary.
  static std::string Raw(const DecodeRun& run) {
    EXPECT_TRUE(run.status.ok()) << run.status;
    EXPECT_GE(run.responses.size(), 2u);
    std::string raw;
    for (size_t i = 0; i < run.responses.size(); ++i) {
      EXPECT_EQ(run.responses[i].has_content(), i == 0);
      EXPECT_EQ(run.responses[i].has_summary(), i + 1 == run.responses.size());
      EXPECT_LE(run.responses[i].chunk().size(), kMaxSent);
      raw += run.responses[i].chunk();
    }
    return raw;
  }

  ServiceHarness services_;
};

TEST_F(CodingStreamsTest, CodesAsEncodeDoesHoweverItIsCut) {
  const v1::EncodeRequest request = TextRequest(30011, v1::CODING_MODEL_ADAPTIVE);
  v1::EncodeStreamHeader header;
  *header.mutable_options() = request.options();
  // Encode knows the length beforehand only where the content says so: bytes do not.
  const v1::EncodeResponse at_once = EncodeAtOnce(request);
  for (const size_t chunk_bytes : {1u, 7u, 4095u, 4096u, 4097u, 1u << 20}) {
    SCOPED_TRACE(chunk_bytes);
    const EncodeRun run = Encode(header, request.data(), chunk_bytes);
    EXPECT_EQ(Coded(run), at_once.coded());
    EXPECT_EQ(run.responses.back().statistics().SerializeAsString(),
              at_once.statistics().SerializeAsString());
  }
}

TEST_F(CodingStreamsTest, DecodesHoweverItIsCut) {
  const v1::EncodeRequest request = TextRequest(30011, v1::CODING_MODEL_AUTO);
  const std::string coded = EncodeAtOnce(request).coded();
  for (const size_t chunk_bytes : {1u, 13u, 1000u, 1u << 20}) {
    SCOPED_TRACE(chunk_bytes);
    const DecodeRun run = Decode({}, coded, chunk_bytes);
    EXPECT_EQ(Raw(run), request.data());
    EXPECT_TRUE(run.responses[0].content().has_bytes());
    const v1::DecodeStreamSummary& summary = run.responses.back().summary();
    EXPECT_EQ(summary.raw_bytes(), 30011u);
    EXPECT_EQ(summary.coded_bytes(), coded.size());
    EXPECT_EQ(summary.blocks_decoded(), 8u);
  }
}

TEST_F(CodingStreamsTest, KeepsEveryKindOfContent) {
  std::vector<v1::Content> contents(6);
  contents[0].mutable_bytes();
  contents[1].mutable_tensor()->set_dtype(v1::DATA_TYPE_FLOAT32);
  contents[1].mutable_tensor()->add_shape(6);
  contents[2].mutable_image()->set_dtype(v1::DATA_TYPE_UINT16);
  for (const int64_t dim : {4, 3}) contents[2].mutable_image()->add_shape(dim);
  contents[3].mutable_bits()->set_height(8);
  contents[3].mutable_bits()->set_width(17);
  v1::PictureContent& palette = *contents[4].mutable_picture();
  palette.set_dtype(v1::DATA_TYPE_UINT8);
  for (const int64_t dim : {2, 3, 4}) palette.add_shape(dim);
  palette.set_color(v1::PICTURE_COLOR_PALETTE);
  palette.set_bit_depth(8);
  palette.set_entry_bytes(6);
  for (uint32_t number = 0; number < 3 * 256; ++number) palette.add_table(65535 - number);
  v1::PictureContent& pages = *contents[5].mutable_picture();
  pages.set_dtype(v1::DATA_TYPE_UINT8);
  for (const int64_t dim : {3, 4, 9}) pages.add_shape(dim);
  pages.set_color(v1::PICTURE_COLOR_GRAY);
  pages.set_bit_depth(1);
  for (const v1::Content& content : contents) {
    SCOPED_TRACE(content.DebugString());
    v1::EncodeStreamHeader header;
    *header.mutable_content() = content;
    const std::string raw = SomeText(24);
    const DecodeRun run = Decode({}, Coded(Encode(header, raw, 5)), 11);
    EXPECT_EQ(Raw(run), raw);
    EXPECT_EQ(run.responses[0].content().SerializeAsString(), content.SerializeAsString());
  }
}

TEST_F(CodingStreamsTest, CodesNothing) {
  const EncodeRun run = Encode({}, "", 1);
  const std::string coded = Coded(run);
  EXPECT_EQ(run.responses.back().statistics().raw_bytes(), 0u);
  EXPECT_EQ(Raw(Decode({}, coded, 3)), "");
  // Empty chunks change nothing.
  std::vector<v1::EncodeStreamRequest> requests(3);
  requests[0].mutable_header();
  requests[1].set_chunk("");
  requests[2].set_chunk("");
  EXPECT_EQ(Coded(Encode(requests)), coded);
}

// A few hundred coded bytes are 40 MiB: they leave in chunks, none above 1 MiB.
TEST_F(CodingStreamsTest, SendsABombInBoundedChunks) {
  const std::string block(size_t{2} << 20, 'z');
  std::vector<v1::EncodeStreamRequest> requests(1);
  requests[0].mutable_header();
  for (int i = 0; i < 20; ++i) requests.emplace_back().set_chunk(block);
  const std::string coded = Coded(Encode(requests));
  EXPECT_LT(coded.size(), 4096u);
  const DecodeRun run = Decode({}, coded, coded.size());
  const std::string raw = Raw(run);
  EXPECT_EQ(raw.size(), 20 * block.size());
  EXPECT_EQ(raw.find_first_not_of('z'), std::string::npos);
  EXPECT_GE(run.responses.size(), 42u);
}

TEST_F(CodingStreamsTest, DecodesARange) {
  const v1::EncodeRequest request = TextRequest(20000, v1::CODING_MODEL_STATIC);
  const std::string coded = EncodeAtOnce(request).coded();
  v1::DecodeStreamHeader header;
  header.mutable_range()->set_offset(5000);
  header.mutable_range()->set_length(4000);
  const DecodeRun run = Decode(header, coded, 999);
  EXPECT_EQ(Raw(run), request.data().substr(5000, 4000));
  EXPECT_EQ(run.responses.back().summary().blocks_decoded(), 2u);

  header.mutable_range()->set_offset(19999);
  header.mutable_range()->set_length(2);
  const absl::Status beyond = Decode(header, coded, 999).status;
  EXPECT_EQ(beyond.code(), StatusCode::kOutOfRange) << beyond;
  EXPECT_EQ(GetErrorDetail(beyond)->field, "header.range");
}

TEST_F(CodingStreamsTest, RefusesPartsOutOfOrder) {
  std::vector<v1::EncodeStreamRequest> encode(1);
  ExpectRefused(Encode(encode).status, StatusCode::kInvalidArgument, "part");
  encode[0].set_chunk("abc");
  ExpectRefused(Encode(encode).status, StatusCode::kInvalidArgument, "header");
  encode[0].mutable_header();
  encode.emplace_back();
  ExpectRefused(Encode(encode).status, StatusCode::kInvalidArgument, "part");
  encode[1].set_chunk(std::string((size_t{2} << 20) + 1, 'x'));
  ExpectRefused(Encode(encode).status, StatusCode::kInvalidArgument, "chunk");
  encode[1].mutable_chunk()->pop_back();
  EXPECT_TRUE(Encode(encode).status.ok());
  ExpectRefused(Encode(std::vector<v1::EncodeStreamRequest>()).status, StatusCode::kInvalidArgument,
                "header");

  std::vector<v1::DecodeStreamRequest> decode(1);
  ExpectRefused(Decode(decode).status, StatusCode::kInvalidArgument, "part");
  decode[0].set_chunk("abc");
  ExpectRefused(Decode(decode).status, StatusCode::kInvalidArgument, "header");
  decode[0].mutable_header();
  decode.emplace_back();
  ExpectRefused(Decode(decode).status, StatusCode::kInvalidArgument, "part");
  decode[1].set_chunk(std::string((size_t{2} << 20) + 1, 'x'));
  ExpectRefused(Decode(decode).status, StatusCode::kInvalidArgument, "chunk");
  ExpectRefused(Decode(std::vector<v1::DecodeStreamRequest>()).status, StatusCode::kInvalidArgument,
                "header");
}

TEST_F(CodingStreamsTest, RefusesBadHeaders) {
  const auto refused = [&](const std::string& field,
                           const std::function<void(v1::EncodeStreamHeader&)>& spoil,
                           StatusCode code = StatusCode::kInvalidArgument) {
    SCOPED_TRACE(field);
    v1::EncodeStreamHeader header;
    spoil(header);
    ExpectRefused(Encode(header, "abc", 3).status, code, field);
  };
  refused("header.max_threads", [](auto& h) { h.set_max_threads(-1); });
  refused("header.options.model",
          [](auto& h) { h.mutable_options()->set_model(v1::CODING_MODEL_EXACT); });
  refused("header.options.model",
          [](auto& h) { h.mutable_options()->set_model(static_cast<v1::CodingModel>(99)); });
  refused("header.options.order", [](auto& h) {
    h.mutable_options()->set_model(v1::CODING_MODEL_ADAPTIVE);
    h.mutable_options()->set_order(3);
  });
  refused("header.options.effort", [](auto& h) {
    h.mutable_options()->set_model(v1::CODING_MODEL_STATIC);
    h.mutable_options()->set_effort(v1::EFFORT_BEST);
  });
  refused("header.options.block_bytes", [](auto& h) { h.mutable_options()->set_block_bytes(255); });
  refused("header.options.table",
          [](auto& h) { h.mutable_options()->set_model(v1::CODING_MODEL_TABLE); });
  refused("header.options.table.decimals[1]", [](auto& h) {
    h.mutable_options()->set_model(v1::CODING_MODEL_TABLE);
    *h.mutable_options()->mutable_table() = BinaryTable();
    h.mutable_options()->mutable_table()->set_decimals(1, "0.x");
  });
  refused("header.content.tensor.dtype", [](auto& h) { h.mutable_content()->mutable_tensor(); });
  refused("header.content.tensor.data", [](auto& h) {
    *h.mutable_content()->mutable_tensor() = MakeTensor<uint8_t>(v1::DATA_TYPE_UINT8, {1}, {1});
  });
  refused("header.content.tensor.shape[0]", [](auto& h) {
    *h.mutable_content()->mutable_tensor() = MakeTensor<uint8_t>(v1::DATA_TYPE_UINT8, {-3}, {});
  });
  refused("header.content.image.shape", [](auto& h) {
    *h.mutable_content()->mutable_image() = MakeTensor<uint8_t>(v1::DATA_TYPE_UINT8, {3}, {});
  });
  refused(
      "header.content.image.shape",
      [](auto& h) {
        *h.mutable_content()->mutable_image() =
            MakeTensor<uint8_t>(v1::DATA_TYPE_UINT8, {1 << 20, 1 << 20}, {});
      },
      StatusCode::kResourceExhausted);
  refused("header.content.picture.dtype", [](auto& h) { h.mutable_content()->mutable_picture(); });
  refused("header.content.bits.height",
          [](auto& h) { h.mutable_content()->mutable_bits()->set_height(-1); });
  refused("header.content.bits.width",
          [](auto& h) { h.mutable_content()->mutable_bits()->set_width(INT64_MIN); });
  refused("header.content.bits", [](auto& h) {
    h.mutable_content()->mutable_bits()->set_width(INT64_MAX);
    h.mutable_content()->mutable_bits()->set_height(INT64_MAX);
  });

  v1::DecodeStreamHeader header;
  header.set_max_threads(-1);
  ExpectRefused(Decode(header, "", 1).status, StatusCode::kInvalidArgument, "header.max_threads");
}

TEST_F(CodingStreamsTest, RefusesAnotherLengthThanTheShapes) {
  v1::EncodeStreamHeader header;
  header.mutable_content()->mutable_tensor()->set_dtype(v1::DATA_TYPE_UINT16);
  header.mutable_content()->mutable_tensor()->add_shape(3);
  ExpectRefused(Encode(header, "12345", 2).status, StatusCode::kInvalidArgument, "chunk");
  ExpectRefused(Encode(header, "1234567", 2).status, StatusCode::kInvalidArgument, "chunk");
  EXPECT_TRUE(Encode(header, "123456", 2).status.ok());
}

TEST_F(CodingStreamsTest, RefusesASymbolThatTheTableLacks) {
  v1::EncodeStreamHeader header;
  header.mutable_options()->set_model(v1::CODING_MODEL_TABLE);
  *header.mutable_options()->mutable_table() = BinaryTable();
  EXPECT_TRUE(Encode(header, "0101", 3).status.ok());
  ExpectRefused(Encode(header, "01012", 3).status, StatusCode::kInvalidArgument, "chunk");
}

TEST_F(CodingStreamsTest, ReportsDamage) {
  const v1::EncodeRequest request = TextRequest(1500000, v1::CODING_MODEL_STATIC, 65536);
  const std::string coded = EncodeAtOnce(request).coded();
  const auto damage = [&](const std::string& bytes) {
    const DecodeRun run = Decode({}, bytes, 10000);
    EXPECT_EQ(run.status.code(), StatusCode::kDataLoss) << run.status;
    const auto detail = GetErrorDetail(run.status);
    EXPECT_TRUE(detail.has_value());
    EXPECT_EQ(detail.value_or(ErrorDetail()).reason, "CORRUPT_STREAM");
    // What came before was right.
    std::string raw;
    for (const auto& response : run.responses) {
      raw += response.chunk();
      EXPECT_FALSE(response.has_summary());
    }
    EXPECT_EQ(request.data().substr(0, raw.size()), raw);
    return raw.size();
  };
  for (const size_t length :
       {size_t{0}, size_t{3}, size_t{30}, coded.size() / 2, coded.size() - 1}) {
    damage(coded.substr(0, length));
  }
  damage(coded + "x");
  std::string flipped = coded;
  flipped[coded.size() * 9 / 10] ^= 0x10;  // the last block; those of earlier batches are sent
  EXPECT_GE(damage(flipped), 65536u);
  damage("not a coded stream at all, but text of some length");
}

TEST_F(CodingStreamsTest, StopsWhenCancelled) {
  const std::string coded = EncodeAtOnce(TextRequest(20000, v1::CODING_MODEL_STATIC)).coded();
  services_.cancel().Cancel();
  ExpectRefused(Encode({}, SomeText(20000), 20000).status, StatusCode::kCancelled, "");
  ExpectRefused(Decode({}, coded, coded.size()).status, StatusCode::kCancelled, "");
}

TEST_F(CodingStreamsTest, RecoversADamagedStream) {
  v1::EncodeRequest request = TextRequest(5000, v1::CODING_MODEL_STATIC);
  request.mutable_options()->set_block_bytes(1000);
  const std::string coded = EncodeAtOnce(request).coded();
  v1::InspectRequest inspect;
  inspect.set_coded(coded);
  const auto info = services_.Unary<v1::InspectResponse>("Inspect", inspect);
  ASSERT_TRUE(info.ok()) << info.status();
  EXPECT_EQ(info->model_bytes() + info->side_bytes() + info->container_bytes(), coded.size());
  ASSERT_EQ(info->modes_size(), 1);
  EXPECT_EQ(info->modes(0).blocks(), 5u);
  std::string damaged = coded;
  const size_t at = info->blocks(3).coded_offset() + 30;
  damaged[at] = static_cast<char>(damaged[at] ^ 1);
  EXPECT_EQ(Decode({}, damaged, 999).status.code(), StatusCode::kDataLoss);

  v1::DecodeStreamHeader header;
  header.mutable_recover();
  DecodeRun run = Decode(header, damaged, 999);
  const std::string raw = Raw(run);
  EXPECT_EQ(raw,
            request.data().substr(0, 3000) + std::string(1000, '\0') + request.data().substr(4000));
  const v1::DecodeStreamSummary summary = run.responses.back().summary();
  EXPECT_EQ(summary.raw_bytes(), 5000u);
  EXPECT_EQ(summary.blocks_decoded(), 4u);
  EXPECT_EQ(summary.blocks_lost(), 1u);
  EXPECT_EQ(summary.raw_bytes_lost(), 1000u);
  EXPECT_EQ(summary.damages_total(), 1u);
  ASSERT_EQ(summary.damages_size(), 1);
  EXPECT_EQ(summary.damages(0).block(), 3u);
  EXPECT_EQ(summary.damages(0).raw_offset(), 3000u);
  EXPECT_EQ(summary.damages(0).coded_offset(), info->blocks(3).coded_offset());

  header.mutable_recover()->set_skip_lost(true);
  run = Decode(header, damaged, 999);
  EXPECT_EQ(Raw(run), request.data().substr(0, 3000) + request.data().substr(4000));
}

// The header lost too, and of a range: only what touches it is told.
TEST_F(CodingStreamsTest, RecoversARange) {
  v1::EncodeRequest request = TextRequest(5000, v1::CODING_MODEL_STATIC);
  request.mutable_options()->set_block_bytes(1000);
  std::string coded = EncodeAtOnce(request).coded();
  coded.replace(0, 64, 64, 'x');
  v1::DecodeStreamHeader header;
  header.mutable_recover();
  header.mutable_range()->set_offset(500);
  header.mutable_range()->set_length(2000);
  DecodeRun run = Decode(header, coded, 999);
  EXPECT_EQ(Raw(run), std::string(500, '\0') + request.data().substr(1000, 1500));
  EXPECT_EQ(run.responses.back().summary().damages_total(), 1u);
  EXPECT_EQ(run.responses.back().summary().blocks_lost(), 1u);
  EXPECT_EQ(run.responses.back().summary().blocks_decoded(), 2u);
  header.mutable_range()->set_offset(1000);
  run = Decode(header, coded, 999);
  EXPECT_EQ(Raw(run), request.data().substr(1000, 2000));
  EXPECT_EQ(run.responses.back().summary().damages_total(), 0u);
}

// The header of a TABLE stream lost: each table that is given is tried, of bytes and of elements.
TEST_F(CodingStreamsTest, RecoversByTheTablesThatAreGiven) {
  v1::ProbabilityTable bytes;
  bytes.set_kind(v1::SYMBOL_KIND_BYTES);
  for (uint64_t value = 0; value < 256; ++value) {
    bytes.add_integers(value);
    bytes.add_counts('a' <= value && value <= 'z' ? 1000 : 1);
  }
  v1::ProbabilityTable elements = bytes;
  elements.set_kind(v1::SYMBOL_KIND_INTEGERS);
  v1::EncodeRequest request = TextRequest(5000, v1::CODING_MODEL_TABLE);
  request.mutable_options()->set_block_bytes(1000);
  *request.mutable_options()->add_tables() = bytes;
  const v1::EncodeResponse coded = EncodeAtOnce(request);
  std::string damaged = coded.coded();
  damaged.replace(0, 8, 8, 'x');
  v1::DecodeStreamHeader header;
  header.mutable_recover();
  DecodeRun run = Decode(header, damaged, 999);
  EXPECT_TRUE(Raw(run) == std::string(5000, '\0'));
  *header.add_tables() = bytes;
  *header.add_tables() = elements;
  run = Decode(header, damaged, 999);
  EXPECT_TRUE(Raw(run) == request.data());
  EXPECT_EQ(run.responses.back().summary().blocks_decoded(), 5u);
  EXPECT_EQ(run.responses.back().summary().blocks_lost(), 0u);
}

TEST_F(CodingStreamsTest, VerifiesWithoutSending) {
  v1::EncodeRequest request = TextRequest(300000, v1::CODING_MODEL_STATIC);
  request.mutable_options()->set_block_bytes(1000);
  std::string coded = EncodeAtOnce(request).coded();
  v1::DecodeStreamHeader header;
  header.set_verify_only(true);
  DecodeRun run = Decode(header, coded, 4096);
  ASSERT_TRUE(run.status.ok()) << run.status;
  ASSERT_EQ(run.responses.size(), 2u);
  EXPECT_TRUE(run.responses[0].content().has_bytes());
  EXPECT_EQ(run.responses[1].summary().raw_bytes(), 300000u);
  EXPECT_EQ(run.responses[1].summary().blocks_decoded(), 300u);
  coded[coded.size() / 2] ^= 4;
  EXPECT_EQ(Decode(header, coded, 4096).status.code(), StatusCode::kDataLoss);
  header.mutable_recover();
  run = Decode(header, coded, 4096);
  ASSERT_TRUE(run.status.ok()) << run.status;
  ASSERT_EQ(run.responses.size(), 2u);
  EXPECT_EQ(run.responses[1].summary().damages_total(), 1u);
  EXPECT_EQ(run.responses[1].summary().blocks_lost(), 1u);
}

}  // namespace
}  // namespace trine::server
