// Responses to bytes: what protobuf serialized, with the payloads put in between.
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "server/wire/wire.h"
#include "server/wire/wire_format.h"

namespace trine::server {
namespace {

// What goes out: text of protobuf's and payloads, in order.
struct Piece {
  std::string text;
  const grpc::Slice* payload = nullptr;  // after the text
};

// Puts payloads into a message that protobuf serialized. Its bytes are our own: well formed.
class Splicer {
 public:
  explicit Splicer(const std::vector<grpc::Slice>& payloads) : payloads_(payloads) {}

  // Appends the message to `pieces`; returns its length.
  uint64_t Splice(const PayloadPlan& plan, const uint8_t* at, const uint8_t* end,
                  std::vector<Piece>* pieces) {
    uint64_t total = 0;
    while (at < end) {
      const uint8_t* const start = at;
      const auto tag = static_cast<uint32_t>(ReadVarint(&at));
      const PayloadPlan::Field* field = plan.Find(tag >> 3);
      const auto type = static_cast<WireType>(tag & 7);
      if (field == nullptr || type != WireType::kLengthDelimited) {
        SkipValue(type, &at);
        total += Text(start, at, pieces);
        continue;
      }
      total += Text(start, at, pieces);
      const uint64_t length = ReadVarint(&at);
      if (field->message != nullptr) {
        std::vector<Piece> inner(1);
        total += Length(Splice(*field->message, at, at + length, &inner), pieces);
        pieces->back().text += inner[0].text;
        pieces->back().payload = inner[0].payload;
        std::move(inner.begin() + 1, inner.end(), std::back_inserter(*pieces));
      } else if (length == 0) {
        total += Length(0, pieces);
      } else {
        const grpc::Slice& payload = payloads_.at(*at);
        total += Length(payload.size(), pieces);
        pieces->back().payload = &payload;
        pieces->emplace_back();
      }
      at += length;
    }
    return total;
  }

 private:
  static uint64_t ReadVarint(const uint8_t** at) {
    uint64_t value = 0;
    int shift = 0;
    for (; **at >= 0x80; ++*at, shift += 7) value |= static_cast<uint64_t>(**at & 0x7F) << shift;
    return value | static_cast<uint64_t>(*(*at)++) << shift;
  }

  static void SkipValue(WireType type, const uint8_t** at) {
    switch (type) {
      case WireType::kFixed64:
        *at += 8;
        return;
      case WireType::kFixed32:
        *at += 4;
        return;
      case WireType::kLengthDelimited: {
        const uint64_t length = ReadVarint(at);
        *at += length;
        return;
      }
      default:
        ReadVarint(at);  // proto3 has no groups
    }
  }

  static uint64_t Text(const uint8_t* from, const uint8_t* to, std::vector<Piece>* pieces) {
    pieces->back().text.append(reinterpret_cast<const char*>(from), static_cast<size_t>(to - from));
    return static_cast<uint64_t>(to - from);
  }

  // Writes a length; returns its own bytes and those that it announces.
  static uint64_t Length(uint64_t length, std::vector<Piece>* pieces) {
    AppendVarint(&pieces->back().text, length);
    return VarintBytes(length) + length;
  }

  const std::vector<grpc::Slice>& payloads_;
};

}  // namespace

absl::Status SerializeWithPayloads(const google::protobuf::MessageLite& message,
                                   const PayloadPlan& plan,
                                   const std::vector<grpc::Slice>& payloads,
                                   grpc::ByteBuffer* out) {
  uint64_t size = message.ByteSizeLong();
  for (const grpc::Slice& payload : payloads) size += payload.size() + 20;
  if (size > kMaxMessageBytes) {
    return MakeError(absl::StatusCode::kInternal, {.reason = "RESPONSE_TOO_LARGE"},
                     "the response is larger than the 2 GiB that a message may have");
  }
  const grpc::Slice text(message.ByteSizeLong());
  // Nobody else has the slice yet: writing into it breaks no sharing.
  message.SerializeWithCachedSizesToArray(const_cast<uint8_t*>(text.begin()));
  if (payloads.empty()) {
    *out = grpc::ByteBuffer(&text, 1);
    return absl::OkStatus();
  }
  std::vector<Piece> pieces(1);
  Splicer(payloads).Splice(plan, text.begin(), text.end(), &pieces);
  std::vector<grpc::Slice> slices;
  for (const Piece& piece : pieces) {
    if (!piece.text.empty()) slices.emplace_back(piece.text);
    if (piece.payload != nullptr) slices.push_back(*piece.payload);
  }
  *out = grpc::ByteBuffer(slices.data(), slices.size());
  return absl::OkStatus();
}

}  // namespace trine::server
