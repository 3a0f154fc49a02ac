#include "client/cli/files/excerpt.h"

#include <algorithm>
#include <cstring>

#include "core/base/bytes.h"

namespace trine::cli {

absl::StatusOr<std::string> ReadExcerpt(const InputFile& file, const std::optional<Range>& range) {
  std::optional<coding::ByteRange> bytes;
  if (range.has_value()) bytes = coding::ByteRange{range->offset, range->length};
  return coding::MakeExcerpt(
      Context(), *file.size(),
      [&file](uint64_t offset, MutableByteView out) { return file.ReadAt(offset, out); }, bytes);
}

std::optional<uint64_t> RawBytesOf(const InputFile& file) {
  if (!file.size().has_value()) return std::nullopt;
  const absl::StatusOr<std::string> excerpt = ReadExcerpt(file, std::nullopt);
  if (!excerpt.ok()) return std::nullopt;
  const absl::StatusOr<coding::StreamInfo> info = coding::Inspect(Context(), AsBytes(*excerpt), 0);
  if (!info.ok()) return std::nullopt;
  return info->raw_bytes;
}

absl::StatusOr<coding::SalvagedExcerpt> ReadExcerptOfDamaged(const InputFile& file,
                                                             const Range& range) {
  return coding::SalvageExcerpt(
      Context(), *file.size(),
      [&file](uint64_t offset, MutableByteView out) { return file.ReadAt(offset, out); },
      {range.offset, range.length});
}

client::Source SourceOf(const std::string& text) {
  return [rest = AsBytes(text)](MutableByteView out,
                                const CancelToken&) mutable -> absl::StatusOr<size_t> {
    const size_t n = std::min(out.size(), rest.size());
    if (n > 0) std::memcpy(out.data(), rest.data(), n);
    rest.remove_prefix(n);
    return n;
  };
}

}  // namespace trine::cli
