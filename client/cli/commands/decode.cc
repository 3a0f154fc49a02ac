// trine decode: decodes streams of any length in bounded memory, or a range of one.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>
#include <grpcpp/support/status.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/cli/command.h"
#include "client/cli/errors.h"
#include "client/cli/files/convert.h"
#include "client/cli/files/decode_sink.h"
#include "client/cli/files/excerpt.h"
#include "client/cli/files/file_identity.h"
#include "client/cli/files/input_file.h"
#include "client/cli/files/output_file.h"
#include "client/cli/files/outputs.h"
#include "client/cli/flags/file_flags.h"
#include "client/cli/flags/table_args.h"
#include "client/cli/path_names.h"
#include "client/cli/quantity.h"
#include "client/cli/report/content_json.h"
#include "client/cli/report/damage_report.h"
#include "core/base/error.h"

namespace trine::cli {
namespace {

// An excerpt is held in memory: longer ranges are decoded in parts that end at multiples of this.
constexpr uint64_t kPartBytes = uint64_t{64} << 20;
constexpr uint64_t kMaxPictureBytes = uint64_t{1} << 30;

struct Args {
  std::vector<std::string> inputs;
  Outputs outputs;
  bool force = false;
  std::string range;
  bool recover = false;
  bool skip_lost = false;
  TableArgs tables;
};

// What was decoded, over all parts.
struct Totals {
  v1::Content content;
  uint64_t raw_bytes = 0;
  uint64_t coded_bytes = 0;  // sent to the server
  uint64_t blocks_decoded = 0;
  uint64_t streams = 0;          // one after the other; 0: not known
  uint64_t typed = 0;            // of them, arrays and pictures
  v1::DecodeStreamSummary last;  // of the last part: with --recover there is one
};

class Decoder {
 public:
  Decoder(const Session& session, const Args& args, client::Client* client, OutputFile* output,
          DecodeTables tables, TableUse* use)
      : session_(session),
        args_(args),
        client_(client),
        output_(output),
        tables_(std::move(tables)),
        use_(use) {}

  // In one request, with the index of the streams' tables.
  absl::Status WithIndex(InputFile* file, const std::optional<Range>& range,
                         const std::string& index_path) {
    ProgressBar bar = session_.Bar(file->path(), std::nullopt);
    TRINE_ASSIGN_OR_RETURN(const IndexedDecode decoded,
                           DecodeWithIndex(client_, file, range, index_path, tables_));
    const v1::DecodeResponse& response = decoded.response;
    bar.Update(response.data().size());
    use_->Note(tables_, response.unused_tables());
    totals_.content = response.content();
    totals_.raw_bytes = response.data().size();
    totals_.coded_bytes = decoded.coded_bytes;
    totals_.blocks_decoded = response.blocks_decoded();
    totals_.streams = response.streams();
    totals_.typed = response.typed_streams();
    TRINE_ASSIGN_OR_RETURN(sink_,
                           MakeDecodeSink(response.content(), To(!range.has_value()), output_));
    return sink_->Write(AsBytes(response.data()));
  }

  absl::Status Whole(InputFile* file, const std::optional<Range>& range) {
    ProgressBar bar = session_.Bar(file->path(), std::nullopt);
    if (range.has_value()) {
      bar.set_total(range->length);
    } else if (bar.shown()) {
      bar.set_total(RawBytesOf(*file));
    }
    return Call(
        [file](MutableByteView out, const CancelToken& stop) { return file->Read(out, stop); },
        range, [&bar](uint64_t, uint64_t received) { bar.Update(received); });
  }

  // OK and false where no excerpt can be made (several streams in a row, or a broken
  // one): the server shall say what it is.
  absl::StatusOr<bool> Excerpts(const InputFile& file, Range range) {
    ProgressBar bar = session_.Bar(file.path(), range.length);
    do {
      const uint64_t part = std::min(range.length, kPartBytes - range.offset % kPartBytes);
      const Range now{range.offset, part};
      const absl::StatusOr<coding::SalvagedExcerpt> excerpt = ReadExcerptOfDamaged(file, now);
      if (!excerpt.ok()) {
        const bool undecided =
            excerpt.status().code() != absl::StatusCode::kOutOfRange && totals_.raw_bytes == 0;
        if (undecided) return false;
        return OfWholeRange(excerpt.status());
      }
      const uint64_t before = totals_.raw_bytes;
      is_tail_lost_ = is_tail_lost_ || excerpt->is_tail_lost;
      TRINE_RETURN_IF_ERROR(Call(SourceOf(excerpt->bytes), now, [&](uint64_t, uint64_t received) {
        bar.Update(before + received);
      }));
      range.offset += part;
      range.length -= part;
    } while (range.length > 0);
    return true;
  }

  // `whole`: no range was asked for.
  absl::Status Finish(bool whole) {
    if (sink_ == nullptr) return absl::OkStatus();
    TRINE_RETURN_IF_ERROR(sink_->CheckStreams(totals_.streams, totals_.typed));
    TRINE_RETURN_IF_ERROR(sink_->Finish());
    // A server that does not count streams tells more bytes than the first has.
    const bool is_longer =
        whole && totals_.raw_bytes > BytesOfOne(totals_.content).value_or(UINT64_MAX);
    if (totals_.streams < 2 && !is_longer) return absl::OkStatus();
    // Only the first of several streams is an array or a picture of that shape.
    if (!totals_.content.has_bytes()) {
      lost_ = absl::StrCat("the first of them ", ContentText(totals_.content));
    } else if (totals_.typed > 0) {
      lost_ = absl::StrCat(totals_.typed, " of ", totals_.streams, " an array or a picture");
    }
    totals_.content = {};
    totals_.content.mutable_bytes();
    return absl::OkStatus();
  }
  const Totals& totals() const { return totals_; }
  const char* form() const { return sink_ == nullptr ? "bytes" : sink_->form(); }
  std::vector<std::string> warnings() const {
    std::vector<std::string> all;
    if (!lost_.empty()) {
      all.push_back(absl::StrCat("the bytes of several streams, ", lost_,
                                 ", were written one after the other, and nothing that says so"));
    } else if (sink_ != nullptr) {
      all = sink_->warnings();
    }
    if (is_tail_lost_) {
      all.push_back(absl::StrCat("the end of the stream is cut off or damaged; ",
                                 "the range was found from head to head"));
    }
    return all;
  }

 private:
  DecodeTo To(bool whole) const {
    return {whole, args_.outputs.output.empty(), args_.outputs.remove, kMaxPictureBytes};
  }

  // Of a part that lies beyond the end the range is told that was asked for.
  absl::Status OfWholeRange(const absl::Status& status) const {
    std::optional<ErrorDetail> detail = GetErrorDetail(status);
    if (!absl::IsOutOfRange(status) || !detail.has_value()) return status;
    detail->value = args_.range;
    return MakeError(status.code(), *detail, absl::StrCat("is ", args_.range, "; ", detail->limit));
  }

  absl::Status Call(const client::Source& source, const std::optional<Range>& range,
                    const client::Progress& progress) {
    v1::DecodeStreamHeader header;
    if (range.has_value()) *header.mutable_range() = ToProto(*range);
    if (args_.recover) header.mutable_recover()->set_skip_lost(args_.skip_lost);
    for (const v1::ProbabilityTable& table : tables_.tables) *header.add_tables() = table;
    const auto on_content = [&](const v1::Content& content) -> absl::Status {
      if (sink_ != nullptr) return absl::OkStatus();
      totals_.content = content;
      TRINE_ASSIGN_OR_RETURN(
          sink_, MakeDecodeSink(content, To(!range.has_value() && !args_.recover), output_));
      return absl::OkStatus();
    };
    TRINE_ASSIGN_OR_RETURN(const v1::DecodeStreamSummary summary,
                           client_->DecodeStream(
                               header, source, on_content,
                               [this](ByteView bytes) { return sink_->Write(bytes); }, progress));
    use_->Note(tables_, summary.unused_tables());
    totals_.raw_bytes += summary.raw_bytes();
    totals_.coded_bytes += summary.coded_bytes();
    totals_.blocks_decoded += summary.blocks_decoded();
    totals_.streams = std::max<uint64_t>(totals_.streams, summary.streams());
    totals_.typed = std::max<uint64_t>(totals_.typed, summary.typed_streams());
    totals_.last = summary;
    return absl::OkStatus();
  }

  const Session& session_;
  const Args& args_;
  client::Client* client_;
  OutputFile* output_;
  DecodeTables tables_;  // that streams may name by their ids
  TableUse* use_;
  std::unique_ptr<DecodeSink> sink_;
  Totals totals_;
  bool is_tail_lost_ = false;  // of a file of which ranges were read
  std::string lost_;           // of several streams that are not all bytes: what they hold
};

// "a.txt" of "a.txt.trine"; empty for other names.
std::string WithoutSuffix(const std::string& path) {
  const std::string_view suffix = kCodedSuffix;
  if (!absl::EndsWith(path, kCodedSuffix) || BaseName(path) == suffix) return "";
  return path.substr(0, path.size() - suffix.size());
}

constexpr Naming kNaming = {
    [](const Input& input) {
      const std::string shorter = input.keeps_name ? "" : WithoutSuffix(input.name);
      return shorter.empty() ? absl::StrCat(input.name, ".decoded") : shorter;
    },
    [](const std::string& path) -> absl::StatusOr<std::string> {
      std::string shorter = WithoutSuffix(path);
      if (!shorter.empty()) return shorter;
      return UsageError(absl::StrCat("'", path, "' does not end in ", kCodedSuffix,
                                     ", which names the output; give -o OUT or --out-dir DIR"));
    }};

void Report(const Args& args, const std::string& input, const std::string& output,
            const Decoder& decoder, const std::vector<std::string>& unused, double elapsed_ms,
            const Session& session) {
  const Totals& totals = decoder.totals();
  session.PrintStatus(absl::StrFormat("%s: %d coded bytes -> %d bytes (%s), %d blocks decoded",
                                      DisplayName(input), totals.coded_bytes, totals.raw_bytes,
                                      ContentText(totals.content), totals.blocks_decoded));
  Json json;
  json["input"] = input;
  json["output"] = output;
  json["raw_bytes"] = totals.raw_bytes;
  json["coded_bytes"] = totals.coded_bytes;
  json["blocks_decoded"] = totals.blocks_decoded;
  json["content"] = ContentJson(totals.content);
  json["written_as"] = decoder.form();
  std::vector<std::string> warnings = decoder.warnings();
  for (const std::string& warning : warnings)
    session.PrintWarning(absl::StrCat(DisplayName(input), ": ", warning));
  for (const std::string& warning : unused) {
    warnings.push_back(warning);
    session.PrintWarning(warning);
  }
  json["warnings"] = warnings;
  if (args.recover) {
    PrintDamages(totals.last, session);
    DamagesToJson(totals.last, &json);
  }
  json["elapsed_ms"] = elapsed_ms;
  session.PrintResult(json, args.recover && totals.last.damages_total() > 0);
}

absl::Status DecodeOne(const Args& args, const std::optional<Range>& range, const Input& from,
                       TableUse* use, Session* session) {
  const Stopwatch watch;
  const std::string& path = from.path;
  TRINE_ASSIGN_OR_RETURN(const std::string out_path, OutputPath(from, args.outputs, kNaming));
  const bool remove = args.outputs.remove;
  FileStamp stamp;
  if (remove) TRINE_RETURN_IF_ERROR(StampForRemoval(path, &stamp));
  TRINE_ASSIGN_OR_RETURN(InputFile file, InputFile::Open(path));
  TRINE_ASSIGN_OR_RETURN(const std::unique_ptr<OutputFile> output,
                         OutputFile::Create(out_path, args.force, Holds::kUnknown));
  if (remove) TRINE_RETURN_IF_ERROR(output->CheckKept());
  output->TakeAfter(path);
  TRINE_ASSIGN_OR_RETURN(client::Client* const client, session->Connect());
  TRINE_ASSIGN_OR_RETURN(DecodeTables tables, ReadDecodeTables(args.tables.tables, file));
  Decoder decoder(*session, args, client, output.get(), std::move(tables), use);
  bool done = false;
  if (!args.tables.index.empty()) {
    const absl::Status status = decoder.WithIndex(&file, range, args.tables.index);
    if (!status.ok()) return WithFile(status, path);
    done = true;
  } else if (range.has_value() && !args.recover && file.size().has_value()) {
    const absl::StatusOr<bool> excerpts = decoder.Excerpts(file, *range);
    if (!excerpts.ok()) return WithFile(excerpts.status(), path);
    done = *excerpts;
  }
  absl::Status status = done ? absl::OkStatus() : decoder.Whole(&file, range);
  if (status.ok()) status = decoder.Finish(!range.has_value());
  if (!status.ok()) return WithFile(status, path);
  TRINE_RETURN_IF_ERROR(output->Commit(remove));
  if (remove) TRINE_RETURN_IF_ERROR(RemoveInput(path, stamp));
  Report(args, path, out_path, decoder, use->EndInput(), watch.ms(), *session);
  const v1::DecodeStreamSummary& summary = decoder.totals().last;
  if (!args.recover || summary.damages_total() == 0) return absl::OkStatus();
  // What is good was written; that it is not all must show in the exit code.
  return WithFile(
      CorruptStream(-1, -1,
                    absl::StrCat("damaged in ", summary.damages_total(),
                                 summary.damages_total() == 1 ? " place; " : " places; ",
                                 summary.raw_bytes_lost(), " raw bytes are known to be lost")),
      path);
}

absl::Status RunDecode(const Args& args, Session* session) {
  TRINE_ASSIGN_OR_RETURN(Inputs inputs, FindInputs(args.inputs, args.outputs.recursive, TakesCoded,
                                                   args.outputs.out_dir));
  KeepNamesApart(args.outputs, kNaming, &inputs);
  TRINE_RETURN_IF_ERROR(CheckStdin(inputs.list, args.tables, false));
  if (WritesStdout(inputs.list, args.outputs, kNaming)) {
    TRINE_RETURN_IF_ERROR(session->UseStdoutForData("-o", args.outputs.output));
  }
  if (!args.tables.index.empty() && inputs.list.size() > 1) {
    return UsageError("--table-index belongs to one input, not to several");
  }
  std::optional<Range> range;
  if (!args.range.empty()) {
    TRINE_ASSIGN_OR_RETURN(range, ParseRange(args.range, "--range"));
  }
  if (args.recover && !args.tables.index.empty()) {
    return UsageError("--recover takes no table index: a stream that has one is not recovered");
  }
  if (args.skip_lost && !args.recover) return UsageError("--skip-lost is for --recover");
  if (args.outputs.remove && (range.has_value() || args.recover)) {
    return UsageError("--rm needs a stream that is decoded whole: no --range, no --recover");
  }
  TRINE_ASSIGN_OR_RETURN(const MadeFolders folders,
                         PrepareOutputs(inputs.list, args.outputs, kNaming));
  session->PrintNotes(inputs);
  TableUse use(args.tables.tables, inputs.list.size());
  return session->ForEach(inputs.list, [&](const Input& input) {
    return DecodeOne(args, range, input, &use, session);
  });
}

}  // namespace

void AddDecodeCommand(Command app, Run* run) {
  auto args = std::make_shared<Args>();
  Command command = app->add_subcommand("decode", "Decode coded streams");
  command->add_option("IN", args->inputs, "Coded streams; - for stdin. Default: stdin");
  AddOutputFlags(
      command, &args->outputs, &args->force,
      "Decoded bytes; - for stdout. Default: IN without .trine; of stdin stdout. An "
      "array becomes an .npy file and a picture a .png, .tif, .pbm (black and white), .pgm "
      "(gray), .ppm (colour), .pnm (any of them) or .npy file where the name ends so, with "
      "palette, alpha, bits and pages (refused where that kind of file cannot hold them)",
      "Write NAME.trine's content to DIR/NAME; DIR is made");
  command
      ->add_option("--range", args->range,
                   "Decode only these raw bytes, such as 1MiB:4096; of a file only the needed "
                   "blocks are read. Default: everything")
      ->type_name("OFFSET:LENGTH");
  command->add_flag(
      "--recover", args->recover,
      "Write the good blocks of a damaged stream, zeros in place of the others, and "
      "list what is lost (exit code 4 where anything is). With --range: of these bytes. "
      "Bytes, whatever OUT's name");
  command->add_flag("--skip-lost", args->skip_lost, "recover: leave lost bytes out, no zeros");
  AddDecodeTableFlags(command, &args->tables);
  command->callback(
      [args, run] { *run = [args](Session* session) { return RunDecode(*args, session); }; });
}

}  // namespace trine::cli
