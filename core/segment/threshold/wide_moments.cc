#include "core/segment/threshold/wide_moments.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <utility>

#include "core/segment/threshold/wide_uint.h"

namespace trine::segment {
namespace {

constexpr size_t kMaxLimbs = 24;

using Limbs = std::array<uint64_t, kMaxLimbs>;

void AddProduct(const uint64_t* value, uint64_t factor, size_t limbs, uint64_t* to) {
  uint64_t carry = 0;
  for (size_t i = 0; i < limbs; ++i) {
    const Uint128 sum = Uint128{value[i]} * factor + to[i] + carry;
    to[i] = static_cast<uint64_t>(sum);
    carry = static_cast<uint64_t>(sum >> 64);
  }
}

void Subtract(const uint64_t* value, size_t limbs, uint64_t* from) {
  uint64_t borrow = 0;
  for (size_t i = 0; i < limbs; ++i) {
    const Uint128 difference = Uint128{from[i]} - value[i] - borrow;
    from[i] = static_cast<uint64_t>(difference);
    borrow = static_cast<uint64_t>(difference >> 64) & 1;
  }
}

// value / 2^unit in two's complement. REQUIRES: it is whole and fits.
void SetValue(double value, int unit, size_t limbs, uint64_t* out) {
  std::fill_n(out, limbs, 0);
  if (value == 0) return;
  int exponent = 0;
  const double fraction = std::frexp(std::fabs(value), &exponent);
  uint64_t mantissa = static_cast<uint64_t>(std::ldexp(fraction, 53));
  int shift = exponent - 53 - unit;
  if (shift < 0) {  // a multiple of the unit: the bits that go are 0
    mantissa >>= -shift;
    shift = 0;
  }
  const size_t limb = static_cast<size_t>(shift) / 64;
  const Uint128 bits = Uint128{mantissa} << (shift % 64);
  out[limb] = static_cast<uint64_t>(bits);
  if (limb + 1 < limbs) out[limb + 1] = static_cast<uint64_t>(bits >> 64);
  if (value > 0) return;
  Limbs zero{};
  Subtract(out, limbs, zero.data());
  std::copy_n(zero.data(), limbs, out);
}

// Within 2^-104 of value * 2^unit.
DoubleDouble ToDoubleDouble(const uint64_t* value, size_t limbs, int unit) {
  size_t top = limbs;
  while (top > 0 && value[top - 1] == 0) --top;
  DoubleDouble out;
  for (size_t i = top; i-- > (top > 3 ? top - 3 : 0);) {
    const int exponent = unit + static_cast<int>(64 * i);
    for (const int half : {32, 0}) {
      const double part = static_cast<double>((value[i] >> half) & 0xffffffffu);
      out = out + DoubleDouble(std::ldexp(part, exponent + half));
    }
  }
  return out;
}

int LowestBit(double value) {
  int exponent = 0;
  const double fraction = std::frexp(std::fabs(value), &exponent);
  const uint64_t mantissa = static_cast<uint64_t>(std::ldexp(fraction, 53));
  return exponent - 53 + std::countr_zero(mantissa);
}

}  // namespace

// A sum of fractions beside the common denominator of two such sums.
class WideMoments::Exact {
 public:
  using Wide = WideUint<64>;

  // sum += S^2 / w.
  static void Add(const uint64_t* s, size_t limbs, uint64_t weight, Wide& denominator, Wide& sum,
                  Wide& other) {
    Wide term = denominator;
    for (int twice = 0; twice < 2; ++twice) {
      Wide product;
      for (size_t i = 0; i < limbs; ++i) {
        if (s[i] == 0) continue;
        Wide part = term.ShiftedLimbs(i);
        part *= s[i];
        product += part;
      }
      term = product;
    }
    sum *= weight;
    sum += term;
    other *= weight;
    denominator *= weight;
  }
};

absl::Status WideMoments::Fill(const Context& context, const Levels& levels, Poller& poll) {
  levels_ = &levels;
  constexpr int kNone = 5000;
  unit_ = kNone;
  for (const double value : levels.values) {
    TRINE_RETURN_IF_ERROR(poll.Spend(4));
    if (value != 0) unit_ = std::min(unit_, LowestBit(value));
  }
  if (unit_ == kNone) unit_ = 0;
  int exponent = 0;
  std::frexp(std::max(std::fabs(levels.values.front()), std::fabs(levels.values.back())),
             &exponent);
  // Two values of so many bits, 2^30 of them, and a sign.
  const int bits = std::max(exponent - unit_, 1) + 1 + 30 + 1;
  limbs_ = static_cast<size_t>(bits + 63) / 64;
  TRINE_RETURN_IF_ERROR(context.Reserve((levels.size() + 1) * 8 * (limbs_ + 1)));
  ReserveLong(levels.size() + 1, &weight_);
  weight_.push_back(0);
  sum_ = MakeScratch<uint64_t>(static_cast<int64_t>((levels.size() + 1) * limbs_));
  std::fill_n(sum_.data(), limbs_, 0);
  for (size_t i = 0; i < levels.size(); ++i) {
    TRINE_RETURN_IF_ERROR(poll.Spend(16 + 4 * limbs_));
    weight_.push_back(weight_.back() + levels.counts[i]);
    uint64_t* const sum = sum_.data() + (i + 1) * limbs_;
    std::copy_n(sum - limbs_, limbs_, sum);
    Limbs offset;
    SetOffset(i, offset.data());
    AddProduct(offset.data(), levels.counts[i], limbs_, sum);
  }
  return absl::OkStatus();
}

void WideMoments::SetOffset(size_t level, uint64_t* offset) const {
  Limbs low;
  SetValue(levels_->values[0], unit_, limbs_, low.data());
  SetValue(levels_->values[level], unit_, limbs_, offset);
  Subtract(low.data(), limbs_, offset);
}

void WideMoments::Sum(const LevelRange& range, size_t from, uint64_t* sum) const {
  std::copy_n(sum_.data() + range.end * limbs_, limbs_, sum);
  Subtract(sum_.data() + range.begin * limbs_, limbs_, sum);
  if (from == 0) return;
  Limbs offset, common{};
  SetOffset(from, offset.data());
  AddProduct(offset.data(), Weight(range), limbs_, common.data());
  Subtract(common.data(), limbs_, sum);
}

DoubleDouble WideMoments::TermFrom(const LevelRange& range, size_t from) const {
  Limbs sum;
  Sum(range, from, sum.data());
  const DoubleDouble s = ToDoubleDouble(sum.data(), limbs_, unit_);
  return s * s / DoubleDouble(static_cast<double>(Weight(range)));
}

DoubleDouble WideMoments::Term(size_t begin, size_t end) const { return TermFrom({begin, end}, 0); }

void WideMoments::Terms(size_t begin, size_t first, size_t last, const Value* rest,
                        Value* out) const {
  for (size_t end = first; end < last; ++end) out[end - first] = Term(begin, end) + rest[end];
}

DoubleDouble WideMoments::Largest(const Value* values, size_t count) {
  return *std::max_element(values, values + count);
}

int WideMoments::CompareValues(Value a, Value b) {
  const double largest = std::max(a.hi, b.hi);
  // Below that products lose bits that double-double counts on.
  if (largest < 0x1p-800) return 0;
  // A term is within 2^-101 of the truth, and so are sums of 16, but for 16 roundings of 2^-104.
  const double difference = (a - b).value();
  const double noise = largest * 0x1p-96;
  return difference > noise ? 1 : difference < -noise ? -1 : 0;
}

int WideMoments::CompareExactly(const std::vector<LevelRange>& a,
                                const std::vector<LevelRange>& b) const {
  std::vector<LevelRange> only_a, only_b;
  const auto without = [](const std::vector<LevelRange>& of, const std::vector<LevelRange>& other,
                          std::vector<LevelRange>& out) {
    for (const LevelRange& range : of)
      if (std::find(other.begin(), other.end(), range) == other.end()) out.push_back(range);
  };
  without(a, b, only_a);
  without(b, a, only_b);
  if (only_a.empty()) return 0;
  const size_t from = only_a.front().begin;
  Value value_a, value_b;
  for (const LevelRange& range : only_a) value_a = value_a + TermFrom(range, from);
  for (const LevelRange& range : only_b) value_b = value_b + TermFrom(range, from);
  if (const int order = CompareValues(value_a, value_b); order != 0) return order;

  Exact::Wide sum_a, sum_b, denominator{Uint128{1}};
  Limbs sum;
  for (const LevelRange& range : only_a) {
    Sum(range, from, sum.data());
    Exact::Add(sum.data(), limbs_, Weight(range), denominator, sum_a, sum_b);
  }
  for (const LevelRange& range : only_b) {
    Sum(range, from, sum.data());
    Exact::Add(sum.data(), limbs_, Weight(range), denominator, sum_b, sum_a);
  }
  const std::strong_ordering order = sum_a <=> sum_b;
  return std::is_gt(order) ? 1 : std::is_lt(order) ? -1 : 0;
}

}  // namespace trine::segment
