// Calls of several items, and tables that they share, through the registry.
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

// Items of one EncodeStream and one DecodeStream, as they come out.
class ItemsTest : public CodingTablesTest {
 protected:
  struct Encoded {
    std::string coded;
    v1::EncodeStatistics statistics;
  };
  struct Decoded {
    v1::Content content;
    std::string raw;
    v1::DecodeStreamSummary summary;
  };

  v1::EncodeStreamHeader& Item(const std::string& raw, size_t chunk_bytes = 700) {
    const size_t at = requests_.size();
    requests_.emplace_back().mutable_header();
    for (size_t i = 0; i < raw.size(); i += chunk_bytes) {
      requests_.emplace_back().set_chunk(raw.substr(i, chunk_bytes));
    }
    return *requests_[at].mutable_header();  // valid until the next Item
  }

  absl::Status Run() {
    const auto run = services_.Stream<v1::EncodeStreamResponse>("EncodeStream", requests_);
    encoded_.clear();
    bool open = false;
    for (const auto& response : run.responses) {
      if (!open) encoded_.emplace_back();
      open = !response.has_statistics();
      encoded_.back().coded += response.chunk();
      if (!open) encoded_.back().statistics = response.statistics();
    }
    return run.status;
  }

  absl::Status DecodeItems(const std::vector<v1::DecodeStreamRequest>& requests) {
    const auto run = services_.Stream<v1::DecodeStreamResponse>("DecodeStream", requests);
    decoded_.clear();
    for (const auto& response : run.responses) {
      if (response.has_content()) decoded_.push_back({response.content(), {}, {}});
      EXPECT_FALSE(decoded_.empty());
      decoded_.back().raw += response.chunk();
      if (response.has_summary()) decoded_.back().summary = response.summary();
    }
    return run.status;
  }

  static void AddStream(const std::string& coded, std::vector<v1::DecodeStreamRequest>* requests,
                        const std::vector<v1::ProbabilityTable>& tables = {}) {
    v1::DecodeStreamHeader* header = requests->emplace_back().mutable_header();
    for (const v1::ProbabilityTable& table : tables) *header->add_tables() = table;
    for (size_t i = 0; i < coded.size(); i += 900) {
      requests->emplace_back().set_chunk(coded.substr(i, 900));
    }
  }

  std::vector<v1::EncodeStreamRequest> requests_;
  std::vector<Encoded> encoded_;
  std::vector<Decoded> decoded_;
};

TEST_F(ItemsTest, EachIsAnsweredAsIfItWereAlone) {
  const std::string a = SomeText(5000), b = SomeText(24), c = SomeText(3000);
  Item(a).mutable_options()->set_model(v1::CODING_MODEL_STATIC);
  v1::EncodeStreamHeader& tensor = Item(b);
  tensor.mutable_content()->mutable_tensor()->set_dtype(v1::DATA_TYPE_FLOAT32);
  tensor.mutable_content()->mutable_tensor()->add_shape(6);
  Item("");  // an item may be empty
  Item(c).mutable_options()->set_model(v1::CODING_MODEL_ADAPTIVE);
  ASSERT_TRUE(Run().ok());
  ASSERT_EQ(encoded_.size(), 4u);
  const auto items = std::move(encoded_);
  const auto requests = std::move(requests_);
  // Alone.
  const std::string raws[] = {a, b, "", c};
  std::vector<v1::DecodeStreamRequest> decode;
  size_t header_at = 0;
  for (size_t i = 0; i < 4; ++i) {
    while (!requests[header_at].has_header()) ++header_at;
    requests_.clear();
    Item(raws[i]) = requests[header_at++].header();
    ASSERT_TRUE(Run().ok());
    ASSERT_EQ(encoded_.size(), 1u);
    EXPECT_EQ(encoded_[0].coded, items[i].coded) << i;
    EXPECT_EQ(encoded_[0].statistics.SerializeAsString(), items[i].statistics.SerializeAsString());
    AddStream(items[i].coded, &decode);
  }
  const absl::Status status = DecodeItems(decode);
  ASSERT_TRUE(status.ok()) << status;
  ASSERT_EQ(decoded_.size(), 4u);
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(decoded_[i].raw, raws[i]) << i;
    EXPECT_EQ(decoded_[i].summary.raw_bytes(), raws[i].size());
    EXPECT_EQ(decoded_[i].summary.coded_bytes(), items[i].coded.size());
  }
  EXPECT_TRUE(decoded_[1].content.has_tensor());
  EXPECT_TRUE(decoded_[3].content.has_bytes());
}

TEST_F(ItemsTest, TablesOfAnEarlierHeaderAreKnownByTheirIds) {
  const std::string a = SomeText(2000), b = SomeText(1500);
  v1::EncodeStreamHeader& first = Item(a);
  first.mutable_options()->set_model(v1::CODING_MODEL_TABLE);
  *first.mutable_options()->mutable_table() = ByteTable();
  ASSERT_TRUE(Run().ok());
  const uint64_t id = encoded_[0].statistics.table_ids(0);
  // The server has said the id; a client may also know it from before.
  for (const bool by_id : {true, false}) {
    v1::EncodeStreamHeader& next = Item(b);
    next.mutable_options()->set_model(v1::CODING_MODEL_TABLE);
    next.mutable_options()->add_table_ids(id);
    next.mutable_options()->set_tables_by_id(by_id);
  }
  const absl::Status status = Run();
  ASSERT_TRUE(status.ok()) << status;
  ASSERT_EQ(encoded_.size(), 3u);
  EXPECT_EQ(encoded_[1].statistics.table_ids(0), id);
  EXPECT_LT(encoded_[1].coded.size() + 400, encoded_[2].coded.size());

  // Likewise in DecodeStream: the tables of the first header serve the later streams.
  std::vector<v1::DecodeStreamRequest> decode;
  AddStream(encoded_[0].coded, &decode, {PeakTable('x'), ByteTable()});
  AddStream(encoded_[1].coded, &decode, {PeakTable('y'), ByteTable(), PeakTable('z')});
  AddStream(encoded_[2].coded, &decode);
  const absl::Status decoded = DecodeItems(decode);
  ASSERT_TRUE(decoded.ok()) << decoded;
  ASSERT_EQ(decoded_.size(), 3u);
  EXPECT_EQ(decoded_[0].raw, a);
  EXPECT_EQ(decoded_[1].raw, b);
  EXPECT_EQ(decoded_[2].raw, b);
  EXPECT_THAT(decoded_[0].summary.unused_tables(), testing::ElementsAre(0, 1));  // it has its own
  EXPECT_THAT(decoded_[1].summary.unused_tables(), testing::ElementsAre(0, 2));
  EXPECT_THAT(decoded_[2].summary.unused_tables(), testing::IsEmpty());

  // Without that header.
  decode.clear();
  AddStream(encoded_[1].coded, &decode);
  ExpectRefused(DecodeItems(decode), StatusCode::kInvalidArgument, "header.tables");
}

// What is wrong after an item does not take its answer away.
TEST_F(ItemsTest, AnItemIsAnsweredBeforeTheNextHeaderIsRefused) {
  const std::string a = SomeText(2000);
  const struct {
    const char* field;
    std::function<void(v1::EncodeStreamHeader&)> spoil;
    StatusCode code = StatusCode::kInvalidArgument;
  } cases[] = {
      {"header.options.table_ids[1]",
       [](auto& h) {
         h.mutable_options()->add_table_ids(0);
         h.mutable_options()->add_table_ids(1);
       }},
      {"header.options.order",
       [](auto& h) {
         h.mutable_options()->set_model(v1::CODING_MODEL_ADAPTIVE);
         h.mutable_options()->set_order(3);
       }},
      {"header.options.tables",
       [](auto& h) {
         *h.mutable_options()->add_tables() = PeakTable(1);
         *h.mutable_options()->add_tables() = PeakTable(2);
       },
       StatusCode::kUnimplemented},
      {"header.max_threads", [](auto& h) { h.set_max_threads(-1); }},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.field);
    requests_.clear();
    v1::EncodeStreamHeader& first = Item(a);
    first.mutable_options()->set_model(v1::CODING_MODEL_TABLE);
    *first.mutable_options()->mutable_table() = ByteTable();
    v1::EncodeStreamHeader& second = Item(a);
    second.mutable_options()->set_model(v1::CODING_MODEL_TABLE);
    c.spoil(second);
    if (second.options().table_ids_size() > 0) {  // the first of them is known
      const auto alone = Run();
      EXPECT_FALSE(alone.ok());
      ASSERT_FALSE(encoded_.empty());
      requests_[1 + (a.size() + 699) / 700].mutable_header()->mutable_options()->set_table_ids(
          0, encoded_[0].statistics.table_ids(0));
    }
    ExpectRefused(Run(), c.code, c.field);
    ASSERT_EQ(encoded_.size(), 1u);
    EXPECT_EQ(encoded_[0].statistics.raw_bytes(), 2000u);
  }
  // And in DecodeStream.
  std::vector<v1::DecodeStreamRequest> decode;
  AddStream(encoded_[0].coded, &decode);
  decode.emplace_back().mutable_header()->set_max_threads(-1);
  ExpectRefused(DecodeItems(decode), StatusCode::kInvalidArgument, "header.max_threads");
  ASSERT_EQ(decoded_.size(), 1u);
  EXPECT_EQ(decoded_[0].raw, a);
  EXPECT_EQ(decoded_[0].summary.raw_bytes(), 2000u);
  // A stream that is cut off where the next header comes.
  decode.clear();
  AddStream(encoded_[0].coded.substr(0, encoded_[0].coded.size() - 1), &decode);
  AddStream(encoded_[0].coded, &decode);
  EXPECT_EQ(DecodeItems(decode).code(), StatusCode::kDataLoss);
}

TEST_F(ItemsTest, RefusesMoreTablesThanACallRemembers) {
  Limits limits;
  limits.max_table_symbols = 600;
  ServiceHarness small(limits);
  std::vector<v1::EncodeStreamRequest> encode;
  std::vector<v1::DecodeStreamRequest> decode;
  for (int i = 0; i < 3; ++i) {
    v1::EncodeStreamHeader* header = encode.emplace_back().mutable_header();
    header->mutable_options()->set_model(v1::CODING_MODEL_TABLE);
    *header->mutable_options()->mutable_table() = PeakTable(static_cast<uint64_t>(i % 2));
  }
  // The same tables again take no room.
  EXPECT_TRUE(small.Stream<v1::EncodeStreamResponse>("EncodeStream", encode).status.ok());
  *encode[2].mutable_header()->mutable_options()->mutable_table() = PeakTable(9);
  const auto refused = small.Stream<v1::EncodeStreamResponse>("EncodeStream", encode);
  ExpectRefused(refused.status, StatusCode::kResourceExhausted, "header.options.table");

  for (uint64_t i = 0; i < 3; ++i) {
    *decode.emplace_back().mutable_header()->add_tables() = PeakTable(i);
    if (i == 0) decode.emplace_back().set_chunk(refused.responses[0].chunk());
  }
  // Each of the items is a stream.
  decode.insert(decode.begin() + 3, decode[1]);
  const absl::Status many = small.Stream<v1::DecodeStreamResponse>("DecodeStream", decode).status;
  ExpectRefused(many, StatusCode::kResourceExhausted, "header.tables[0]");
  Limits few;
  few.max_tables = 2;
  ServiceHarness two(few);
  decode.resize(1);
  for (uint64_t i = 1; i < 3; ++i) *decode[0].mutable_header()->add_tables() = PeakTable(i);
  ExpectRefused(two.Stream<v1::DecodeStreamResponse>("DecodeStream", decode).status,
                StatusCode::kResourceExhausted, "header.tables");
}

}  // namespace
}  // namespace trine::server
