// Puts the checksums of a damaged stream right, so that what they guard is read.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>

#include "core/base/bytes.h"
#include "core/base/long_array.h"
#include "core/base/tensor.h"
#include "core/coding/coding.h"
#include "core/coding/container/block_head.h"
#include "core/coding/container/bytes_io.h"
#include "core/coding/container/checksum.h"
#include "core/coding/container/header.h"

namespace trine::coding {

// Rewrites the check of a compact stream's head, which holds all but the payload.
inline void MendCompact(std::string* bytes) {
  ByteReader reader(ViewOf(*bytes));
  reader.Take(format::kCompactMagic.size() + 1);
  const uint8_t kind = reader.Byte();
  if (kind != static_cast<uint8_t>(ContentKind::kBytes)) {
    reader.Byte();
    for (int rank = reader.Byte(); rank > 0 && !reader.failed(); --rank) reader.Varint();
  }
  if (kind == static_cast<uint8_t>(ContentKind::kPicture)) {
    reader.Take(2);
    const uint64_t entry_bytes = reader.Byte();
    reader.Take(reader.Varint() * entry_bytes);
  }
  reader.Varint();
  reader.Take(3);
  reader.Take(reader.Varint());
  reader.Varint();
  reader.Varint();
  reader.Fixed<uint64_t>();
  const size_t at = reader.position();
  reader.Fixed<uint32_t>();
  if (reader.failed()) return;
  StoreLE(bytes->data() + at, static_cast<uint32_t>(Checksum(ViewOf(*bytes).subspan(0, at))));
}

// Rewrites the checksums of header, block heads and trailer as far as the bytes can be parsed.
inline std::string MendChecksums(ByteView in) {
  std::string bytes(in.begin(), in.end());
  if (bytes.size() >= format::kCompactMagic.size() &&
      std::equal(format::kCompactMagic.begin(), format::kCompactMagic.end(), in.begin())) {
    MendCompact(&bytes);
    return bytes;
  }
  const auto view = [&] { return ViewOf(bytes); };
  ByteReader reader(view());
  reader.Take(format::kFixedHeaderBytes);
  reader.Take(reader.Varint());
  if (reader.failed() || reader.left() < format::kChecksumBytes) return bytes;
  size_t at = reader.position();
  StoreLE(bytes.data() + at, Checksum(view().subspan(0, at)));
  Header header;
  const auto parsed = ParseHeader(view(), 0, &header);
  if (!parsed.ok() || !parsed->complete()) return bytes;
  at = parsed->consumed;
  uint64_t raw_offset = 0;
  while (at < bytes.size()) {
    ByteReader head_reader(view().subspan(at));
    BlockHead head;
    const uint8_t mode = head_reader.Byte();
    head.mode = static_cast<format::Mode>(mode);
    if (mode > 3) return bytes;
    if (head.is_end()) {
      head.raw_offset = head_reader.Varint();
      head.block_count = head_reader.Varint();
    } else {
      head.raw_offset = header.is_excerpt() ? head_reader.Varint() : raw_offset;
      head.model = head_reader.Byte();
      head.variant = head_reader.Byte();
      head.raw_bytes = head_reader.Varint();
      head.coded_bytes = head_reader.Varint();
      head.side_bytes = head_reader.Varint();
      head.checksum = head_reader.Fixed<uint64_t>();
    }
    const size_t check_at = at + head_reader.position();
    head_reader.Fixed<uint32_t>();
    if (head_reader.failed()) return bytes;
    std::string right;
    AppendBlockHead(head, header.is_excerpt(), &right);
    bytes.replace(check_at, format::kHeadCheckBytes,
                  right.substr(right.size() - format::kHeadCheckBytes));
    if (head.is_end()) break;
    if (head.coded_bytes > head_reader.left()) return bytes;
    at += head_reader.position() + static_cast<size_t>(head.coded_bytes);
    raw_offset = head.raw_offset + head.raw_bytes;
  }
  if (!header.has_index() || bytes.size() < at + format::kTrailerBytes) return bytes;
  const size_t tail = bytes.size() - format::kTrailerBytes;
  StoreLE(bytes.data() + tail, static_cast<uint64_t>(tail - at));
  StoreLE(bytes.data() + tail + 8, Checksum(view().subspan(at, tail - at)));
  return bytes;
}

}  // namespace trine::coding
