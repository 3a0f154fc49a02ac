#include "core/coding/models/table/table_model.h"

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/strings.h"
#include "core/base/text/utf8.h"
#include "core/coding/coder/fixed_log2.h"
#include "core/coding/coder/interleaved.h"
#include "core/coding/coder/lane_count.h"
#include "core/coding/coder/lane_log.h"
#include "core/coding/coder/order0_kernels.h"
#include "core/coding/container/bytes_io.h"
#include "core/coding/container/corrupt.h"
#include "core/coding/container/format.h"

namespace trine::coding {
namespace {

// By value, as the kernels of STATIC take them.
struct ByteParts {
  explicit ByteParts(const FrequencyDictionary& dictionary) {
    for (size_t v = 0; v < 256; ++v) {
      starts[v] = dictionary.byte_frequencies()[v].start;
      freqs[v] = dictionary.byte_frequencies()[v].freq;
    }
  }
  std::array<uint32_t, 256> starts, freqs;
};

}  // namespace

absl::Status CheckElements(bool all_fit) {
  if (all_fit) return absl::OkStatus();
  return Corrupt("a symbol does not fit the content's elements");
}

absl::Status CheckSymbolElement(const Element& element) {
  if (HoldsSymbols(element)) return absl::OkStatus();
  return Corrupt("the content's elements are not integers of 1, 2 or 4 bytes, or signed of 8");
}

std::string_view WhyNotCoded(const FrequencyDictionary& dictionary, int64_t value) {
  return dictionary.HasZero(value) ? "has probability 0 in" : "is not in";
}

absl::StatusOr<std::vector<uint16_t>> RanksOf(const FrequencyDictionary& dictionary, ByteView raw,
                                              const Element& element, uint64_t raw_offset,
                                              const CancelToken& cancel) {
  const bool text = dictionary.kind() == SymbolKind::kText;
  const Element symbol = dictionary.is_of_elements() ? element : Element{};
  const size_t step = symbol.bytes;
  std::vector<uint16_t> ranks;
  ranks.reserve(text ? raw.size() : raw.size() / step);
  size_t next_poll = 0;
  for (size_t i = 0; i < raw.size();) {
    if (i >= next_poll) {
      TRINE_RETURN_IF_ERROR(cancel.Check());
      next_poll = i + kPollSymbols;
    }
    int64_t value = 0;
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
      value = LoadElement(raw.data() + i, symbol);
    }
    const size_t rank = dictionary.Rank(value);
    if (rank == dictionary.size()) {
      const std::string shown =
          text ? absl::StrCat("'", std::string(raw.begin() + i, raw.begin() + i + bytes), "'")
               : absl::StrCat(value);
      return InvalidField("data", shown,
                          absl::StrCat("the symbol at byte ", raw_offset + i, " ",
                                       ToAbsl(WhyNotCoded(dictionary, value)), " the table"));
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
  const auto part = [&, table, bits](uint64_t i) { return SymbolPartOf{table[ranks[i]], bits}; };
  const uint64_t max_bytes = raw_bytes - payload.side_bytes - 1;
  absl::StatusOr<bool> fits =
      dictionary.wide() ? EncodeInterleaved<WideCoder>(lanes_log2, ranks.size(), part, max_bytes,
                                                       cancel, &payload.bytes)
                        : EncodeInterleaved<NarrowCoder>(lanes_log2, ranks.size(), part, max_bytes,
                                                         cancel, &payload.bytes);
  TRINE_ASSIGN_OR_RETURN(payload.fits, std::move(fits));
  return payload;
}

absl::StatusOr<Payload> EncodeTableBytes(const FrequencyDictionary& dictionary, ByteView raw,
                                         absl::Span<const uint64_t> counts,
                                         const CancelToken& cancel) {
  Payload payload;
  const uint32_t whole = static_cast<uint32_t>(dictionary.total_bits()) << kLog2FractionBits;
  uint64_t cost = 0;
  for (size_t r = 0; r < counts.size(); ++r) {
    if (counts[r] != 0) cost += counts[r] * (whole - FixedLog2(dictionary.frequencies()[r].freq));
  }
  const int lanes_log2 = ChooseKernelLanesLog2(cost >> (kLog2FractionBits + 3));
  payload.bytes.push_back(static_cast<char>(lanes_log2));
  AppendVarint(raw.size(), &payload.bytes);
  payload.side_bytes = payload.bytes.size();
  if (payload.side_bytes >= raw.size()) return payload;
  const ByteParts bytes(dictionary);
  Order0Parts parts;
  parts.Build(dictionary.total_bits(), bytes.starts, bytes.freqs);
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
  const auto table = [t = SlotTable(d)](uint64_t) { return t; };
  return d.wide() ? DecodeInterleaved<WideCoder>(lanes_log2, n, in, table, put, cancel)
                  : DecodeInterleaved<NarrowCoder>(lanes_log2, n, in, table, put, cancel);
}

}  // namespace

absl::Status DecodeTable(const FrequencyDictionary& dictionary, ByteView payload, Element element,
                         MutableByteView raw, const CancelToken& cancel) {
  ByteReader in(payload);
  const int lanes_log2 = in.Byte();
  const uint64_t n = in.Varint();
  if (in.failed() || lanes_log2 > format::kMaxLanesLog2) {
    return Corrupt("the payload's parameters are malformed");
  }
  const ByteView lanes = payload.subspan(in.position());
  if (dictionary.kind() == SymbolKind::kText) {
    if (n > raw.size()) return Corrupt("the number of symbols is out of range");
    size_t at = 0;
    bool fits = true;
    TRINE_RETURN_IF_ERROR(DecodeRanks(
        dictionary, lanes_log2, n, lanes,
        [&](uint64_t, uint32_t rank) {
          const auto value = static_cast<uint32_t>(dictionary.value(rank));
          const size_t bytes = Utf8Bytes(value);
          fits = fits && bytes <= raw.size() - at;
          if (!fits) return;
          PutCodePoint(value, raw.data() + at);
          at += bytes;
        },
        cancel));
    if (!fits || at != raw.size()) {
      return Corrupt("the symbols do not fill the block's raw length");
    }
    return absl::OkStatus();
  }
  if (!dictionary.is_of_elements()) element = Element{};
  if (element.bytes == 0) {
    const uint64_t bytes = n == 0 ? 0 : raw.size() / n;
    element = {static_cast<size_t>(bytes), dictionary.kind() == SymbolKind::kSigned};
  }
  TRINE_RETURN_IF_ERROR(CheckSymbolElement(element));
  const size_t step = element.bytes;
  if (raw.size() % step != 0 || n != raw.size() / step) {
    return Corrupt("the number of symbols does not fit the block's raw length");
  }
  if (dictionary.is_bytes_narrow()) {
    const ByteParts parts(dictionary);
    Order0Slots slots;
    slots.Build(dictionary.total_bits(), parts.starts, parts.freqs);
    return DecodeOrder0Pieces(lanes_log2, lanes, slots, raw, cancel);
  }
  const ElementValues values(element);
  bool all_fit = true;
  TRINE_RETURN_IF_ERROR(DecodeRanks(
      dictionary, lanes_log2, n, lanes,
      [&](uint64_t i, uint32_t rank) {
        const int64_t value = dictionary.value(rank);
        all_fit &= values.Hold(value);
        StoreElement(raw.data() + i * step, step, value);
      },
      cancel));
  return CheckElements(all_fit);
}

}  // namespace trine::coding
