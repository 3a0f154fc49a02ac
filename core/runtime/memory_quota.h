// How much memory this process may use.
#pragma once

#include <cstdint>
#include <string>

namespace trine {

// The least memory limit of the process's control groups [bytes] (v2 memory.max or v1
// memory.limit_in_bytes); 0 where there is none.
uint64_t MemoryQuota();

// The limit [bytes] that the text of such a file states; 0 for "max", for what version 1 says where
// it has no limit, and for text that is not understood.
uint64_t ParseMemoryMax(const std::string& text);

}  // namespace trine
