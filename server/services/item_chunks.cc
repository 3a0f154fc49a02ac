#include "server/services/item_chunks.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"

namespace trine::server {
namespace {

absl::Status WrongChunk(uint64_t bytes, std::string_view allowed) {
  return InvalidField("chunk", absl::StrCat(bytes, " bytes long"), allowed);
}

}  // namespace

absl::Status CheckChunk(uint64_t bytes) {
  if (bytes <= kMaxChunkBytes) return absl::OkStatus();
  return WrongChunk(bytes, absl::StrCat("a chunk has at most ", kMaxChunkBytes, " bytes"));
}

absl::Status CheckLeftOut(uint64_t bytes, std::string_view field) {
  if (bytes == 0) return absl::OkStatus();
  return InvalidField(field, absl::StrCat(bytes, " bytes long"),
                      "a head leaves it empty; its bytes come in chunks");
}

ComingItem::ComingItem(const std::vector<ComingPayload>& payloads) {
  for (const ComingPayload& payload : payloads) {
    if (payload.bytes == 0) continue;
    payloads_.push_back({payload.field, payload.bytes, 0, {}});
    missing_ += payload.bytes;
  }
}

uint64_t ComingItem::HeldBytes() const {
  uint64_t bytes = 0;
  for (const Payload& payload : payloads_) bytes += payload.HeldBytes();
  return bytes;
}

absl::Status ComingItem::Add(const Call& call, uint64_t bytes,
                             absl::FunctionRef<void(uint64_t, MutableByteView)> copy,
                             uint64_t* grown) {
  if (bytes == 0) return WrongChunk(bytes, "a chunk holds the next bytes of its item");
  TRINE_RETURN_IF_ERROR(CheckChunk(bytes));
  if (bytes > missing_) {
    return WrongChunk(bytes, absl::StrCat("of the item ", missing_, " bytes are still to come"));
  }
  uint64_t left = bytes;
  *grown = 0;
  for (size_t i = next_; left > 0; ++i) {
    const Payload& payload = payloads_[i];
    const uint64_t here = std::min(left, payload.bytes - payload.arrived);
    *grown += TouchedMemory(payload.arrived + here, payload.bytes) - payload.HeldBytes();
    left -= here;
  }
  TRINE_RETURN_IF_ERROR(call.Reserve(*grown));
  for (uint64_t done = 0; done < bytes;) {
    Payload& payload = payloads_[next_];
    if (payload.memory.empty()) payload.memory = LongArray<uint8_t>::ForOverwrite(payload.bytes);
    const uint64_t here = std::min(bytes - done, payload.bytes - payload.arrived);
    copy(done, {payload.memory.data() + payload.arrived, here});
    payload.arrived += here;
    done += here;
    if (payload.arrived == payload.bytes) ++next_;
  }
  missing_ -= bytes;
  if (call.wire.copies != nullptr) call.wire.copies->Copied(bytes);
  return absl::OkStatus();
}

void LeavingAnswer::Add(grpc::Slice payload) {
  if (payload.size() == 0) return;
  unsent_ += payload.size();
  held_ += payload.size();
  payloads_.push_back(std::move(payload));
}

grpc::Slice LeavingAnswer::Take(size_t max_bytes) {
  const grpc::Slice& payload = payloads_.front();
  const size_t end = std::min(payload.size(), taken_ + max_bytes);
  grpc::Slice chunk = payload.sub(taken_, end);
  unsent_ -= end - taken_;
  taken_ = end;
  return chunk;
}

void LeavingAnswer::Release() {
  if (payloads_.empty() || taken_ < payloads_.front().size()) return;
  held_ -= payloads_.front().size();
  payloads_.pop_front();
  taken_ = 0;
}

}  // namespace trine::server
