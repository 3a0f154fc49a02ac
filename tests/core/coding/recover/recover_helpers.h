// Streams that are damaged, and what is recovered of them.
#pragma once

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "core/coding/coding.h"
#include "core/coding/stream/recover.h"
#include "tests/core/coding/test_data.h"

namespace trine::coding {

inline constexpr size_t kBlock = 500;

struct Recovered {
  absl::Status status;
  std::string raw;
  RecoverReport report;
  uint64_t search_checked_bytes = 0;
  std::set<uint64_t> tables_used;
};

inline Recovered Recover(const std::string& coded, size_t piece = 97,
                         const RecoverOptions& options = {}, const Context& context = {}) {
  Recovered out;
  const auto recoverer = StreamRecoverer::Create(context, options);
  const auto drain = [&] {
    LongArray<uint8_t> raw;
    while (out.status.ok()) {
      const auto more = recoverer->Next(&raw);
      out.status = more.status();
      if (!more.ok() || !*more) break;
      out.raw += AsString(raw);
    }
  };
  for (size_t at = 0; at < coded.size() && out.status.ok(); at += piece) {
    out.status = recoverer->Write(AsBytes(coded).subspan(at, piece));
    drain();
  }
  if (out.status.ok()) out.status = recoverer->Finish();
  drain();
  out.report = recoverer->report();
  out.tables_used = recoverer->tables_used();
  out.search_checked_bytes = recoverer->search_checked_bytes();
  return out;
}

inline std::string Coded(const std::string& raw, Model model = Model::kStatic) {
  EncodeOptions options;
  options.model = model;
  options.block_bytes = kBlock;
  const auto coded = Encode({}, {}, AsBytes(raw), options);
  EXPECT_TRUE(coded.ok());
  return *coded;
}

}  // namespace trine::coding
