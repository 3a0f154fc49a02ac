// How large a dictionary coded bytes ask their decoder for. Neither libtiff's zstd codec nor its
// LZMA codec bounds that, and a few bytes can ask for gigabytes.
#pragma once

#include <cstdint>

#include "core/base/bytes.h"

namespace trine::image::internal {

// The largest window of the zstd frames (RFC 8878) that lie one behind the other in `coded`
// [bytes]. The walk ends where the decoder would refuse the bytes or find no more of them.
uint64_t ZstdWindow(ByteView coded);

// The largest dictionary of the blocks of an .xz stream (The .xz File Format 1.1.0) [bytes]. Ends
// as above.
uint64_t XzDictionary(ByteView coded);

}  // namespace trine::image::internal
