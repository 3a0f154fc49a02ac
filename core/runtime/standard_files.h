// The standard files of a process that was started without them (`<&-`).
#pragma once

namespace trine {

// A program that calls this opens, before anything else of it runs, what is closed of stdin, stdout
// and stderr, so that no file that it or a library opens takes that number and is read or written
// in its place: reading stdin then fails, and so does writing to the others, as where they are
// closed.
void HoldStandardFiles();

}  // namespace trine
