// What the fuzzers of coded streams share.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "core/coding/coding.h"

namespace trine::coding {

// Small limits keep a run short: no input may make the code work beyond them.
inline const Limits& FuzzLimits() {
  static const Limits limits = [] {
    Limits l;
    l.max_output_bytes = 1 << 18;
    l.max_block_bytes = 1 << 16;
    l.max_model_bytes = 1 << 20;
    l.max_table_symbols = 5000;
    return l;
  }();
  return limits;
}

inline Context FuzzContext() {
  Context context;
  context.limits = &FuzzLimits();
  return context;
}

inline void Require(bool condition) {
  if (!condition) std::abort();
}

// Decodes in pieces whose lengths follow `seed`; an error of any call ends it.
inline absl::StatusOr<std::string> DecodeInPieces(ByteView coded, uint64_t seed,
                                                  const DecodeOptions& options) {
  auto decoder = StreamDecoder::Create(FuzzContext(), options);
  if (!decoder.ok()) return decoder.status();
  std::string raw;
  LongArray<uint8_t> part;
  bool ended = false;
  while (true) {
    const absl::StatusOr<bool> more = (*decoder)->Next(&part);
    if (!more.ok()) return more.status();
    if (*more) {
      Require(!part.empty());
      raw.append(part.begin(), part.end());
      continue;
    }
    if (ended) return raw;
    absl::Status status;
    if (coded.empty()) {
      status = (*decoder)->Finish();
      ended = true;
    } else {
      seed = seed * 6364136223846793005u + 1442695040888963407u;
      const size_t piece = std::min<size_t>(coded.size(), 1 + (seed >> 33) % 200);
      status = (*decoder)->Write(coded.subspan(0, piece));
      coded.remove_prefix(piece);
    }
    if (!status.ok()) return status;
  }
}

// What a fuzzer's entry does: `test` reads its case from the bytes.
inline int WithReader(void (*test)(ByteReader& in), const uint8_t* data, size_t size) {
  ByteReader in(ByteView(data, size));
  test(in);
  return 0;
}

}  // namespace trine::coding
