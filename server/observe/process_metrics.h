// What the kernel knows of this process, under the names that Prometheus' own clients use.
#pragma once

#include <vector>

#include "server/observe/metrics.h"

namespace trine::server {

// process_resident_memory_bytes, process_virtual_memory_bytes, process_threads,
// process_cpu_seconds_total, process_open_fds, process_max_fds, process_start_time_seconds. Read
// from /proc; 0 where that cannot be read.
std::vector<PolledValue> ProcessValues();

}  // namespace trine::server
