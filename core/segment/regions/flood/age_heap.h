// A binary heap whose order among equal keys is part of what it does.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "core/segment/picture.h"

namespace trine::segment {

// Smallest key first. Equal keys come as the usual steps leave them: a pushed item rises past
// strictly greater parents; when the first is taken, the last one takes its place and sinks below
// its lesser child, the left one where both are equal, while that is strictly less.
// Thread safety: one thread at a time.
class AgeHeap {
 public:
  struct Item {
    uint64_t key;
    uint32_t pixel;
    uint32_t source;
  };

  explicit AgeHeap(const Context& context) : context_(context) {}

  bool empty() const { return size_ == 0; }

  absl::Status Push(const Item& item, Poller& poll) {
    if (size_ == items_.size()) TRINE_RETURN_IF_ERROR(Grow(poll));
    size_t at = size_++;
    while (at > 0) {
      const size_t parent = (at - 1) / 2;
      if (items_[parent].key <= item.key) break;
      items_[at] = items_[parent];
      at = parent;
    }
    items_[at] = item;
    return absl::OkStatus();
  }

  // REQUIRES: not empty.
  Item Pop() {
    const Item first = items_[0];
    const Item last = items_[--size_];
    size_t at = 0;
    while (2 * at + 1 < size_) {
      size_t child = 2 * at + 1;
      if (child + 1 < size_ && items_[child + 1].key < items_[child].key) ++child;
      if (last.key <= items_[child].key) break;
      items_[at] = items_[child];
      at = child;
    }
    if (size_ > 0) items_[at] = last;
    return first;
  }

 private:
  absl::Status Grow(Poller& poll) {
    const size_t capacity = std::max<size_t>(1024, 2 * items_.size());
    TRINE_RETURN_IF_ERROR(context_.Reserve(capacity * sizeof(Item)));
    Scratch<Item> items = Scratch<Item>::ForOverwrite(capacity);
    for (size_t begin = 0; begin < size_; begin += kPiece) {
      const size_t end = std::min(size_, begin + kPiece);
      TRINE_RETURN_IF_ERROR(poll.Spend(4 * kPiece));
      std::copy(items_.data() + begin, items_.data() + end, items.data() + begin);
    }
    items_ = std::move(items);
    return absl::OkStatus();
  }

  static constexpr size_t kPiece = 16384;

  const Context& context_;
  Scratch<Item> items_;
  size_t size_ = 0;
};

}  // namespace trine::segment
