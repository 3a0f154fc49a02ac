// trine segment: thresholds, masks, label maps, measurements and outlines of pictures.
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/cli/command.h"
#include "client/cli/commands/segment/checks.h"
#include "client/cli/commands/segment/outputs.h"
#include "client/cli/commands/segment/page_warnings.h"
#include "client/cli/errors.h"
#include "client/cli/files/input_file.h"
#include "client/cli/files/output_file.h"
#include "client/cli/report/plot.h"
#include "client/cli/files/segment_files.h"
#include "client/cli/flags/named_steps.h"
#include "client/cli/flags/segment_args.h"
#include "client/cli/flags/segment_help.h"
#include "client/cli/flags/segment_steps.h"
#include "client/cli/flags/step_names.h"
#include "client/cli/path_names.h"
#include "client/cli/printable.h"
#include "client/cli/quantity.h"
#include "client/cli/wrap.h"
#include "client/cli/report/segment_report.h"
#include "core/base/error.h"

namespace trine::cli {
namespace {

using FilePtr = std::unique_ptr<OutputFile>;

// What all inputs write to, in their order.
struct Common {
  FilePtr csv;            // null: not wanted
  bool is_first = true;   // nothing was written or printed yet
  bool in_lines = false;  // a line an input on the terminal
  Asked asked;
  bool plots = false;
  bool compares = false;  // with a ground truth
  size_t name_width = 0;  // of the longest input
};

constexpr char kOthers[] = "--page N or --page all takes others";

std::string PageWarning(const std::string& path, int64_t pages, std::string_view others) {
  return absl::StrCat(DisplayName(path), ": ", FirstPageTaken(pages, others));
}
absl::StatusOr<std::string> ReadInput(const std::string& path) {
  TRINE_ASSIGN_OR_RETURN(InputFile file, InputFile::Open(path));
  return file.ReadAll(client::kItemLimit);
}

absl::Status LoadImage(const std::string& path, v1::Image* out,
                       std::vector<std::string>* warnings) {
  absl::StatusOr<std::string> bytes = ReadInput(path);
  if (!bytes.ok()) return WithFile(bytes.status(), path);
  return WithFile(SetImage(*std::move(bytes), std::nullopt, out, warnings), path);
}

// The image of `request` from a file's bytes, and its pixels, which are sent where the request then
// has at most `max_bytes`. REQUIRES: the rest of the request is set.
absl::StatusOr<Tensor> DecodePixels(const std::string& bytes, std::optional<int64_t> page,
                                    uint64_t max_bytes, v1::SegmentRequest* request,
                                    std::vector<std::string>* warnings) {
  constexpr uint64_t kHeads = 256;  // of the image's and the tensor's messages
  const uint64_t rest = request->ByteSizeLong() + kHeads;
  return SetDecodedImage(bytes, page, max_bytes - std::min(max_bytes, rest),
                         request->mutable_image(), warnings);
}

void PrintPlot(const v1::SegmentResponse& response, const Asked& asked, const Session& session) {
  constexpr int kColumns = 64;
  for (const std::string& line :
       HistogramText(response.histogram(), MarksOf(response, asked.hysteresis), kColumns)) {
    session.PrintStatus(absl::StrCat("  ", line));
  }
}

// `title`: the input, with its page where that was asked for.
void Print(const std::string& title, const v1::SegmentResponse& response, const Common& common,
           const Session& session) {
  // The thresholds of all methods have a table of their own.
  if (!common.in_lines || response.method_thresholds_size() > 0) {
    PrintSegment(session, title, response, common.asked);
    if (common.plots) PrintPlot(response, common.asked, session);
    return;
  }
  if (common.is_first) session.PrintStatus(SegmentLineHead(common.name_width, common.compares));
  session.PrintStatus(SegmentLine(title, common.name_width, response, common.asked));
}

// One page of an input.
struct Item {
  const Input& from;
  std::string bytes;  // of the whole file
  std::optional<int64_t> page;
  bool is_one_of_all = false;  // its outputs are named by the page
  std::vector<std::string> warnings;
};

// `of_pages` takes the warnings of one of all pages.
absl::Status SegmentItem(const SegmentArgs& args, v1::SegmentRequest request, Item item,
                         Common* common, PageWarnings* of_pages, Session* session) {
  const Stopwatch watch;
  const std::string& input = item.from.path;
  const bool says_page = !args.page.empty() && item.page.has_value();
  const std::string title = says_page ? absl::StrCat(input, " page ", *item.page) : input;
  const std::string& blamed = item.is_one_of_all ? title : input;
  TRINE_ASSIGN_OR_RETURN(Paths paths, PathsFor(args, item.from));
  if (item.is_one_of_all) NameByPage(item.from, *item.page, &paths);
  TRINE_ASSIGN_OR_RETURN(const Wanted wanted, WantedFor(args, paths, &request));
  TRINE_ASSIGN_OR_RETURN(client::Client* const client, session->Connect());
  for (const Companion& row : kCompanions) {
    const bool follows = !(args.*row.path).empty() && !(args.*row.page).has_value();
    if (follows) TakePage(item.page, (request.*row.image)());
  }
  v1::SegmentRequest sent = request;  // with the image, which is long and given away
  Tensor pixels;
  std::vector<std::string> warnings;
  const bool checks_cutout = IsCutoutToCheck(wanted, request.outputs());
  if (wanted[kOverlay].has_value() || checks_cutout || item.is_one_of_all) {
    // One of all pages is sent alone, however long it is, and not with the others each time.
    const uint64_t max_bytes =
        item.is_one_of_all ? client::kItemLimit.value : client->options().max_message_bytes;
    absl::StatusOr<Tensor> decoded =
        DecodePixels(item.bytes, item.page, max_bytes, &sent, &warnings);
    if (!decoded.ok()) return WithFile(decoded.status(), blamed);
    pixels = *std::move(decoded);
    if (checks_cutout) TRINE_RETURN_IF_ERROR(CheckCutout(args, paths, wanted, pixels));
  } else {
    const absl::Status set =
        SetImage(std::move(item.bytes), item.page, sent.mutable_image(), &warnings);
    if (!set.ok()) return WithFile(set, blamed);
  }
  TRINE_ASSIGN_OR_RETURN(const Files files, CreateFiles(args, paths));
  const absl::StatusOr<v1::SegmentResponse> response = client->Segment(std::move(sent));
  if (!response.ok()) {
    const absl::Status refused = WithPackedFlag(response.status(), args, wanted);
    return WithFile(WithStepFlags(refused, request, args.steps), blamed);
  }
  const absl::Status written =
      WriteFiles(args, request, *response, wanted, std::move(pixels), files);
  if (!written.ok()) return WithFile(written, blamed);
  if (common->csv != nullptr) {
    const bool is_shown = args.csv == "-" && isatty(STDOUT_FILENO) != 0;
    const std::string csv =
        absl::StrCat(common->is_first ? RegionsCsvHead() : "",
                     RegionsCsv(is_shown ? Printable(title) : title, *response));
    const absl::Status told = common->csv->Write(AsBytes(csv));
    if (!told.ok()) return WithFlag(told, kCsv);
  }
  Print(title, *response, *common, *session);
  common->is_first = false;
  for (const std::string& warning : response->warnings())
    warnings.push_back(WithStepNames(WarningWithFlags(warning), request));
  for (const std::string& warning : warnings) {
    item.warnings.push_back(warning);
    if (item.is_one_of_all) {
      of_pages->Add(*item.page, warning);
    } else {
      session->PrintWarning(absl::StrCat(DisplayName(input), ": ", warning));
    }
  }
  Json json;
  json["input"] = input;
  if (says_page) json["page"] = *item.page;
  json.update(SegmentJson(*response, common->asked));
  json["warnings"] = item.warnings;
  if (files[kContours] != nullptr) json["contour_count"] = response->contours_size();
  Json outputs = Json::object();
  for (size_t i = 0; i < paths.size(); ++i) {
    if (!paths[i].empty()) outputs[kSegmentOutputs[i]] = paths[i];
  }
  if (!args.csv.empty()) outputs["csv"] = args.csv;
  json["outputs"] = outputs;
  json["elapsed_ms"] = watch.ms();
  session->PrintResult(json);
  return absl::OkStatus();
}

// Mask, markers and ground truth of all inputs.
struct Companions {
  struct File {
    std::string path;
    int64_t pages = 1;
  };
  std::vector<File> files;
  std::vector<std::string> warnings;  // of their reading
};

// Says of files that have more pages than an input whose pages are all taken, which were not.
void WarnOfPagesLeft(const Companions& companions, const Input& input, int64_t taken,
                     std::vector<std::string>* warnings, const Session& session) {
  for (const Companions::File& file : companions.files) {
    if (file.pages <= taken) continue;
    const std::string which =
        taken == 1 ? "page 0 was" : absl::StrCat("pages 0 to ", taken - 1, " were");
    warnings->push_back(absl::StrCat(DisplayName(file.path), ": it has ", file.pages,
                                     " pages, and only ", which,
                                     " taken: ", DisplayName(input.path), " has no more"));
    session.PrintWarning(warnings->back());
  }
}

// Each page of `bytes`, which has `pages`, up to the first that fails.
absl::Status SegmentPages(const SegmentArgs& args, const v1::SegmentRequest& request,
                          const Input& input, const std::string& bytes, int64_t pages,
                          const std::vector<std::string>& warnings, Common* common,
                          PageWarnings* told, Session* session) {
  for (int64_t page = 0; page < pages; ++page) {
    const Stopwatch watch;
    const absl::Status status =
        SegmentItem(args, request, {input, bytes, page, true, warnings}, common, told, session);
    if (status.ok()) continue;
    session->PrintFailure({{"input", input.path}, {"page", page}}, status, watch.ms());
    if (const int64_t left = pages - page - 1; left > 0) {
      session->PrintWarning(absl::StrCat(DisplayName(input.path), ": ", left,
                                         left == 1 ? " page" : " pages", " after page ", page,
                                         left == 1 ? " was" : " were", " not segmented"));
    }
    return status;
  }
  return absl::OkStatus();
}

// One input: its first page, the one that is named, or each.
absl::Status SegmentOne(const SegmentArgs& args, const v1::SegmentRequest& request,
                        const Pages& wanted, const Companions& companions, const Input& input,
                        Common* common, Session* session) {
  std::vector<std::string> warnings = companions.warnings;
  absl::StatusOr<std::string> bytes = ReadInput(input.path);
  if (!bytes.ok()) return WithFile(bytes.status(), input.path);
  const bool is_tiff = image::RecognizeFormat(AsBytes(*bytes)) == image::Format::kTiff;
  const absl::StatusOr<int64_t> pages = image::CountPages(Context(), AsBytes(*bytes));
  if (wanted.all && pages.ok()) WarnOfPagesLeft(companions, input, *pages, &warnings, *session);
  PageWarnings told;
  if (wanted.all && is_tiff) {
    if (!pages.ok()) return WithFile(pages.status(), input.path);
    const absl::Status status =
        SegmentPages(args, request, input, *bytes, *pages, warnings, common, &told, session);
    told.Tell(input.path, *pages, *session);
    return status;
  }
  std::optional<int64_t> page = wanted.one;
  if (!page.has_value() && pages.ok() && *pages > 1) {
    page = 0;
    warnings.push_back(PageWarning(input.path, *pages, kOthers));
    session->PrintWarning(warnings.back());
  }
  return SegmentItem(args, request, {input, *std::move(bytes), page, false, std::move(warnings)},
                     common, &told, session);
}

Asked AskedBy(const v1::SegmentRequest& request) {
  Asked asked{CountsLabels(request), MakesMask(request), "", HysteresisOf(request)};
  if (asked.has_mask) return asked;
  for (const v1::SegmentStep& step : request.steps())
    absl::StrAppend(&asked.steps, asked.steps.empty() ? "" : ",", NameOf(step));
  return asked;
}

// Neither a picture nor a server is needed.
absl::Status ListSteps(const SegmentArgs& args, Session* session) {
  TRINE_RETURN_IF_ERROR(CheckTold(
      session->globals(), {{"--steps-markdown", args.steps_markdown, false},
                           {args.steps.empty() ? "--help-steps" : "--steps help", true, true}}));
  if (args.steps_markdown) {
    std::printf("%s\n", StepsMarkdown().c_str());
  } else {
    session->PrintStatus(StepsHelp(TextColumns()));
    session->PrintResult(StepsJson());
  }
  return absl::OkStatus();
}

absl::Status RunSegment(const SegmentArgs& args, Session* session) {
  if (args.help_steps) return ListSteps(args, session);
  TRINE_ASSIGN_OR_RETURN(Inputs inputs, FindInputs(args.inputs, args.outputs.recursive,
                                                   TakesPictures, args.outputs.out_dir));
  KeepNamesApart(args.outputs, NamingFor(args), &inputs);
  TRINE_ASSIGN_OR_RETURN(const Pages pages, ParsePages(args.page, "--page"));
  TRINE_RETURN_IF_ERROR(CheckArgs(args, pages, inputs.list, session));
  TRINE_ASSIGN_OR_RETURN(v1::SegmentRequest request, MakeSegmentRequest(args));
  TRINE_RETURN_IF_ERROR(CheckSteps(args, request));
  Companions companions;
  const auto load = [&](const Companion& row) -> absl::Status {
    const std::string& path = args.*row.path;
    const std::optional<int64_t> named = args.*row.page;
    v1::Image* const image = (request.*row.image)();
    std::vector<std::string> odd;
    TRINE_RETURN_IF_ERROR(LoadImage(path, image, &odd));
    for (const std::string& warning : odd) {
      companions.warnings.push_back(absl::StrCat(DisplayName(path), ": ", warning));
      session->PrintWarning(companions.warnings.back());
    }
    const int64_t count = TakePage(named, image);
    if (named.value_or(0) >= count) {
      return WithFlag(UsageError(absl::StrCat("is ", *named, "; ", DisplayName(path), " has ",
                                              count == 1 ? std::string("page 0 only")
                                                         : absl::StrCat("pages 0 to ", count - 1))),
                      row.page_flag);
    }
    // A page that is named goes with every page of the inputs.
    companions.files.push_back({path, named.has_value() ? 1 : count});
    if (named.has_value() || count < 2 || !args.page.empty()) return absl::OkStatus();
    companions.warnings.push_back(
        PageWarning(path, count,
                    absl::StrCat(row.page_flag,
                                 " N takes another; --page N or --page all takes others of "
                                 "pictures that have as many")));
    session->PrintWarning(companions.warnings.back());
    return absl::OkStatus();
  };
  for (const Companion& row : kCompanions) {
    if (!(args.*row.path).empty()) TRINE_RETURN_IF_ERROR(load(row));
  }
  TRINE_ASSIGN_OR_RETURN(const MadeFolders folders,
                         PrepareOutputs(inputs.list, args.outputs, NamingFor(args)));
  session->PrintNotes(inputs);
  Common common;
  if (!args.csv.empty()) {
    auto csv = OutputFile::Create(args.csv, args.force, Holds::kText);
    if (!csv.ok()) return WithFlag(csv.status(), kCsv);
    common.csv = *std::move(csv);
  }
  common.asked = AskedBy(request);
  common.plots = args.plot;
  common.compares = request.has_ground_truth();
  common.in_lines = TellsInLines(args, pages, inputs.list);
  constexpr size_t kPageWidth = 9;  // " page 123"
  for (const Input& input : inputs.list) {
    common.name_width = std::max(
        common.name_width, DisplayName(input.path).size() + (args.page.empty() ? 0 : kPageWidth));
  }
  const absl::Status status = session->ForEach(inputs.list, [&](const Input& input) {
    return SegmentOne(args, request, pages, companions, input, &common, session);
  });
  // What is good is kept where others failed.
  absl::Status kept;
  if (common.csv != nullptr && !common.is_first) kept = WithFlag(common.csv->Commit(), kCsv);
  if (status.ok()) return kept;
  if (!kept.ok()) PrintError(kept, session->target(), session->globals().verbose);
  return status;
}

}  // namespace

void AddSegmentCommand(Command app, Run* run) {
  auto args = std::make_shared<SegmentArgs>();
  Command command = app->add_subcommand("segment", "Find objects in pictures");
  AddSegmentFlags(command, args.get());
  command->callback(
      [args, run] { *run = [args](Session* session) { return RunSegment(*args, session); }; });
}

}  // namespace trine::cli
