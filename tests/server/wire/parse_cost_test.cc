// What parsing will take, estimated from the bytes, against what protobuf then says it took.
#include "server/wire/parse_cost.h"

#include <google/protobuf/wrappers.pb.h>
#include <gtest/gtest.h>

#include <string>

#include "core/base/error.h"
#include "server/wire/rpc.h"
#include "tests/server/wire/wire_oracle.h"
#include "trine/v1/coding.pb.h"
#include "trine/v1/segmentation.pb.h"

namespace trine::server::testing {
namespace {

using google::protobuf::BytesValue;

constexpr uint64_t kAny = UINT64_MAX;

std::string Repeated(const std::string& part, size_t count) {
  std::string out;
  out.reserve(part.size() * count);
  for (size_t i = 0; i < count; ++i) out += part;
  return out;
}

// Field `number`, a message or text of `inner`.
std::string Field(int number, const std::string& inner) {
  std::string out(1, static_cast<char>(number << 3 | 2));
  AppendVarint(&out, inner.size());
  return out + inner;
}

// The estimate is at least what `raw` takes, and no more than `most` times that.
template <typename Message>
void ExpectEstimate(const std::string& raw, double most) {
  Message parsed;
  ASSERT_TRUE(parsed.ParseFromString(raw));
  const auto used = static_cast<double>(parsed.SpaceUsedLong());
  const absl::StatusOr<uint64_t> estimate = EstimateParse(raw, ParsePlanOf<Message>(), kAny);
  ASSERT_TRUE(estimate.ok()) << estimate.status();
  EXPECT_GE(static_cast<double>(*estimate), used);
  EXPECT_LE(static_cast<double>(*estimate), used * most + 1000);
}

// Notes what it is asked for, and refuses beyond `room`.
class Room final : public MemoryAccount {
 public:
  explicit Room(uint64_t room) : room_(room) {}
  absl::Status Reserve(uint64_t bytes) override {
    asked = bytes;
    return bytes <= room_ ? absl::OkStatus() : absl::ResourceExhaustedError("full");
  }
  absl::Status ReserveResult(uint64_t bytes) override { return Reserve(bytes); }

  uint64_t asked = 0;

 private:
  const uint64_t room_;
};

TEST(ParseCost, IsNoLessThanWhatManySmallPartsTake) {
  for (const size_t count : {1, 3, 4, 5, 100, 65537}) {
    SCOPED_TRACE(count);
    ExpectEstimate<v1::DecodeRequest>(Repeated(Field(5, ""), count), 2);
    ExpectEstimate<v1::DecodeRequest>(Repeated(Field(5, Field(2, "")), count), 2);
    ExpectEstimate<v1::EncodeRequest>(Field(5, Repeated(Field(7, ""), count)), 2);
    ExpectEstimate<v1::EncodeRequest>(Field(5, Field(4, Repeated(Field(2, ""), count))), 3);
    ExpectEstimate<v1::EncodeRequest>(
        Field(5, Field(4, Repeated(Field(2, "a long text indeed"), count))), 3);
    ExpectEstimate<v1::EncodeRequest>(Field(5, Field(4, Field(5, std::string(count, 1)))), 3);
    ExpectEstimate<v1::EncodeRequest>(Field(5, Field(4, Repeated("\x28\x01", count))), 3);
    ExpectEstimate<v1::EncodeRequest>(Field(5, Field(4, Field(6, std::string(8 * count, 1)))), 3);
    ExpectEstimate<v1::SegmentRequest>(Repeated(Field(7, ""), count), 3);
    ExpectEstimate<v1::SegmentRequest>(Repeated(Field(7, Field(1, "")), count), 3);
    ExpectEstimate<BytesValue>(Repeated("\x78\x01", count), 3);     // unknown numbers,
    ExpectEstimate<BytesValue>(Repeated(Field(15, ""), count), 3);  // texts
    ExpectEstimate<BytesValue>(Repeated("\x7b\x7c", count), 4);     // and groups
  }
}

TEST(ParseCost, AMessageOfTooManyPartsNamesThem) {
  const std::string raw =
      Field(5, Field(7, Field(2, "a")) + Repeated(Field(8, ""), 3) + Repeated(Field(7, ""), 10));
  const ParsePlan& plan = ParsePlanOf<v1::EncodeRequest>();
  EXPECT_TRUE(EstimateParse(raw, plan, 13).ok());
  const absl::Status status = EstimateParse(raw, plan, 12).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  const auto detail = GetErrorDetail(status);
  ASSERT_TRUE(detail.has_value());
  EXPECT_EQ(detail->reason, "INVALID_FIELD");
  EXPECT_EQ(detail->field, "options.tables");
  EXPECT_NE(detail->limit.find("at most 12 "), std::string::npos);
}

TEST(ParseCost, ALimitOfElementsHoldsWithoutALedger) {
  Request<v1::DecodeRequest> request;
  const absl::Status status = request.Parse(Sliced(Repeated(Field(5, ""), 1'000'001), 1 << 20));
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(GetErrorDetail(status)->field, "tables");
}

// Whoever lets tables have more symbols lets messages have more elements.
TEST(ParseCost, TheLimitOfElementsFollowsThatOfSymbols) {
  Limits limits;
  limits.max_table_symbols = 1 << 20;
  Context context;
  context.limits = &limits;
  Request<v1::DecodeRequest> request;
  const grpc::ByteBuffer raw = Sliced(Field(5, Field(5, std::string(1'500'000, 1))), 1 << 20);
  EXPECT_FALSE(request.Parse(raw).ok());
  EXPECT_TRUE(request.Parse(raw, context).ok());
}

TEST(ParseCost, IsAskedForBeforeTheMessageIsParsed) {
  const std::string raw = Repeated(Field(5, ""), 10'000);
  for (const uint64_t held : {0, 5'000'000}) {
    Room room(1 << 20);
    Context context;
    context.memory = &room;
    Request<v1::DecodeRequest> request;
    EXPECT_EQ(request.Parse(Sliced(raw, 4096), context, held).code(),
              absl::StatusCode::kResourceExhausted);
    EXPECT_EQ(request.message().tables_size(), 0);
    EXPECT_GE(room.asked, held + raw.size() + 10'000 * sizeof(v1::ProbabilityTable));
  }
}

TEST(ParseCost, PayloadsCostNothing) {
  Room room(0);
  Context context;
  context.memory = &room;
  Request<BytesValue> request;
  EXPECT_TRUE(request.Parse(Sliced(Field(1, std::string(1 << 20, 'p')), 1 << 14), context).ok());
  EXPECT_EQ(room.asked, 0u);
  EXPECT_EQ(request.parsed_bytes(), 0u);
}

// The largest table that the default limits allow.
TEST(ParseCost, AFullTableIsTaken) {
  v1::EncodeRequest sent;
  v1::ProbabilityTable* const table = sent.mutable_options()->mutable_table();
  for (int i = 0; i < 65536; ++i) {
    table->add_text("x");
    table->add_decimals("1/65536");
  }
  EXPECT_EQ(CompareWithProtobuf<v1::EncodeRequest>(sent.SerializeAsString(), 100'000), "");
}

TEST(ParseCost, WorkAsksForMemoryBesideTheParsedMessage) {
  Registry registry;
  registry.AddUnary<v1::DecodeRequest, BytesValue>(
      "test", "Ask", {}, [](const Call& call, Request<v1::DecodeRequest>&, Response<BytesValue>*) {
        return call.Reserve(7);
      });
  Room room(kAny);
  Call call;
  call.context.memory = &room;
  grpc::ByteBuffer out;
  const RawUnary& ask = registry.methods()[0].unary;
  ASSERT_TRUE(ask(call, Sliced(Repeated(Field(5, ""), 10'000), 4096), &out).ok());
  EXPECT_GE(room.asked, 7 + 10'000 * sizeof(v1::ProbabilityTable));
  ASSERT_TRUE(ask(call, Sliced("", 1), &out).ok());
  EXPECT_EQ(room.asked, 7u);
}

}  // namespace
}  // namespace trine::server::testing
