#include "core/coding/table_model.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/strings.h"
#include "core/coding/fixed_log2.h"
#include "core/coding/format.h"
#include "core/coding/lane_log.h"
#include "core/coding/static_kernels.h"
#include "core/coding/table_fit.h"
#include "core/coding/utf8.h"
#include "core/coding/varint.h"

namespace trine::coding {
namespace {

constexpr int kMaxTableLanesLog2 = 5;
constexpr uint32_t kDirectValues = 65536;

absl::Status Malformed(std::string_view text) {
  return CorruptStream(-1, -1, ToStd(absl::StrCat("the header's table: ", ToAbsl(text))));
}

absl::Status UnknownSymbol(std::string_view value, uint64_t position) {
  return InvalidField("data", value,
                      absl::StrCat("the symbol at byte ", position, " is not in the table"));
}

uint32_t LoadElement(const uint8_t* p, size_t bytes) {
  return bytes == 1 ? *p : bytes == 2 ? LoadLE<uint16_t>(p) : LoadLE<uint32_t>(p);
}

void StoreElement(uint8_t* p, size_t bytes, uint32_t value) {
  if (bytes == 1) {
    *p = static_cast<uint8_t>(value);
  } else if (bytes == 2) {
    StoreLE(p, static_cast<uint16_t>(value));
  } else {
    StoreLE(p, value);
  }
}

}  // namespace

void FrequencyDictionary::Build(SymbolKind kind, int total_bits,
                                const std::vector<uint32_t>& values,
                                const std::vector<uint32_t>& frequencies) {
  kind_ = kind;
  total_bits_ = total_bits;
  const size_t n = values.size();
  const auto last = static_cast<size_t>(std::max_element(frequencies.begin(), frequencies.end()) -
                                        frequencies.begin());
  rank_of_small_.assign(kDirectValues, static_cast<uint32_t>(n));
  uint32_t start = 0;
  const auto add = [&](size_t i) {
    const auto rank = static_cast<uint32_t>(values_.size());
    values_.push_back(values[i]);
    frequencies_.push_back({start, frequencies[i]});
    start += frequencies[i];
    if (values[i] < 256) {
      byte_starts_[values[i]] = start - frequencies[i];
      byte_freqs_[values[i]] = frequencies[i];
    }
    if (values[i] < kDirectValues) {
      rank_of_small_[values[i]] = rank;
    } else {
      rank_of_large_.emplace_back(values[i], rank);
    }
  };
  for (size_t i = 0; i < n; ++i) {
    if (i != last) add(i);
  }
  add(last);
  std::sort(rank_of_large_.begin(), rank_of_large_.end());
  const int bucket_bits = std::min(total_bits, format::kMaxNarrowTotalBits);
  bucket_shift_ = total_bits - bucket_bits;
  buckets_.resize((size_t{1} << bucket_bits) + 1);
  uint32_t rank = 0;
  for (size_t b = 0; b + 1 < buckets_.size(); ++b) {
    const auto slot = static_cast<uint32_t>(b << bucket_shift_);
    while (frequencies_[rank].start + frequencies_[rank].freq <= slot) ++rank;
    buckets_[b] = rank;
  }
  buckets_.back() = static_cast<uint32_t>(n - 1);
}

absl::StatusOr<FrequencyDictionary> FrequencyDictionary::Fit(const ProbabilityTable& table,
                                                             const Limits& limits,
                                                             const CancelToken& cancel) {
  TRINE_ASSIGN_OR_RETURN(const FittedTable fitted, FitTable(table, limits, cancel));
  FrequencyDictionary out;
  out.Build(table.kind, fitted.total_bits, fitted.values, fitted.frequencies);
  out.ideal_bits_.resize(out.size());
  for (size_t i = 0; i < fitted.values.size(); ++i) {
    out.ideal_bits_[out.Rank(fitted.values[i])] = fitted.ideal_bits[i];
  }
  return out;
}

absl::StatusOr<FrequencyDictionary> FrequencyDictionary::Parse(ByteView params,
                                                               const Limits& limits) {
  ByteReader in(params);
  const uint8_t kind = in.Byte();
  const int total_bits = in.Byte();
  const uint64_t n = in.Varint();
  if (in.failed() || kind < 1 || kind > static_cast<uint8_t>(SymbolKind::kIntegers)) {
    return Malformed("its kind of symbols is not known");
  }
  if (total_bits < format::kMinTotalBits || total_bits > format::kMaxTotalBits) {
    return Malformed("its total is not offered");
  }
  if (n < 1 || n > format::kMaxTableSymbols || n > in.left()) {
    return Malformed("its number of symbols is out of range");
  }
  if (n > limits.max_table_symbols) {
    return LimitExceeded("data", n, "max_table_symbols", limits.max_table_symbols);
  }
  std::vector<uint32_t> values(n), frequencies(n);
  uint64_t next = 0;
  for (uint32_t& value : values) {
    const uint64_t step = in.Varint();
    const uint64_t v = next + step;
    if (in.failed() || step > 0xFFFFFFFFu || v > 0xFFFFFFFFu ||
        (kind == static_cast<uint8_t>(SymbolKind::kBytes) && v > 255) ||
        (kind == static_cast<uint8_t>(SymbolKind::kText) && !IsCodePoint(v))) {
      return Malformed("a symbol is out of range");
    }
    value = static_cast<uint32_t>(v);
    next = v + 1;
  }
  uint64_t left = uint64_t{1} << total_bits;
  for (uint32_t& f : frequencies) {
    const uint64_t frequency = in.Varint();
    if (in.failed() || frequency < 1 || frequency > left) {
      return Malformed("a frequency is 0 or the sum is too large");
    }
    f = static_cast<uint32_t>(frequency);
    left -= frequency;
  }
  if (left != 0) return Malformed("the frequencies' sum is too small");
  if (in.left() != 0) return Malformed("it goes on behind its frequencies");
  FrequencyDictionary out;
  out.Build(static_cast<SymbolKind>(kind), total_bits, values, frequencies);
  return out;
}

void FrequencyDictionary::AppendParams(std::string* out) const {
  out->push_back(static_cast<char>(kind_));
  out->push_back(static_cast<char>(total_bits_));
  AppendVarint(size(), out);
  std::vector<std::pair<uint32_t, uint32_t>> ascending;
  for (size_t r = 0; r < size(); ++r) ascending.emplace_back(values_[r], frequencies_[r].freq);
  std::sort(ascending.begin(), ascending.end());
  uint64_t next = 0;
  for (const auto& [value, frequency] : ascending) {
    AppendVarint(value - next, out);
    next = uint64_t{value} + 1;
  }
  for (const auto& [value, frequency] : ascending) AppendVarint(frequency, out);
}

size_t FrequencyDictionary::Rank(uint32_t value) const {
  if (value < kDirectValues) return rank_of_small_[value];
  const auto at = std::lower_bound(rank_of_large_.begin(), rank_of_large_.end(),
                                   std::pair<uint32_t, uint32_t>{value, 0});
  return at == rank_of_large_.end() || at->first != value ? size() : at->second;
}

absl::StatusOr<std::vector<uint16_t>> RanksOf(const FrequencyDictionary& dictionary, ByteView raw,
                                              size_t element_bytes, uint64_t raw_offset,
                                              const CancelToken& cancel) {
  const bool text = dictionary.kind() == SymbolKind::kText;
  const size_t step = dictionary.kind() == SymbolKind::kIntegers ? element_bytes : 1;
  std::vector<uint16_t> ranks;
  ranks.reserve(text ? raw.size() : raw.size() / step);
  size_t next_poll = 0;
  for (size_t i = 0; i < raw.size();) {
    if (i >= next_poll) {
      TRINE_RETURN_IF_ERROR(cancel.Check());
      next_poll = i + kPollSymbols;
    }
    uint32_t value = 0;
    size_t bytes = step;
    if (text) {
      const CodePoint c = TakeCodePoint(raw.subspan(i, std::min<size_t>(4, raw.size() - i)));
      if (c.bytes == 0) {
        return InvalidField("data", static_cast<int64_t>(raw[i]),
                            absl::StrCat("the byte at ", raw_offset + i, " is not UTF-8"));
      }
      value = c.value;
      bytes = c.bytes;
    } else {
      value = LoadElement(raw.data() + i, step);
    }
    const size_t rank = dictionary.Rank(value);
    if (rank == dictionary.size()) {
      return UnknownSymbol(
          text ? absl::StrCat("'", std::string(raw.begin() + i, raw.begin() + i + bytes), "'")
               : absl::StrCat(value),
          raw_offset + i);
    }
    ranks.push_back(static_cast<uint16_t>(rank));
    i += bytes;
  }
  return ranks;
}

absl::StatusOr<Payload> EncodeTable(const FrequencyDictionary& dictionary,
                                    const std::vector<uint16_t>& ranks, uint64_t raw_bytes,
                                    const CancelToken& cancel) {
  Payload payload;
  // About the cost: what the frequencies say of symbols taken evenly. A wide lane costs twice.
  const SymbolFrequency* const table = dictionary.frequencies();
  const int bits = dictionary.total_bits();
  const uint32_t whole = static_cast<uint32_t>(bits) << kLog2FractionBits;
  const size_t stride = ranks.size() / 4096 + 1;
  uint64_t cost = 0;
  for (size_t i = 0; i < ranks.size(); i += stride) {
    cost += whole - std::min(whole, FixedLog2(table[ranks[i]].freq));
  }
  const uint64_t bytes = ((cost * stride) >> (kLog2FractionBits + 3)) / (dictionary.wide() ? 2 : 1);
  const int lanes_log2 = ChooseLanesLog2(bytes, kMaxTableLanesLog2);
  payload.bytes.push_back(static_cast<char>(lanes_log2));
  AppendVarint(ranks.size(), &payload.bytes);
  payload.side_bytes = payload.bytes.size();
  if (payload.side_bytes >= raw_bytes) return payload;
  const auto symbol = [&](uint64_t i) { return ranks[i]; };
  const uint64_t max_bytes = raw_bytes - payload.side_bytes - 1;
  absl::StatusOr<bool> fits =
      dictionary.wide() ? EncodeInterleaved<WideCoder>(table, bits, lanes_log2, ranks.size(),
                                                       symbol, max_bytes, cancel, &payload.bytes)
                        : EncodeInterleaved<NarrowCoder>(table, bits, lanes_log2, ranks.size(),
                                                         symbol, max_bytes, cancel, &payload.bytes);
  TRINE_ASSIGN_OR_RETURN(payload.fits, std::move(fits));
  return payload;
}

absl::StatusOr<Payload> EncodeTableBytes(const FrequencyDictionary& dictionary, ByteView raw,
                                         const CancelToken& cancel) {
  Payload payload;
  const int lanes_log2 = ChooseLanesLog2(raw.size() / 2, format::kMaxLanesLog2);
  payload.bytes.push_back(static_cast<char>(lanes_log2));
  AppendVarint(raw.size(), &payload.bytes);
  payload.side_bytes = payload.bytes.size();
  if (payload.side_bytes >= raw.size()) return payload;
  Order0Parts parts;
  parts.Build(dictionary.total_bits(), dictionary.byte_starts(), dictionary.byte_freqs());
  LaneLog log(lanes_log2, raw.size(), (raw.size() >> lanes_log2) + 1,
              raw.size() - payload.side_bytes - 1);
  TRINE_ASSIGN_OR_RETURN(payload.fits, log.EncodeOrder0Pieces(raw, parts, cancel));
  if (payload.fits) TRINE_RETURN_IF_ERROR(log.Write(cancel, &payload.bytes));
  return payload;
}

namespace {

template <class Put>
absl::Status DecodeRanks(const FrequencyDictionary& d, int lanes_log2, uint64_t n, ByteView in,
                         Put put, const CancelToken& cancel) {
  const auto find = [&](uint32_t slot) { return d.Find(slot); };
  return d.wide() ? DecodeInterleaved<WideCoder>(d.frequencies(), d.total_bits(), lanes_log2, n, in,
                                                 find, put, cancel)
                  : DecodeInterleaved<NarrowCoder>(d.frequencies(), d.total_bits(), lanes_log2, n,
                                                   in, find, put, cancel);
}

}  // namespace

absl::Status DecodeTable(const FrequencyDictionary& dictionary, ByteView payload,
                         size_t element_bytes, MutableByteView raw, const CancelToken& cancel) {
  ByteReader in(payload);
  const int lanes_log2 = in.Byte();
  const uint64_t n = in.Varint();
  if (in.failed() || lanes_log2 > format::kMaxLanesLog2) {
    return CorruptStream(-1, -1, "the payload's parameters are malformed");
  }
  const ByteView lanes = payload.subspan(in.position());
  if (dictionary.kind() == SymbolKind::kText) {
    if (n > raw.size()) return CorruptStream(-1, -1, "the number of symbols is out of range");
    size_t at = 0;
    bool fits = true;
    TRINE_RETURN_IF_ERROR(DecodeRanks(
        dictionary, lanes_log2, n, lanes,
        [&](uint64_t, uint32_t rank) {
          const uint32_t value = dictionary.value(rank);
          const size_t bytes = Utf8Bytes(value);
          fits = fits && bytes <= raw.size() - at;
          if (!fits) return;
          PutCodePoint(value, raw.data() + at);
          at += bytes;
        },
        cancel));
    if (!fits || at != raw.size()) {
      return CorruptStream(-1, -1, "the symbols do not fill the block's raw length");
    }
    return absl::OkStatus();
  }
  const size_t step = dictionary.kind() == SymbolKind::kIntegers ? element_bytes : 1;
  if (step != 1 && step != 2 && step != 4) {
    return CorruptStream(-1, -1, "the content's elements are not integers of 1, 2 or 4 bytes");
  }
  if (raw.size() % step != 0 || n != raw.size() / step) {
    return CorruptStream(-1, -1, "the number of symbols does not fit the block's raw length");
  }
  if (dictionary.is_narrow_bytes()) {
    Order0Slots slots;
    slots.Build(dictionary.total_bits(), dictionary.byte_starts(), dictionary.byte_freqs());
    return DecodeOrder0Pieces(lanes_log2, lanes, slots, raw, cancel);
  }
  return DecodeRanks(
      dictionary, lanes_log2, n, lanes,
      [&](uint64_t i, uint32_t rank) {
        StoreElement(raw.data() + i * step, step, dictionary.value(rank));
      },
      cancel);
}

}  // namespace trine::coding
