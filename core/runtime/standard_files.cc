#include "core/runtime/standard_files.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace trine {
namespace {

// Libraries open files before main: gRPC's constructors take the number of a closed stdin. What is
// listed here runs before those of any library. Without libc's functions, which sanitizers replace
// and have not set up yet.
__attribute__((no_sanitize("address", "thread", "undefined"))) void Hold(int, char**, char**) {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    if (syscall(SYS_fcntl, fd, F_GETFD) != -1) continue;
    // The lowest number that is free is `fd`. For the other direction: its use is an error.
    const int mode = fd == STDIN_FILENO ? O_WRONLY : O_RDONLY;
    if (syscall(SYS_openat, AT_FDCWD, "/dev/null", mode) != fd) return;
  }
}

__attribute__((section(".preinit_array"), used)) void (*const kBeforeAll)(int, char**,
                                                                          char**) = Hold;

}  // namespace

// Hold has run by then: the call makes the linker take this file.
void HoldStandardFiles() {}

}  // namespace trine
