// The directories of a TIFF file, one a page (TIFF 6.0, section 2; BigTIFF).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/bytes.h"
#include "core/base/polled.h"
#include "core/runtime/context.h"

namespace trine::image::internal {

struct TiffHeader {
  bool big_endian = false;
  bool big = false;               // BigTIFF: offsets of 64 bits
  uint64_t first_directory = 0;   // offset in the file
  size_t first_directory_at = 0;  // where the header holds it
};

absl::StatusOr<TiffHeader> ReadTiffHeader(ByteView bytes);

// Goes from directory to directory, each a page. libtiff could too, but not be cancelled meanwhile:
// 64 MiB hold millions of directories.
class TiffWalk {
 public:
  // All of them must outlive the walk.
  TiffWalk(const Context& context, ByteView bytes, const TiffHeader& header);

  // Offset of the next page's directory, first that of page 0; 0 after the last. CORRUPT_IMAGE
  // where the chain leaves the file or runs in a circle.
  absl::StatusOr<uint64_t> Next();
  // Pages that Next has given.
  int64_t pages() const { return pages_; }

 private:
  ByteView bytes_;
  const TiffHeader& header_;
  Poller poll_;
  uint64_t at_ = 0;  // of the page that was given last
  int64_t pages_ = 0;
  // Brent's algorithm: compare with a directory that is replaced at every power of two.
  uint64_t mark_ = 0, mark_until_ = 1;
};

// Offset of the directory of page `page`, from 0. INVALID_ARGUMENT naming "page" beyond the last;
// else the errors of TiffWalk.
absl::StatusOr<uint64_t> FindTiffPage(const Context& context, ByteView bytes,
                                      const TiffHeader& header, int64_t page);

// Entries that are read of a directory.
inline constexpr uint64_t kMostTiffEntries = 1024;

// Before libtiff opens a page: it loads the value of every tag of the directory at `at`, of those
// too that it does not know, and takes time that grows with the square of how many these are.
// Reserves the values' bytes. CORRUPT_IMAGE where the directory has more than kMostTiffEntries, or
// values that together are larger than the file, since they may be the same bytes each.
absl::Status ReserveTiffDirectory(const Context& context, ByteView bytes, const TiffHeader& header,
                                  uint64_t at);

// What a directory says of a tag.
struct TiffEntry {
  uint64_t tag = 0;
  // Its value, where that is one whole number which lies in the entry itself.
  std::optional<uint64_t> number = {};
};
// The entries of the directory at `at`, as they come; none beyond kMostTiffEntries, nor beyond the
// end of the file.
std::vector<TiffEntry> ReadTiffEntries(ByteView bytes, const TiffHeader& header, uint64_t at);

// How many directories the chain has. CORRUPT_IMAGE as above.
absl::StatusOr<int64_t> CountTiffPages(const Context& context, ByteView bytes,
                                       const TiffHeader& header);

// The first byte from `begin` on that the file's first directory, a value that it names by an
// offset, or a directory that it points to takes; the file's end where there is none, and `begin`
// for a directory that leaves the file.
absl::StatusOr<uint64_t> NextByteOfDirectory(const Context& context, ByteView bytes,
                                             const TiffHeader& header, uint64_t begin);

// What the directory at `at` says of its page, read without libtiff: 0 and nothing where it does
// not say so within its first entries. The description is cut behind its first 512 bytes.
struct TiffPageHead {
  uint64_t width = 0, height = 0, samples = 1;
  std::string_view description;
};
TiffPageHead ReadTiffPageHead(ByteView bytes, const TiffHeader& header, uint64_t at);

// Writes `offset` where the header holds the first directory's, in the file's byte order.
void StoreTiffOffset(const TiffHeader& header, uint64_t offset, uint8_t* file_begin);

}  // namespace trine::image::internal
