// A row cut into the parts that packs cover.
// No header guard of the usual kind: Highway includes this anew for every target.
#if defined(TRINE_NORMALIZE_ROW_PARTS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef TRINE_NORMALIZE_ROW_PARTS_INL_H_
#undef TRINE_NORMALIZE_ROW_PARTS_INL_H_
#else
#define TRINE_NORMALIZE_ROW_PARTS_INL_H_
#endif

#include <hwy/highway.h>

#include <algorithm>

#include "core/normalize/kernels/row_pack-inl.h"
#include "core/normalize/kernels/row_shape.h"

HWY_BEFORE_NAMESPACE();
namespace trine::normalize::HWY_NAMESPACE {
namespace {

// Not known when this is compiled.
inline constexpr size_t kAnyTaps = 0;

// The part of a row that a pack covers: elements from `at` on, all that the vectors hold, or, where
// kPartly, only the first `count`; the other lanes are then 0.
template <typename T, size_t kN, bool kPartly>
struct Part {
  static constexpr size_t kVectors = kN;
  size_t at;
  size_t count;

  static HWY_INLINE size_t Lanes() { return hn::Lanes(kTag<T>); }
  // Of vector i.
  HWY_INLINE size_t From(size_t i) const { return at + i * Lanes(); }
  HWY_INLINE size_t Count(size_t i) const {
    const size_t before = i * Lanes();
    return count <= before ? 0 : std::min(count - before, Lanes());
  }

  template <class Type>
  HWY_INLINE Pack<T, kN> Load(const typename Type::Raw* row) const {
    return Each<T, kN>([&](size_t i) TRINE_ATTR {
      if constexpr (kPartly) {
        return Type::LoadFirst(row + From(i), Count(i));
      } else {
        return Type::Load(row + From(i));
      }
    });
  }
  template <class Type>
  HWY_INLINE void Store(const Pack<T, kN>& pack, typename Type::Raw* row) const {
    Each<T, kN>([&](size_t i) TRINE_ATTR {
      if constexpr (kPartly) {
        Type::StoreFirst(pack.v[i], Count(i), row + From(i));
      } else {
        Type::Store(pack.v[i], row + From(i));
      }
      return pack.v[i];
    });
  }
  // The same of rows of T.
  HWY_INLINE Pack<T, kN> Load(const T* row) const { return Load<Plain<T>>(row); }
  HWY_INLINE void Store(const Pack<T, kN>& pack, T* row) const { Store<Plain<T>>(pack, row); }
  // To rows that nobody reads soon.
  template <class Type>
  HWY_INLINE void StoreFinal(const Pack<T, kN>& pack, const RowShape& shape,
                             typename Type::Raw* row) const {
    if constexpr (!kPartly && Type::kStreams) {
      if (shape.stream) {
        Each<T, kN>([&](size_t i) TRINE_ATTR {
          Type::Stream(pack.v[i], row + From(i));
          return pack.v[i];
        });
        return;
      }
    }
    Store<Type>(pack, row);
  }
  // The same part of another row, or of another place in this one.
  template <typename Raw>
  HWY_INLINE void Prefetch(const Raw* row) const {
    const auto* far = reinterpret_cast<const char*>(row + at);
    for (size_t i = 0; i < kN * Lanes() * sizeof(Raw); i += kLineBytes) hwy::Prefetch(far + i);
  }
  // Of the row that `shape.ahead` says.
  template <typename Raw>
  HWY_INLINE void PrefetchAhead(const Raw* row, const RowShape& shape) const {
    if (shape.ahead != 0) Prefetch(row + shape.ahead * shape.pitch);
  }
  HWY_INLINE Pack<T, kN> All(double value) const {
    return HWY_NAMESPACE::All<T, kN>(static_cast<T>(value));
  }
  // The window sums over kTaps rows.
  template <size_t kTaps>
  HWY_INLINE Pack<T, kN> Sum(const T* first, size_t stride) const {
    return Tree<T, 0, kTaps, kN>([&](size_t tap) TRINE_ATTR { return Load(first + tap * stride); });
  }
  // The same over kTaps, or where that is kAnyTaps over as many as `window` says.
  template <size_t kTaps>
  HWY_INLINE Pack<T, kN> SumOf(const RowWindow<T>& window, const T* first) const {
    if constexpr (kTaps != kAnyTaps) {
      return Sum<kTaps>(first, window.stride);
    } else {
      if (window.taps == 1) return Load(first);
      if (window.taps == 3) return Sum<3>(first, window.stride);
      return Sum<5>(first, window.stride);
    }
  }
  // k + a * sum; 1 in lanes without an element.
  HWY_INLINE Pack<T, kN> BaseOf(const RowArithmetic& arithmetic, const Pack<T, kN>& sum) const {
    const Pack<T, kN> s = MulAdd(sum, All(arithmetic.a), All(arithmetic.k));
    if constexpr (!kPartly) return s;
    return Each<T, kN>([&](size_t i) TRINE_ATTR {
      return hn::IfThenElse(hn::FirstN(kTag<T>, Count(i)), s.v[i], hn::Set(kTag<T>, 1));
    });
  }
};

// Elements of `row` before the first that may begin a streamed vector.
template <typename Raw>
HWY_INLINE size_t Head(const RowShape& shape, const Raw* row) {
  if (!shape.stream) return 0;
  const size_t misaligned = reinterpret_cast<uintptr_t>(row) % kLineBytes;
  return misaligned == 0 ? 0 : (kLineBytes - misaligned) / sizeof(Raw);
}

// Calls body(part) until a row of `width` elements is covered, of which the first `head` are parts
// of their own. Every kind of part is a copy of the body in the program: several where short rows
// gain by them, else two.
template <typename T, class Body>
HWY_INLINE void ForParts(size_t width, const Body& body, size_t head = 0) {
  const size_t lanes = hn::Lanes(kTag<T>);
  size_t at = 0;
  if constexpr (!kMasks) {
    for (bool in_head = head > 0;; in_head = false) {
      const size_t end = in_head ? std::min(head, width) : width;
      // What may be streamed: not before the head's end.
      for (; !in_head && at + kPack * lanes <= end; at += kPack * lanes)
        body(Part<T, kPack, false>{at, 0});
      if constexpr (hn::MaxLanes(kTag<T>) > 1) {
        for (; at < end; at += std::min(lanes, end - at))
          body(Part<T, 1, true>{at, std::min(lanes, end - at)});
      }
      if (!in_head) return;
    }
  } else {
    while (at < std::min(head, width)) {
      const size_t now = std::min({head - at, width - at, lanes});
      body(Part<T, 1, true>{at, now});
      at += now;
    }
    for (; at + kPack * lanes <= width; at += kPack * lanes) body(Part<T, kPack, false>{at, 0});
    if constexpr (kPack > 2) {
      if (width - at >= 2 * lanes) {
        body(Part<T, 2, false>{at, 0});
        at += 2 * lanes;
      }
    }
    const size_t rest = width - at;
    if (rest > lanes) {
      body(Part<T, 2, true>{at, rest});
    } else if (rest > 0) {
      body(Part<T, 1, true>{at, rest});
    }
  }
}

}  // namespace
}  // namespace trine::normalize::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // TRINE_NORMALIZE_ROW_PARTS_INL_H_
