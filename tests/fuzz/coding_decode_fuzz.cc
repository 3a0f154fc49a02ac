// Decode, StreamDecoder and Inspect on arbitrary bytes: no crash, limits hold, and the two decoders
// agree or both refuse. The checksums in the input are mended first, at the fuzzer's choice, so
// that mutations get past them.
#include "core/coding/container.h"
#include "core/coding/varint.h"
#include "tests/fuzz/coding_fuzz.h"

namespace trine::coding {
namespace {

// Rewrites the check of a compact stream's head, which holds all but the payload.
void MendCompact(std::string* bytes) {
  ByteReader reader(ViewOf(*bytes));
  reader.Take(format::kCompactMagic.size() + 1);
  if (reader.Byte() != static_cast<uint8_t>(ContentKind::kBytes)) {
    reader.Byte();
    for (int rank = reader.Byte(); rank > 0 && !reader.failed(); --rank) reader.Varint();
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
std::string MendChecksums(ByteView in) {
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

void TestOne(ByteView coded, uint64_t seed) {
  const Context context = FuzzContext();
  const auto whole = Decode(context, coded);
  DecodeOptions options;
  options.max_output_bytes = FuzzLimits().max_output_bytes;
  const auto pieces = DecodeInPieces(coded, seed, options);
  Require(whole.ok() == pieces.ok());
  if (whole.ok()) {
    Require(std::string(whole->data.begin(), whole->data.end()) == *pieces);
    Require(whole->data.size() <= FuzzLimits().max_output_bytes);
  }
  const auto info = Inspect(context, coded);
  Require(info.ok() || !whole.ok());
  if (!info.ok() || info->raw_bytes == 0) return;
  // A range, from the whole stream and streamed.
  const uint64_t begin = seed % info->raw_bytes;
  options.range = ByteRange{begin, std::min<uint64_t>(info->raw_bytes - begin, 1 + seed % 5000)};
  const auto part = Decode(context, coded, options);
  const auto part_pieces = DecodeInPieces(coded, seed, options);
  // Decode does not look at the blocks beside the range where there is an index.
  Require(part.ok() || !part_pieces.ok());
  if (part.ok() && part_pieces.ok()) {
    Require(std::string(part->data.begin(), part->data.end()) == *part_pieces);
  }
  if (part.ok() && whole.ok()) {
    Require(std::equal(part->data.begin(), part->data.end(),
                       whole->data.begin() + static_cast<ptrdiff_t>(begin)));
  }
}

}  // namespace
}  // namespace trine::coding

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace trine::coding;  // NOLINT: an entry point
  if (size < 1) return 0;
  const trine::ByteView bytes(data + 1, size - 1);
  const uint64_t seed = Checksum(bytes) ^ data[0];
  if (data[0] % 4 == 0) {
    TestOne(bytes, seed);
  } else {
    const std::string mended = MendChecksums(bytes);
    TestOne(ViewOf(mended), seed);
  }
  return 0;
}
