// trine encode: codes files of any length in bounded memory; with a table index, files that one
// request can hold.
#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "client/cli/command.h"
#include "client/cli/errors.h"
#include "client/cli/files/encode_input.h"
#include "client/cli/files/file_identity.h"
#include "client/cli/files/output_file.h"
#include "client/cli/files/outputs.h"
#include "client/cli/files/table_file.h"
#include "client/cli/flags/enum_text.h"
#include "client/cli/flags/file_flags.h"
#include "client/cli/flags/table_args.h"
#include "client/cli/path_names.h"
#include "client/cli/quantity.h"
#include "client/cli/suggest.h"
#include "client/cli/report/content_json.h"
#include "core/base/error.h"
#include "core/coding/coding.h"

namespace trine::cli {
namespace {

struct Args {
  std::vector<std::string> inputs;
  Outputs outputs;
  bool force = false;
  std::string model = "auto";
  Flag order_given;
  int order = 1;
  Flag effort_given;
  std::string effort = "balanced";
  std::string block_size;
  TableArgs tables;
  bool stats = false;
  std::string as = "bytes";
  std::string shape;
  std::string dtype;
  std::string page;
};

std::string CodedName(const std::string& name) { return absl::StrCat(name, kCodedSuffix); }

constexpr Naming kNaming = {
    [](const Input& input) { return CodedName(input.name); },
    [](const std::string& path) -> absl::StatusOr<std::string> { return CodedName(path); }};

EncodeAs AsOf(const std::string& name) {
  if (name == "image") return EncodeAs::kImage;
  if (name == "tensor") return EncodeAs::kTensor;
  if (name == "bits") return EncodeAs::kBits;
  return name == "raw" ? EncodeAs::kRaw : EncodeAs::kBytes;
}

// What `text_of` says of the models, but for those of which it says nothing.
std::vector<std::string> ModelTexts(std::string (*text_of)(const coding::ModelInfo&)) {
  std::vector<std::string> texts;
  for (const coding::ModelInfo& model : coding::OfferedModels()) {
    texts.push_back(text_of(model));
    if (texts.back().empty()) texts.pop_back();
  }
  return texts;
}

std::string NameOf(const coding::ModelInfo& model) { return std::string(model.name); }

std::string NameAndSummary(const coding::ModelInfo& model) {
  return absl::StrCat(NameOf(model), " (", std::string(model.summary), ")");
}

std::string OrdersOf(const coding::ModelInfo& model) {
  if (!model.max_order.has_value()) return "";
  return absl::StrCat(NameOf(model), " 0 to ", *model.max_order, " (default ", model.default_order,
                      ")");
}

std::string EffortsOf(const coding::ModelInfo& model) {
  if (!model.has_fast && !model.has_best) return "";
  return absl::StrCat(NameOf(model), model.has_fast ? " fast," : "", " balanced",
                      model.has_best ? ", best" : "");
}

// An effort that changes nothing would be ignored in silence.
absl::Status CheckEffort(const Args& args) {
  if (args.effort_given->count() == 0) return absl::OkStatus();
  for (const coding::ModelInfo& model : coding::OfferedModels()) {
    if (model.name != args.model) continue;
    if (!model.has_fast && !model.has_best) {
      return UsageError(absl::StrCat("--effort does not go with --model ", args.model));
    }
    if (args.effort != "fast" || model.has_fast) continue;
    return UsageError(absl::StrCat("--effort fast does not go with --model ", args.model,
                                   ": nothing is faster than balanced"));
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::EncodeOptions> MakeOptions(const Args& args, bool many) {
  v1::EncodeOptions options;
  const auto model = ParseEnumText<v1::CodingModel>(args.model);
  if (!model.has_value()) {
    return UsageError(absl::StrCat("--model: '", args.model, "' is not one of ",
                                   absl::StrJoin(ModelTexts(NameOf), ", "),
                                   DidYouMean(args.model, ModelTexts(NameOf))));
  }
  if (*model == v1::CODING_MODEL_EXACT) {
    return UsageError("--model exact codes short messages: use 'trine exact'");
  }
  options.set_model(*model);
  if (args.order_given->count() > 0) options.set_order(args.order);
  TRINE_RETURN_IF_ERROR(CheckEffort(args));
  options.set_effort(ParseEnumText<v1::Effort>(args.effort).value_or(v1::EFFORT_BALANCED));
  if (!args.block_size.empty()) {
    TRINE_ASSIGN_OR_RETURN(const uint64_t bytes, ParseSize(args.block_size, "--block-size"));
    options.set_block_bytes(bytes);
  }
  const std::vector<std::string>& tables = args.tables.tables;
  if ((options.model() == v1::CODING_MODEL_TABLE) == tables.empty()) {
    return UsageError("--model table and --table FILE.json need each other");
  }
  if ((tables.size() > 1) == args.tables.index.empty()) {
    return UsageError("several --table and --table-index FILE need each other");
  }
  if (!args.tables.index.empty() && many) {
    return UsageError("--table-index belongs to one input, not to several");
  }
  if (args.tables.by_id && tables.empty()) return UsageError("--table-ids needs --table FILE.json");
  options.set_tables_by_id(args.tables.by_id);
  options.set_full_statistics(args.stats);
  const EncodeAs as = AsOf(args.as);
  const bool elements = as != EncodeAs::kBytes && as != EncodeAs::kBits;
  for (const std::string& path : tables) {
    TRINE_ASSIGN_OR_RETURN(
        v1::ProbabilityTable table,
        ReadTableFile(path, elements ? IntegerSymbols::kElements : IntegerSymbols::kBytes));
    *(tables.size() == 1 ? options.mutable_table() : options.add_tables()) = std::move(table);
  }
  return options;
}

double Ratio(const v1::EncodeStatistics& s) {
  return s.coded_bytes() == 0
             ? 0
             : static_cast<double>(s.raw_bytes()) / static_cast<double>(s.coded_bytes());
}

std::string ModelText(const v1::EncodeStatistics& s) {
  std::string text = EnumText(s.model());
  for (const coding::ModelInfo& model : coding::OfferedModels()) {
    if (model.name == text && model.max_order) absl::StrAppend(&text, ", order ", s.order());
  }
  return text;
}

Json ToJson(const std::string& input, const std::string& output, const v1::EncodeStatistics& s,
            double elapsed_ms) {
  Json json;
  json["input"] = input;
  json["output"] = output;
  json["raw_bytes"] = s.raw_bytes();
  json["coded_bytes"] = s.coded_bytes();
  json["ratio"] = Ratio(s);
  json["bits_per_symbol"] = s.bits_per_symbol();
  json["entropy_bits_per_symbol"] = s.entropy_bits_per_symbol();
  json["huffman_bits_per_symbol"] = s.huffman_bits_per_symbol();
  json["symbols"] = s.symbols();
  json["blocks"] = s.blocks();
  json["model"] = EnumText(s.model());
  json["order"] = s.order();
  json["model_bits"] = s.model_bits();
  json["side_bits"] = s.side_bits();
  json["container_bits"] = s.container_bits();
  json["ideal_bits"] = s.ideal_bits();
  if (s.has_order1_entropy_bits_per_byte()) {
    json["order1_entropy_bits_per_byte"] = s.order1_entropy_bits_per_byte();
  }
  json["table_ids"] = Json::array();
  for (const uint64_t id : s.table_ids()) json["table_ids"].push_back(absl::StrFormat("%016x", id));
  json["elapsed_ms"] = elapsed_ms;
  return json;
}

void PrintSummary(const Session& session, const std::string& input, const v1::EncodeStatistics& s) {
  session.PrintStatus(absl::StrFormat("%s: %d -> %d bytes, ratio %.3f (%s)", DisplayName(input),
                                      s.raw_bytes(), s.coded_bytes(), Ratio(s), ModelText(s)));
  session.PrintStatus(absl::StrFormat(
      "  bits per symbol: %.4f; order-0 entropy %.4f, Huffman %.4f (%d symbols)",
      s.bits_per_symbol(), s.entropy_bits_per_symbol(), s.huffman_bits_per_symbol(), s.symbols()));
  if (!s.has_order1_entropy_bits_per_byte()) return;
  session.PrintStatus(
      absl::StrFormat("  order-1 entropy: %.4f bits per byte", s.order1_entropy_bits_per_byte()));
  const auto part = [&](const char* what, uint64_t bits) {
    session.PrintStatus(
        absl::StrFormat("  %-10s %14d bits  %6.2f %%", what, bits,
                        100.0 * static_cast<double>(bits) /
                            std::max(1.0, 8 * static_cast<double>(s.coded_bytes()))));
  };
  part("symbols", s.model_bits());
  part("tables", s.side_bits());
  part("container", s.container_bits());
  if (s.ideal_bits() > 0) {
    session.PrintStatus(absl::StrFormat("  %-10s %16.1f bits by the probabilities as given",
                                        "ideal", s.ideal_bits()));
  }
}

// What the head of a file says of an array, flags say of raw elements.
absl::Status WithRawFlags(const Args& args, const absl::Status& status) {
  if (args.as != "raw") return status;
  return TranslateField(status, {{"header.content.tensor.shape", "--shape"},
                                 {"header.content.tensor.dtype", "--dtype"},
                                 {"tensor.shape", "--shape"},
                                 {"tensor.dtype", "--dtype"}});
}

// The whole input in one request, with the index beside it.
absl::StatusOr<v1::EncodeStatistics> EncodeWithIndex(const Args& args,
                                                     const v1::EncodeOptions& options,
                                                     const EncodeInput& input,
                                                     client::Client* client, OutputFile* output) {
  const NamedLimit limit = client->options().message_limit();
  v1::EncodeRequest request;
  *request.mutable_options() = options;
  TRINE_ASSIGN_OR_RETURN(*request.mutable_table_index(), ReadTableIndex(args.tables.index, limit));
  TRINE_ASSIGN_OR_RETURN(std::string raw, ReadSource(input.source, limit));
  if (input.content.has_tensor() || input.content.has_image()) {
    // Pixels are sent as they are, not as a picture's file.
    const bool is_image = input.content.has_image();
    v1::Tensor* tensor =
        is_image ? request.mutable_image()->mutable_tensor() : request.mutable_tensor();
    *tensor = is_image ? input.content.image() : input.content.tensor();
    tensor->set_data(std::move(raw));
  } else {
    request.set_data(std::move(raw));
    if (input.content.has_bits()) *request.mutable_bits() = input.content.bits();
    if (input.content.has_picture()) *request.mutable_picture() = input.content.picture();
  }
  TRINE_ASSIGN_OR_RETURN(v1::EncodeResponse response, client->Encode(request));
  TRINE_RETURN_IF_ERROR(output->Write(AsBytes(response.coded())));
  return std::move(*response.mutable_statistics());
}

// What flags say of all inputs.
struct Fixed {
  v1::EncodeOptions options;
  Shape shape;
  std::optional<int64_t> page;  // absent: all
};

absl::Status EncodeOne(const Args& args, const Fixed& fixed, const Input& from, Session* session) {
  const Stopwatch watch;
  const std::string& path = from.path;
  TRINE_ASSIGN_OR_RETURN(const std::string out_path, OutputPath(from, args.outputs, kNaming));
  const bool remove = args.outputs.remove;
  FileStamp stamp;
  if (remove) TRINE_RETURN_IF_ERROR(StampForRemoval(path, &stamp));
  const EncodeInputOptions what{AsOf(args.as), ParseDType(args.dtype), fixed.shape, fixed.page};
  absl::StatusOr<EncodeInput> input = OpenEncodeInput(path, what);
  if (!input.ok()) return WithFile(input.status(), path);
  for (const std::string& warning : input->warnings)
    session->PrintWarning(absl::StrCat(DisplayName(path), ": ", warning));
  TRINE_ASSIGN_OR_RETURN(const std::unique_ptr<OutputFile> output,
                         OutputFile::Create(out_path, args.force));
  if (remove) TRINE_RETURN_IF_ERROR(output->CheckKept());
  output->TakeAfter(path);
  TRINE_ASSIGN_OR_RETURN(client::Client* const client, session->Connect());
  v1::EncodeStreamHeader header;
  *header.mutable_content() = input->content;
  *header.mutable_options() = fixed.options;
  absl::StatusOr<v1::EncodeStatistics> statistics;
  {
    ProgressBar bar = session->Bar(path, input->bytes);
    if (args.tables.index.empty()) {
      statistics = client->EncodeStream(
          header, input->source, [&output](ByteView bytes) { return output->Write(bytes); },
          [&bar](uint64_t sent, uint64_t) { bar.Update(sent); });
    } else {
      statistics = EncodeWithIndex(args, fixed.options, *input, client, output.get());
      if (statistics.ok()) bar.Update(statistics->raw_bytes());
    }
  }
  if (!statistics.ok()) return WithFile(WithRawFlags(args, statistics.status()), path);
  TRINE_RETURN_IF_ERROR(output->Commit(remove));
  if (WarnOfBehind(&*input)) {
    session->PrintWarning(absl::StrCat(DisplayName(path), ": ", input->warnings.back()));
  }
  if (remove) TRINE_RETURN_IF_ERROR(RemoveInput(path, stamp));
  PrintSummary(*session, path, *statistics);
  Json json = ToJson(path, out_path, *statistics, watch.ms());
  json["content"] = ContentJson(input->content);
  json["warnings"] = input->warnings;
  session->PrintResult(json);
  return absl::OkStatus();
}

absl::Status RunEncode(const Args& args, Session* session) {
  TRINE_ASSIGN_OR_RETURN(const Inputs inputs, FindInputs(args.inputs, args.outputs.recursive,
                                                         TakesUncoded, args.outputs.out_dir));
  TRINE_RETURN_IF_ERROR(CheckStdin(inputs.list, args.tables, args.outputs.remove));
  TRINE_RETURN_IF_ERROR(CheckTold(session->globals(), {{"--stats", args.stats, true}}));
  if (WritesStdout(inputs.list, args.outputs, kNaming)) {
    TRINE_RETURN_IF_ERROR(session->UseStdoutForData("-o", args.outputs.output));
  }
  if (!args.shape.empty() && args.as != "raw" && args.as != "bits") {
    return UsageError("--shape is for --as raw and --as bits");
  }
  if (!args.dtype.empty() && args.as != "raw") return UsageError("--dtype is for --as raw");
  if (!args.page.empty() && args.as != "image") return UsageError("--page is for --as image");
  Fixed fixed;
  TRINE_ASSIGN_OR_RETURN(const Pages pages, ParsePages(args.page, "--page"));
  fixed.page = pages.one;
  if (!args.shape.empty()) {
    TRINE_ASSIGN_OR_RETURN(fixed.shape, ParseShape(args.shape, "--shape"));
  }
  if (args.outputs.remove && (args.as == "image" || args.as == "tensor")) {
    return UsageError("--rm needs --as bytes, raw or bits: the others do not bring the file back");
  }
  TRINE_ASSIGN_OR_RETURN(fixed.options, MakeOptions(args, inputs.list.size() > 1));
  TRINE_ASSIGN_OR_RETURN(const MadeFolders folders,
                         PrepareOutputs(inputs.list, args.outputs, kNaming));
  session->PrintNotes(inputs);
  return session->ForEach(
      inputs.list, [&](const Input& input) { return EncodeOne(args, fixed, input, session); });
}

}  // namespace

void AddEncodeCommand(Command app, Run* run) {
  auto args = std::make_shared<Args>();
  Command command = app->add_subcommand("encode", "Code files without loss");
  command->add_option("IN", args->inputs, "Files; - for stdin. Default: stdin");
  AddOutputFlags(command, &args->outputs, &args->force,
                 "Coded stream; - for stdout. Default: IN.trine; of stdin stdout",
                 "Write each input's stream to DIR/NAME.trine; DIR is made");
  command
      ->add_option("--model", args->model,
                   absl::StrCat("Model: ", absl::StrJoin(ModelTexts(NameAndSummary), ", "),
                                ". Default: auto"))
      ->type_name("MODEL");
  args->order_given = command
                          ->add_option("--order", args->order,
                                       absl::StrCat("Bytes of context: ",
                                                    absl::StrJoin(ModelTexts(OrdersOf), ", ")))
                          ->type_name("N");
  args->effort_given = command
                           ->add_option("--effort", args->effort,
                                        absl::StrCat("How long to search for a shorter form: ",
                                                     absl::StrJoin(ModelTexts(EffortsOf), "; "),
                                                     ". Default: balanced"))
                           ->check(IsMember(EnumNames<v1::Effort>()))
                           ->type_name("EFFORT");
  command
      ->add_option("--block-size", args->block_size,
                   "Raw bytes a block, from 256. Default: the model's own, 1MiB")
      ->type_name("SIZE");
  command
      ->add_option("--table", args->tables.tables,
                   "table: {\"symbols\": [...], \"probabilities\" or \"counts\": [...]}; several, "
                   "one a --table, with --table-index")
      ->allow_extra_args(false)
      ->type_name("FILE");
  command
      ->add_option("--table-index", args->tables.index,
                   "Several tables: a byte for each symbol, the number of its table, from 0; or an "
                   ".npy of uint8. Not stored: decode is given it too")
      ->type_name("FILE");
  command->add_flag("--table-ids", args->tables.by_id,
                    "Store ids in place of the tables: decode is given them");
  command->add_flag("--stats", args->stats,
                    "Show what symbols, tables and container take, and the entropy of order 1");
  command
      ->add_option("--as", args->as,
                   "What is coded: bytes (the file as it is), image (a picture's pixels, palette, "
                   "alpha and pages, without its metadata), tensor (an .npy array), raw (elements, "
                   "with --dtype and --shape), bits (packed "
                   "bilevel rows, with --shape H,W). Default: bytes")
      ->check(IsMember({"bytes", "image", "tensor", "raw", "bits"}))
      ->type_name("KIND");
  command
      ->add_option("--page", args->page,
                   "image: the page of a TIFF, from 0, or all, which must agree in size and type. "
                   "Default: all")
      ->type_name("N");
  command->add_option("--shape", args->shape, "raw, bits: such as 16,96,55,55")->type_name("SHAPE");
  command->add_option("--dtype", args->dtype, "raw: of the elements")
      ->check(IsMember(EnumNames<v1::DataType>()))
      ->type_name("TYPE");
  command->callback(
      [args, run] { *run = [args](Session* session) { return RunEncode(*args, session); }; });
}

}  // namespace trine::cli
