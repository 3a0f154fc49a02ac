// Networks of minima and maxima that find the median of a square, made when the program is
// compiled.
//
// A network works on wires that hold values; a comparator leaves the lesser on the first and the
// greater on the second. Two squares, one below the other, share all rows but one of each. Columns
// of the shared rows are sorted, neighbouring columns merged to 2, 4 and 8 columns, which the next
// pixels use as well, and then those that make up the squares, of which only ranks that can still
// be a median are kept; each square's own row is sorted and decides. Merging is Batcher's, for
// lists of any two lengths (Knuth, The Art of Computer Programming 3, 5.3.4).
#pragma once

#include <cstddef>
#include <cstdint>

namespace trine::segment {

// Wires of a sorted list, least first.
struct WireList {
  size_t size = 0;
  uint8_t at[128] = {};

  constexpr void Add(uint8_t wire) { at[size++] = wire; }
};

struct Network {
  size_t size = 0;  // comparators
  uint8_t low[1024] = {};
  uint8_t high[1024] = {};

  constexpr void Compare(uint8_t a, uint8_t b) {
    low[size] = a;
    high[size++] = b;
  }
};

constexpr WireList WiresFrom(size_t first, size_t count) {
  WireList out;
  for (size_t i = 0; i < count; ++i) out.Add(static_cast<uint8_t>(first + i));
  return out;
}

constexpr WireList EverySecond(const WireList& list, size_t first) {
  WireList out;
  for (size_t i = first; i < list.size; i += 2) out.Add(list.at[i]);
  return out;
}

constexpr WireList Merge(const WireList& a, const WireList& b, Network* network) {
  if (a.size == 0) return b;
  if (b.size == 0) return a;
  if (a.size == 1 && b.size == 1) {
    network->Compare(a.at[0], b.at[0]);
    WireList out;
    out.Add(a.at[0]);
    out.Add(b.at[0]);
    return out;
  }
  const WireList even = Merge(EverySecond(a, 0), EverySecond(b, 0), network);
  const WireList odd = Merge(EverySecond(a, 1), EverySecond(b, 1), network);
  WireList out;
  out.Add(even.at[0]);
  for (size_t i = 0; i < odd.size || i + 1 < even.size; ++i) {
    const bool both = i < odd.size && i + 1 < even.size;
    if (both) network->Compare(odd.at[i], even.at[i + 1]);
    if (i < odd.size) out.Add(odd.at[i]);
    if (i + 1 < even.size) out.Add(even.at[i + 1]);
  }
  return out;
}

constexpr WireList SortWires(const WireList& wires, Network* network) {
  if (wires.size <= 1) return wires;
  WireList first, second;
  for (size_t i = 0; i < wires.size; ++i) (i < wires.size / 2 ? first : second).Add(wires.at[i]);
  return Merge(SortWires(first, network), SortWires(second, network), network);
}

// A network and where its results are.
struct MergeNetwork {
  Network network;
  WireList result;
};

// Sorts `count` wires.
constexpr MergeNetwork MakeSort(size_t count) {
  MergeNetwork out;
  out.result = SortWires(WiresFrom(0, count), &out.network);
  return out;
}
// Merges wires [0, count) and [count, 2 count), both sorted.
constexpr MergeNetwork MakeMerge(size_t count) {
  MergeNetwork out;
  out.result = Merge(WiresFrom(0, count), WiresFrom(count, count), &out.network);
  return out;
}

// The largest power of two of columns that are merged for the square of this side.
constexpr size_t TopColumns(size_t side) {
  size_t top = 1;
  while (2 * top <= side) top *= 2;
  return top;
}

// The lists that make up the shared rows, in the order of their wires: two of half the top, then
// one for each further bit of the side. `rest` are the ranks of the result that can still be a
// median: the median is number `rank` (from 0) of these and a square's own row together.
struct MedianNetwork {
  Network network;
  WireList rest;
  size_t rank = 0;
};

constexpr MedianNetwork MakeMedian(size_t side) {
  MedianNetwork out;
  const size_t all = side * side, height = side - 1, half = TopColumns(side) / 2;
  size_t next = half * height, dropped = 0, columns = half;
  WireList list = WiresFrom(0, next);
  for (size_t more = half; columns < side; more = TopColumns(side - columns)) {
    list = Merge(list, WiresFrom(next, more * height), &out.network);
    next += more * height;
    columns += more;
    // Ranks k with k <= median <= k + what is not merged yet.
    const size_t left = all - columns * height;
    WireList kept;
    size_t below = 0;
    for (size_t i = 0; i < list.size; ++i) {
      const size_t k = dropped + i;
      if (k > all / 2) break;
      if (k + left < all / 2) {
        ++below;
      } else {
        kept.Add(list.at[i]);
      }
    }
    dropped += below;
    list = kept;
  }
  out.rest = list;
  out.rank = all / 2 - dropped;
  return out;
}

}  // namespace trine::segment
