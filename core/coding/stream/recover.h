// What is left of a damaged stream: every block that still verifies, at its place, and a list of
// what is lost.
//
// Forward only and in bounded memory, so that streams of any length work, arriving in pieces.
// Blocks are decoded in parallel, as by StreamDecoder; what comes out does not depend on the
// threads. A block whose payload is damaged is passed by its head's word. Where a head itself is
// damaged, the next one is searched for byte by byte, within a budget of work
// (core/coding/stream/head_search.h). Pull, as StreamDecoder.
//
// A header that is lost takes with it what only it holds: what the raw bytes are (they come as
// plain bytes), and TABLE's tables. All that the other models' blocks need is in their heads.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/bytes.h"
#include "core/coding/coding.h"
#include "core/runtime/context.h"

namespace trine::coding {

// One stretch that is lost, or a part of the container that is damaged without a loss.
struct Damage {
  int64_t block = -1;         // number in its stream; -1 where it is not one block
  uint64_t raw_offset = 0;    // where the loss begins, in the raw bytes of all streams
  uint64_t raw_bytes = 0;     // 0: none, or not known
  uint64_t coded_offset = 0;  // of the head or the place
  std::string reason;
};

struct RecoverReport {
  static constexpr size_t kMaxListed = 1000;
  std::vector<Damage> damages;  // the first kMaxListed
  uint64_t damages_total = 0;
  uint64_t blocks_good = 0;
  uint64_t blocks_lost = 0;  // that are known of
  uint64_t raw_bytes_good = 0;
  uint64_t raw_bytes_lost = 0;  // that are known of
};

struct RecoverOptions {
  // Leave lost bytes out, instead of zeros in their place.
  bool skip_lost = false;
  // Bound of the bytes handed out; 0: none.
  uint64_t max_output_bytes = 0;
  // Those that the stream may name by their ids. They are also tried for blocks of TABLE whose
  // header is lost, in their order, until one verifies: it then serves the stream's other blocks.
  std::vector<TablePtr> tables;
  // Only these raw bytes are handed out, and only damage that touches them, or whose extent is not
  // known, counts, with what of it lies in them. What comes before them is passed and not decoded;
  // nothing is read that comes after them.
  std::optional<ByteRange> range;
};

// Next hands out at most a block, or 1 MiB of several short ones or of zeros, at a time. Damage is
// no error of Write, Next and Finish: errors are cancellation, RESOURCE_EXHAUSTED, UNIMPLEMENTED
// for an excerpt and for a stream of several tables, whose index is given to Decode only,
// INVALID_ARGUMENT for a stream that names a table by its id that is not given, and OUT_OF_RANGE
// for a range beyond the end of a stream that is not damaged. What a tensor's or a picture's shape
// takes after a cut is counted as lost, and filled. The content is that of the first header, or
// plain bytes where that was lost.
class StreamRecoverer : public StreamDecoder {
 public:
  // Lost stretches beyond this are left out even so: a damaged length must not fill a disk.
  static constexpr uint64_t kMaxFilledBytes = uint64_t{1} << 30;

  static std::unique_ptr<StreamRecoverer> Create(const Context& context,
                                                 const RecoverOptions& options);
  // Complete once Next has returned false after Finish.
  virtual const RecoverReport& report() const = 0;
  // Bytes that searches have checksummed: HeadSearch::checked_bytes.
  virtual uint64_t search_checked_bytes() const = 0;
};

}  // namespace trine::coding
