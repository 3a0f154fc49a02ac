// Tables and the table index as flags of encode and decode give them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/cli/command_line.h"
#include "client/cli/files/input_file.h"
#include "client/cli/files/inputs.h"
#include "client/cli/quantity.h"
#include "client/client.h"
#include "trine/v1/coding.pb.h"

namespace trine::cli {

struct TableArgs {
  std::vector<std::string> tables;  // --table, JSON files
  std::string index;                // --table-index
  bool by_id = false;               // encode --table-ids
};

// The index in a file: an .npy or .npz of uint8 where it is named so, whatever its shape, else its
// bytes. INPUT errors for other arrays; RESOURCE_EXHAUSTED where the file is longer than `limit`
// [bytes].
absl::StatusOr<std::string> ReadTableIndex(const std::string& path, const NamedLimit& limit);

void AddDecodeTableFlags(Command command, TableArgs* args);

// USAGE where stdin is more than one of the inputs, the tables and the index; or, where the input
// is to be removed, what brings it back from a stream that does not hold it.
absl::Status CheckStdin(const std::vector<Input>& inputs, const TableArgs& args,
                        bool is_input_removed);

v1::ByteRange ToProto(const Range& range);

// Tables as they are sent, and of each which of the --table it is.
struct DecodeTables {
  std::vector<v1::ProbabilityTable> tables;
  std::vector<size_t> places;
};

// What streams of several tables hold, or a range of it, decoded in one request. Of a file only the
// blocks of the range are sent where they can be told.
struct IndexedDecode {
  v1::DecodeResponse response;
  uint64_t coded_bytes = 0;  // that were sent
};
absl::StatusOr<IndexedDecode> DecodeWithIndex(client::Client* client, InputFile* file,
                                              const std::optional<Range>& range,
                                              const std::string& index_path,
                                              const DecodeTables& tables);

// The tables of a decoder. A file does not say whether its numbers are of bytes or of a tensor's
// elements, which differ in their ids: the stream in `file` says what it codes where it can be
// read ahead; elsewhere each is given as both.
absl::StatusOr<DecodeTables> ReadDecodeTables(const std::vector<std::string>& paths,
                                              const InputFile& file);

// Which --table the streams of a run use, of one input after the other.
class TableUse {
 public:
  TableUse(const std::vector<std::string>& paths, size_t inputs)
      : paths_(paths), is_used_(paths.size()), inputs_left_(inputs) {}
  // What a server answered that was sent these tables.
  void Note(const DecodeTables& sent, const google::protobuf::RepeatedField<int32_t>& unused);
  // Ends an input that was decoded. After the last one, warnings of the tables that none has used;
  // one that failed might have.
  std::vector<std::string> EndInput();

 private:
  const std::vector<std::string>& paths_;
  std::vector<bool> is_used_;
  size_t inputs_left_;
};

}  // namespace trine::cli
