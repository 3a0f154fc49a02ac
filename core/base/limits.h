// Every limit that a request can meet, with its unit in its name. The server fills one from its
// flags, publishes it by GetServerInfo and hands it to core; core checks before it allocates.
#pragma once

#include <cstdint>
#include <string_view>

namespace trine {

struct Limits {
  int64_t max_rank = 8;
  // Elements of one tensor or pixels of one picture times its channels.
  uint64_t max_elements = uint64_t{1} << 31;
  // Pixels of one decoded picture (a bomb is refused before it is inflated).
  uint64_t max_image_pixels = uint64_t{256} << 20;
  // Decoded bytes that one unary answer may hold, and the memory of one decoded picture.
  uint64_t max_output_bytes = uint64_t{1} << 30;
  // Payloads of one item of a stream that comes in chunks, in sum, and of its answer.
  uint64_t max_item_bytes = uint64_t{1} << 30;
  // Bytes of one block of a coded stream.
  uint64_t max_block_bytes = uint64_t{64} << 20;
  // Memory of a coding model's tables for one block being decoded.
  uint64_t max_model_bytes = uint64_t{256} << 20;
  // Probability tables of one coded stream, and that a call remembers by id.
  uint64_t max_tables = 256;
  // Symbols of a probability table, and of several in sum; of a message for the exact coder.
  uint64_t max_table_symbols = 65536;
  uint64_t max_exact_symbols = 4096;
  uint64_t max_exact_steps = 256;
  // Ordered steps of one Segment call.
  int64_t max_segment_steps = 64;
  // Regions or contours that one answer may list.
  uint64_t max_regions = uint64_t{1} << 22;
};

// A bound with the name that an error gives it. `name` lives as long as the process.
struct NamedLimit {
  std::string_view name;
  uint64_t value = 0;
};

// The limits by default, as above.
const Limits& DefaultLimits();

}  // namespace trine
