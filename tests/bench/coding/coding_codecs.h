// Ours and htscodecs behind one interface: both code the same bytes in independent blocks of 1 MiB.
//
// An object belongs to one thread and does not own the raw bytes, which must outlive it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/bytes.h"
#include "core/coding/coding.h"
#include "core/runtime/context.h"

namespace trine::bench {

inline constexpr size_t kBlockBytes = size_t{1} << 20;

class Codec {
 public:
  virtual ~Codec() = default;
  virtual void Encode() = 0;
  virtual void Decode() = 0;  // what Encode left
  virtual ByteView decoded() const = 0;
  virtual uint64_t coded_bytes() const = 0;
};

// Through core's one-shot functions: with container, index and checksums, into new memory.
class OurCodec : public Codec {
 public:
  // With the bytes coded. The error is core's own.
  static absl::StatusOr<std::unique_ptr<OurCodec>> Create(const Context& context,
                                                          const coding::EncodeOptions& options,
                                                          ByteView raw);
  void Encode() override;
  void Decode() override;
  ByteView decoded() const override { return decoded_.data; }
  uint64_t coded_bytes() const override { return coded_.size(); }
  const std::string& coded() const { return coded_; }
  const coding::EncodeStats& stats() const { return stats_; }  // of the last Encode

 private:
  OurCodec(const Context& context, const coding::EncodeOptions& options, ByteView raw)
      : context_(context), options_(options), raw_(raw) {}
  absl::Status TryEncode();

  Context context_;
  coding::EncodeOptions options_;
  ByteView raw_;
  std::string coded_;
  coding::Decoded decoded_;
  coding::EncodeStats stats_;
};

// htscodecs into memory that is there already: no allocation of the caller's slows it. Which vector
// instructions its rANS uses it chooses by itself.
class HtsCodec : public Codec {
 public:
  enum class Kind : uint8_t { kArith, kRans };
  // `order` is the library's own byte: 0 or 1, with RANS_ORDER_X32 for 32 lanes.
  HtsCodec(Kind kind, int order, ByteView raw);
  void Encode() override;
  void Decode() override;
  ByteView decoded() const override { return decoded_; }
  uint64_t coded_bytes() const override;

 private:
  ByteView Block(size_t i) const;

  Kind kind_;
  int order_;
  ByteView raw_;
  size_t bound_;                       // bytes that a coded block may take
  std::vector<uint8_t> coded_;         // block i at i * bound_
  std::vector<uint32_t> coded_sizes_;  // of each block
  std::vector<uint8_t> decoded_;
};

}  // namespace trine::bench
