// Goes over the heads of a stream's blocks once more.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/base/bytes.h"
#include "core/coding/container/block_head.h"
#include "core/coding/container/header.h"

namespace trine::coding {

// The heads from `at` on, one after the other, up to the end mark. REQUIRES: they were all parsed
// before. Bytes and header outlive this.
class HeadCursor {
 public:
  HeadCursor(ByteView coded, size_t at, const Header& header)
      : coded_(coded), at_(at), header_(header) {
    Parse();
  }

  const BlockHead& head() const { return head_; }
  size_t at() const { return at_; }
  void Advance() {
    at_ += head_bytes_ + static_cast<size_t>(head_.coded_bytes);
    raw_offset_ = head_.raw_offset + head_.raw_bytes;
    Parse();
  }

 private:
  void Parse() {
    head_bytes_ = TryBlockHead(coded_.subspan(at_), header_, raw_offset_, &head_).parsed.consumed;
  }

  const ByteView coded_;
  size_t at_;
  const Header& header_;
  uint64_t raw_offset_ = 0;
  BlockHead head_;
  size_t head_bytes_ = 0;
};

}  // namespace trine::coding
