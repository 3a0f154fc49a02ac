// Payloads written as FORMAT.md says, on the range coder in plain code: with any number of lanes,
// also where the encoder would choose fewer, and with what is wrong in them where a test wants it.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/coding/coder/lanes.h"
#include "core/coding/coder/nibble_model.h"
#include "core/coding/coder/range_coder.h"
#include "core/coding/container/bytes_io.h"
#include "core/coding/models/adaptive/drifting_table.h"
#include "core/coding/models/payload.h"
#include "core/coding/models/static/order1_kernels.h"
#include "tests/core/coding/golden/golden_cases.h"

namespace trine::coding {

template <class Coder>
void WritePart(RangeEncoder<Coder>& coder, int lane, int bits, uint32_t start, uint32_t freq) {
  typename Coder::Range offset, width;
  SymbolPart(coder.lane(lane).range, bits, start, freq, &offset, &width);
  coder.lane(lane).Narrow(offset, width);
  coder.Renormalise(lane);
}

inline void WriteNibble(RangeEncoder<NarrowCoder>& coder, int lane, const NibbleModel& model,
                        uint32_t nibble) {
  const uint64_t range = coder.lane(lane).range;
  const auto offset = static_cast<uint32_t>((range * model.Start(nibble)) >> 16);
  coder.lane(lane).Narrow(offset,
                          static_cast<uint32_t>((range * model.End(nibble)) >> 16) - offset);
  coder.Renormalise(lane);
}

template <class Coder>
std::string LanesOf(RangeEncoder<Coder>& coder) {
  std::string out;
  coder.Finish(&out).IgnoreError();  // never cancelled
  return out;
}

// "Coded values".
class ValueWriter {
 public:
  explicit ValueWriter(int lanes) : lanes_(lanes), coder_(lanes, size_t{1} << 18) {}

  void Nibble(NibbleModel& model, uint32_t nibble) {
    WriteNibble(coder_, Next(), model, nibble);
    scalar::Update(model, nibble, 2048);
  }
  void Bits(uint32_t value, int n) { WritePart(coder_, Next(), n, value, 1); }
  void Alphabet(const std::string& alphabet) {
    std::array<NibbleModel, 16> models;
    models.fill(kUniformNibble);
    uint32_t before = 0;
    for (int s = 0; s < 256; s += 4) {
      uint32_t nibble = 0;
      for (int k = 0; k < 4; ++k) {
        const bool there = alphabet.find(static_cast<char>(s + k)) != std::string::npos;
        nibble |= static_cast<uint32_t>(there) << k;
      }
      Nibble(models[before], nibble);
      before = nibble;
    }
  }
  std::string Finish() { return LanesOf(coder_); }

 private:
  int Next() { return static_cast<int>(next_++ % static_cast<size_t>(lanes_)); }

  const int lanes_;
  size_t next_ = 0;
  RangeEncoder<NarrowCoder> coder_;
};

// "Order of symbols": where each one's part starts.
inline std::vector<uint32_t> StartsByValue(const std::vector<uint32_t>& freqs) {
  const auto last =
      static_cast<size_t>(std::max_element(freqs.begin(), freqs.end()) - freqs.begin());
  std::vector<uint32_t> starts(freqs.size());
  uint32_t start = 0;
  for (size_t s = 0; s < freqs.size(); ++s) {
    starts[s] = start;
    if (s != last) start += freqs[s];
  }
  starts[last] = start;
  return starts;
}

// STATIC, order 0. `freqs`: 256 of them.
inline std::string WriteStatic(const std::string& raw, int lanes_log2, int bits,
                               const std::vector<uint32_t>& freqs) {
  ValueWriter table(1);
  std::array<NibbleModel, 16> models;
  models.fill(kUniformNibble);
  uint32_t left = 1u << bits, context = 0;
  for (size_t s = 0; s < 256 && left > 0; ++s) {
    const auto length = static_cast<uint32_t>(std::bit_width(freqs[s]));
    table.Nibble(models[context], length);
    if (length > 1) {
      table.Bits(freqs[s] - (1u << (length - 1)), static_cast<int>(length) - 1);
    }
    context = length;
    left -= freqs[s];
  }
  const std::vector<uint32_t> starts = StartsByValue(freqs);
  RangeEncoder<NarrowCoder> lanes(1 << lanes_log2, raw.size() + 1);
  for (size_t i = 0; i < raw.size(); ++i) {
    const auto s = static_cast<uint8_t>(raw[i]);
    WritePart(lanes, static_cast<int>(i & ((1u << lanes_log2) - 1)), bits, starts[s], freqs[s]);
  }
  return static_cast<char>(lanes_log2 | bits << 4) + table.Finish() + LanesOf(lanes);
}

// STATIC, order 1.
struct PairTables {
  struct Table {
    int bits = -1;                // -1: nothing follows the symbol
    std::vector<uint32_t> freqs;  // by number in the alphabet
    uint32_t single = 0;          // bits = 0: the one symbol
    bool overlong_run = false;    // in place of its first pair of zeros
  };
  std::string alphabet;
  std::vector<Table> tables;  // by number in the alphabet

  // The tables' form, whether or not they are sound.
  std::string Tables() const {
    ValueWriter out(4);
    out.Alphabet(alphabet);
    const auto fresh = [](size_t n) { return std::vector<NibbleModel>(n, kUniformNibble); };
    auto total = fresh(16), single = fresh(17), pair = fresh(108), length = fresh(32);
    const size_t pairs = (alphabet.size() + 1) / 2;
    std::vector<uint32_t> above(pairs), average(pairs), longest(2 * pairs);
    uint32_t total_before = 0;
    for (const Table& table : tables) {
      out.Nibble(total[total_before], static_cast<uint32_t>(table.bits + 1));
      total_before = static_cast<uint32_t>(table.bits + 1);
      if (table.bits < 0) continue;
      if (table.bits == 0) {
        out.Nibble(single[16], table.single >> 4);
        out.Nibble(single[table.single >> 4], table.single & 15);
        continue;
      }
      std::vector<uint32_t> freqs = table.freqs;
      freqs.resize(2 * pairs);
      int64_t left = int64_t{1} << table.bits;
      uint32_t before = 0, last = 0;
      const auto see = [&](size_t p, uint32_t k, uint32_t c) {
        above[p] = k;
        average[p] = (3 * average[p] + 16 * c + 2) >> 2;
        before = c;
      };
      for (size_t p = 0; p < pairs && left > 0;) {
        NibbleModel& model =
            pair[(std::min(before, 2u) * 4 + std::min(3u, (average[p] + 8) >> 4)) * 9 + above[p]];
        const uint32_t c0 = std::min(freqs[2 * p], 2u), c1 = std::min(freqs[2 * p + 1], 2u);
        size_t zeros = 0;
        while (p + zeros < pairs && freqs[2 * (p + zeros)] + freqs[2 * (p + zeros) + 1] == 0) {
          ++zeros;
        }
        if (zeros > 0 && table.overlong_run) {
          out.Nibble(model, 15);
          break;
        }
        constexpr size_t kRuns[] = {2, 3, 4, 6, 8, 16, 32};
        size_t run = 0;
        while (run < 7 && kRuns[run] <= zeros) ++run;
        if (run > 0) {
          out.Nibble(model, static_cast<uint32_t>(9 + run - 1));
          for (size_t end = p + kRuns[run - 1]; p < end; ++p) see(p, 0, 0);
          continue;
        }
        out.Nibble(model, c0 * 3 + c1);
        for (size_t i : {2 * p, 2 * p + 1}) {
          left -= freqs[i];
          if (freqs[i] < 2) continue;
          const auto b = static_cast<uint32_t>(std::bit_width(freqs[i])) - 2;
          out.Nibble(length[std::min(longest[i], 7u) * 4 + std::min(last / 2, 3u)], b);
          out.Bits(freqs[i] - (2u << b), static_cast<int>(b) + 1);
          longest[i] = last = b + 1;
        }
        see(p, c0 * 3 + c1, c0 + c1);
        ++p;
      }
    }
    return out.Finish();
  }

  // The lanes; a symbol after one that has no table takes nothing.
  std::string Lanes(const std::string& raw, int lanes_log2) const {
    const size_t n = size_t{1} << lanes_log2, stretch = raw.size() / n;
    RangeEncoder<NarrowCoder> coder(static_cast<int>(n), raw.size() + 1);
    std::vector<size_t> context(n, alphabet.find('\0'));
    const auto code = [&](size_t lane, size_t at) {
      const size_t s = alphabet.find(raw[at]);
      const Table& table = tables[context[lane]];
      context[lane] = s;
      const int l = static_cast<int>(lane);
      if (table.bits == 0) WritePart(coder, l, 0, 0, 1);
      if (table.bits <= 0) return;
      WritePart(coder, l, table.bits, StartsByValue(table.freqs)[s], table.freqs[s]);
    };
    for (size_t t = 0; t < stretch; ++t) {
      for (size_t l = 0; l < n; ++l) code(l, l * stretch + t);
    }
    for (size_t i = n * stretch; i < raw.size(); ++i) code(n - 1, i);
    return LanesOf(coder);
  }

  std::string Payload(const std::string& raw, int lanes_log2) const {
    return static_cast<char>(lanes_log2) + Tables() + Lanes(raw, lanes_log2);
  }

  // Symbols that the tables allow, none of them after one that has no table.
  std::string Message(size_t n, int lanes_log2, uint64_t seed) const {
    const size_t stretch = n >> lanes_log2;
    Lcg random(seed);
    std::string raw;
    size_t context = alphabet.find('\0');
    while (raw.size() < n) {
      const bool starts = stretch != 0 && raw.size() % stretch == 0 &&
                          raw.size() / stretch < (size_t{1} << lanes_log2);
      if (starts) context = alphabet.find('\0');
      const Table& table = tables[context];
      size_t s = table.single;
      while (table.bits > 0 && (s >= alphabet.size() || table.freqs[s] == 0 || tables[s].bits < 0 ||
                                random.Next() % 2 == 0)) {
        s = random.Next() % alphabet.size();
      }
      raw.push_back(alphabet[s]);
      context = s;
    }
    return raw;
  }
};

// Tables of all kinds: of one symbol in both forms, with runs of zeros, with small and large
// frequencies, with an odd alphabet, and a symbol ('i') that nothing follows.
inline PairTables SomePairTables() {
  PairTables out;
  out.alphabet = std::string("\0abcdefghij", 11);
  //             0  a     b  c  d     e  f   g  h   i  j
  out.tables = {{3, {0, 4, 2, 2, 0, 0, 0, 0, 0, 0, 0}},          // after 0
                {2, {0, 1, 2, 1, 0, 0, 0, 0, 0, 0, 0}},          // a
                {12, {0, 3000, 0, 0, 1000, 0, 90, 0, 5, 0, 1}},  // b
                {4, {0, 4, 1, 7, 1, 1, 0, 0, 0, 1, 1}},          // c
                {0, {}, 1},                                      // d
                {1, {0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0}},          // e
                {5, {0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0}},         // f
                {0, {}, 8},                                      // g
                {1, {0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0}},          // h
                {-1, {}},                                        // i
                {3, {0, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0}}};         // j
  return out;
}

// ADAPTIVE, form 0.
struct AdaptiveForm {
  int order = 0;
  int lanes_log2 = 0;
  int segment_log2 = 4;
  uint32_t slowest = 262;
  int slots_log2 = 8;

  std::string Payload(const std::string& raw) const {
    struct Context {
      NibbleModel high = kUniformNibble;
      std::vector<NibbleModel> low = std::vector<NibbleModel>(16, kUniformNibble);
    };
    std::vector<Context> contexts(order == 0 ? 1 : order == 1 ? 256 : size_t{1} << slots_log2);
    const size_t lanes = size_t{1} << lanes_log2;
    RangeEncoder<NarrowCoder> coder(static_cast<int>(lanes), 2 * raw.size() + 1);
    for (size_t begin = 0; begin < raw.size();) {
      const size_t m = std::min(lanes << segment_log2, raw.size() - begin);
      const size_t segment = std::min(size_t{1} << segment_log2, (m + lanes - 1) / lanes);
      for (size_t t = 0; t < segment; ++t) {
        std::vector<std::pair<Context*, uint32_t>> row;
        for (size_t l = 0; l < lanes && l * segment + t < m; ++l) {
          const auto before = [&](size_t back) -> uint32_t {
            return t < back ? 0 : static_cast<uint8_t>(raw[begin + l * segment + t - back]);
          };
          const uint32_t c = 256 * before(2) + before(1);
          const size_t slot = order == 0   ? 0
                              : order == 1 ? before(1)
                                           : (c * 0x9E3779B1u) >> (32 - slots_log2);
          row.emplace_back(&contexts[slot], static_cast<uint8_t>(raw[begin + l * segment + t]));
        }
        int l = 0;
        for (const auto& [context, byte] : row) WriteNibble(coder, l++, context->high, byte >> 4);
        for (const auto& [context, byte] : row) scalar::Update(context->high, byte >> 4, slowest);
        l = 0;
        for (const auto& [context, byte] : row) {
          WriteNibble(coder, l++, context->low[byte >> 4], byte & 15);
        }
        for (const auto& [context, byte] : row) {
          scalar::Update(context->low[byte >> 4], byte & 15, slowest);
        }
      }
      begin += m;
    }
    std::string head{static_cast<char>(lanes_log2), static_cast<char>(segment_log2),
                     static_cast<char>(slowest), static_cast<char>(slowest >> 8)};
    if (order == 2) head.push_back(static_cast<char>(slots_log2));
    return Checked(head) + LanesOf(coder);
  }

  static std::string Checked(std::string head) {
    char check = 0x5A;
    for (const char c : head) check = static_cast<char>(check ^ c);
    return head + check;
  }
};

// ADAPTIVE, order 0, form 1. The alphabet is 0 and the bytes that occur.
inline std::string WriteDrifting(const std::string& raw, int lanes_log2,
                                 const DriftParams& params) {
  const std::string alphabet = raw + '\0';
  std::array<bool, 256> present{};
  for (const char c : alphabet) present[static_cast<uint8_t>(c)] = true;
  ValueWriter values(1);
  values.Alphabet(alphabet);
  DriftingTable table(params, present);
  RangeEncoder<NarrowCoder> coder(1 << lanes_log2, raw.size() + 1);
  for (size_t i = 0; i < raw.size();) {
    const size_t n = std::min(table.piece(), raw.size() - i);
    for (size_t k = i; k < i + n; ++k) {
      const auto s = static_cast<uint8_t>(raw[k]);
      WritePart(coder, static_cast<int>(k & ((1u << lanes_log2) - 1)), 12, table.starts()[s],
                table.freqs()[s]);
    }
    table.Learn(AsBytes(raw).data() + i, n);
    i += n;
  }
  const std::string head{static_cast<char>(lanes_log2 | 16),
                         static_cast<char>(params.piece_log2 | params.fast_shift << 4),
                         static_cast<char>(params.slow_shift | params.fast_share << 4)};
  return AdaptiveForm::Checked(head) + values.Finish() + LanesOf(coder);
}

}  // namespace trine::coding
