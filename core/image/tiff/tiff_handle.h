// libtiff over memory: no file, no mapping, no message on stderr, bounded allocations.
#pragma once

#include <tiffio.h>

#include <array>
#include <cstdarg>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/image/tiff/tiff_pages.h"

namespace trine::image::internal {

// Reads from `bytes`, or writes to `out`. libtiff keeps the address: neither copied nor moved.
class TiffFile {
 public:
  // To read the page whose directory is at `directory`: libtiff is shown a header that names it as
  // the first. A null handle() says that libtiff refused the header or the directory.
  // `max_allocation` bounds each allocation that libtiff makes for the file [bytes].
  // REQUIRES: `header` is that of `bytes`.
  TiffFile(ByteView bytes, const TiffHeader& header, uint64_t directory, uint64_t max_allocation);
  // To write, as BigTIFF where asked.
  explicit TiffFile(bool big);
  ~TiffFile();
  TiffFile(const TiffFile&) = delete;
  TiffFile& operator=(const TiffFile&) = delete;

  TIFF* handle() const { return handle_; }
  // What the directory says; libtiff passes over some tags.
  std::vector<TiffEntry> Entries() const {
    return ReadTiffEntries(in_, header_, header_.first_directory);
  }
  // From now on reads come from so far behind where libtiff takes them from: the data of a page
  // that the directory does not name.
  void Shift(uint64_t bytes) { shift_ = bytes; }
  // Errors and warnings of libtiff since the last call of ClearMessages: it goes on after some
  // faults in the data, and only says so.
  bool has_messages() const { return messages_ != 0; }
  void ClearMessages() { messages_ = 0; }
  // Ends a page of a file that is written; tags and rows of the next follow. False on failure.
  bool EndPage();
  // Ends writing: the file, complete once this has returned true.
  bool Finish();
  std::string& out() { return out_; }

 private:
  static int OnMessage(TIFF*, void* file, const char*, const char*, va_list);
  static tmsize_t Read(thandle_t file, void* out, tmsize_t size);
  static tmsize_t Write(thandle_t file, void* bytes, tmsize_t size);
  static toff_t Seek(thandle_t file, toff_t offset, int whence);
  static int Close(thandle_t file);
  static toff_t Size(thandle_t file);
  void Open(const char* mode, uint64_t max_allocation);

  ByteView in_;
  TiffHeader header_;  // of in_, with the directory as the first
  // The first bytes of in_, with the directory's offset in its place.
  std::array<uint8_t, 16> head_{};
  size_t head_bytes_ = 0;
  std::string out_;
  bool writes_ = false;
  uint64_t at_ = 0;
  uint64_t shift_ = 0;
  int64_t messages_ = 0;
  TIFF* handle_ = nullptr;
};

}  // namespace trine::image::internal
