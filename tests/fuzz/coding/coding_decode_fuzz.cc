// Decode, StreamDecoder and Inspect on arbitrary bytes: no crash, limits hold, and the two decoders
// agree or both refuse. The checksums in the input are mended first, at the fuzzer's choice, so
// that mutations get past them.
#include "core/coding/container/checksum.h"
#include "tests/core/coding/hostile/mend_checksums.h"
#include "tests/fuzz/coding/coding_fuzz.h"

namespace trine::coding {
namespace {

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
  // Decode does not read the blocks outside the range where there is an index.
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
