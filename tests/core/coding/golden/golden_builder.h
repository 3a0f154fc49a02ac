// Streams that no call of Encode writes, put together part by part: blocks of given payloads, and
// lanes in plain code, slow and as FORMAT.md says them.
#pragma once

#include <algorithm>
#include <cassert>
#include <string>
#include <utility>
#include <vector>

#include "core/coding/coder/range_coder.h"
#include "core/coding/container/bytes_io.h"
#include "core/coding/container/checksum.h"
#include "core/coding/container/index.h"
#include "core/coding/table.h"
#include "tests/core/coding/golden/golden_cases.h"

namespace trine::coding {

struct GoldenVariant {
  std::string name;
  std::string coded;
  std::string raw;
  std::vector<TablePtr> tables;  // that it names by id
  std::string table_index;

  // Adds a stream after those that are there.
  void Append(const std::string& more_coded, const std::string& more_raw) {
    coded += more_coded;
    raw += more_raw;
  }
};

// A stream of given blocks, with all lengths, checksums and the index right.
class StreamBuilder {
 public:
  explicit StreamBuilder(Header header) : header_(std::move(header)) {
    AppendHeader(header_, &out_);
  }

  // Adds a block; `raw` is for its length and checksum.
  void Add(format::Mode mode, uint8_t model, uint8_t variant, const std::string& payload,
           const std::string& raw) {
    assert(mode != format::Mode::kModel || payload.size() < raw.size());
    BlockHead head;
    head.raw_offset = raw_bytes_;
    head.mode = mode;
    head.model = model;
    head.variant = variant;
    head.raw_bytes = raw.size();
    head.coded_bytes = payload.size();
    head.side_bytes = mode == format::Mode::kConstant ? payload.size() : 0;
    head.checksum = Checksum(AsBytes(raw));
    AddHead(head, payload);
  }
  void AddModel(Model model, int variant, const std::string& payload, const std::string& raw) {
    Add(format::Mode::kModel, static_cast<uint8_t>(model), static_cast<uint8_t>(variant), payload,
        raw);
  }
  void AddHead(const BlockHead& head, const std::string& payload) {
    const size_t begin = out_.size();
    AppendBlockHead(head, header_.is_excerpt(), &out_);
    out_ += payload;
    raw_bytes_ += head.raw_bytes;
    index_.push_back({head.mode, head.model, head.variant, head.raw_bytes, out_.size() - begin,
                      head.side_bytes});
    blocks_.emplace_back(head, payload);
  }

  std::string Finish() {
    out_ += Tail();
    return out_;
  }

  // An excerpt of the blocks that are there, with those of these numbers.
  std::string Excerpt(const std::vector<size_t>& numbers) const {
    Header header = header_;
    header.flags |= format::kFlagExcerpt;
    std::string out;
    AppendHeader(header, &out);
    for (const size_t number : numbers) {
      AppendBlockHead(blocks_[number].first, /*in_excerpt=*/true, &out);
      out += blocks_[number].second;
    }
    return out + Tail();
  }

 private:
  std::string Tail() const {
    BlockHead end;
    end.mode = format::Mode::kEnd;
    end.raw_offset = raw_bytes_;
    end.block_count = index_.size();
    std::string mark;
    AppendBlockHead(end, false, &mark);
    std::string tail = mark;
    if (header_.has_index()) AppendIndex(index_, AsBytes(mark), &tail);
    return tail;
  }

  Header header_;
  std::string out_;
  uint64_t raw_bytes_ = 0;
  std::vector<IndexEntry> index_;
  std::vector<std::pair<BlockHead, std::string>> blocks_;
};

inline Header PlainHeader(Model model = Model::kStatic) {
  Header header;
  header.model = static_cast<uint8_t>(model);
  if (model == Model::kAdaptive) header.params.assign(1, 1);
  header.block_bytes = 1 << 20;
  return header;
}

// A distribution as a stream holds it: symbols of some value, each with a frequency of 2^bits.
struct PlainTable {
  int bits = 0;
  std::vector<std::pair<uint32_t, uint32_t>> freqs;  // by ascending value

  uint32_t Freq(uint32_t value) const {
    for (const auto& [v, freq] : freqs) {
      if (v == value) return freq;
    }
    assert(false);  // not in the table
    return 0;
  }
  // "Order of symbols": ascending, the most frequent one (the smallest of several) last.
  uint32_t Start(uint32_t value) const {
    uint32_t top = freqs[0].first;
    for (const auto& [v, freq] : freqs) {
      if (freq > Freq(top)) top = v;
    }
    uint32_t start = 0;
    for (const auto& [v, freq] : freqs) {
      if (v != top && (v < value || value == top)) start += freq;
    }
    return start;
  }
};

// Lanes of one payload, symbol by symbol.
template <class Coder>
class PlainLanes {
 public:
  using Range = typename Coder::Range;

  PlainLanes(int lanes_log2, size_t max_symbols) : coder_(1 << lanes_log2, max_symbols + 1) {}

  void Put(int lane, const PlainTable& table, uint32_t value) {
    const Range range = coder_.lane(lane).range;
    const Range r = range >> table.bits;
    const uint32_t start = table.Start(value), freq = table.Freq(value);
    const Range offset = r * start;
    const bool last = start + freq == uint32_t{1} << table.bits;
    coder_.lane(lane).Narrow(offset, last ? range - offset : r * freq);
    coder_.Renormalise(lane);
  }

  void Finish(std::string* out) { coder_.Finish(out).IgnoreError(); }  // never cancelled

 private:
  RangeEncoder<Coder> coder_;
};

}  // namespace trine::coding
