// Constants of the coded stream; core/coding/FORMAT.md is the specification that they belong to.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace trine::coding::format {

// A byte above 127, then letters, then CR LF, 0x1A and LF: transfers that strip the eighth bit,
// translate line ends or stop at end-of-file marks damage it visibly (the trap of PNG).
inline constexpr std::array<uint8_t, 8> kMagic = {0x89, 'T', 'R', 'N', 0x0D, 0x0A, 0x1A, 0x0A};
inline constexpr std::array<uint8_t, 8> kEndMagic = {'T', 'R', 'N', 'E', 'N', 'D', 0x0D, 0x0A};
// Of the compact form, whose short messages have no room for more.
inline constexpr std::array<uint8_t, 3> kCompactMagic = {0x89, 'T', 'C'};
inline constexpr uint8_t kMajor = 1;
inline constexpr uint8_t kMinor = 0;

// Flags. A reader refuses a stream with an unknown bit of the low nibble and ignores unknown bits
// of the high nibble.
inline constexpr uint8_t kFlagExcerpt = 1;  // chosen blocks only, each with its raw offset
inline constexpr uint8_t kFlagNoIndex = 2;  // the stream ends with the end mark
inline constexpr uint8_t kKnownFlags = kFlagExcerpt | kFlagNoIndex;
inline constexpr uint8_t kMustKnowFlags = 0x0F;

enum class Mode : uint8_t {
  kEnd = 0,       // the end mark
  kStored = 1,    // payload = raw bytes
  kConstant = 2,  // payload = a pattern that is repeated
  kModel = 3,     // payload of the block's model
};

inline constexpr size_t kFixedHeaderBytes = 11;        // magic, major, minor, flags
inline constexpr uint64_t kMaxHeaderFields = 1 << 20;  // of the header's fields [bytes]
inline constexpr size_t kChecksumBytes = 8;            // XXH3, 64 bits
inline constexpr size_t kHeadCheckBytes = 4;           // low half of XXH3
inline constexpr size_t kTrailerBytes = 24;            // tail length, checksum, end magic
inline constexpr size_t kMaxVarintBytes = 10;
inline constexpr uint64_t kMaxBlockBytes = uint64_t{1} << 30;
inline constexpr uint64_t kMaxStreamBytes = uint64_t{1} << 62;  // raw
inline constexpr int kMaxRank = 8;
inline constexpr uint64_t kMaxConstantPeriod = 16;  // [bytes]
// Excerpt offset, mode, model, variant, raw, coded and side length, checksum, check.
inline constexpr size_t kMaxBlockHead = 3 + 4 * kMaxVarintBytes + kChecksumBytes + kHeadCheckBytes;
inline constexpr size_t kMinIndexEntry = 6;
inline constexpr size_t kMaxIndexEntry = 3 + 3 * kMaxVarintBytes;
inline constexpr uint64_t kMaxCompactRaw = 65536;     // that a reader takes [bytes]
inline constexpr uint64_t kMaxWrittenCompact = 4096;  // that the encoder writes in the compact form
inline constexpr uint64_t kMaxExcerptBlocks = 1 << 20;  // that an excerpt holds
// Blocks that a reader lists at a time (Decode, Inspect, MakeExcerpt): 2 TiB of 1 MiB each. A
// stream decoder, which lists none, takes any number.
inline constexpr uint64_t kMaxListedBlocks = 1 << 21;
inline constexpr uint64_t kMaxListedStreams = 1 << 16;

// The coders.
inline constexpr int kMaxLanesLog2 = 6;
inline constexpr int kMaxLanes = 1 << kMaxLanesLog2;
inline constexpr int kMinTotalBits = 8;
inline constexpr int kMaxNarrowTotalBits = 14;  // 32-bit range, 16-bit words
inline constexpr int kMaxTotalBits = 24;        // beyond 14: 64-bit range, 32-bit words
inline constexpr uint32_t kMaxTableSymbols = 65536;
inline constexpr int kMaxOrder = 2;  // of ADAPTIVE
inline constexpr int kMaxStaticOrder = 1;
inline constexpr uint32_t kMaxTables = 256;   // of a stream: an index of bytes chooses among them
inline constexpr uint8_t kIndexedTables = 1;  // variant of a block of several tables
inline constexpr uint8_t kTableByValue = 0;
inline constexpr uint8_t kTableById = 1;
inline constexpr int kMaxSegmentLog2 = 12;
inline constexpr uint8_t kParamsCheckSeed = 0x5A;  // of ADAPTIVE's parameters
// The slowest rate of learning of a nibble model [2^-16].
inline constexpr int kMinSlowest = 32;
inline constexpr int kMaxSlowest = 16384;
inline constexpr int kMinSlotsLog2 = 8;  // ADAPTIVE of order 2
inline constexpr int kMaxSlotsLog2 = 16;
// That of the models that code frequency tables.
inline constexpr int kTableSlowest = 2048;

}  // namespace trine::coding::format
