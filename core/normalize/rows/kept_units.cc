#include "core/normalize/rows/kept_units.h"

#include <cstring>
#include <new>

#include "core/base/error.h"
#include "core/normalize/rows/scratch.h"

namespace trine::normalize {

absl::Status KeptUnits::Allocate(bool gradient, KeptUnit* unit) {
  const uint64_t bytes = gradient ? 2 * unit->bytes() : unit->bytes();
  {
    const std::lock_guard lock(mutex_);
    TRINE_RETURN_IF_ERROR(context_.Reserve(held_ + bytes));
    held_ += bytes;
  }
  unit->x.reset(new (std::nothrow) uint8_t[unit->bytes()]);
  if (unit->x == nullptr) return Scratch<float>::OutOfMemory();
  if (!gradient) return absl::OkStatus();
  unit->dy.reset(new (std::nothrow) uint8_t[unit->bytes()]);
  return unit->dy == nullptr ? Scratch<float>::OutOfMemory() : absl::OkStatus();
}

void KeptUnits::Add(KeptUnit unit) {
  const std::lock_guard lock(mutex_);
  units_.push_back(std::move(unit));
}

bool LastRows::Allocate(size_t rows, size_t row_bytes) {
  rows_ = rows;
  data_.reset(new (std::nothrow) uint8_t[rows * row_bytes]);
  return data_ != nullptr;
}

void LastRows::Keep(const uint8_t* end, size_t pitch, size_t row_bytes) {
  const uint8_t* from = end - rows_ * pitch;
  for (size_t i = 0; i < rows_; ++i)
    std::memcpy(data_.get() + i * row_bytes, from + i * pitch, row_bytes);
}

}  // namespace trine::normalize
