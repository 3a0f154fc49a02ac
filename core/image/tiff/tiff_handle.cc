#include "core/image/tiff/tiff_handle.h"

#include <algorithm>
#include <cstdio>  // SEEK_SET
#include <cstring>
#include <limits>
#include <new>

#include "core/base/checked.h"

namespace trine::image::internal {
namespace {

// Read, do not map, do not chop strips: rows are read one by one anyway.
constexpr char kReadMode[] = "rmC";
constexpr char kWriteMode[] = "wm";
constexpr char kWriteBigMode[] = "w8m";

}  // namespace

TiffFile::TiffFile(ByteView bytes, const TiffHeader& header, uint64_t directory,
                   uint64_t max_allocation)
    : in_(bytes), header_(header), head_bytes_(std::min(bytes.size(), head_.size())) {
  header_.first_directory = directory;
  std::copy_n(bytes.begin(), head_bytes_, head_.begin());
  StoreTiffOffset(header, directory, head_.data());
  Open(kReadMode, max_allocation);
}

TiffFile::TiffFile(bool big) : writes_(true) { Open(big ? kWriteBigMode : kWriteMode, 0); }

TiffFile::~TiffFile() {
  if (handle_ != nullptr) TIFFClose(handle_);
}

void TiffFile::Open(const char* mode, uint64_t max_allocation) {
  const std::unique_ptr<TIFFOpenOptions, void (*)(TIFFOpenOptions*)> options(TIFFOpenOptionsAlloc(),
                                                                             TIFFOpenOptionsFree);
  if (options == nullptr) return;
  // Handlers of this one handle; libtiff's global ones are shared by all threads.
  TIFFOpenOptionsSetErrorHandlerExtR(options.get(), OnMessage, this);
  TIFFOpenOptionsSetWarningHandlerExtR(options.get(), OnMessage, this);
  if (max_allocation != 0) {
    const uint64_t most = std::numeric_limits<tmsize_t>::max();
    TIFFOpenOptionsSetMaxSingleMemAlloc(options.get(),
                                        static_cast<tmsize_t>(std::min(max_allocation, most)));
  }
  // The name is shown in messages only, which nobody sees.
  handle_ = TIFFClientOpenExt("image", mode, this, Read, Write, Seek, Close, Size, nullptr, nullptr,
                              options.get());
}

bool TiffFile::EndPage() { return TIFFWriteDirectory(handle_) == 1 && !has_messages(); }

bool TiffFile::Finish() {
  if (handle_ == nullptr) return false;
  const bool written = EndPage();
  TIFFClose(handle_);
  handle_ = nullptr;
  return written && !has_messages();
}

int TiffFile::OnMessage(TIFF*, void* file, const char*, const char*, va_list) {
  ++static_cast<TiffFile*>(file)->messages_;
  return 1;  // not to the global handlers, which print
}

tmsize_t TiffFile::Read(thandle_t file, void* out, tmsize_t size) {
  TiffFile& f = *static_cast<TiffFile*>(file);
  const uint64_t end = f.writes_ ? f.out_.size() : f.in_.size();
  const uint64_t at = SaturatingAdd(f.at_, f.shift_);
  if (size <= 0 || at >= end) return 0;
  const size_t n = std::min<uint64_t>(static_cast<uint64_t>(size), end - at);
  const char* bytes = f.writes_ ? f.out_.data() : reinterpret_cast<const char*>(f.in_.data());
  std::memcpy(out, bytes + at, n);
  if (at < f.head_bytes_) {
    std::memcpy(out, f.head_.data() + at, std::min<size_t>(n, f.head_bytes_ - at));
  }
  f.at_ += n;
  return static_cast<tmsize_t>(n);
}

tmsize_t TiffFile::Write(thandle_t file, void* bytes, tmsize_t size) {
  TiffFile& f = *static_cast<TiffFile*>(file);
  if (!f.writes_ || size < 0) return -1;
  const size_t n = static_cast<size_t>(size);
  try {
    if (f.at_ + n > f.out_.size()) f.out_.resize(f.at_ + n);
  } catch (const std::bad_alloc&) {
    return -1;  // no exception may cross libtiff's frames
  }
  std::memcpy(f.out_.data() + f.at_, bytes, n);
  f.at_ += n;
  return size;
}

toff_t TiffFile::Seek(thandle_t file, toff_t offset, int whence) {
  TiffFile& f = *static_cast<TiffFile*>(file);
  // Offsets of a file wrap here at worst; Read and Write check the position.
  switch (whence) {
    case SEEK_SET:
      f.at_ = offset;
      break;
    case SEEK_CUR:
      f.at_ += offset;
      break;
    default:
      f.at_ = Size(file) + offset;
      break;
  }
  return f.at_;
}

int TiffFile::Close(thandle_t) { return 0; }

toff_t TiffFile::Size(thandle_t file) {
  const TiffFile& f = *static_cast<TiffFile*>(file);
  return f.writes_ ? f.out_.size() : f.in_.size();
}

}  // namespace trine::image::internal
