// Sizes and times as people write them: one meaning for the server's options and the command line.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace trine {

// What ParseBytes and ParseTime read, for messages.
inline constexpr std::string_view kBytesForm =
    "a size such as 4096, 64KiB or 10MB (B; KiB, MiB, GiB of 1024; kB, MB, GB of 1000)";
inline constexpr std::string_view kTimeForm =
    "a time with its unit (ms, s, m or h), such as 500ms, 30s or 1h";

// A whole number, of bytes where no unit follows: "4096", "4096B", "64KiB", "1MiB", "2GiB" (powers
// of 1024), "10kB", "10MB", "1GB" (powers of 1000). nullopt for anything else and for 2^64 and
// more.
std::optional<uint64_t> ParseBytes(std::string_view text);

// "500ms", "30s", "0.5s", "2m", "1h", rounded up to whole milliseconds; nullopt for anything else
// and for more than 1e12 ms. A number without unit is a time only where the option's name holds its
// unit: `unit_in_name` is "ms" for "drain-ms".
std::optional<std::chrono::milliseconds> ParseTime(std::string_view text,
                                                   std::string_view unit_in_name = "");

}  // namespace trine
