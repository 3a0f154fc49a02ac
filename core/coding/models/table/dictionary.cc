#include "core/coding/models/table/dictionary.h"

#include <xxhash.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/base/error.h"
#include "core/base/strings.h"
#include "core/base/text/utf8.h"
#include "core/coding/container/bytes_io.h"
#include "core/coding/container/corrupt.h"
#include "core/coding/models/table/table_fit.h"

namespace trine::coding {
namespace {

constexpr size_t kMaxDirectValues = 65536;

absl::Status Malformed(std::string_view text) {
  return Corrupt(ToStd(absl::StrCat("the header's table: ", ToAbsl(text))));
}

// to - from; of what is below `from` a number near 2^64.
uint64_t Distance(int64_t from, int64_t to) {
  return static_cast<uint64_t>(to) - static_cast<uint64_t>(from);
}

// 0, -1, 1, -2, ... as 0, 1, 2, 3, ...
uint64_t ToZigzag(int64_t value) {
  const auto bits = static_cast<uint64_t>(value);
  return value < 0 ? ~(bits << 1) : bits << 1;
}

int64_t FromZigzag(uint64_t code) {
  return static_cast<int64_t>((code & 1) != 0 ? ~(code >> 1) : code >> 1);
}

int64_t MostOf(SymbolKind kind) {
  switch (kind) {
    case SymbolKind::kBytes:
      return 0xFF;
    case SymbolKind::kText:
      return 0x10FFFF;
    case SymbolKind::kIntegers:
      return 0xFFFFFFFF;
    case SymbolKind::kSigned:
      break;
  }
  return std::numeric_limits<int64_t>::max();
}

// `n` of them, ascending.
absl::Status ParseValues(SymbolKind kind, uint64_t n, ByteReader& in,
                         std::vector<int64_t>* values) {
  const int64_t most = MostOf(kind);
  int64_t before = -1;
  for (uint64_t i = 0; i < n; ++i) {
    const uint64_t step = in.Varint();
    if (i == 0 && kind == SymbolKind::kSigned) {
      before = FromZigzag(step);
    } else {
      if (step >= Distance(before, most)) return Malformed("a symbol is out of range");
      before = static_cast<int64_t>(static_cast<uint64_t>(before) + step + 1);
    }
    const bool is_character = IsCodePoint(static_cast<uint64_t>(before));
    if (in.failed() || (kind == SymbolKind::kText && !is_character)) {
      return Malformed("a symbol is out of range");
    }
    values->push_back(before);
  }
  return absl::OkStatus();
}

}  // namespace

void FrequencyDictionary::Build(SymbolKind kind, int total_bits, const std::vector<int64_t>& values,
                                const std::vector<uint32_t>& frequencies) {
  kind_ = kind;
  total_bits_ = total_bits;
  const size_t n = values.size();
  const auto last = static_cast<size_t>(std::max_element(frequencies.begin(), frequencies.end()) -
                                        frequencies.begin());
  values_.resize(n);
  frequencies_.resize(n);
  rank_of_small_.assign(std::clamp<size_t>(16 * n, 256, kMaxDirectValues),
                        static_cast<uint32_t>(n));
  small_begin_ = kind == SymbolKind::kSigned ? values[0] : 0;
  if (kind == SymbolKind::kBytes) byte_frequencies_.assign(256, {0, 0});
  uint32_t start = 0;
  for (size_t i = 0; i < n; ++i) {
    const auto rank = static_cast<uint32_t>(i == last ? n - 1 : i > last ? i - 1 : i);
    const uint32_t frequency = frequencies[i];
    const SymbolFrequency part{i == last ? (uint32_t{1} << total_bits) - frequency : start,
                               frequency};
    if (i != last) start += frequency;
    values_[rank] = values[i];
    frequencies_[rank] = part;
    if (kind == SymbolKind::kBytes) byte_frequencies_[static_cast<size_t>(values[i])] = part;
    const uint64_t small = Distance(small_begin_, values[i]);
    if (small < rank_of_small_.size()) {
      rank_of_small_[static_cast<size_t>(small)] = rank;
    } else {
      rank_of_large_.emplace_back(values[i], rank);
    }
  }
  const int bucket_bits = std::min(total_bits, format::kMaxNarrowTotalBits);
  bucket_shift_ = total_bits - bucket_bits;
  buckets_.resize((size_t{1} << bucket_bits) + 1);
  const uint32_t round_up = (uint32_t{1} << bucket_shift_) - 1;
  for (size_t r = 0; r < n; ++r) {
    const uint32_t end = frequencies_[r].start + frequencies_[r].freq;
    std::fill(buckets_.begin() + ((frequencies_[r].start + round_up) >> bucket_shift_),
              buckets_.begin() + ((end + round_up) >> bucket_shift_), static_cast<uint16_t>(r));
  }
  buckets_.back() = static_cast<uint16_t>(n - 1);
  std::string bytes;
  AppendBytes(&bytes);
  id_ = XXH3_64bits(bytes.data(), bytes.size());
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
  out.zeros_ = fitted.zeros;
  return out;
}

absl::StatusOr<FrequencyDictionary> FrequencyDictionary::Parse(ByteView bytes,
                                                               const Limits& limits) {
  ByteReader in(bytes);
  const uint8_t kind = in.Byte();
  const int total_bits = in.Byte();
  const uint64_t n = in.Varint();
  if (in.failed() || kind < 1 || kind > static_cast<uint8_t>(SymbolKind::kSigned)) {
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
  std::vector<int64_t> values;
  TRINE_RETURN_IF_ERROR(ParseValues(static_cast<SymbolKind>(kind), n, in, &values));
  std::vector<uint32_t> frequencies(n);
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
  if (in.left() != 0) return Malformed("it goes on after its frequencies");
  FrequencyDictionary out;
  out.Build(static_cast<SymbolKind>(kind), total_bits, values, frequencies);
  return out;
}

void FrequencyDictionary::AppendBytes(std::string* out) const {
  out->push_back(static_cast<char>(kind_));
  out->push_back(static_cast<char>(total_bits_));
  AppendVarint(size(), out);
  // Ascending: the last rank goes back to where its value belongs.
  const size_t last = size() - 1;
  const auto at = static_cast<size_t>(
      std::lower_bound(values_.begin(), values_.end() - 1, values_[last]) - values_.begin());
  const auto rank = [&](size_t i) { return i < at ? i : i == at ? last : i - 1; };
  int64_t before = -1;
  for (size_t i = 0; i < size(); ++i) {
    const int64_t value = values_[rank(i)];
    const bool starts_signed = i == 0 && kind_ == SymbolKind::kSigned;
    AppendVarint(starts_signed ? ToZigzag(value) : Distance(before, value) - 1, out);
    before = value;
  }
  for (size_t i = 0; i < size(); ++i) AppendVarint(frequencies_[rank(i)].freq, out);
}

double FrequencyDictionary::ideal_bits(size_t rank) const {
  if (!ideal_bits_.empty()) return ideal_bits_[rank];
  return total_bits_ - std::log2(static_cast<double>(frequencies_[rank].freq));
}

bool FrequencyDictionary::HasZero(int64_t value) const {
  return std::binary_search(zeros_.begin(), zeros_.end(), value);
}

size_t FrequencyDictionary::Rank(int64_t value) const {
  const uint64_t small = Distance(small_begin_, value);
  if (small < rank_of_small_.size()) return rank_of_small_[static_cast<size_t>(small)];
  const auto at = std::lower_bound(rank_of_large_.begin(), rank_of_large_.end(),
                                   std::pair<int64_t, uint32_t>{value, 0});
  return at == rank_of_large_.end() || at->first != value ? size() : at->second;
}

absl::StatusOr<TablePtr> MakeTable(const ProbabilityTable& table, const Limits& limits,
                                   const CancelToken& cancel) {
  TRINE_ASSIGN_OR_RETURN(FrequencyDictionary dictionary,
                         FrequencyDictionary::Fit(table, limits, cancel));
  return std::make_shared<const FrequencyDictionary>(std::move(dictionary));
}

uint64_t TableId(const TablePtr& table) { return table->id(); }

std::string TableIdText(uint64_t id) { return absl::StrFormat("%016x", id); }

}  // namespace trine::coding
