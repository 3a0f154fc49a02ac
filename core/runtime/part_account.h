// Accounting for a part of the work on top of the rest. Thread safety: as MemoryAccount.
#pragma once

#include <algorithm>
#include <cstdint>

#include "absl/status/status.h"
#include "core/base/checked.h"
#include "core/runtime/memory_account.h"

namespace trine {

// The account of a part of the work: what the part asks for comes on top of what the rest of it
// holds already, but for results, which stay alone. `account` may be null and must outlive it.
class PartAccount final : public MemoryAccount {
 public:
  explicit PartAccount(MemoryAccount* account) : account_(account) {}

  // What the rest holds now [bytes].
  uint64_t beside() const { return beside_; }
  void SetBeside(uint64_t bytes) { beside_ = bytes; }
  // How much of what the part will say that it needs is charged already [bytes].
  void SetCharged(uint64_t bytes) { charged_ = bytes; }

  absl::Status Reserve(uint64_t bytes) override {
    return account_ == nullptr
               ? absl::OkStatus()
               : account_->Reserve(SaturatingAdd(beside_, bytes - std::min(bytes, charged_)));
  }
  absl::Status ReserveResult(uint64_t bytes) override {
    return account_ == nullptr ? absl::OkStatus() : account_->ReserveResult(bytes);
  }

 private:
  MemoryAccount* account_;
  uint64_t beside_ = 0;
  uint64_t charged_ = 0;
};

}  // namespace trine
