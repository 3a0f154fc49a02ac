#include "core/base/error.h"

#include <gtest/gtest.h>

#include <string>

namespace trine {
namespace {

TEST(Error, DetailSurvivesTheStatus) {
  const ErrorDetail in{.reason = "REASON",
                       .field = "a.b[3]",
                       .value = std::string("with : and \0 inside", 19),
                       .limit = "at most 7",
                       .retry_after_ms = 250,
                       .block = 4,
                       .offset = int64_t{1} << 40};
  const absl::Status status = MakeError(absl::StatusCode::kDataLoss, in, "what happened");
  EXPECT_EQ(status.message(), "a.b[3]: what happened");
  const auto out = GetErrorDetail(status);
  ASSERT_TRUE(out.has_value());
  EXPECT_EQ(out->reason, in.reason);
  EXPECT_EQ(out->field, in.field);
  EXPECT_EQ(out->value, in.value);
  EXPECT_EQ(out->limit, in.limit);
  EXPECT_EQ(out->retry_after_ms, 250);
  EXPECT_EQ(out->block, 4);
  EXPECT_EQ(out->offset, int64_t{1} << 40);
}

TEST(Error, StatusesFromElsewhereHaveNoDetail) {
  EXPECT_FALSE(GetErrorDetail(absl::OkStatus()).has_value());
  EXPECT_FALSE(GetErrorDetail(absl::InternalError("x")).has_value());
}

TEST(Error, FieldErrorsNameFieldValueAndLimit) {
  const absl::Status status = InvalidField("options.size", int64_t{-1}, "1 to 65535");
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(status.message(), "options.size: is -1; 1 to 65535");
  EXPECT_EQ(GetErrorDetail(status)->value, "-1");
  EXPECT_EQ(LimitExceeded("data", 12, "max_bytes", 10).message(),
            "data: is 12, more than the limit max_bytes = 10");
}

TEST(Error, MessagesAreShortenedBetweenCharacters) {
  std::string text;
  while (text.size() < 5000) text += "\xE2\x82\xAC";  // the euro sign, three bytes
  const absl::Status status = MakeError(absl::StatusCode::kInternal, {.reason = "R"}, text);
  EXPECT_LE(status.message().size(), 1024u);
  const std::string kept(status.message());
  ASSERT_EQ(kept.substr(kept.size() - 3), "...");
  EXPECT_EQ((kept.size() - 3) % 3, 0u) << "cut inside a character";
}

TEST(TranslateField, PutsAPathBeforeTheField) {
  const absl::Status inner = InvalidField("shape[2]", int64_t{-5}, "must not be negative");
  const absl::Status outer = TranslateField(inner, {{"", "image.tensor"}});
  EXPECT_EQ(GetErrorDetail(outer)->field, "image.tensor.shape[2]");
  EXPECT_EQ(outer.message(), "image.tensor.shape[2]: is -5; must not be negative");
  EXPECT_EQ(TranslateField(absl::OkStatus(), {{"", "x"}}), absl::OkStatus());
  const absl::Status nameless = CorruptStream(-1, 3, "cut short");
  EXPECT_EQ(TranslateField(nameless, {{"", "x"}}), nameless);
}

std::string FieldAfter(std::string_view field, absl::Span<const FieldName> names) {
  return GetErrorDetail(TranslateField(InvalidField(field, "v", "l"), names))->field;
}

TEST(TranslateField, ReplacesWholePartsByTheFirstNameThatFits) {
  EXPECT_EQ(FieldAfter("data", {{"data", "coded"}}), "coded");
  EXPECT_EQ(FieldAfter("data[3]", {{"data", "coded"}}), "coded[3]");
  EXPECT_EQ(FieldAfter("data.x", {{"data", "coded"}}), "coded.x");
  EXPECT_EQ(FieldAfter("dataset", {{"data", "coded"}}), "dataset");
  EXPECT_EQ(FieldAfter("table.text", {{"table.probabilities", "p"}, {"table", "t[0]"}}),
            "t[0].text");
  EXPECT_EQ(FieldAfter("table.probabilities[1]", {{"table.probabilities", "p"}, {"table", "t"}}),
            "p[1]");
  // One translation, not a chain of them.
  EXPECT_EQ(FieldAfter("a", {{"a", "b"}, {"b", "c"}}), "b");
  EXPECT_EQ(FieldAfter("gray[3][5]", {{"gray[", "image.data["}, {"gray", "image"}}),
            "image.data[3][5]");
  EXPECT_EQ(FieldAfter("gray", {{"gray[", "image.data["}, {"gray", "image"}}), "image");
}

TEST(TranslateField, KeepsValueLimitAndCode) {
  const absl::Status status =
      TranslateField(LimitExceeded("data", 12, {"max_bytes", 10}), {{"data", "chunk"}});
  EXPECT_EQ(status.message(), "chunk: is 12, more than the limit max_bytes = 10");
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(GetErrorDetail(status)->value, "12");
  EXPECT_EQ(GetErrorDetail(status)->limit, "max_bytes = 10");
}

TEST(TranslateField, AnyFieldIsNotThatOfACancelledCall) {
  const absl::Status corrupt = TranslateField(CorruptImage("", "no end"), {{kAnyField, "image"}});
  EXPECT_EQ(corrupt.message(), "image: no end");
  const absl::Status cancelled =
      MakeError(absl::StatusCode::kCancelled, {.reason = "CANCELLED"}, "the call was cancelled");
  EXPECT_EQ(TranslateField(cancelled, {{kAnyField, "image"}}), cancelled);
}

}  // namespace
}  // namespace trine
