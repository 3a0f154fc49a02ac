// Everything that Encode, Decode and Inspect refuse: the code, the field, and words for it.
#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "tests/server/services/coding/coding_examples.h"
#include "tests/server/services/service_harness.h"
#include "trine/v1/coding.pb.h"

namespace trine::server {
namespace {

using absl::StatusCode;

template <typename Request>
struct Refusal {
  std::string field;
  std::function<void(Request&)> spoil;
  StatusCode code = StatusCode::kInvalidArgument;
};

template <typename Response, typename Request>
void Check(const std::string& method, const Request& good,
           const std::vector<Refusal<Request>>& cases) {
  ServiceHarness services;
  const auto response = services.Unary<Response>(method, good);
  ASSERT_TRUE(response.ok()) << response.status();
  for (size_t i = 0; i < cases.size(); ++i) {
    SCOPED_TRACE(testing::Message() << "case " << i << ", " << cases[i].field);
    Request request = good;
    cases[i].spoil(request);
    ExpectRefused(services.Unary<Response>(method, request).status(), cases[i].code,
                  cases[i].field);
  }
}

using Encode = v1::EncodeRequest;
using Decode = v1::DecodeRequest;

TEST(CodingRefusalsTest, Inputs) {
  const auto bits = [](int64_t height, int64_t width) {
    return [=](Encode& r) {
      r.mutable_bits()->set_height(height);
      r.mutable_bits()->set_width(width);
    };
  };
  // 100 bytes are a picture of 10 x 10; `spoil` makes it another.
  const auto picture = [](std::function<void(v1::PictureContent&)> spoil) {
    return [spoil](Encode& r) {
      v1::PictureContent& p = *r.mutable_picture();
      p.set_dtype(v1::DATA_TYPE_UINT8);
      for (int i = 0; i < 2; ++i) p.add_shape(10);
      p.set_color(v1::PICTURE_COLOR_GRAY);
      p.set_bit_depth(7);
      spoil(p);
    };
  };
  using P = v1::PictureContent;
  Check<v1::EncodeResponse, Encode>(
      "Encode", TextRequest(100, v1::CODING_MODEL_AUTO),
      {
          {"picture.dtype", picture([](P& p) { p.clear_dtype(); })},
          {"picture.shape[1]", picture([](P& p) { p.set_shape(1, -10); })},
          {"picture.color", picture([](P& p) { p.clear_color(); })},
          {"picture.color", picture([](P& p) { p.set_color(static_cast<v1::PictureColor>(8)); })},
          {"picture.bit_depth", picture([](P& p) { p.set_bit_depth(9); })},
          {"picture.bit_depth", picture([](P& p) { p.set_bit_depth(INT32_MIN); })},
          {"picture.shape", picture([](P& p) { p.set_color(v1::PICTURE_COLOR_RGB); })},
          {"picture.table", picture([](P& p) { p.set_color(v1::PICTURE_COLOR_PALETTE); })},
          {"picture.entry_bytes", picture([](P& p) { p.set_entry_bytes(-1); })},
          {"picture.entry_bytes", picture([](P& p) {
             p.set_entry_bytes(3);
             for (int i = 0; i < 3; ++i) p.add_table(7);
           })},
          {"picture.table[1]", picture([](P& p) {
             p.set_entry_bytes(3);
             p.add_table(255);
             p.add_table(256);
           })},
          {"picture.table", picture([](P& p) {
             for (int i = 0; i < 1025; ++i) p.add_table(7);
           }),
           StatusCode::kResourceExhausted},
          {"data", picture([](P& p) { p.set_shape(0, 11); })},
          {"data", picture([](P& p) { p.set_bit_depth(1); })},
          {"picture",
           [&](Encode& r) {
             bits(10, 80)(r);
             picture([](P&) {})(r);
           }},
          {"picture",
           [&](Encode& r) {
             picture([](P&) {})(r);
             *r.mutable_tensor() = MakeTensor<uint8_t>(v1::DATA_TYPE_UINT8, {1}, {1});
           }},
          {"image.page",
           [](Encode& r) {
             r.mutable_image()->set_encoded("P5 1 1 255\nx");
             r.mutable_image()->set_page(1);
           }},
          {"image.page",
           [](Encode& r) { r.mutable_image()->set_encoded("P5 1 1 255\nxP5 1 1 255\nx"); }},
          {"input", [](Encode& r) { r.clear_input(); }},
          {"message", [](Encode& r) { r.set_message("01"); }},
          {"tensor.dtype", [](Encode& r) { r.mutable_tensor(); }},
          {"tensor.dtype",
           [](Encode& r) {
             *r.mutable_tensor() = MakeTensor<uint8_t>(static_cast<v1::DataType>(14), {1}, {1});
           }},
          {"tensor.shape",
           [](Encode& r) {
             *r.mutable_tensor() = MakeTensor<uint8_t>(v1::DATA_TYPE_UINT8, {INT64_MAX, 4}, {1});
           }},
          {"tensor.shape",
           [](Encode& r) {
             *r.mutable_tensor() =
                 MakeTensor<uint8_t>(v1::DATA_TYPE_UINT8, {1, 1, 1, 1, 1, 1, 1, 1, 1}, {1});
           }},
          {"tensor.shape[0]",
           [](Encode& r) {
             *r.mutable_tensor() = MakeTensor<uint8_t>(v1::DATA_TYPE_UINT8, {-1}, {});
           }},
          {"tensor.data",
           [](Encode& r) {
             *r.mutable_tensor() = MakeTensor<uint8_t>(v1::DATA_TYPE_UINT16, {2}, {1, 2, 3});
           }},
          {"image", [](Encode& r) { r.mutable_image(); }},
          {"image.encoded", [](Encode& r) { r.mutable_image()->set_encoded("\x89PNG\r\n\x1a\n"); }},
          {"image.tensor.shape",
           [](Encode& r) {
             *r.mutable_image()->mutable_tensor() =
                 MakeTensor<uint8_t>(v1::DATA_TYPE_UINT8, {1, 1, 1, 1}, {1});
           }},
          {"image.tensor.dtype",
           [](Encode& r) {
             *r.mutable_image()->mutable_tensor() =
                 MakeTensor<double>(v1::DATA_TYPE_FLOAT64, {1, 1}, {1});
           }},
          {"data", bits(10, 81)},  // 100 bytes are 10 rows of 80
          {"data", bits(11, 80)},
          {"data", bits(0, 80)},
          {"bits", bits(INT64_MAX, INT64_MAX)},
          {"bits.height", bits(-1, 80)},
          {"bits.width", bits(10, -80)},
          {"bits",
           [&](Encode& r) {
             bits(1, 8)(r);
             *r.mutable_tensor() = MakeTensor<uint8_t>(v1::DATA_TYPE_UINT8, {1}, {1});
           }},
          {"max_threads", [](Encode& r) { r.set_max_threads(-1); }},
      });
}

TEST(CodingRefusalsTest, Options) {
  const auto options = [](std::function<void(v1::EncodeOptions&)> spoil) {
    return [spoil](Encode& r) { spoil(*r.mutable_options()); };
  };
  using O = v1::EncodeOptions;
  const auto effort = [&](v1::CodingModel model, v1::Effort value) {
    return options([=](O& o) {
      o.set_model(model);
      o.set_effort(value);
      if (model == v1::CODING_MODEL_TABLE) *o.mutable_table() = ByteTable();
    });
  };
  Check<v1::EncodeResponse, Encode>(
      "Encode", TextRequest(100, v1::CODING_MODEL_ADAPTIVE),
      {
          {"options.model", options([](O& o) { o.set_model(static_cast<v1::CodingModel>(6)); })},
          {"options.model", options([](O& o) { o.set_model(static_cast<v1::CodingModel>(-1)); })},
          {"options.order", options([](O& o) { o.set_order(3); })},
          {"options.order", options([](O& o) { o.set_order(-1); })},
          {"options.order", options([](O& o) {
             o.set_model(v1::CODING_MODEL_STATIC);
             o.set_order(2);
           })},
          {"options.order", options([](O& o) {
             o.set_model(v1::CODING_MODEL_AUTO);
             o.set_order(1);
           })},
          {"options.effort", options([](O& o) { o.set_effort(static_cast<v1::Effort>(4)); })},
          {"options.effort", effort(v1::CODING_MODEL_ADAPTIVE, v1::EFFORT_FAST)},
          {"options.effort", effort(v1::CODING_MODEL_STATIC, v1::EFFORT_FAST)},
          {"options.effort", effort(v1::CODING_MODEL_STATIC, v1::EFFORT_BEST)},
          {"options.effort", effort(v1::CODING_MODEL_TABLE, v1::EFFORT_BEST)},
          {"options.tables_by_id", options([](O& o) { o.set_tables_by_id(true); })},
          {"table_index", [](Encode& r) { r.set_table_index("1"); }},
          {"options.block_bytes", options([](O& o) { o.set_block_bytes(255); })},
          {"options.block_bytes", options([](O& o) { o.set_block_bytes((64u << 20) + 1); })},
          {"options.block_bytes", options([](O& o) { o.set_block_bytes(UINT64_MAX); })},
          {"options.table", options([](O& o) { o.set_model(v1::CODING_MODEL_TABLE); })},
          {"options.table", options([](O& o) { *o.mutable_table() = BinaryTable(); })},
          {"options.max_steps", options([](O& o) { o.set_max_steps(1); })},
          {"message", options([](O& o) { o.set_model(v1::CODING_MODEL_EXACT); })},
      });
}

// What is wrong with a table, whoever reads it; `path` is "options.table" or "exact.table".
template <typename Request>
std::vector<Refusal<Request>> TableRefusals(const std::string& path,
                                            std::function<v1::ProbabilityTable*(Request&)> table) {
  using Table = v1::ProbabilityTable;
  const auto spoil = [table](std::function<void(Table&)> change) {
    return [table, change](Request& r) { change(*table(r)); };
  };
  const auto decimal = [spoil](const char* text) {
    return spoil([text](Table& t) { t.set_decimals(1, text); });
  };
  std::vector<Refusal<Request>> cases = {
      {path + ".kind", spoil([](Table& t) { t.set_kind(static_cast<v1::SymbolKind>(9)); })},
      {path + ".text", spoil([](Table& t) { t.set_kind(v1::SYMBOL_KIND_BYTES); })},
      {path + ".integers", spoil([](Table& t) { t.add_integers(7); })},
      {path + ".integers", spoil([](Table& t) { t.clear_text(); })},
      {path + ".text", spoil([](Table& t) {
         t.clear_text();
         t.set_kind(v1::SYMBOL_KIND_TEXT);
       })},
      {path + ".text[1]", spoil([](Table& t) { t.set_text(1, ""); })},
      {path + ".text[1]", spoil([](Table& t) { t.set_text(1, "0"); })},
      {path + ".decimals", spoil([](Table& t) { t.clear_decimals(); })},
      {path + ".decimals", spoil([](Table& t) { t.add_decimals("0.1"); })},
      {path + ".counts", spoil([](Table& t) { t.add_counts(1); })},
      {path + ".weights", spoil([](Table& t) { t.add_weights(1); })},
      {path + ".decimals", decimal("0.2")},  // the sum is 0.9
      {path + ".decimals", decimal("0.4")},
      {path + ".counts", spoil([](Table& t) {
         t.clear_decimals();
         t.add_counts(0);
         t.add_counts(0);
       })},
      {path + ".decimals", decimal("0")},  // the sum is below 1
      {path + ".counts[1]", spoil([](Table& t) {
         t.clear_decimals();
         t.add_counts(INT64_MAX);
         t.add_counts(INT64_MAX);
       })},
      {path + ".text", spoil([](Table& t) {
         for (int i = 0; i < 65536; ++i) t.add_text("x");
       }),
       StatusCode::kResourceExhausted},
  };
  for (const char* text : {"-0.3", "1.5", "", "abc", "nan", "inf", "0.3x", "1/0", "1e-999999999",
                           "1e999999999", "--1", "0,3", " 0.3"}) {
    cases.push_back({path + ".decimals[1]", decimal(text)});
  }
  return cases;
}

TEST(CodingRefusalsTest, TablesOfTheModel) {
  Encode good;
  good.set_data("0110");
  good.mutable_options()->set_model(v1::CODING_MODEL_TABLE);
  *good.mutable_options()->mutable_table() = BinaryTable();
  auto cases = TableRefusals<Encode>(
      "options.table", [](Encode& r) { return r.mutable_options()->mutable_table(); });
  const auto weights = [](std::vector<double> values) {
    return [values](Encode& r) {
      v1::ProbabilityTable* table = r.mutable_options()->mutable_table();
      table->clear_decimals();
      table->mutable_weights()->Assign(values.begin(), values.end());
    };
  };
  cases.push_back({"options.table.weights[1]", weights({1, -0.5})});
  cases.push_back({"options.table.weights[1]", weights({1.5, -0.5})});
  cases.push_back(
      {"options.table.weights[0]", weights({std::numeric_limits<double>::quiet_NaN(), 1})});
  cases.push_back(
      {"options.table.weights[0]", weights({std::numeric_limits<double>::infinity(), 1})});
  cases.push_back({"options.table.weights", weights({0.5, 0.4})});
  cases.push_back({"options.table.weights", weights({1})});
  cases.push_back({"data", [](Encode& r) { r.set_data("012"); }});
  cases.push_back({"data", [](Encode& r) { r.set_data("01\xff"); }});
  cases.push_back({"options.table.kind", [](Encode& r) {
                     *r.mutable_tensor() = MakeTensor<uint8_t>(v1::DATA_TYPE_UINT8, {1}, {48});
                   }});
  cases.push_back({"options.table.text[1]", [](Encode& r) {  // TABLE's symbols are characters
                     r.mutable_options()->mutable_table()->set_text(1, "10");
                   }});
  cases.push_back(
      {"tensor.data", [](Encode& r) {
         *r.mutable_options()->mutable_table() = IntegerTable();
         *r.mutable_tensor() = MakeTensor<uint16_t>(v1::DATA_TYPE_UINT16, {2}, {3, 1000});
       }});
  cases.push_back({"options.table.kind", [](Encode& r) {
                     *r.mutable_options()->mutable_table() = IntegerTable();
                     *r.mutable_tensor() = MakeTensor<float>(v1::DATA_TYPE_FLOAT32, {1}, {3});
                   }});
  cases.push_back({"options.table.integers[255]", [](Encode& r) {
                     *r.mutable_options()->mutable_table() = ByteTable();
                     r.mutable_options()->mutable_table()->set_integers(255, 256);
                   }});
  cases.push_back({"options.table.integers[9]", [](Encode& r) {
                     *r.mutable_options()->mutable_table() = ByteTable();
                     r.mutable_options()->mutable_table()->set_integers(9, 8);
                   }});
  Check<v1::EncodeResponse>("Encode", good, cases);
}

TEST(CodingRefusalsTest, ExactMessages) {
  auto cases = TableRefusals<Encode>(
      "options.table", [](Encode& r) { return r.mutable_options()->mutable_table(); });
  cases.push_back({"message", [](Encode& r) { r.clear_input(); }});
  cases.push_back({"message", [](Encode& r) { r.set_data("01"); }});
  cases.push_back({"message", [](Encode& r) { r.set_message("012"); }});
  cases.push_back({"message", [](Encode& r) { r.set_message("0 1"); }});
  cases.push_back({"message", [](Encode& r) { r.set_message(std::string(4097, '0')); },
                   StatusCode::kResourceExhausted});
  cases.push_back({"message", [](Encode& r) { r.set_message(std::string(1 << 20, '0')); },
                   StatusCode::kResourceExhausted});
  cases.push_back({"options.table", [](Encode& r) { r.mutable_options()->clear_table(); }});
  cases.push_back({"options.table.kind",
                   [](Encode& r) { *r.mutable_options()->mutable_table() = ByteTable(); }});
  cases.push_back({"options.max_steps", [](Encode& r) { r.mutable_options()->set_max_steps(257); },
                   StatusCode::kResourceExhausted});
  cases.push_back({"bits", [](Encode& r) { r.mutable_bits(); }});
  cases.push_back({"picture", [](Encode& r) { r.mutable_picture(); }});
  cases.push_back({"table_index", [](Encode& r) { r.set_table_index("1"); }});
  // What the other models take.
  const auto option = [&](const std::string& name, std::function<void(v1::EncodeOptions&)> give) {
    cases.push_back({"options." + name, [give](Encode& r) { give(*r.mutable_options()); }});
  };
  using O = v1::EncodeOptions;
  option("order", [](O& o) { o.set_order(0); });
  option("block_bytes", [](O& o) { o.set_block_bytes(256); });
  option("effort", [](O& o) { o.set_effort(v1::EFFORT_FAST); });
  option("effort", [](O& o) { o.set_effort(v1::EFFORT_BEST); });
  option("effort", [](O& o) { o.set_effort(static_cast<v1::Effort>(4)); });
  option("tables", [](O& o) { *o.add_tables() = BinaryTable(); });
  option("table_ids", [](O& o) { o.add_table_ids(7); });
  option("tables_by_id", [](O& o) { o.set_tables_by_id(true); });
  Check<v1::EncodeResponse>("Encode", ExactRequest("0110"), cases);
}

// The default, by its name, is what every model does; so clients may always send it.
TEST(CodingRefusalsTest, BalancedGoesWithEveryModel) {
  ServiceHarness services;
  for (Encode request :
       {ExactRequest("0110"), TextRequest(100, v1::CODING_MODEL_AUTO),
        TextRequest(100, v1::CODING_MODEL_STATIC), TextRequest(100, v1::CODING_MODEL_ADAPTIVE)}) {
    request.mutable_options()->set_effort(v1::EFFORT_BALANCED);
    const auto response = services.Unary<v1::EncodeResponse>("Encode", request);
    EXPECT_TRUE(response.ok()) << response.status();
  }
}

TEST(CodingRefusalsTest, ExactCodewords) {
  Decode good;
  good.mutable_exact()->set_bits("0110");
  good.mutable_exact()->set_count(3);
  *good.mutable_exact()->mutable_table() = BinaryTable();
  auto cases = TableRefusals<Decode>("exact.table",
                                     [](Decode& r) { return r.mutable_exact()->mutable_table(); });
  cases.push_back({"exact.table", [](Decode& r) { r.mutable_exact()->clear_table(); }});
  cases.push_back(
      {"exact.table.kind", [](Decode& r) { *r.mutable_exact()->mutable_table() = ByteTable(); }});
  cases.push_back({"exact.bits", [](Decode& r) { r.mutable_exact()->set_bits("012"); }});
  cases.push_back({"exact.bits",
                   [](Decode& r) { r.mutable_exact()->set_bits(std::string(65537, '0')); },
                   StatusCode::kResourceExhausted});
  cases.push_back({"exact.count", [](Decode& r) { r.mutable_exact()->set_count(4097); },
                   StatusCode::kResourceExhausted});
  cases.push_back({"exact.count", [](Decode& r) { r.mutable_exact()->set_count(UINT64_MAX); },
                   StatusCode::kResourceExhausted});
  cases.push_back({"range", [](Decode& r) { r.mutable_range(); }});
  cases.push_back({"max_threads", [](Decode& r) { r.set_max_threads(-9); }});
  cases.push_back({"input", [](Decode& r) { r.clear_input(); }});
  Check<v1::DecodeResponse>("Decode", good, cases);
}

TEST(CodingRefusalsTest, MoreDigitsThanTheAnswerMayHold) {
  Limits limits;
  limits.max_output_bytes = 1000;
  ServiceHarness services(limits);
  v1::EncodeRequest request = ExactRequest("01100110011001100110");
  EXPECT_TRUE(services.Unary<v1::EncodeResponse>("Encode", request).ok());
  request.mutable_options()->set_max_steps(20);
  ExpectRefused(services.Unary<v1::EncodeResponse>("Encode", request).status(),
                StatusCode::kResourceExhausted, "options.max_steps");
}

TEST(CodingRefusalsTest, BytesThatAreNoMessage) {
  ServiceHarness services;
  for (const char* method : {"Encode", "Decode", "Inspect"}) {
    ExpectRefused(services.UnaryBytes(method, "\x0a\x7f").status(), StatusCode::kInvalidArgument,
                  "");
  }
  for (const char* method : {"EncodeStream", "DecodeStream"}) {
    ExpectRefused(services.StreamBytes(method, {"\x0a\x7f"}).status, StatusCode::kInvalidArgument,
                  "");
  }
}

}  // namespace
}  // namespace trine::server
