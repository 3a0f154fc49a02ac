// Memory that ends where nobody may touch anything, for tests of who stays within his bytes.
#pragma once

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <thread>

#include "core/base/bytes.h"

namespace trine::coding {

inline const size_t kPage = static_cast<size_t>(sysconf(_SC_PAGESIZE));
inline size_t WholePages(size_t bytes) { return (bytes + kPage - 1) / kPage * kPage; }

// Whether malloc is fenced here at all: sanitizers have fences of their own.
bool HasFence();
// While it is on, malloc of this thread hands out memory that ends at a page which nobody may touch
// (but for up to 15 bytes, for the alignment), from a stretch of addresses of its own.
void SetFenced(bool on);

// Runs `body` where memory is fenced, in a thread that has kept none from before.
template <class Body>
void InFencedThread(Body body) {
  std::thread([&] {
    SetFenced(true);
    body();
    SetFenced(false);
  }).join();
}

// Bytes at either end of memory between two pages that nobody may touch.
class Between {
 public:
  explicit Between(size_t most) : bytes_(WholePages(most)) {
    memory_ = static_cast<uint8_t*>(mmap(nullptr, bytes_ + 2 * kPage, PROT_READ | PROT_WRITE,
                                         MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    EXPECT_NE(memory_, MAP_FAILED);
    EXPECT_EQ(mprotect(memory_, kPage, PROT_NONE), 0);
    EXPECT_EQ(mprotect(memory_ + kPage + bytes_, kPage, PROT_NONE), 0);
  }
  ~Between() { munmap(memory_, bytes_ + 2 * kPage); }
  Between(const Between&) = delete;
  Between& operator=(const Between&) = delete;

  MutableByteView Place(size_t n, bool at_end) {
    EXPECT_LE(n, bytes_);
    return MutableByteView(memory_ + kPage + (at_end ? bytes_ - n : 0), n);
  }
  ByteView Put(const std::string& bytes, bool at_end) {
    const MutableByteView to = Place(bytes.size(), at_end);
    std::memcpy(to.data(), bytes.data(), bytes.size());
    return to;
  }

 private:
  const size_t bytes_;
  uint8_t* memory_;
};

}  // namespace trine::coding
