// The coded bytes that the reader of a stream was given and has not taken yet.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "core/base/bytes.h"
#include "core/base/cancel.h"
#include "core/coding/container/polled.h"

namespace trine::coding {

// Serves one thread at a time. Views of it are valid until Append or DropTaken.
class InputBuffer {
 public:
  absl::Status Append(ByteView bytes, const CancelToken& cancel) {
    absl::Status status = AppendPolled(bytes, cancel, &bytes_);
    most_bytes_ = std::max(most_bytes_, bytes_.size());
    return status;
  }

  ByteView rest() const { return ByteView(bytes_).subspan(at_); }
  // Where rest() begins: in the buffer, and in all that was appended.
  size_t position() const { return at_; }
  uint64_t offset() const { return dropped_ + at_; }
  // REQUIRES: they are in the buffer.
  ByteView Bytes(size_t position, size_t length) const {
    return ByteView(bytes_).subspan(position, length);
  }

  // REQUIRES: n <= rest().size().
  void Take(size_t n) { at_ += n; }

  // Erases what was taken, at most as often as it is worth the move of the rest.
  void DropTaken() {
    if (at_ < bytes_.size() / 2) return;
    bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<ptrdiff_t>(at_));
    dropped_ += at_;
    at_ = 0;
  }

  // Memory that was touched: it is kept for the bytes to come.
  uint64_t HeldBytes() const { return most_bytes_; }

 private:
  std::vector<uint8_t> bytes_;
  size_t at_ = 0;
  uint64_t dropped_ = 0;
  size_t most_bytes_ = 0;  // that were in it at a time
};

}  // namespace trine::coding
