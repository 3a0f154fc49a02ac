// Bytes in slices to messages and back.
#include "server/wire.h"

#include <google/protobuf/wrappers.pb.h>
#include <gtest/gtest.h>

#include <vector>

#include "core/base/error.h"

namespace trine::server {
namespace {

using google::protobuf::BytesValue;

grpc::ByteBuffer Sliced(const std::string& raw, size_t slice_bytes) {
  std::vector<grpc::Slice> slices;
  for (size_t i = 0; i < raw.size(); i += slice_bytes)
    slices.emplace_back(raw.data() + i, std::min(slice_bytes, raw.size() - i));
  return grpc::ByteBuffer(slices.data(), slices.size());
}

TEST(Wire, ParsesHoweverTheBytesAreCut) {
  BytesValue sent;
  for (int i = 0; i < 5000; ++i) sent.mutable_value()->push_back(static_cast<char>(i * 31));
  const std::string raw = sent.SerializeAsString();
  for (const size_t slice : {size_t{1}, size_t{2}, size_t{3}, size_t{1000}, raw.size()}) {
    const grpc::ByteBuffer buffer = Sliced(raw, slice);
    BytesValue got;
    ASSERT_TRUE(ParseMessage(buffer, &got).ok()) << slice;
    EXPECT_EQ(got.value(), sent.value());
    // The buffer is not used up.
    EXPECT_EQ(buffer.Length(), raw.size());
    ASSERT_TRUE(ParseMessage(buffer, &got).ok()) << slice;
  }
}

TEST(Wire, AnEmptyMessageHasNoBytes) {
  BytesValue got;
  got.set_value("old");
  EXPECT_TRUE(ParseMessage(grpc::ByteBuffer(), &got).ok());
  EXPECT_EQ(got.value(), "");
  EXPECT_TRUE(ParseMessage(Sliced("", 1), &got).ok());
  const grpc::Slice none;
  EXPECT_TRUE(ParseMessage(grpc::ByteBuffer(&none, 1), &got).ok());
}

TEST(Wire, EveryTruncationOfAMessageIsMalformed) {
  BytesValue sent;
  sent.set_value(std::string(200, 'x'));
  const std::string raw = sent.SerializeAsString();
  for (size_t length = 1; length < raw.size(); ++length) {
    for (const size_t slice : {size_t{1}, raw.size()}) {
      BytesValue got;
      const absl::Status status = ParseMessage(Sliced(raw.substr(0, length), slice), &got);
      EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << length;
      EXPECT_EQ(GetErrorDetail(status)->reason, "MALFORMED_MESSAGE");
    }
  }
}

TEST(Wire, SerializesIntoOneSlice) {
  BytesValue sent;
  sent.set_value(std::string(1 << 20, 'y'));
  grpc::ByteBuffer buffer;
  ASSERT_TRUE(SerializeMessage(sent, &buffer).ok());
  grpc::Slice slice;
  ASSERT_TRUE(buffer.TrySingleSlice(&slice).ok());
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(slice.begin()), slice.size()),
            sent.SerializeAsString());
}

TEST(Wire, AnEmptyMessageIsABufferAllTheSame) {
  grpc::ByteBuffer buffer;
  ASSERT_TRUE(SerializeMessage(BytesValue(), &buffer).ok());
  EXPECT_TRUE(buffer.Valid());
  EXPECT_EQ(buffer.Length(), 0u);
}

}  // namespace
}  // namespace trine::server
