// Inspect and the recoverer on arbitrary bytes, and on a sound stream that the input damages: the
// recoverer never fails for damage, hands out no more than it says, and finds all of a stream that
// decodes. The checksums in arbitrary bytes are mended first, at the fuzzer's choice.
#include "core/coding/container/bytes_io.h"
#include "core/coding/container/index.h"
#include "core/coding/stream/recover.h"
#include "tests/core/coding/hostile/mend_checksums.h"
#include "tests/fuzz/coding/coding_fuzz.h"

namespace trine::coding {
namespace {

std::string Sound() {
  std::string raw;
  for (int i = 0; i < 1500; ++i) raw.push_back(static_cast<char>("trine "[i * 7 % 6] + i / 400));
  EncodeOptions options;
  options.model = Model::kStatic;
  options.block_bytes = 256;
  return Encode({}, {}, ViewOf(raw), options).value();
}

// All that a recoverer hands out of bytes that are there at once.
absl::StatusOr<std::string> RecoverRange(const std::string& bytes, const ByteRange& range) {
  RecoverOptions options;
  options.range = range;
  const auto recoverer = StreamRecoverer::Create(FuzzContext(), options);
  absl::Status status = recoverer->Write(ViewOf(bytes));
  if (status.ok()) status = recoverer->Finish();
  std::string raw;
  LongArray<uint8_t> some;
  while (status.ok()) {
    const auto more = recoverer->Next(&some);
    if (!more.ok()) return more.status();
    if (!*more) return raw;
    raw.append(some.begin(), some.end());
  }
  return status;
}

void TestOne(ByteReader& in) {
  static const std::string kSound = Sound();
  const uint8_t what = in.Byte();
  const size_t piece = 1 + in.Byte();
  std::string bytes;
  if (what % 2 == 0) {
    const ByteView rest = in.Take(in.left());
    if (what % 8 < 4) {
      bytes.assign(rest.begin(), rest.end());
    } else {
      bytes = MendChecksums(rest);
    }
  } else {
    bytes = kSound;
    while (in.left() >= 4) {
      const uint16_t at = in.Fixed<uint16_t>();
      const uint8_t how = in.Byte();
      const uint8_t value = in.Byte();
      const size_t place = at % (bytes.size() + 1);
      if (how % 3 == 0 && place < bytes.size()) {
        bytes[place] = static_cast<char>(value);
      } else if (how % 3 == 1) {
        bytes.insert(place, value % 32, static_cast<char>(how));
      } else {
        bytes.erase(place, value);
      }
    }
  }
  (void)Inspect(FuzzContext(), ViewOf(bytes));
  RecoverOptions options;
  options.skip_lost = what % 4 < 2;
  options.max_output_bytes = 1 << 20;
  const auto recoverer = StreamRecoverer::Create(FuzzContext(), options);
  std::string raw;
  LongArray<uint8_t> some;
  absl::Status status;
  const auto drain = [&] {
    while (status.ok()) {
      const auto more = recoverer->Next(&some);
      status = more.status();
      if (!more.ok() || !*more) break;
      raw.append(some.begin(), some.end());
    }
  };
  for (size_t at = 0; at < bytes.size() && status.ok(); at += piece) {
    status = recoverer->Write(ViewOf(bytes).subspan(at, std::min(piece, bytes.size() - at)));
    drain();
  }
  if (status.ok()) status = recoverer->Finish();
  drain();
  Require(status.ok() || status.code() == absl::StatusCode::kResourceExhausted ||
          status.code() == absl::StatusCode::kUnimplemented ||
          status.code() == absl::StatusCode::kInvalidArgument);  // tables by id, which are not here
  if (!status.ok()) return;
  if (options.skip_lost) Require(raw.size() == recoverer->report().raw_bytes_good);
  // A range is a part of the whole, as far as there are bytes.
  const ByteRange range{piece * 3u, 1u + what};
  const absl::StatusOr<std::string> part = RecoverRange(bytes, range);
  // (A stretch that is too long to be filled is left out of the whole.)
  if (!options.skip_lost && recoverer->report().raw_bytes_lost < StreamRecoverer::kMaxFilledBytes) {
    Require(part.ok() || absl::IsOutOfRange(part.status()) ||
            absl::IsResourceExhausted(part.status()));
    if (part.ok()) {
      const std::string same = raw.substr(std::min<size_t>(raw.size(), range.offset), range.length);
      Require(part->substr(0, same.size()) == same.substr(0, part->size()));
    }
  }
  const auto decoded = Decode(FuzzContext(), ViewOf(bytes));
  if (!decoded.ok()) return;
  Require(recoverer->report().damages_total == 0);
  Require(ViewOf(raw) == ByteView(decoded->data));
}

}  // namespace
}  // namespace trine::coding

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return trine::coding::WithReader(trine::coding::TestOne, data, size);
}
