// Several tables with an index, and tables by id, through the registry.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tests/server/services/coding/coding_examples.h"
#include "tests/server/services/coding/coding_tables_examples.h"
#include "tests/server/services/service_harness.h"
#include "trine/v1/coding.pb.h"

namespace trine::server {
namespace {

using absl::StatusCode;

TEST_F(CodingTablesTest, CodesByAnIndexThatIsGivenAgain) {
  const v1::EncodeRequest request = IndexedRequest();
  const auto coded = Encode(request);
  ASSERT_TRUE(coded.ok()) << coded.status();
  EXPECT_EQ(coded->statistics().table_ids_size(), 2);
  EXPECT_LT(coded->statistics().model_bits(), 6000 * 0.95);  // one table alone: above 1
  v1::DecodeRequest decode;
  decode.set_coded(coded->coded());
  decode.set_table_index(request.table_index());
  const auto decoded = Decode(decode);
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(decoded->data(), request.data());
  decode.mutable_range()->set_offset(1500);
  decode.mutable_range()->set_length(700);
  const auto part = Decode(decode);
  ASSERT_TRUE(part.ok()) << part.status();
  EXPECT_EQ(part->data(), request.data().substr(1500, 700));
  EXPECT_EQ(part->blocks_decoded(), 2u);

  decode.clear_range();
  decode.clear_table_index();
  ExpectRefused(Decode(decode).status(), StatusCode::kInvalidArgument, "table_index");
  decode.set_table_index(std::string(6000, '\1'));
  ExpectRefused(Decode(decode).status(), StatusCode::kInvalidArgument, "table_index");
  decode.set_table_index(std::string(6000, '\2'));
  ExpectRefused(Decode(decode).status(), StatusCode::kInvalidArgument, "table_index[0]");

  v1::InspectRequest inspect;
  inspect.set_coded(coded->coded());
  const auto info = services_.Unary<v1::InspectResponse>("Inspect", inspect);
  ASSERT_TRUE(info.ok()) << info.status();
  ASSERT_EQ(info->tables_size(), 2);
  EXPECT_EQ(info->table_symbols(), 512u);
  EXPECT_EQ(info->tables(1).id(), coded->statistics().table_ids(1));
  EXPECT_EQ(info->tables(1).symbols(), 256u);
  EXPECT_FALSE(info->tables(1).by_id());
}

TEST_F(CodingTablesTest, RefusesByField) {
  const struct {
    const char* field;
    std::function<void(v1::EncodeRequest&)> spoil;
    StatusCode code = StatusCode::kInvalidArgument;
  } cases[] = {
      {"table_index", [](auto& r) { r.mutable_table_index()->pop_back(); }},
      {"table_index[5999]", [](auto& r) { r.mutable_table_index()->back() = '\2'; }},
      {"table_index",
       [](auto& r) {
         r.mutable_options()->clear_tables();
         *r.mutable_options()->mutable_table() = PeakTable('a');
       }},
      {"options.tables", [](auto& r) { *r.mutable_options()->mutable_table() = PeakTable('a'); }},
      {"options.tables", [](auto& r) { r.mutable_options()->set_model(v1::CODING_MODEL_STATIC); }},
      {"options.tables[1].counts",
       [](auto& r) { r.mutable_options()->mutable_tables(1)->add_counts(1); }},
      {"options.tables[1].counts[7]",
       [](auto& r) { r.mutable_options()->mutable_tables(1)->set_counts(7, UINT64_MAX); }},
      {"options.tables[1].kind",
       [](auto& r) { *r.mutable_options()->mutable_tables(1) = BinaryTable(); }},
      {"options.tables[0].kind",
       [](auto& r) {
         for (auto& table : *r.mutable_options()->mutable_tables()) table = BinaryTable();
       }},
      {"options.tables",
       [](auto& r) {
         for (int i = 0; i < 255; ++i) r.mutable_options()->add_tables()->add_integers(1);
       },
       StatusCode::kResourceExhausted},
      {"options.table_ids",
       [](auto& r) {
         r.mutable_options()->clear_tables();
         r.mutable_options()->add_table_ids(1);
       }},
      {"options.table_ids", [](auto& r) { r.mutable_options()->add_table_ids(1); }},
      {"options.tables_by_id",
       [](auto& r) {
         r.mutable_options()->Clear();
         r.mutable_options()->set_tables_by_id(true);
         r.clear_table_index();
       }},
      {"data",
       [](auto& r) {
         r.mutable_options()->mutable_tables(0)->mutable_integers()->Truncate(255);
         r.mutable_options()->mutable_tables(0)->mutable_counts()->Truncate(255);
         r.mutable_data()->assign(6000, '\xFF');
       }},
  };
  ASSERT_TRUE(Encode(IndexedRequest()).ok());
  for (const auto& c : cases) {
    SCOPED_TRACE(c.field);
    v1::EncodeRequest request = IndexedRequest();
    c.spoil(request);
    ExpectRefused(Encode(request).status(), c.code, c.field);
  }
  // The exact coder has one table and no index.
  v1::EncodeRequest exact = ExactRequest("01");
  exact.set_table_index("0");
  ExpectRefused(Encode(exact).status(), StatusCode::kInvalidArgument, "table_index");
  exact = ExactRequest("01");
  *exact.mutable_options()->add_tables() = BinaryTable();
  ExpectRefused(Encode(exact).status(), StatusCode::kInvalidArgument, "options.tables");
}

TEST_F(CodingTablesTest, FindsTablesByTheirIds) {
  v1::EncodeRequest request = TextRequest(3000, v1::CODING_MODEL_TABLE);
  *request.mutable_options()->mutable_table() = ByteTable();
  const auto by_value = Encode(request);
  request.mutable_options()->set_tables_by_id(true);
  const auto by_id = Encode(request);
  ASSERT_TRUE(by_value.ok() && by_id.ok()) << by_id.status();
  EXPECT_LT(by_id->coded().size() + 400, by_value->coded().size());
  v1::DecodeRequest decode;
  decode.set_coded(by_id->coded());
  const absl::Status missing = Decode(decode).status();
  ExpectRefused(missing, StatusCode::kInvalidArgument, "tables");
  *decode.add_tables() = PeakTable('x');
  ExpectRefused(Decode(decode).status(), StatusCode::kInvalidArgument, "tables");
  *decode.add_tables() = ByteTable();
  const auto decoded = Decode(decode);
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(decoded->data(), request.data());
  EXPECT_THAT(decoded->unused_tables(), testing::ElementsAre(0));
  decode.set_coded(by_value->coded());
  EXPECT_THAT(Decode(decode)->unused_tables(), testing::ElementsAre(0, 1));
  decode.mutable_tables(1)->set_counts(3, UINT64_MAX);
  ExpectRefused(Decode(decode).status(), StatusCode::kInvalidArgument, "tables[1].counts[3]");
}

}  // namespace
}  // namespace trine::server
