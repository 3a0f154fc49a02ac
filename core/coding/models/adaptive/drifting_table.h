// The distribution of ADAPTIVE's order 0 in long blocks: a table of frequencies that is made anew
// after each piece of the block from what the pieces before held. Between two pieces it is static,
// so that symbols go through STATIC's loops. All arithmetic is in integers and the same on every
// instruction set. FORMAT.md, "Drifting table", says what each step computes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace trine::coding {

struct DriftParams {
  static constexpr int kMinPieceLog2 = 6;
  static constexpr int kMaxWindowLog2 = 15;
  static constexpr int kMaxFastShift = 7;
  static constexpr int kMaxFastShare = 15;

  // Symbols between two tables, once there are so many. 6 to 14.
  int piece_log2 = 10;
  // After a whole piece the long memory loses 2^-slow_shift of itself. 1 to 15 - piece_log2.
  int slow_shift = 5;
  // After each piece the short memory is divided by 2^fast_shift. 0 to 7.
  int fast_shift = 1;
  // Of the short memory in the table [1/16]. 0 to 15.
  int fast_share = 8;

  bool valid() const {
    return piece_log2 >= kMinPieceLog2 && slow_shift >= 1 &&
           piece_log2 + slow_shift <= kMaxWindowLog2 && fast_shift >= 0 &&
           fast_shift <= kMaxFastShift && fast_share >= 0 && fast_share <= kMaxFastShare;
  }
};

namespace internal {
// Of the two memories.
struct DriftSums {
  uint32_t slow, fast;
};
struct DriftTop {
  uint32_t key;  // the largest frequency * 256 + 255 - its symbol, the smallest of several
  uint32_t sum;  // of the frequencies
};
}  // namespace internal

class DriftingTable {
 public:
  static constexpr int kBits = 12;  // log2 of the table's total
  static constexpr uint32_t kTotal = 1u << kBits;

  // `present`: the symbols that may occur, at least two. The first table is the same for each.
  // REQUIRES: params.valid().
  DriftingTable(const DriftParams& params, const std::array<bool, 256>& present);

  // How many symbols the present table is for: as many as there were before it, at least the
  // smallest piece, at most a whole one; a multiple of 64.
  size_t piece() const { return piece_; }
  const std::array<uint32_t, 256>& freqs() const { return freqs_; }
  const std::array<uint32_t, 256>& starts() const { return starts_; }

  // Learns the symbols of a piece and makes the next table.
  void Learn(const uint8_t* symbols, size_t n);

 private:
  alignas(64) std::array<uint32_t, 256> slow_;  // 1/64 symbols
  alignas(64) std::array<uint32_t, 256> fast_;
  alignas(64) std::array<uint32_t, 256> present_;  // 0 or 1
  alignas(64) std::array<uint32_t, 256> freqs_;
  alignas(64) std::array<uint32_t, 256> starts_;
  const DriftParams params_;
  uint32_t present_count_ = 0;
  size_t piece_ = size_t{1} << DriftParams::kMinPieceLog2;
  uint64_t seen_ = 0;
};

}  // namespace trine::coding
