#include "core/coding/models/static/order1_table.h"

#include <algorithm>
#include <bit>

#include "core/base/error.h"
#include "core/coding/coder/lane_count.h"
#include "core/coding/coder/nibble_coder.h"
#include "core/coding/container/corrupt.h"

namespace trine::coding {
namespace {

constexpr size_t kPollPairs = size_t{1} << 18;
constexpr int kTableLanesLog2 = 2;

// A row is coded by pairs of symbols. Each has a class: frequency 0, 1 or more; a token below 9 is
// both classes, the others are runs of pairs of zeros.
constexpr uint32_t kFirstRun = 9;
constexpr std::array<uint8_t, 7> kRuns = {2, 3, 4, 6, 8, 16, 32};  // pairs

uint32_t ClassOf(uint32_t freq) { return std::min(freq, 2u); }

// What the rows before tell of a pair.
struct SeenPair {
  uint8_t above = 0;    // its token in the row before: 0 to 8
  uint8_t average = 0;  // moving average of its classes' sum, in 1/16

  void Add(uint32_t token) {
    above = static_cast<uint8_t>(token);
    average = static_cast<uint8_t>((average * 3u + (token / 3 + token % 3) * 16 + 2) >> 2);
  }
};

absl::Status WrongSum() { return Corrupt("a frequency table does not sum to its total"); }

using Row = Order1Frequencies::Row;
using Entry = Order1Frequencies::Entry;

// A row with zeros, for the encoder; frequencies beyond the alphabet are 0.
using DenseRow = std::array<uint16_t, 256>;

// Pairs of zeros from pair p on, at most the longest run.
size_t ZeroPairs(const DenseRow& row, size_t p, size_t pairs) {
  size_t n = 0;
  while (n < kRuns.back() && p + n < pairs && row[2 * (p + n)] == 0 && row[2 * (p + n) + 1] == 0) {
    ++n;
  }
  return n;
}

uint32_t TokenOf(const DenseRow& row, size_t p, size_t pairs) {
  const uint32_t token = ClassOf(row[2 * p]) * 3 + ClassOf(row[2 * p + 1]);
  if (token != 0) return token;
  const size_t zeros = ZeroPairs(row, p, pairs);
  for (size_t k = kRuns.size(); k-- > 0;) {
    if (kRuns[k] <= zeros) return kFirstRun + static_cast<uint32_t>(k);
  }
  return 0;
}

// Both directions of the tables' form: `Coder` is a NibbleEncoder, which writes what is there, or a
// NibbleDecoder, which fills it.
template <class Coder>
class TableForm {
 public:
  TableForm(Coder& coder, Order1Frequencies& f) : coder_(coder), f_(f) {
    pairs_.fill(kUniformNibble);
    lengths_.fill(kUniformNibble);
    totals_.fill(kUniformNibble);
    singles_.fill(kUniformNibble);
  }

  absl::Status Code() {
    CodeAlphabet(coder_, f_.alphabet);
    if (f_.alphabet.empty() || f_.alphabet[0] != 0) {
      return Corrupt("the alphabet of the frequency tables lacks the symbol 0");
    }
    seen_.resize((f_.alphabet.size() + 1) / 2);
    f_.rows.resize(f_.alphabet.size());
    uint32_t before = 0;
    for (Row& row : f_.rows) {
      before = coder_.Nibble(totals_[before], static_cast<uint32_t>(row.bits + 1));
      row.bits = static_cast<int>(before) - 1;
      if (row.bits > kMaxOrder1Bits) {
        return Corrupt("the total of a frequency table is not offered");
      }
      if (row.bits < 0) continue;
      if constexpr (!Coder::kEncodes) row.begin = static_cast<uint32_t>(f_.entries.size());
      TRINE_RETURN_IF_ERROR(row.bits == 0 ? CodeSingle(row) : CodeRow(row));
      if constexpr (!Coder::kEncodes) row.end = static_cast<uint32_t>(f_.entries.size());
    }
    return absl::OkStatus();
  }

 private:
  absl::Status CodeSingle(const Row& row) {
    uint32_t symbol = Coder::kEncodes ? f_.entries[row.begin].symbol : 0;
    const uint32_t high = coder_.Nibble(singles_[16], symbol >> 4);
    symbol = high << 4 | coder_.Nibble(singles_[high], symbol & 15);
    if (symbol >= f_.alphabet.size()) {
      return Corrupt("a frequency table names a symbol beyond the alphabet");
    }
    if constexpr (!Coder::kEncodes) f_.entries.push_back({static_cast<uint8_t>(symbol), 1});
    return absl::OkStatus();
  }

  // A row with at least two symbols.
  absl::Status CodeRow(const Row& row) {
    if constexpr (Coder::kEncodes) {
      dense_.fill(0);
      for (uint32_t e = row.begin; e < row.end; ++e) {
        dense_[f_.entries[e].symbol] = f_.entries[e].freq;
      }
    }
    const size_t pairs = seen_.size();
    uint32_t left = 1u << row.bits;
    uint32_t before = 0;
    length_before_ = 0;
    for (size_t p = 0; p < pairs && left > 0;) {
      // By the sum of classes of the pair before, and what was seen of this one.
      const uint32_t average = std::min(3, (seen_[p].average + 8) >> 4);
      NibbleModel& model = pairs_[(std::min(before, 2u) * 4 + average) * 9 + seen_[p].above];
      const uint32_t token = coder_.Nibble(model, Coder::kEncodes ? TokenOf(dense_, p, pairs) : 0);
      if (token >= kFirstRun) {
        const size_t run = kRuns[token - kFirstRun];
        if (run > pairs - p) return WrongSum();
        for (size_t end = p + run; p < end; ++p) seen_[p].Add(0);
        before = 0;
        continue;
      }
      TRINE_RETURN_IF_ERROR(CodeSymbol(2 * p, token / 3, &left));
      TRINE_RETURN_IF_ERROR(CodeSymbol(2 * p + 1, token % 3, &left));
      seen_[p].Add(token);
      before = token / 3 + token % 3;
      ++p;
    }
    return left == 0 ? absl::OkStatus() : WrongSum();
  }

  // The frequency of a symbol of known class.
  absl::Status CodeSymbol(size_t symbol, uint32_t freq, uint32_t* left) {
    if (freq == 0) return absl::OkStatus();
    if (symbol >= f_.alphabet.size()) return WrongSum();
    if (freq == 2) {
      const uint32_t value = Coder::kEncodes ? dense_[symbol] : 2;
      // By the bit length that the symbol had when it was last above 1, and that of the one before.
      NibbleModel& model =
          lengths_[std::min<uint32_t>(above_[symbol], 7) * 4 + std::min(length_before_ / 2, 3u)];
      const uint32_t bits =
          1 + coder_.Nibble(model, static_cast<uint32_t>(std::bit_width(value)) - 2);
      if (bits >= kMaxOrder1Bits) return WrongSum();
      freq = 1u << bits;
      freq += coder_.Bits(value & (freq - 1), static_cast<int>(bits));
      above_[symbol] = static_cast<uint8_t>(bits);
      length_before_ = bits;
    }
    if (freq > *left) return WrongSum();
    *left -= freq;
    if constexpr (!Coder::kEncodes) {
      f_.entries.push_back({static_cast<uint8_t>(symbol), static_cast<uint16_t>(freq)});
    }
    return absl::OkStatus();
  }

  Coder& coder_;
  Order1Frequencies& f_;
  std::array<NibbleModel, 3 * 4 * 9> pairs_;
  std::array<NibbleModel, 8 * 4> lengths_;
  std::array<NibbleModel, 16> totals_;   // by the total of the row before
  std::array<NibbleModel, 17> singles_;  // by the high nibble; [16]: for that one
  std::vector<SeenPair> seen_;
  std::array<uint8_t, 256> above_{};
  uint32_t length_before_ = 0;
  DenseRow dense_;
};

// Of a context with `count` symbols of `distinct` kinds.
int ChooseBits(uint64_t count, size_t distinct) {
  if (distinct == 1) return 0;
  // Fewer slots than occurrences: what is lost by rounding is won in the tables' form.
  const int enough = static_cast<int>(std::bit_width(distinct - 1));
  const int fine = static_cast<int>(std::bit_width(count)) - 2;
  return std::max(enough, std::min(kMaxChosenOrder1Bits, fine));
}

// Calls use(context, row, entry, start) for each entry of each row, in the order of their starts:
// ascending symbols, but the most frequent one last.
template <class Use>
void ForEachEntry(const Order1Frequencies& f, Use use) {
  for (size_t c = 0; c < f.rows.size(); ++c) {
    const Row& row = f.rows[c];
    if (row.bits < 0) continue;
    uint32_t last = row.begin;
    for (uint32_t e = row.begin; e < row.end; ++e) {
      if (f.entries[e].freq > f.entries[last].freq) last = e;
    }
    uint32_t start = 0;
    for (uint32_t e = row.begin; e < row.end; ++e) {
      if (e == last) continue;
      use(f.alphabet[c], row, f.entries[e], start);
      start += f.entries[e].freq;
    }
    use(f.alphabet[c], row, f.entries[last], start);
  }
}

}  // namespace

Order1Pairs::Order1Pairs(size_t raw_bytes) : lanes_log2(ChooseKernelLanesLog2(raw_bytes)) {}

absl::Status Order1Pairs::Count(ByteView raw, const CancelToken& cancel) {
  uint32_t* const c = counts.data();
  std::fill_n(c, kPairs, 0);
  const Order1Position at(lanes_log2, raw.size());
  const uint8_t* p = raw.data();
  size_t next_poll = 0;
  for (size_t l = 0; l < at.lanes; ++l) {
    const uint8_t* const end = l + 1 == at.lanes ? raw.data() + raw.size() : p + at.stretch;
    uint32_t before = 0;
    while (p != end) {
      if (static_cast<size_t>(p - raw.data()) >= next_poll) {
        TRINE_RETURN_IF_ERROR(cancel.Check());
        next_poll += kPollPairs;
      }
      const uint8_t* const stop = p + std::min<size_t>(kPollPairs, static_cast<size_t>(end - p));
      for (; p != stop; ++p) {
        ++c[before << 8 | *p];
        before = *p;
      }
    }
  }
  return absl::OkStatus();
}

void Order1Pairs::MoveStarts(ByteView raw, bool join) {
  const Order1Position at(lanes_log2, raw.size());
  if (at.stretch == 0) return;  // one lane codes all
  for (size_t l = 1; l < at.lanes; ++l) {
    const size_t first = l * at.stretch;
    const size_t joined = size_t{raw[first - 1]} << 8 | raw[first];
    --counts[join ? raw[first] : joined];
    ++counts[join ? joined : raw[first]];
  }
}

Order1Frequencies FitOrder1(const PairCounts& counts, const Histogram& symbols) {
  Order1Frequencies f;
  for (size_t s = 0; s < 256; ++s) {
    if (symbols[s] != 0 || s == 0) f.alphabet.push_back(static_cast<uint8_t>(s));
  }
  const size_t n_symbols = f.alphabet.size();
  f.rows.resize(n_symbols);
  std::array<uint64_t, 256> row_counts;
  std::array<uint32_t, 256> freqs;
  for (size_t c = 0; c < n_symbols; ++c) {
    Row& row = f.rows[c];
    const uint32_t* const of_context = counts.data() + (size_t{f.alphabet[c]} << 8);
    row.begin = static_cast<uint32_t>(f.entries.size());
    uint64_t n = 0;
    size_t distinct = 0;
    for (size_t i = 0; i < n_symbols; ++i) {
      const uint32_t count = of_context[f.alphabet[i]];
      if (count == 0) continue;
      f.entries.push_back({static_cast<uint8_t>(i), 1});
      row_counts[distinct++] = count;
      n += count;
    }
    row.end = static_cast<uint32_t>(f.entries.size());
    if (distinct == 0) continue;
    row.bits = ChooseBits(n, distinct);
    if (row.bits == 0) continue;
    QuantizeCounts({row_counts.data(), distinct}, row.bits, freqs.data());
    for (size_t k = 0; k < distinct; ++k) {
      f.entries[row.begin + k].freq = static_cast<uint16_t>(freqs[k]);
    }
  }
  return f;
}

void AppendOrder1(const Order1Frequencies& frequencies, std::string* out) {
  NibbleEncoder coder(kTableLanesLog2, size_t{1} << 18);
  Order1Frequencies copy = frequencies;
  TableForm<NibbleEncoder>(coder, copy)
      .Code()
      .IgnoreError();  // whatever it is given can be written
  coder.Finish(out);
}

absl::StatusOr<ParsedOrder1> ParseOrder1(ByteView in) {
  NibbleDecoder coder;
  if (!coder.Start(kTableLanesLog2, in)) return Corrupt("the frequency tables are cut off");
  ParsedOrder1 parsed;
  TRINE_RETURN_IF_ERROR(TableForm<NibbleDecoder>(coder, parsed.frequencies).Code());
  if (!coder.AtEnd()) return Corrupt("the frequency tables are not closed");
  parsed.rest = coder.rest();
  return parsed;
}

void MakeOrder1Parts(const Order1Frequencies& frequencies, Order1Parts* out) {
  std::fill_n(out->parts.data(), kPairs, 0);
  ForEachEntry(frequencies,
               [&](uint32_t context, const Row& row, const Entry& entry, uint32_t start) {
                 out->parts[context << 8 | frequencies.alphabet[entry.symbol]] =
                     Order1Parts::Make(start, entry.freq, row.bits);
               });
}

size_t CountSlots(const Order1Frequencies& frequencies) {
  size_t slots = 0;
  for (const Row& row : frequencies.rows) {
    if (row.bits >= 0) slots += std::max(size_t{1} << row.bits, Order1Slots::kUnit);
  }
  return slots;
}

size_t CountSlots(const PairCounts& counts, const Histogram& symbols) {
  size_t slots = 0;
  for (size_t c = 0; c < 256; ++c) {
    uint64_t n = 0;
    size_t distinct = 0;
    for (const uint32_t* count = counts.data() + (c << 8); count != counts.data() + ((c + 1) << 8);
         ++count) {
      n += *count;
      distinct += *count != 0;
    }
    if (distinct == 0 || (symbols[c] == 0 && c != 0)) continue;
    slots += std::max(size_t{1} << ChooseBits(n, distinct), Order1Slots::kUnit);
  }
  return slots;
}

void MakeOrder1Slots(const Order1Frequencies& frequencies, Order1Slots* out) {
  constexpr uint32_t kStep = 4;  // slots filled at a time, some of them beyond the symbol's
  static_assert(kStep <= Order1Slots::kSlack);
  out->contexts.fill(Order1Slots::kAbsent);
  out->begin_low.fill(0);
  out->begin_high.fill(0);
  out->bits.fill(Order1Slots::kAbsentBits);
  // Contexts that do not occur take slot 0: the whole range, so that no range becomes 0 before it
  // is seen that the lanes came to one.
  uint32_t* const first = out->slots.data();
  first[0] = 0;
  // In the order of the slots: what is written beyond a symbol's is overwritten by the next.
  uint32_t* to = first + 1;
  ForEachEntry(
      frequencies, [&](uint32_t context, const Row& row, const Entry& entry, uint32_t start) {
        if (start == 0) {
          const auto used = static_cast<size_t>(to - first) + Order1Slots::kUnit - 1;
          const auto begin = static_cast<uint32_t>(used / Order1Slots::kUnit * Order1Slots::kUnit);
          to = first + begin;
          out->contexts[context] = begin | static_cast<uint32_t>(row.bits) << 24;
          out->begin_low[context] = static_cast<uint8_t>(begin / Order1Slots::kUnit);
          out->begin_high[context] = static_cast<uint8_t>(begin / Order1Slots::kUnit >> 8);
          out->bits[context] = static_cast<uint8_t>(row.bits);
        }
        const uint32_t freq = start + entry.freq == 1u << row.bits ? 0 : entry.freq;
        const uint32_t slot =
            start | freq << 12 | static_cast<uint32_t>(frequencies.alphabet[entry.symbol]) << 24;
        for (uint32_t k = 0; k < entry.freq; k += kStep) std::fill_n(to + k, kStep, slot);
        to += entry.freq;
      });
}

}  // namespace trine::coding
