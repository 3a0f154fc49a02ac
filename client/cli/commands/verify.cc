// trine verify: decodes coded streams, compares their checksums, and writes nothing.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/cli/command.h"
#include "client/cli/errors.h"
#include "client/cli/files/convert.h"
#include "client/cli/files/input_file.h"
#include "client/cli/files/inputs.h"
#include "client/cli/files/outputs.h"
#include "client/cli/flags/file_flags.h"
#include "client/cli/flags/table_args.h"
#include "client/cli/path_names.h"
#include "client/cli/report/content_json.h"
#include "client/cli/report/damage_report.h"
#include "core/base/error.h"

namespace trine::cli {
namespace {

struct Args {
  std::vector<std::string> inputs;
  Outputs outputs;  // of which only what finds inputs is used
  TableArgs tables;
};

// What a sound stream holds.
struct Sound {
  v1::Content content;
  uint64_t streams = 1;
  uint64_t raw_bytes = 0;
  uint64_t coded_bytes = 0;
  uint64_t blocks = 0;
};

// One stream, with the tables that it may name.
class Verifier {
 public:
  Verifier(const Args& args, const Session& session, client::Client* client, DecodeTables tables,
           TableUse* use)
      : args_(args), session_(session), client_(client), tables_(std::move(tables)), use_(use) {}

  absl::StatusOr<Sound> Verify(InputFile* file) {
    Sound sound;
    if (!args_.tables.index.empty()) {
      ProgressBar bar = session_.Bar(file->path(), file->size());
      TRINE_ASSIGN_OR_RETURN(
          const IndexedDecode decoded,
          DecodeWithIndex(client_, file, std::nullopt, args_.tables.index, tables_));
      bar.Update(decoded.coded_bytes);
      use_->Note(tables_, decoded.response.unused_tables());
      sound.content = decoded.response.content();
      sound.raw_bytes = decoded.response.data().size();
      sound.coded_bytes = decoded.coded_bytes;
      sound.blocks = decoded.response.blocks_decoded();
      sound.streams = std::max<uint64_t>(1, decoded.response.streams());
      return sound;
    }
    TRINE_ASSIGN_OR_RETURN(const v1::DecodeStreamSummary summary,
                           Call(file, /*recover=*/false, &sound.content));
    use_->Note(tables_, summary.unused_tables());
    sound.raw_bytes = summary.raw_bytes();
    sound.coded_bytes = summary.coded_bytes();
    sound.blocks = summary.blocks_decoded();
    sound.streams = std::max<uint64_t>(1, summary.streams());
    if (summary.streams() > 1 || sound.raw_bytes > BytesOfOne(sound.content).value_or(UINT64_MAX)) {
      sound.content.mutable_bytes();  // several streams, as inspect says
    }
    return sound;
  }

  // All that is wrong with a stream that is damaged; nullopt where that is not to be found out: of
  // a pipe, whose bytes are gone, or of blocks that want a table index.
  absl::StatusOr<std::optional<v1::DecodeStreamSummary>> FindDamages(const std::string& path) {
    if (!args_.tables.index.empty()) return std::nullopt;
    TRINE_ASSIGN_OR_RETURN(InputFile file, InputFile::Open(path));
    if (!file.size().has_value()) return std::nullopt;
    v1::Content content;
    TRINE_ASSIGN_OR_RETURN(v1::DecodeStreamSummary summary,
                           Call(&file, /*recover=*/true, &content));
    return summary;
  }

 private:
  absl::StatusOr<v1::DecodeStreamSummary> Call(InputFile* file, bool recover,
                                               v1::Content* content) {
    v1::DecodeStreamHeader header;
    header.set_verify_only(true);
    if (recover) header.mutable_recover();
    for (const v1::ProbabilityTable& table : tables_.tables) *header.add_tables() = table;
    ProgressBar bar = session_.Bar(file->path(), file->size());
    return client_->DecodeStream(
        header,
        [file](MutableByteView out, const CancelToken& stop) { return file->Read(out, stop); },
        [content](const v1::Content& told) {
          *content = told;
          return absl::OkStatus();
        },
        // Of a server that does not know of verify_only.
        [](ByteView) { return absl::OkStatus(); },
        [&bar](uint64_t sent, uint64_t) { bar.Update(sent); });
  }

  const Args& args_;
  const Session& session_;
  client::Client* client_;
  const DecodeTables tables_;
  TableUse* use_;
};

void ReportSound(const std::string& path, const Sound& sound,
                 const std::vector<std::string>& warnings, double elapsed_ms,
                 const Session& session) {
  session.PrintStatus(absl::StrFormat(
      "%s: sound, %d raw bytes in %d blocks%s (%s)", DisplayName(path), sound.raw_bytes,
      sound.blocks,
      sound.streams > 1 ? absl::StrCat(" of ", sound.streams, " streams") : std::string(),
      ContentText(sound.content)));
  Json json;
  json["input"] = path;
  json["sound"] = true;
  json["raw_bytes"] = sound.raw_bytes;
  json["coded_bytes"] = sound.coded_bytes;
  json["blocks_decoded"] = sound.blocks;
  json["content"] = ContentJson(sound.content);
  json["streams"] = sound.streams;
  json["warnings"] = warnings;
  for (const std::string& warning : warnings) session.PrintWarning(warning);
  json["elapsed_ms"] = elapsed_ms;
  session.PrintResult(json);
}

void ReportDamaged(const std::string& path, const absl::Status& status,
                   const std::optional<v1::DecodeStreamSummary>& damages, double elapsed_ms,
                   const Session& session) {
  Json json;
  json["input"] = path;
  json["sound"] = false;
  json["error"] = std::string(status.message());
  std::string line = absl::StrCat(DisplayName(path), ": damaged");
  if (damages.has_value()) {
    absl::StrAppend(&line, ", ", damages->blocks_lost(), " of ",
                    damages->blocks_lost() + damages->blocks_decoded(), " blocks lost, ",
                    damages->raw_bytes_lost(), " raw bytes");
    json["blocks_decoded"] = damages->blocks_decoded();
    DamagesToJson(*damages, &json);
  }
  json["elapsed_ms"] = elapsed_ms;
  session.PrintStatus(line);
  if (damages.has_value()) PrintDamages(*damages, session);
  session.PrintResult(json, /*is_failure=*/true);
}

absl::Status VerifyOne(const Args& args, const std::string& path, TableUse* use, Session* session) {
  const Stopwatch watch;
  TRINE_ASSIGN_OR_RETURN(InputFile file, InputFile::Open(path));
  TRINE_ASSIGN_OR_RETURN(client::Client* const client, session->Connect());
  TRINE_ASSIGN_OR_RETURN(DecodeTables tables, ReadDecodeTables(args.tables.tables, file));
  Verifier verifier(args, *session, client, std::move(tables), use);
  const absl::StatusOr<Sound> sound = verifier.Verify(&file);
  if (sound.ok()) {
    ReportSound(path, *sound, use->EndInput(), watch.ms(), *session);
    return absl::OkStatus();
  }
  if (ExitCodeOf(sound.status()) == kExitCorrupt) {
    const auto damages = verifier.FindDamages(path);
    ReportDamaged(path, sound.status(), damages.ok() ? *damages : std::nullopt, watch.ms(),
                  *session);
  }
  return WithFile(sound.status(), path);
}

absl::Status RunVerify(const Args& args, Session* session) {
  TRINE_ASSIGN_OR_RETURN(const Inputs inputs,
                         FindInputs(args.inputs, args.outputs.recursive, TakesCoded, ""));
  TRINE_RETURN_IF_ERROR(CheckStdin(inputs.list, args.tables, false));
  if (!args.tables.index.empty() && inputs.list.size() > 1) {
    return UsageError("--table-index belongs to one input, not to several");
  }
  session->PrintNotes(inputs);
  TableUse use(args.tables.tables, inputs.list.size());
  return session->ForEach(
      inputs.list, [&](const Input& input) { return VerifyOne(args, input.path, &use, session); });
}

}  // namespace

void AddVerifyCommand(Command app, Run* run) {
  auto args = std::make_shared<Args>();
  Command command = app->add_subcommand(
      "verify", "Decode coded streams and compare their checksums; write nothing");
  command->add_option("IN", args->inputs, "Coded streams; - for stdin. Default: stdin");
  AddRecursiveFlag(command, &args->outputs);
  AddDecodeTableFlags(command, &args->tables);
  command->callback(
      [args, run] { *run = [args](Session* session) { return RunVerify(*args, session); }; });
}

}  // namespace trine::cli
