// trine inspect: what a coded stream holds; of a file only header and index are read.
#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/cli/command.h"
#include "client/cli/errors.h"
#include "client/cli/files/excerpt.h"
#include "client/cli/files/input_file.h"
#include "client/cli/files/inputs.h"
#include "client/cli/files/outputs.h"
#include "client/cli/flags/enum_text.h"
#include "client/cli/flags/file_flags.h"
#include "client/cli/path_names.h"
#include "client/cli/report/content_json.h"
#include "core/base/error.h"

namespace trine::cli {
namespace {

constexpr uint32_t kShownBlocks = 10;
constexpr int kShownTables = 10;

struct Args {
  std::vector<std::string> inputs;
  Outputs outputs;  // of which only what finds inputs is used
  uint32_t max_blocks = 1000;
  Flag max_blocks_given;
};

double RatioOf(const v1::InspectResponse& r) {
  if (r.coded_bytes() == 0) return 0;
  return static_cast<double>(r.raw_bytes()) / static_cast<double>(r.coded_bytes());
}

Json ToJson(const std::string& input, const v1::InspectResponse& r, double elapsed_ms) {
  Json json;
  json["input"] = input;
  json["format_version"] = r.format_version();
  json["content"] = ContentJson(r.content());
  json["streams"] = r.streams();
  json["raw_bytes"] = r.raw_bytes();
  json["coded_bytes"] = r.coded_bytes();
  json["ratio"] = RatioOf(r);
  json["model"] = EnumText(r.model());
  json["order"] = r.order();
  json["table_symbols"] = r.table_symbols();
  json["tables"] = Json::array();
  for (const v1::TableInfo& table : r.tables()) {
    json["tables"].push_back({{"id", absl::StrFormat("%016x", table.id())},
                              {"symbols", table.symbols()},
                              {"by_id", table.by_id()}});
  }
  json["block_bytes"] = r.block_bytes();
  json["header_bytes"] = r.header_bytes();
  json["index_bytes"] = r.index_bytes();
  json["is_compact"] = r.is_compact();
  json["model_bytes"] = r.model_bytes();
  json["side_bytes"] = r.side_bytes();
  json["container_bytes"] = r.container_bytes();
  json["modes"] = Json::array();
  for (const v1::ModeInfo& mode : r.modes()) {
    json["modes"].push_back({{"mode", mode.mode()},
                             {"blocks", mode.blocks()},
                             {"raw_bytes", mode.raw_bytes()},
                             {"coded_bytes", mode.coded_bytes()},
                             {"side_bytes", mode.side_bytes()}});
  }
  json["blocks_total"] = r.blocks_total();
  json["blocks"] = Json::array();
  for (const v1::BlockInfo& block : r.blocks()) {
    json["blocks"].push_back({{"raw_offset", block.raw_offset()},
                              {"raw_bytes", block.raw_bytes()},
                              {"coded_offset", block.coded_offset()},
                              {"coded_bytes", block.coded_bytes()},
                              {"payload_bytes", block.payload_bytes()},
                              {"side_bytes", block.side_bytes()},
                              {"mode", block.mode()}});
  }
  json["elapsed_ms"] = elapsed_ms;
  return json;
}

void PrintTables(const Session& session, const v1::InspectResponse& r) {
  const int shown = std::min(kShownTables, r.tables_size());
  for (int i = 0; i < shown; ++i) {
    const v1::TableInfo& table = r.tables(i);
    session.PrintStatus(
        absl::StrFormat("  table %-8d %016x, %s", i, table.id(),
                        table.by_id() ? "by its id" : absl::StrCat(table.symbols(), " symbols")));
  }
  if (r.tables_size() > shown) {
    session.PrintStatus(absl::StrCat("  ... and ", r.tables_size() - shown, " more tables"));
  }
}

void PrintModes(const Session& session, const v1::InspectResponse& r) {
  if (r.modes().empty()) return;
  session.PrintStatus(absl::StrFormat("  %-12s %12s %12s %12s %12s", "mode", "blocks", "raw bytes",
                                      "coded bytes", "tables"));
  for (const v1::ModeInfo& mode : r.modes()) {
    session.PrintStatus(absl::StrFormat("  %-12s %12d %12d %12d %12d", mode.mode(), mode.blocks(),
                                        mode.raw_bytes(), mode.coded_bytes(), mode.side_bytes()));
  }
}

void PrintBlocks(const Session& session, const v1::InspectResponse& r, uint32_t most) {
  const int shown = static_cast<int>(std::min<int64_t>(most, r.blocks_size()));
  if (shown == 0) return;
  session.PrintStatus(absl::StrFormat("  %12s %12s %12s %12s  %s", "raw offset", "raw bytes",
                                      "coded offset", "coded bytes", "mode"));
  for (int i = 0; i < shown; ++i) {
    const v1::BlockInfo& block = r.blocks(i);
    session.PrintStatus(absl::StrFormat("  %12d %12d %12d %12d  %s", block.raw_offset(),
                                        block.raw_bytes(), block.coded_offset(),
                                        block.coded_bytes(), block.mode()));
  }
  if (r.blocks_total() > static_cast<uint64_t>(shown)) {
    session.PrintStatus(
        absl::StrCat("  ... and ", r.blocks_total() - static_cast<uint64_t>(shown), " more"));
  }
}

std::string ModelText(const v1::InspectResponse& r) {
  std::string model = EnumText(r.model());
  if (r.model() == v1::CODING_MODEL_ADAPTIVE) absl::StrAppend(&model, ", order ", r.order());
  return model;
}

// A line for each of several files, under those that PrintTableHead writes.
void PrintTableLine(const Session& session, const std::string& input,
                    const v1::InspectResponse& r) {
  session.PrintStatus(absl::StrFormat("%16d %16d %8.3f %8d  %-18s %-22s %s", r.raw_bytes(),
                                      r.coded_bytes(), RatioOf(r), r.blocks_total(), ModelText(r),
                                      ContentText(r.content()), DisplayName(input)));
}

void PrintTableHead(const Session& session) {
  session.PrintStatus(absl::StrFormat("%16s %16s %8s %8s  %-18s %-22s %s", "raw bytes",
                                      "coded bytes", "ratio", "blocks", "model", "content",
                                      "file"));
}

void PrintSummary(const Session& session, const std::string& input, const v1::InspectResponse& r,
                  uint32_t most_blocks) {
  session.PrintStatus(absl::StrFormat("%s: trine stream %s, %s", DisplayName(input),
                                      r.format_version(), ContentText(r.content())));
  if (r.streams() > 1) {
    session.PrintStatus(absl::StrFormat(
        "  streams        %d, one after the other; model and block size are the first's",
        r.streams()));
  }
  std::string model = ModelText(r);
  if (r.table_symbols() > 0) absl::StrAppend(&model, ", ", r.table_symbols(), " symbols");
  if (r.tables_size() > 1) absl::StrAppend(&model, ", ", r.tables_size(), " tables");
  session.PrintStatus(absl::StrFormat("  model          %s", model));
  PrintTables(session, r);
  session.PrintStatus(absl::StrFormat("  raw bytes      %d", r.raw_bytes()));
  session.PrintStatus(absl::StrFormat("  coded bytes    %d: symbols %d, tables %d, container %d",
                                      r.coded_bytes(), r.model_bytes(), r.side_bytes(),
                                      r.container_bytes()));
  session.PrintStatus(
      absl::StrFormat("  container      header %d, index %d, the rest heads of blocks%s",
                      r.header_bytes(), r.index_bytes(), r.is_compact() ? " (compact form)" : ""));
  session.PrintStatus(
      absl::StrFormat("  blocks         %d of %d raw bytes", r.blocks_total(), r.block_bytes()));
  PrintModes(session, r);
  PrintBlocks(session, r, most_blocks);
}

absl::StatusOr<std::string> ReadInput(InputFile* file, const NamedLimit& limit) {
  if (file->size().has_value()) {
    absl::StatusOr<std::string> excerpt = ReadExcerpt(*file, std::nullopt);
    // What is no single whole stream the server shall name, where it can be sent.
    if (excerpt.ok() || *file->size() > limit.value) return excerpt;
  }
  return file->ReadAll(limit);
}

absl::Status InspectOne(const Args& args, const std::string& path, bool in_table,
                        Session* session) {
  const Stopwatch watch;
  TRINE_ASSIGN_OR_RETURN(InputFile file, InputFile::Open(path));
  TRINE_ASSIGN_OR_RETURN(client::Client* const client, session->Connect());
  v1::InspectRequest request;
  absl::StatusOr<std::string> coded = ReadInput(&file, client->options().message_limit());
  if (!coded.ok()) return WithFile(coded.status(), path);
  request.set_coded(*std::move(coded));
  request.set_max_blocks(args.max_blocks);
  const absl::StatusOr<v1::InspectResponse> response = client->Inspect(request);
  if (!response.ok()) return WithFile(response.status(), path);
  if (in_table) {
    PrintTableLine(*session, path, *response);
  } else {
    PrintSummary(*session, path, *response,
                 args.max_blocks_given->count() > 0 ? args.max_blocks : kShownBlocks);
  }
  session->PrintResult(ToJson(path, *response, watch.ms()));
  return absl::OkStatus();
}

absl::Status RunInspect(const Args& args, Session* session) {
  TRINE_ASSIGN_OR_RETURN(const Inputs inputs,
                         FindInputs(args.inputs, args.outputs.recursive, TakesCoded, ""));
  const bool in_table = inputs.list.size() > 1;
  const bool is_listed = args.max_blocks_given->count() > 0;
  TRINE_RETURN_IF_ERROR(CheckTold(session->globals(), {{"--max-blocks", is_listed, true}}));
  if (is_listed && in_table && !session->globals().json) {
    return UsageError(
        "--max-blocks lists blocks, and of several streams a line each is told; --json lists them");
  }
  session->PrintNotes(inputs);
  if (in_table) PrintTableHead(*session);
  return session->ForEach(inputs.list, [&](const Input& input) {
    return InspectOne(args, input.path, in_table, session);
  });
}

}  // namespace

void AddInspectCommand(Command app, Run* run) {
  auto args = std::make_shared<Args>();
  Command command =
      app->add_subcommand("inspect", "Say what coded streams hold, without decoding them");
  command->add_option(
      "IN", args->inputs,
      "Coded streams; - for stdin. Of several, a table with a line for each. Default: "
      "stdin");
  AddRecursiveFlag(command, &args->outputs);
  args->max_blocks_given =
      command
          ->add_option("--max-blocks", args->max_blocks,
                       "List at most so many blocks, to 1000000. Default: 1000 in the JSON, 10 in "
                       "the text")
          ->type_name("N");
  command->callback(
      [args, run] { *run = [args](Session* session) { return RunInspect(*args, session); }; });
}

}  // namespace trine::cli
