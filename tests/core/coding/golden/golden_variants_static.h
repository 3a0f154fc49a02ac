// STATIC with numbers of lanes, totals and tables that the encoder does not choose.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "core/coding/models/static/frequencies.h"
#include "core/coding/models/static/order1_table.h"
#include "tests/core/coding/golden/golden_builder.h"

namespace trine::coding {

inline Histogram CountsOf(const std::string& raw) {
  Histogram counts{};
  CountBytes(AsBytes(raw), counts);
  return counts;
}

// A payload of order 0. `like`: a text whose frequencies are taken, which has every byte of `raw`.
inline std::string PlainStatic(const std::string& raw, const std::string& like, int lanes_log2,
                               int total_bits) {
  const auto freqs = QuantizeCounts(CountsOf(like), total_bits);
  PlainTable table{total_bits, {}};
  for (uint32_t v = 0; v < 256; ++v) {
    if (freqs[v] != 0) table.freqs.emplace_back(v, freqs[v]);
  }
  std::string out(1, static_cast<char>(lanes_log2 + 16 * total_bits));
  AppendFrequencies(freqs, total_bits, &out);
  PlainLanes<NarrowCoder> lanes(lanes_log2, raw.size());
  for (size_t i = 0; i < raw.size(); ++i) {
    lanes.Put(static_cast<int>(i % (size_t{1} << lanes_log2)), table, static_cast<uint8_t>(raw[i]));
  }
  lanes.Finish(&out);
  return out;
}

// Where each byte of a block of order 1 is, in the order of coding: (lane, position).
inline std::vector<std::pair<size_t, size_t>> OrderOfPairs(size_t n, int lanes_log2) {
  const size_t lanes = size_t{1} << lanes_log2;
  const size_t stretch = n / lanes;
  std::vector<std::pair<size_t, size_t>> order;
  for (size_t t = 0; t < stretch; ++t) {
    for (size_t l = 0; l < lanes; ++l) order.emplace_back(l, l * stretch + t);
  }
  for (size_t i = lanes * stretch; i < n; ++i) order.emplace_back(lanes - 1, i);
  return order;
}

enum class PairTotals {
  kFitted,  // as the encoder chooses them
  kFinest,  // 2^12 wherever there is more than one symbol
  kCoarsest,
};

// A payload of order 1. `unused`: symbols that the alphabet holds beside those of `raw`.
inline std::string PlainStaticPairs(const std::string& raw, int lanes_log2, PairTotals totals,
                                    const std::string& unused) {
  const auto order = OrderOfPairs(raw.size(), lanes_log2);
  const auto context_of = [&](size_t lane, size_t i) -> uint8_t {
    const size_t begin = lane * (raw.size() >> lanes_log2);
    return i == begin ? 0 : static_cast<uint8_t>(raw[i - 1]);
  };
  PairCounts counts(kPairs);
  std::fill_n(counts.data(), kPairs, 0);
  for (const auto& [lane, i] : order) {
    ++counts[size_t{context_of(lane, i)} << 8 | static_cast<uint8_t>(raw[i])];
  }
  Order1Frequencies f = FitOrder1(counts, CountsOf(raw + unused));
  std::vector<PlainTable> tables(256);
  for (size_t c = 0; c < f.rows.size(); ++c) {
    Order1Frequencies::Row& row = f.rows[c];
    if (row.bits < 0) continue;
    const size_t kinds = row.end - row.begin;
    if (row.bits > 0 && totals != PairTotals::kFitted) {
      row.bits = kMaxOrder1Bits;
      if (totals == PairTotals::kCoarsest) {
        for (row.bits = 1; size_t{1} << row.bits < kinds;) ++row.bits;
      }
      std::vector<uint64_t> of_row;
      for (uint32_t e = row.begin; e < row.end; ++e) {
        of_row.push_back(counts[size_t{f.alphabet[c]} << 8 | f.alphabet[f.entries[e].symbol]]);
      }
      std::vector<uint32_t> freqs(kinds);
      QuantizeCounts(of_row, row.bits, freqs.data());
      for (size_t k = 0; k < kinds; ++k) {
        f.entries[row.begin + k].freq = static_cast<uint16_t>(freqs[k]);
      }
    }
    tables[f.alphabet[c]].bits = row.bits;
    for (uint32_t e = row.begin; e < row.end; ++e) {
      tables[f.alphabet[c]].freqs.emplace_back(f.alphabet[f.entries[e].symbol], f.entries[e].freq);
    }
  }
  std::string out(1, static_cast<char>(lanes_log2));
  AppendOrder1(f, &out);
  PlainLanes<NarrowCoder> lanes(lanes_log2, raw.size());
  for (const auto& [lane, i] : order) {
    lanes.Put(static_cast<int>(lane), tables[context_of(lane, i)], static_cast<uint8_t>(raw[i]));
  }
  lanes.Finish(&out);
  return out;
}

inline void AddStaticVariants(std::vector<GoldenVariant>* variants) {
  const std::string text = GoldenText(9000);
  const std::string skewed = GoldenSkewed(9000);
  {
    // Every number of lanes with a small and a large total; the last rows of lanes are not full,
    // and half of the tables have symbols that do not occur.
    StreamBuilder stream(PlainHeader());
    std::string all;
    for (int lanes_log2 = 0; lanes_log2 <= 6; ++lanes_log2) {
      for (const int total_bits : {8 + lanes_log2, 14 - lanes_log2}) {
        const bool other = total_bits % 2 == 1;
        const std::string& source = other ? skewed : text;
        const std::string raw =
            source.substr(static_cast<size_t>(lanes_log2) * 100, other ? 1403 : 701);
        stream.AddModel(Model::kStatic, 0,
                        PlainStatic(raw, other ? source : raw, lanes_log2, total_bits), raw);
        all += raw;
      }
    }
    variants->push_back({"variant-static-lanes", stream.Finish(), all, {}, {}});
  }
  {
    // Likewise order 1. The last byte of some blocks occurs nowhere else: nothing follows it.
    StreamBuilder stream(PlainHeader());
    std::string all;
    const auto add = [&](const std::string& raw, int lanes_log2, PairTotals totals,
                         const std::string& unused) {
      stream.AddModel(Model::kStatic, 1, PlainStaticPairs(raw, lanes_log2, totals, unused), raw);
      all += raw;
    };
    for (int lanes_log2 = 0; lanes_log2 <= 6; ++lanes_log2) {
      const size_t n = 850 + (size_t{1} << lanes_log2) * 3 - 1;  // a long rest
      add(text.substr(0, n), lanes_log2, PairTotals::kFitted, "");
      add(text.substr(1, n) + "Z", lanes_log2,
          lanes_log2 % 2 == 0 ? PairTotals::kFinest : PairTotals::kCoarsest, "");
    }
    // Contexts of many symbols; symbols of the alphabet that occur nowhere; 0 as a symbol.
    std::string many = skewed.substr(0, 3500);
    for (char& c : many) c = static_cast<char>(static_cast<uint8_t>(c) / 2 * 3);
    add(many, 2, PairTotals::kFitted, "\xFE\xFF");
    for (char& c : many) c = static_cast<char>(static_cast<uint8_t>(c) / 12);
    add(many, 3, PairTotals::kFinest, "\xFE\xFF");
    add(std::string(500, '\0') + text.substr(0, 1500) + std::string(300, '\0'), 4,
        PairTotals::kFitted, "#");
    // Only one symbol follows each: no word at all.
    add(std::string(9, '\0') + std::string(200, '\0'), 0, PairTotals::kFitted, "");
    variants->push_back({"variant-static-pairs", stream.Finish(), all, {}, {}});
  }
}

}  // namespace trine::coding
