// Encode, Decode and Inspect through the registry.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "tests/server/services/coding/coding_examples.h"
#include "tests/server/services/coding/coding_fixture.h"
#include "trine/v1/coding.pb.h"

namespace trine::server {
namespace {

using testing::ElementsAre;

TEST_F(CodingServiceTest, ShowsWhatATextbookShows) {
  v1::EncodeRequest request = ExactRequest("001");
  request.mutable_options()->set_max_steps(256);
  const v1::EncodeResponse response = Encode(request);
  EXPECT_TRUE(response.coded().empty());
  const v1::ExactCode& exact = response.exact();
  EXPECT_EQ(exact.low().fraction(), "343/1000");
  EXPECT_EQ(exact.low().decimal(), "0.343");
  EXPECT_EQ(exact.high().fraction(), "49/100");
  EXPECT_EQ(exact.high().decimal(), "0.49");
  EXPECT_EQ(exact.shortest(), "011");      // 0.375
  EXPECT_EQ(exact.prefix_free(), "0110");  // [0.375, 0.4375)
  EXPECT_EQ(exact.symbols(), 3u);
  ASSERT_EQ(exact.steps_size(), 3);
  EXPECT_EQ(exact.steps(0).symbol(), "0");
  EXPECT_EQ(exact.steps(0).low().decimal(), "0");
  EXPECT_EQ(exact.steps(0).high().decimal(), "0.7");
  EXPECT_EQ(exact.steps(1).high().fraction(), "49/100");
  EXPECT_EQ(exact.steps(2).symbol(), "1");
  EXPECT_EQ(exact.steps(2).low().fraction(), "343/1000");
  EXPECT_EQ(exact.steps(2).high().fraction(), "49/100");

  const v1::EncodeStatistics& statistics = response.statistics();
  EXPECT_EQ(statistics.model(), v1::CODING_MODEL_EXACT);
  EXPECT_EQ(statistics.symbols(), 3u);
  EXPECT_EQ(statistics.raw_bytes(), 3u);
  EXPECT_EQ(statistics.model_bits(), 3u);
  EXPECT_DOUBLE_EQ(statistics.bits_per_symbol(), 1);
  EXPECT_NEAR(statistics.entropy_bits_per_symbol(), 0.918295834, 1e-9);  // H(1/3)
  EXPECT_DOUBLE_EQ(statistics.huffman_bits_per_symbol(), 1);
  EXPECT_NEAR(statistics.ideal_bits(), -std::log2(0.147), 1e-12);

  request.mutable_options()->set_max_steps(1);
  EXPECT_EQ(Encode(request).exact().steps_size(), 1);
  request.mutable_options()->clear_max_steps();
  EXPECT_EQ(Encode(request).exact().steps_size(), 0);
}

TEST_F(CodingServiceTest, DecodesACodeword) {
  v1::DecodeRequest request;
  request.mutable_exact()->set_count(3);
  *request.mutable_exact()->mutable_table() = BinaryTable();
  for (const char* bits : {"011", "0110", "01100", "0110101"}) {
    request.mutable_exact()->set_bits(bits);
    EXPECT_THAT(Decode(request).message(), ElementsAre("0", "0", "1")) << bits;
  }
  request.mutable_exact()->set_count(0);
  EXPECT_EQ(Decode(request).message_size(), 0);
}

TEST_F(CodingServiceTest, SplitsAMessageOfWords) {
  v1::EncodeRequest request = ExactRequest("sun rain sun sun");
  v1::ProbabilityTable* table = request.mutable_options()->mutable_table();
  table->Clear();
  for (const char* word : {"sun", "rain"}) table->add_text(word);
  table->add_counts(3);
  table->add_counts(1);
  const v1::EncodeResponse response = Encode(request);
  EXPECT_EQ(response.exact().symbols(), 4u);
  v1::DecodeRequest decode;
  decode.mutable_exact()->set_bits(response.exact().shortest());
  decode.mutable_exact()->set_count(4);
  *decode.mutable_exact()->mutable_table() = *table;
  EXPECT_THAT(Decode(decode).message(), ElementsAre("sun", "rain", "sun", "sun"));
}

TEST_F(CodingServiceTest, ReturnsBytesCodedByEveryModel) {
  for (const v1::CodingModel model :
       {v1::CODING_MODEL_UNSPECIFIED, v1::CODING_MODEL_AUTO, v1::CODING_MODEL_STATIC,
        v1::CODING_MODEL_ADAPTIVE, v1::CODING_MODEL_TABLE}) {
    SCOPED_TRACE(model);
    v1::EncodeRequest request = TextRequest(20001, model);
    if (model == v1::CODING_MODEL_TABLE) {
      *request.mutable_options()->mutable_table() = ByteTable();
    }
    const v1::EncodeResponse coded = Encode(request);
    const v1::DecodeResponse decoded = DecodeBytes(coded.coded());
    EXPECT_EQ(decoded.data(), request.data());
    EXPECT_TRUE(decoded.content().has_bytes());
    EXPECT_EQ(decoded.raw_bytes(), 20001u);
    EXPECT_EQ(decoded.blocks_total(), 5u);
    EXPECT_EQ(decoded.blocks_decoded(), 5u);

    const v1::EncodeStatistics& s = coded.statistics();
    EXPECT_EQ(s.raw_bytes(), 20001u);
    EXPECT_EQ(s.coded_bytes(), coded.coded().size());
    EXPECT_EQ(s.symbols(), 20001u);
    EXPECT_EQ(s.blocks(), 5u);
    EXPECT_EQ(s.model_bits() + s.side_bits() + s.container_bits(), 8 * s.coded_bytes());
    EXPECT_GT(s.container_bits(), 0u);
    EXPECT_DOUBLE_EQ(s.bits_per_symbol(), 8.0 * static_cast<double>(s.coded_bytes()) / 20001);
    EXPECT_GT(s.entropy_bits_per_symbol(), 3);
    EXPECT_GE(s.huffman_bits_per_symbol(), s.entropy_bits_per_symbol());
    EXPECT_LT(s.huffman_bits_per_symbol(), s.entropy_bits_per_symbol() + 1);
    EXPECT_EQ(s.ideal_bits() > 0, model == v1::CODING_MODEL_TABLE);
    if (model != v1::CODING_MODEL_TABLE) {
      EXPECT_LT(s.bits_per_symbol(), 6);
    }
    if (model > v1::CODING_MODEL_AUTO) {
      EXPECT_EQ(s.model(), model);
    }
  }
}

TEST_F(CodingServiceTest, CodesWithEveryOrder) {
  for (const int order : {0, 1, 2}) {
    v1::EncodeRequest request = TextRequest(9999, v1::CODING_MODEL_ADAPTIVE);
    request.mutable_options()->set_order(order);
    const v1::EncodeResponse coded = Encode(request);
    EXPECT_EQ(coded.statistics().order(), order);
    EXPECT_EQ(DecodeBytes(coded.coded()).data(), request.data());
  }
  v1::EncodeRequest request = TextRequest(9999, v1::CODING_MODEL_ADAPTIVE);
  EXPECT_EQ(Encode(request).statistics().order(), 1);
}

TEST_F(CodingServiceTest, KeepsTensors) {
  std::vector<float> values(700);
  for (size_t i = 0; i < values.size(); ++i) values[i] = std::sin(static_cast<float>(i));
  v1::EncodeRequest request;
  *request.mutable_tensor() = MakeTensor(v1::DATA_TYPE_FLOAT32, {7, 10, 10}, values);
  for (const v1::CodingModel model :
       {v1::CODING_MODEL_AUTO, v1::CODING_MODEL_STATIC, v1::CODING_MODEL_ADAPTIVE}) {
    request.mutable_options()->set_model(model);
    const v1::DecodeResponse decoded = DecodeBytes(Encode(request).coded());
    EXPECT_EQ(decoded.content().tensor().dtype(), v1::DATA_TYPE_FLOAT32);
    EXPECT_THAT(decoded.content().tensor().shape(), ElementsAre(7, 10, 10));
    EXPECT_TRUE(decoded.content().tensor().data().empty());
    EXPECT_EQ(decoded.data(), request.tensor().data());
  }
  // A scalar, and nothing at all.
  for (const std::vector<int64_t>& shape : {std::vector<int64_t>{}, {3, 0, 5}}) {
    *request.mutable_tensor() = MakeTensor<double>(v1::DATA_TYPE_FLOAT64, shape,
                                                   std::vector<double>(shape.empty() ? 1 : 0, 4.5));
    const v1::DecodeResponse decoded = DecodeBytes(Encode(request).coded());
    EXPECT_EQ(decoded.data(), request.tensor().data());
    EXPECT_EQ(decoded.content().tensor().shape_size(), static_cast<int>(shape.size()));
  }
}

TEST_F(CodingServiceTest, CodesIntegersWithATable) {
  v1::EncodeRequest request;
  request.mutable_options()->set_model(v1::CODING_MODEL_TABLE);
  *request.mutable_options()->mutable_table() = IntegerTable();
  std::vector<uint16_t> values(500);
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<uint16_t>(i * 7919 % 1000);
  *request.mutable_tensor() = MakeTensor(v1::DATA_TYPE_UINT16, {500}, values);
  const v1::EncodeResponse coded = Encode(request);
  EXPECT_EQ(coded.statistics().symbols(), 500u);
  EXPECT_NEAR(coded.statistics().ideal_bits(), 500 * std::log2(1000.0), 1e-6);
  EXPECT_EQ(DecodeBytes(coded.coded()).data(), request.tensor().data());
}

TEST_F(CodingServiceTest, CodesTextWithATable) {
  v1::EncodeRequest request;
  request.set_data("aab\xC3\xA9");  // the last is one character
  request.mutable_options()->set_model(v1::CODING_MODEL_TABLE);
  v1::ProbabilityTable* table = request.mutable_options()->mutable_table();
  for (const char* symbol : {"a", "b", "\xC3\xA9"}) table->add_text(symbol);
  for (const char* p : {"1/2", "0.25", "2.5e-1"}) table->add_decimals(p);
  const v1::EncodeResponse coded = Encode(request);  // the kind is TEXT by what it holds
  EXPECT_EQ(coded.statistics().symbols(), 4u);
  EXPECT_DOUBLE_EQ(coded.statistics().ideal_bits(), 1 + 1 + 2 + 2);
  EXPECT_EQ(DecodeBytes(coded.coded()).data(), request.data());
  // And BYTES without text.
  table->Clear();
  request.set_data("\x01\x02\x01");
  for (const uint64_t byte : {1, 2}) table->add_integers(byte);
  for (const double weight : {0.75, 0.25}) table->add_weights(weight);
  EXPECT_EQ(DecodeBytes(Encode(request).coded()).data(), request.data());
}

TEST_F(CodingServiceTest, CodesNothing) {
  v1::EncodeRequest request;
  request.set_data("");
  const v1::EncodeResponse coded = Encode(request);
  EXPECT_FALSE(coded.coded().empty());
  EXPECT_EQ(coded.statistics().bits_per_symbol(), 0);
  EXPECT_TRUE(DecodeBytes(coded.coded()).data().empty());
}

TEST_F(CodingServiceTest, DecodesARangeFromItsBlocksOnly) {
  const v1::EncodeRequest request = TextRequest(20000, v1::CODING_MODEL_STATIC);
  v1::DecodeRequest decode;
  decode.set_coded(Encode(request).coded());
  const std::vector<std::pair<uint64_t, uint64_t>> ranges = {
      {0, 1}, {4095, 2}, {4096, 4096}, {19999, 1}, {0, 20000}, {7, 0}, {20000, 0}};
  for (const auto& [offset, length] : ranges) {
    SCOPED_TRACE(offset);
    decode.mutable_range()->set_offset(offset);
    decode.mutable_range()->set_length(length);
    const v1::DecodeResponse decoded = Decode(decode);
    EXPECT_EQ(decoded.data(), request.data().substr(offset, length));
    EXPECT_EQ(decoded.raw_bytes(), 20000u);
    EXPECT_EQ(decoded.blocks_total(), 5u);
    const uint64_t touched = length == 0 ? 0 : (offset + length - 1) / 4096 - offset / 4096 + 1;
    EXPECT_EQ(decoded.blocks_decoded(), touched);
  }
}

TEST_F(CodingServiceTest, DecodesStreamsBehindEachOther) {
  const v1::EncodeRequest first = TextRequest(5000, v1::CODING_MODEL_ADAPTIVE);
  v1::EncodeRequest second;
  *second.mutable_tensor() = MakeTensor<uint8_t>(v1::DATA_TYPE_UINT8, {3}, {1, 2, 3});
  const v1::DecodeResponse decoded = DecodeBytes(Encode(first).coded() + Encode(second).coded());
  EXPECT_EQ(decoded.data(), first.data() + "\x01\x02\x03");
  EXPECT_TRUE(decoded.content().has_bytes());
  EXPECT_EQ(decoded.streams(), 2u);
  EXPECT_EQ(decoded.typed_streams(), 1u);
  // A range of it tells of all of them, too.
  v1::DecodeRequest part;
  part.set_coded(Encode(second).coded() + Encode(first).coded() + Encode(second).coded());
  part.mutable_range()->set_offset(5);
  part.mutable_range()->set_length(2);
  const v1::DecodeResponse ranged = Decode(part);
  EXPECT_EQ(ranged.data(), first.data().substr(2, 2));
  EXPECT_EQ(ranged.streams(), 3u);
  EXPECT_EQ(ranged.typed_streams(), 2u);
  const v1::DecodeResponse alone = DecodeBytes(Encode(second).coded());
  EXPECT_EQ(alone.streams(), 1u);
  EXPECT_EQ(alone.typed_streams(), 1u);
}

TEST_F(CodingServiceTest, InspectsWithoutDecoding) {
  const v1::EncodeResponse coded = Encode(TextRequest(20000, v1::CODING_MODEL_STATIC));
  v1::InspectRequest request;
  request.set_coded(coded.coded());
  v1::InspectResponse info = Inspect(request);
  EXPECT_EQ(info.format_version(), "1.0");
  EXPECT_TRUE(info.content().has_bytes());
  EXPECT_EQ(info.raw_bytes(), 20000u);
  EXPECT_EQ(info.coded_bytes(), coded.coded().size());
  EXPECT_EQ(info.block_bytes(), 4096u);
  EXPECT_EQ(info.model(), v1::CODING_MODEL_STATIC);
  EXPECT_EQ(info.blocks_total(), 5u);
  EXPECT_FALSE(info.is_excerpt());
  EXPECT_GT(info.header_bytes(), 0u);
  EXPECT_GT(info.index_bytes(), 0u);
  ASSERT_EQ(info.blocks_size(), 5);
  uint64_t raw = 0;
  for (const v1::BlockInfo& block : info.blocks()) {
    EXPECT_EQ(block.raw_offset(), raw);
    EXPECT_GE(block.coded_offset(), info.header_bytes());
    EXPECT_LE(block.coded_offset() + block.coded_bytes(), info.coded_bytes());
    EXPECT_EQ(block.mode(), "static");
    raw += block.raw_bytes();
  }
  EXPECT_EQ(raw, 20000u);
  request.set_max_blocks(2);
  EXPECT_EQ(Inspect(request).blocks_size(), 2);
  request.set_max_blocks(0);
  info = Inspect(request);
  EXPECT_EQ(info.blocks_size(), 0);
  EXPECT_EQ(info.blocks_total(), 5u);
}

TEST_F(CodingServiceTest, InspectsATable) {
  v1::EncodeRequest encode;
  encode.mutable_options()->set_model(v1::CODING_MODEL_TABLE);
  *encode.mutable_options()->mutable_table() = IntegerTable();
  *encode.mutable_tensor() = MakeTensor<uint32_t>(v1::DATA_TYPE_UINT32, {1, 3}, {999, 0, 5});
  v1::InspectRequest request;
  request.set_coded(Encode(encode).coded());
  const v1::InspectResponse info = Inspect(request);
  EXPECT_EQ(info.model(), v1::CODING_MODEL_TABLE);
  EXPECT_EQ(info.table_symbols(), 1000u);
  EXPECT_EQ(info.content().tensor().dtype(), v1::DATA_TYPE_UINT32);
  EXPECT_THAT(info.content().tensor().shape(), ElementsAre(1, 3));
}

TEST_F(CodingServiceTest, GivesTheSameBytesWithAnyThreads) {
  v1::EncodeRequest request = TextRequest(50000, v1::CODING_MODEL_AUTO);
  const std::string all = Encode(request).coded();
  request.set_max_threads(1);
  EXPECT_EQ(Encode(request).coded(), all);
  v1::DecodeRequest decode;
  decode.set_coded(all);
  decode.set_max_threads(1);
  EXPECT_EQ(Decode(decode).data(), request.data());
}

}  // namespace
}  // namespace trine::server
