// Lossless arithmetic coding of bytes and tensors into the container of core/coding/FORMAT.md.
//
// A stream is a header, independent blocks and an index. Blocks are coded in parallel, each with
// its own model and the checksum of its raw bytes, and can be decoded alone. All arithmetic that
// decides a coded bit is in integers: coded bytes depend on the input and the options only, not on
// threads, SIMD target or machine.
//
// The one-shot functions and the stream classes give the same bytes for the same input. Thread
// safety: functions are; an object of a class serves one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/long_array.h"
#include "core/base/picture_form.h"
#include "core/base/tensor.h"
#include "core/coding/table.h"
#include "core/runtime/context.h"

namespace trine::coding {

// Numbers equal those of the proto enum and of the stream; 16 and up are for models to come.
// EXACT is not here: its codewords are not streams (core/coding/exact.h).
enum class Model : uint8_t {
  kAuto = 1,      // of the others but TABLE, by trial (Effort); never written to a stream
  kStatic = 2,    // order 0 or 1, frequencies of the block in front of it
  kAdaptive = 3,  // order 0, 1 or 2, learned on the way
  kTable = 4,     // probabilities given by the caller, kept in the header
};

std::string_view ModelName(Model model);  // "auto", "static", ...; "unknown"
std::optional<Model> ParseModel(std::string_view name);

// What there is to choose from, for those who offer it: all of Model, in the order of the numbers.
struct ModelInfo {
  Model model;
  std::string_view name;
  std::string_view summary;      // a few words
  std::optional<int> max_order;  // orders are 0 to this; absent: the model has none
  int default_order = 0;
  // Whether effort FAST, and effort BEST, give another stream than BALANCED.
  bool has_fast = false;
  bool has_best = false;
};
std::vector<ModelInfo> OfferedModels();

// How much time to spend on finding a shorter form. What is decoded, and how fast, does not depend
// on it, but for the model that is found. Numbers equal those of the proto enum.
//   kFast      no trials; AUTO chooses between the orders of STATIC
//   kBalanced  the default: every model codes a short block, and of a long one a sample; those that
//              may then be the shortest code all of it. AUTO takes at most about 0.5 % more bytes
//              than the best of STATIC and ADAPTIVE, of any order, for the whole input
//   kBest      AUTO takes no more bytes than they do; models that come near the shortest, or
//              ADAPTIVE where it is asked for, code the block with several parameters
// ADAPTIVE has no faster way than kBalanced, and STATIC and TABLE have one way: an effort that
// changes nothing is refused, but for kBalanced.
enum class Effort : uint8_t { kFast = 1, kBalanced = 2, kBest = 3 };

// What the raw bytes are. The decoder gives it back.
enum class ContentKind : uint8_t {
  kBytes = 1,   // bytes; dtype and shape unused
  kTensor = 2,  // a tensor
  kImage = 3,   // a tensor that is a picture, [H,W] or [H,W,C]
  kBits = 4,  // packed bilevel rows, shape [H,W], most significant bit first, rows padded to bytes
  // A picture that is more than a gray or RGB tensor: alpha, a palette, few bits a sample, pages.
  // What `form` and shape say (core/base/picture_form.h).
  kPicture = 5,
};

struct Content {
  ContentKind kind = ContentKind::kBytes;
  DType dtype = DType::kUint8;
  Shape shape;
  PictureForm form = {};  // kPicture
};
// True where the raw bytes are elements of dtype; false for plain bytes and packed rows.
bool HasElements(const Content& content);

struct EncodeOptions {
  Model model = Model::kAuto;
  // Bytes of context. STATIC: 0 or 1, default 0; ADAPTIVE: 0 to 2, default 1.
  std::optional<int> order;
  Effort effort = Effort::kBalanced;
  // Raw bytes a block, kMinBlockBytes to limits.max_block_bytes; 0: the model's own (1 MiB).
  uint64_t block_bytes = 0;
  // TABLE: this table, or those of `tables`; other models: neither.
  std::optional<ProbabilityTable> table;
  // TABLE: 1 to 256 tables of one kind of symbols, from MakeTable. Several are of bytes or
  // integers, and `table_index` then holds a byte for each symbol: the number of the table that
  // codes it. Both sides derive the index: the stream holds a check of it only.
  std::vector<TablePtr> tables;
  ByteView table_index;  // outlives the call
  // TABLE: the stream names its tables by their ids; the decoder is given them.
  bool tables_by_id = false;
  // Count the entropy of order 1 too, which takes about a nanosecond a byte.
  bool full_statistics = false;
};

inline constexpr uint64_t kMinBlockBytes = 256;
inline constexpr uint64_t kDefaultBlockBytes = uint64_t{1} << 20;

// What was spent and what others would spend. A symbol is a byte, or TABLE's symbol.
struct EncodeStats {
  Model model = Model::kAuto;  // used; that of most blocks when AUTO chose differently by block
  int order = 0;
  uint64_t raw_bytes = 0;
  uint64_t coded_bytes = 0;
  uint64_t symbols = 0;
  uint64_t blocks = 0;
  // Empirical entropy of order 0 over the whole input, and what a Huffman code built from the same
  // counts spends, without its table [bits per symbol]. 0 for empty input.
  double entropy_bits_per_symbol = 0;
  double huffman_bits_per_symbol = 0;
  // Empirical entropy of order 1: of a raw byte where the one before is known, 0 before the first
  // [bits per byte]. With full_statistics only.
  std::optional<double> order1_entropy_bits_per_byte;
  double bits_per_symbol = 0;  // 8 * coded_bytes / symbols
  // coded_bytes * 8, split.
  uint64_t model_bits = 0;      // spent on symbols by the coder
  uint64_t side_bits = 0;       // frequency tables, block parameters
  uint64_t container_bits = 0;  // header, block heads, checksums, index
  // TABLE: sum of -log2 p of the message with the probabilities as given [bits]; else 0.
  double ideal_bits = 0;
  std::vector<uint64_t> table_ids;  // TABLE: of its tables, in order
};

// Codes `raw` as one stream. INVALID_ARGUMENT names "options.<field>", "data" (TABLE: an unknown
// symbol, with its position), "table_index" or "tensor". REQUIRES for tensors: raw.size() fits
// content.shape.
absl::StatusOr<std::string> Encode(const Context& context, const Content& content, ByteView raw,
                                   const EncodeOptions& options, EncodeStats* stats = nullptr);

// Codes raw bytes of any length in bounded memory: about 3 blocks a thread. UNIMPLEMENTED naming
// "options.tables" for several tables, whose index would have to arrive along with the bytes.
class StreamEncoder {
 public:
  static absl::StatusOr<std::unique_ptr<StreamEncoder>> Create(const Context& context,
                                                               const Content& content,
                                                               const EncodeOptions& options);
  virtual ~StreamEncoder() = default;
  // Takes raw bytes and appends the coded bytes that are ready to `out`.
  virtual absl::Status Write(ByteView raw, std::string* out) = 0;
  // Appends what is left, and the index. For a tensor the raw bytes must have been exactly as many
  // as the shape says. No call may follow.
  virtual absl::Status Finish(std::string* out, EncodeStats* stats) = 0;
  // Raw bytes that Write has copied so far, to wait for the rest of their batch. What comes in
  // whole batches is coded where it is.
  virtual uint64_t copied_bytes() const = 0;
  // Memory that is kept until the next call, about: raw bytes that wait for the rest of their
  // block, the index, counts, tables. Not what `out` holds, nor tables that the caller holds.
  virtual uint64_t HeldBytes() const = 0;
};

// Raw bytes [offset, offset + length); OUT_OF_RANGE when it ends beyond the raw length.
struct ByteRange {
  uint64_t offset = 0;
  uint64_t length = 0;
};

struct DecodeOptions {
  std::optional<ByteRange> range;
  // Bound of the decoded bytes; 0: limits->max_output_bytes. A StreamDecoder has none but this.
  uint64_t max_output_bytes = 0;
  // What an error calls this bound.
  std::string_view max_output_name = "max_output_bytes";
  // Tables that a stream may name by id; INVALID_ARGUMENT naming "tables" and the id for one that
  // is not here.
  std::vector<TablePtr> tables;
  // Decode: the number of each symbol's table, of all that has several tables, whatever the range.
  // Outlives the call. INVALID_ARGUMENT naming "table_index" where it is not the coded one.
  ByteView table_index;
};

struct Decoded {
  Content content;
  LongArray<uint8_t> data;  // with a range: those bytes only
  uint64_t raw_bytes = 0;   // of the whole stream
  uint64_t blocks_total = 0;
  uint64_t blocks_decoded = 0;     // blocks whose payload was read
  Model model = Model::kAuto;      // as the (first) header says
  std::set<uint64_t> tables_used;  // ids of those that were given and named by a stream
  uint64_t streams = 0;            // that follow one another, empty ones too
  uint64_t typed_streams = 0;      // of them, those that hold no plain bytes
};

// Decodes a stream, an excerpt that holds the range, or several streams one after the other (then
// the content is kBytes unless there is one). DATA_LOSS for whatever is not a valid stream, with
// block and offset; a checksum is compared before bytes are handed out. Trailing bytes are an
// error.
absl::StatusOr<Decoded> Decode(const Context& context, ByteView coded,
                               const DecodeOptions& options = {});

// Decodes a stream that arrives in pieces, in bounded memory. Bytes handed out were verified.
//
// Pull, not push: a few coded bytes may honestly decode to gigabytes (constant blocks), so output
// is handed out a bounded batch at a time:
//   Write(piece); while (Next(&raw) is true) use(raw);   ...   Finish(); while (Next(&raw)) ...
// A block of a stream with several tables is UNIMPLEMENTED, naming "table_index": only Decode is
// given one.
class StreamDecoder {
 public:
  static absl::StatusOr<std::unique_ptr<StreamDecoder>> Create(const Context& context,
                                                               const DecodeOptions& options);
  virtual ~StreamDecoder() = default;
  // Takes a piece of the coded stream. REQUIRES: Next returned false since the last Write.
  virtual absl::Status Write(ByteView coded) = 0;
  // Replaces `raw` by the next decoded bytes, those of a block or of several short ones (1 MiB at
  // most), and returns true; false when more input is needed (or, after Finish, at the end). Up to
  // a block, or 256 KiB of small ones, a thread are decoded at a time.
  virtual absl::StatusOr<bool> Next(LongArray<uint8_t>* raw) = 0;
  // No more input follows. DATA_LOSS (here or from Next) when the stream is not complete.
  virtual absl::Status Finish() = 0;
  // What the first stream holds; null until its header has arrived.
  virtual const Content* content() const = 0;
  // Whose headers have arrived, empty ones too: the bytes of several are no array or picture.
  virtual uint64_t streams() const = 0;
  // Those of them that hold an array or a picture, of which the bytes of several do not tell.
  virtual uint64_t typed_streams() const = 0;
  // As the first header says; kAuto until it has arrived.
  virtual Model model() const = 0;
  virtual uint64_t blocks_decoded() const = 0;
  // Ids of the tables that were given and by now named by a stream (or, of one whose header is
  // lost, serve its blocks).
  virtual const std::set<uint64_t>& tables_used() const = 0;
  // Memory that is kept until the next call, about: coded bytes that wait for the rest of their
  // block, decoded ones that Next has not handed out, header and tables. Not tables that the caller
  // holds.
  virtual uint64_t HeldBytes() const = 0;
};

struct BlockInfo {
  uint64_t raw_offset = 0;
  uint64_t raw_bytes = 0;
  uint64_t coded_offset = 0;  // of the block's head in the stream
  uint64_t coded_bytes = 0;   // head and payload
  uint64_t payload_bytes = 0;
  uint64_t side_bytes = 0;  // of the payload: parameters and tables, not symbols
  std::string mode;         // "stored", "constant", "static", "adaptive-1", "table", ...
};

// All blocks of one mode.
struct ModeInfo {
  std::string mode;
  uint64_t blocks = 0;
  uint64_t raw_bytes = 0;
  uint64_t coded_bytes = 0;  // heads and payloads
  uint64_t side_bytes = 0;
};

struct TableInfo {
  uint64_t id = 0;
  bool by_id = false;    // then the stream does not say:
  uint64_t symbols = 0;  // how many it has
};

struct StreamInfo {
  int format_major = 1;
  int format_minor = 0;
  Content content;       // bytes where there are several streams
  uint64_t streams = 1;  // one after the other; model, order and block_bytes are the first's
  uint64_t raw_bytes = 0;
  uint64_t coded_bytes = 0;  // of the whole stream, also where an excerpt was inspected
  uint64_t block_bytes = 0;
  Model model = Model::kStatic;  // as the header says
  int order = 0;
  std::vector<TableInfo> tables;  // TABLE
  uint64_t header_bytes = 0;
  uint64_t index_bytes = 0;
  bool is_excerpt = false;
  bool is_compact = false;  // the (first) stream has the compact form
  // coded_bytes in three parts: what symbols take, tables and parameters (TABLE's dictionaries in
  // headers too), and all around them: headers, heads, checksums, index.
  uint64_t model_bytes = 0;
  uint64_t side_bytes = 0;
  uint64_t container_bytes = 0;
  std::vector<ModeInfo> modes;  // in the order in which they come first
  uint64_t blocks_total = 0;
  std::vector<BlockInfo> blocks;  // the first of them
};

// What a stream holds, from its header, block heads and index; no payload is decoded. Lists the
// first `max_blocks` blocks, and reserves the memory for that list as it grows.
absl::StatusOr<StreamInfo> Inspect(const Context& context, ByteView coded,
                                   size_t max_blocks = SIZE_MAX);
// What Inspect needs for `coded_bytes` and a list with room for `blocks` [bytes].
uint64_t InspectMemory(uint64_t coded_bytes, uint64_t blocks);

// Reads `out.size()` bytes at `offset` of a file.
using ReadAt = absl::FunctionRef<absl::Status(uint64_t offset, MutableByteView out)>;

// The excerpt of a stream of `size` bytes that Decode needs for `range` (header, the blocks that
// the range touches, index), or that Inspect needs (no blocks) where `range` is absent. Reads only
// those parts: streams of any length work.
absl::StatusOr<std::string> MakeExcerpt(const Context& context, uint64_t size, ReadAt read,
                                        const std::optional<ByteRange>& range);

// The same of a range, also of a stream whose end is cut off or whose index is damaged: then it
// steps from head to head, and succeeds where no head up to the end of the range is damaged. The
// length that such an excerpt states is the header's, else that of the blocks that were found.
struct SalvagedExcerpt {
  std::string bytes;
  bool is_tail_lost = false;
};
absl::StatusOr<SalvagedExcerpt> SalvageExcerpt(const Context& context, uint64_t size, ReadAt read,
                                               const ByteRange& range);

}  // namespace trine::coding
