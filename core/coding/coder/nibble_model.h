// An adaptive distribution over 16 symbols as a cumulative table of 16-bit numbers, moved towards
// each symbol seen (as in AV1, section 8.3.2 of its specification, with multiplications in place of
// shifts so that young models learn at 1/n).
//
// cdf[i], i = 1..15, is the cumulative frequency below symbol i of 65536; cdf[0] would be 0 and
// holds the rate of learning instead, in units of 2^-16. It falls with each symbol by the same rule
// that moves the others: towards a little below 0, by itself times itself, which is the law 1/n.
// Invariant: 0 < cdf[1] < ... < cdf[15] < 65536. Proof in FORMAT.md, "Nibble model".
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cstddef>
#include <cstdint>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace trine::coding {

struct alignas(32) NibbleModel {
  std::array<uint16_t, 16> cdf;

  uint32_t Start(uint32_t symbol) const { return symbol == 0 ? 0 : cdf[symbol]; }
  uint32_t End(uint32_t symbol) const { return symbol == 15 ? 65536 : cdf[symbol + 1]; }
};

// A model's first rate, and how far below 0 the rate is pulled.
inline constexpr uint16_t kFirstRate = 26214;
inline constexpr int16_t kRatePull = 128;

inline constexpr NibbleModel kUniformNibble = {{kFirstRate, 0x1000, 0x2000, 0x3000, 0x4000, 0x5000,
                                                0x6000, 0x7000, 0x8000, 0x9000, 0xA000, 0xB000,
                                                0xC000, 0xD000, 0xE000, 0xF000}};

// Half of the cumulative table that symbol s pulls towards: i for i <= s, 32752 + i above. Both
// sides step by one, which keeps every symbol possible. The first number is the rate's.
using NibbleTargets = std::array<std::array<int16_t, 16>, 16>;
constexpr NibbleTargets MakeNibbleTargets() {
  NibbleTargets t{};
  for (int s = 0; s < 16; ++s) {
    for (int i = 1; i < 16; ++i) t[s][i] = static_cast<int16_t>(i <= s ? i : 32752 + i);
    t[s][0] = -kRatePull;
  }
  return t;
}
alignas(64) inline constexpr NibbleTargets kNibbleTargets = MakeNibbleTargets();

// What Update and CountNotAbove compute, spelt out. The vector forms below give the same numbers.
namespace scalar {

inline void Update(NibbleModel& model, uint32_t symbol, uint32_t slowest) {
  const int32_t rate = std::max<int32_t>(model.cdf[0], static_cast<int32_t>(slowest));
  model.cdf[0] = static_cast<uint16_t>(rate);
  for (size_t i = 0; i < 16; ++i) {
    const int32_t distance = kNibbleTargets[symbol][i] - (model.cdf[i] >> 1);
    model.cdf[i] = static_cast<uint16_t>(model.cdf[i] + ((distance * rate + 0x4000) >> 15));
  }
}

inline uint32_t CountNotAbove(const NibbleModel& model, uint32_t slot) {
  uint32_t count = 0;
  for (size_t i = 1; i < 16; ++i) count += model.cdf[i] <= slot;
  return count;
}

}  // namespace scalar

#if defined(__SSE2__)

// Learns `symbol`; the rate does not fall below `slowest`.
inline void Update(NibbleModel& model, uint32_t symbol, uint32_t slowest) {
  assert(symbol < 16 && slowest <= kFirstRate);
  auto* const at = reinterpret_cast<__m128i*>(model.cdf.data());
  const auto* const targets = reinterpret_cast<const __m128i*>(kNibbleTargets[symbol].data());
  // Compared as signed numbers: nothing is below the others' bound.
  const __m128i bound = _mm_insert_epi16(_mm_set1_epi16(-32768), static_cast<int>(slowest), 0);
  const __m128i first = _mm_max_epi16(_mm_load_si128(at), bound);
  const __m128i rate =
      _mm_unpacklo_epi64(_mm_shufflelo_epi16(first, 0), _mm_shufflelo_epi16(first, 0));
  const auto move = [rate](__m128i cdf, __m128i target) {
    const __m128i distance = _mm_sub_epi16(target, _mm_srli_epi16(cdf, 1));
    // (distance * rate + 2^14) >> 15 from the two halves of the product.
    const __m128i high = _mm_mulhi_epi16(distance, rate);
    const __m128i low = _mm_mullo_epi16(distance, rate);
    const __m128i floor = _mm_or_si128(_mm_slli_epi16(high, 1), _mm_srli_epi16(low, 15));
    const __m128i up = _mm_and_si128(_mm_srli_epi16(low, 14), _mm_set1_epi16(1));
    return _mm_add_epi16(cdf, _mm_add_epi16(floor, up));
  };
  _mm_store_si128(at, move(first, _mm_load_si128(targets)));
  _mm_store_si128(at + 1, move(_mm_load_si128(at + 1), _mm_load_si128(targets + 1)));
}

// How many of cdf[1..15] are <= slot: the symbol that holds the slot. slot <= 65535.
inline uint32_t CountNotAbove(const NibbleModel& model, uint32_t slot) {
  const __m128i slots = _mm_set1_epi16(static_cast<int16_t>(slot));
  const auto* at = reinterpret_cast<const __m128i*>(model.cdf.data());
  const __m128i zero = _mm_setzero_si128();
  const __m128i low = _mm_cmpeq_epi16(_mm_subs_epu16(_mm_load_si128(at), slots), zero);
  const __m128i high = _mm_cmpeq_epi16(_mm_subs_epu16(_mm_load_si128(at + 1), slots), zero);
  const auto mask = static_cast<uint32_t>(_mm_movemask_epi8(_mm_packs_epi16(low, high)));
  // The table ascends: the ones are a run from bit 1 on (bit 0 belongs to the rate).
  return static_cast<uint32_t>(std::countr_one(mask | 1)) - 1;
}

#else

using scalar::CountNotAbove;
using scalar::Update;

#endif

}  // namespace trine::coding
