// The frequencies of order 1: counting pairs, fitting, and the tables' form in a stream (FORMAT.md,
// "Payload of STATIC, order 1").
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/bytes.h"
#include "core/base/cancel.h"
#include "core/base/long_array.h"
#include "core/coding/models/static/frequencies.h"
#include "core/coding/models/static/order1_kernels.h"

namespace trine::coding {

inline constexpr size_t kPairs = size_t{1} << 16;

// How often each symbol follows each other one: [256 * context + symbol].
using PairCounts = KeptArray<uint32_t, struct PairCountsKind>;

// The pairs of a block, as the lanes that code it see them: the first byte of each lane's stretch
// follows a 0.
struct Order1Pairs {
  // For a block of `raw_bytes`; the counts are not defined yet.
  explicit Order1Pairs(size_t raw_bytes);

  absl::Status Count(ByteView raw, const CancelToken& cancel);
  // Makes them those of a single lane, for which each byte follows the one before, and back again.
  // REQUIRES: Count has counted `raw`.
  void JoinLanes(ByteView raw) { MoveStarts(raw, true); }
  void SplitLanes(ByteView raw) { MoveStarts(raw, false); }

  // As many as if little could be gained: the cost is not known yet, and each row takes three
  // look-ups.
  const int lanes_log2;
  PairCounts counts{kPairs};

 private:
  void MoveStarts(ByteView raw, bool join);
};

struct Order1Frequencies {
  // A symbol that follows the context, by its number in the alphabet.
  struct Entry {
    uint8_t symbol;
    uint16_t freq;  // of 2^bits; 1 where it is the only one
  };
  // One context's entries, [begin, end) of `entries`, by ascending symbols.
  struct Row {
    int bits = -1;  // -1: the context does not occur
    uint32_t begin = 0;
    uint32_t end = 0;
  };

  std::vector<uint8_t> alphabet;  // symbols that occur, ascending, and 0
  std::vector<Row> rows;          // by context's number in the alphabet
  std::vector<Entry> entries;
};

// `symbols`: how often each symbol occurs, or at least whether.
Order1Frequencies FitOrder1(const PairCounts& counts, const Histogram& symbols);

void AppendOrder1(const Order1Frequencies& frequencies, std::string* out);

struct ParsedOrder1 {
  Order1Frequencies frequencies;
  ByteView rest;  // what follows the tables
};
// DATA_LOSS for tables that are cut off or whose sums are wrong.
absl::StatusOr<ParsedOrder1> ParseOrder1(ByteView in);

// Fills the tables of the kernels.
void MakeOrder1Parts(const Order1Frequencies& frequencies, Order1Parts* out);
void MakeOrder1Slots(const Order1Frequencies& frequencies, Order1Slots* out);
// Slots of all tables, with what is left free between them.
size_t CountSlots(const Order1Frequencies& frequencies);
// The same of the frequencies that FitOrder1 gives, and the most of them.
size_t CountSlots(const PairCounts& counts, const Histogram& symbols);
inline constexpr int kMaxChosenOrder1Bits = 11;
inline constexpr size_t kMostOrder1Slots = size_t{256} << kMaxChosenOrder1Bits;

}  // namespace trine::coding
