// The encoder's lanes with memory for their log (lanes.h), and whole blocks of one table through
// the lanes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "core/base/error.h"
#include "core/coding/coder/kept_array.h"
#include "core/coding/coder/lanes.h"
#include "core/coding/coder/order0_kernels.h"

namespace trine::coding {

class LaneLog {
 public:
  // Fits is asked, and the cancellation polled, after so many symbols at most: below 1 ms.
  static constexpr size_t kPieceSymbols = size_t{1} << 14;

  // For `symbols` symbols in `rows` rows at most, coded into `max_bytes` at most, of which up to
  // `unseen` are coded, a digit each, before Fits is asked again.
  LaneLog(int lanes_log2, size_t symbols, size_t rows, uint64_t max_bytes,
          uint64_t unseen = kPieceSymbols)
      : lanes(lanes_log2),
        max_bytes_(max_bytes),
        digits_(static_cast<size_t>(std::min<uint64_t>(symbols, max_bytes / 2 + unseen)) +
                kLaneSlackBytes / sizeof(uint32_t)),
        rows_(rows) {
    lanes.digits = digits_.data();
    lanes.rows = rows_.data();
  }

  // That the lanes have logged.
  uint64_t Digits() const { return static_cast<uint64_t>(lanes.digits - digits_.data()); }
  // False when the lanes have outgrown their bytes: nothing more may be coded.
  bool Fits() const {
    return 2 * Digits() + 4 * static_cast<uint64_t>(lanes.lanes()) <= max_bytes_;
  }
  // Codes all of `symbols` with one table of order 0; false when they do not fit.
  absl::StatusOr<bool> EncodeOrder0Pieces(ByteView symbols, const Order0Parts& table,
                                          const CancelToken& cancel) {
    for (size_t i = 0; i < symbols.size(); i += kPieceSymbols) {
      TRINE_RETURN_IF_ERROR(cancel.Check());
      EncodeOrder0(symbols.data() + i, std::min(kPieceSymbols, symbols.size() - i), table, lanes);
      if (!Fits()) return false;
    }
    return true;
  }
  // Appends what was coded.
  absl::Status Write(const CancelToken& cancel, std::string* out) const {
    return WriteWords(lanes, rows_.data(), digits_.data(), cancel, out);
  }

  EncoderLanes lanes;

 private:
  const uint64_t max_bytes_;
  KeptArray<uint32_t, LaneLog> digits_;
  KeptArray<uint64_t, LaneLog> rows_;
};

// Decodes all of `symbols` with one table of order 0 from the lanes in `in`, which must be used up.
inline absl::Status DecodeOrder0Pieces(int lanes_log2, ByteView in, const Order0Slots& table,
                                       MutableByteView symbols, const CancelToken& cancel) {
  DecoderLanes lanes;
  if (!lanes.Start(lanes_log2, in)) return WrongInitialCodes();
  for (size_t i = 0; i < symbols.size() && !lanes.missing; i += LaneLog::kPieceSymbols) {
    TRINE_RETURN_IF_ERROR(cancel.Check());
    DecodeOrder0(lanes, table, symbols.data() + i,
                 std::min(LaneLog::kPieceSymbols, symbols.size() - i));
  }
  return lanes.CheckEnd();
}

}  // namespace trine::coding
