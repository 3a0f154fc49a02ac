#include "client/cli/flags/table_args.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/cli/errors.h"
#include "client/cli/files/excerpt.h"
#include "client/cli/files/file_identity.h"
#include "client/cli/files/table_file.h"
#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/coding/coding.h"
#include "core/image/image.h"

namespace trine::cli {
namespace {

// True where the first stream of the file codes plain bytes or packed rows; nullopt where it cannot
// be read ahead.
std::optional<bool> HoldsBytes(const InputFile& file) {
  if (!file.size().has_value()) return std::nullopt;
  const absl::StatusOr<std::string> excerpt = ReadExcerpt(file, std::nullopt);
  if (!excerpt.ok()) return std::nullopt;
  const absl::StatusOr<coding::StreamInfo> info = coding::Inspect(Context(), AsBytes(*excerpt));
  if (!info.ok()) return std::nullopt;
  return !coding::HasElements(info->content);
}

}  // namespace

absl::StatusOr<std::string> ReadTableIndex(const std::string& path, const NamedLimit& limit) {
  TRINE_ASSIGN_OR_RETURN(InputFile file, InputFile::Open(path));
  absl::StatusOr<std::string> read = file.ReadAll(limit);
  if (!read.ok()) return WithFile(read.status(), path);
  std::string bytes = *std::move(read);
  const bool named_array =
      absl::EndsWithIgnoreCase(path, ".npy") || absl::EndsWithIgnoreCase(path, ".npz");
  if (!named_array) return bytes;
  std::vector<std::string> odd;
  const absl::StatusOr<Tensor> array = image::DecodeNpy(Context(), AsBytes(bytes), &odd);
  if (!array.ok()) return WithFile(array.status(), path);
  if (!odd.empty()) return InputError(absl::StrCat("--table-index: '", path, "': ", odd[0]));
  if (array->dtype != DType::kUint8) {
    return InputError(absl::StrCat("--table-index: '", path, "' must be an array of uint8"));
  }
  return std::string(array->data.begin(), array->data.end());
}

void AddDecodeTableFlags(Command command, TableArgs* args) {
  command
      ->add_option(
          "--table", args->tables,
          "A table that the streams may name by its id (encode --table-ids), or that a header held "
          "which is lost; one a --table. One that no input uses is warned of")
      ->allow_extra_args(false)
      ->type_name("FILE");
  command
      ->add_option("--table-index", args->index,
                   "The index that encode was given, whatever the range")
      ->type_name("FILE");
}

absl::Status CheckStdin(const std::vector<Input>& inputs, const TableArgs& args,
                        bool is_input_removed) {
  std::vector<std::string> paths = args.tables;
  paths.push_back(args.index);
  for (const Input& input : inputs) paths.push_back(input.path);
  TRINE_RETURN_IF_ERROR(CheckStdinOnce(paths));
  const bool is_table_passing =
      args.by_id && std::any_of(args.tables.begin(), args.tables.end(), IsStdin);
  if (is_input_removed && (is_table_passing || IsStdin(args.index))) {
    return UsageError(absl::StrCat("--rm needs ", is_table_passing ? "--table" : "--table-index",
                                   " of a file: the stream does not hold it, and stdin is gone"));
  }
  return absl::OkStatus();
}

v1::ByteRange ToProto(const Range& range) {
  v1::ByteRange out;
  out.set_offset(range.offset);
  out.set_length(range.length);
  return out;
}

absl::StatusOr<IndexedDecode> DecodeWithIndex(client::Client* client, InputFile* file,
                                              const std::optional<Range>& range,
                                              const std::string& index_path,
                                              const DecodeTables& tables) {
  const NamedLimit limit = client->options().message_limit();
  v1::DecodeRequest request;
  TRINE_ASSIGN_OR_RETURN(*request.mutable_table_index(), ReadTableIndex(index_path, limit));
  absl::StatusOr<std::string> coded = absl::UnknownError("");
  if (range.has_value() && file->size().has_value()) coded = ReadExcerpt(*file, range);
  if (!coded.ok()) coded = file->ReadAll(limit);
  TRINE_RETURN_IF_ERROR(coded.status());
  request.set_coded(*std::move(coded));
  if (range.has_value()) *request.mutable_range() = ToProto(*range);
  request.mutable_tables()->Assign(tables.tables.begin(), tables.tables.end());
  IndexedDecode out;
  out.coded_bytes = request.coded().size();
  TRINE_ASSIGN_OR_RETURN(out.response, client->Decode(request));
  return out;
}

absl::StatusOr<DecodeTables> ReadDecodeTables(const std::vector<std::string>& paths,
                                              const InputFile& file) {
  DecodeTables out;
  if (paths.empty()) return out;
  const std::optional<bool> bytes = HoldsBytes(file);
  for (size_t i = 0; i < paths.size(); ++i) {
    const auto add = [&out, i](v1::ProbabilityTable table) {
      out.tables.push_back(std::move(table));
      out.places.push_back(i);
    };
    TRINE_ASSIGN_OR_RETURN(v1::ProbabilityTable table,
                           ReadTableFile(paths[i], IntegerSymbols::kElements));
    if (table.kind() != v1::SYMBOL_KIND_INTEGERS) {
      add(std::move(table));
      continue;
    }
    const bool fits_bytes = std::all_of(table.integers().begin(), table.integers().end(),
                                        [](uint64_t value) { return value <= 255; });
    if (fits_bytes) {
      // A tensor's elements may be coded as bytes too.
      v1::ProbabilityTable of_bytes = table;
      of_bytes.set_kind(v1::SYMBOL_KIND_BYTES);
      add(std::move(of_bytes));
    }
    if (!bytes.value_or(false)) add(std::move(table));
  }
  return out;
}

void TableUse::Note(const DecodeTables& sent,
                    const google::protobuf::RepeatedField<int32_t>& unused) {
  for (size_t i = 0; i < sent.places.size(); ++i) {
    const bool is_used =
        std::find(unused.begin(), unused.end(), static_cast<int32_t>(i)) == unused.end();
    if (is_used) is_used_[sent.places[i]] = true;
  }
}

std::vector<std::string> TableUse::EndInput() {
  std::vector<std::string> warnings;
  if (--inputs_left_ > 0) return warnings;
  for (size_t i = 0; i < paths_.size(); ++i) {
    if (is_used_[i]) continue;
    warnings.push_back(
        absl::StrCat("--table: '", paths_[i], "' was not used: no stream names it by its id"));
  }
  return warnings;
}

}  // namespace trine::cli
