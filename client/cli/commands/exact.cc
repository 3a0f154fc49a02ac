// trine exact: the textbook's arithmetic coder with rational numbers.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "client/cli/command.h"
#include "client/cli/errors.h"
#include "client/cli/files/table_file.h"
#include "core/base/error.h"

namespace trine::cli {
namespace {

constexpr uint32_t kMaxSteps = 256;

struct Args {
  std::string message;
  Flag message_given;
  std::string decode;
  Flag decode_given;
  int64_t count = 0;
  Flag count_given;
  std::string table;
  bool steps = false;
};

Json RationalJson(const v1::Rational& r) {
  return {{"fraction", r.fraction()}, {"decimal", r.decimal()}};
}

std::string IntervalText(const v1::Rational& low, const v1::Rational& high) {
  return absl::StrCat("[", low.decimal(), ", ", high.decimal(), ")");
}

Json ToJson(const std::string& message, const v1::EncodeResponse& response, double elapsed_ms) {
  const v1::ExactCode& exact = response.exact();
  Json json;
  json["message"] = message;
  json["symbols"] = exact.symbols();
  json["low"] = RationalJson(exact.low());
  json["high"] = RationalJson(exact.high());
  json["shortest"] = exact.shortest();
  json["prefix_free"] = exact.prefix_free();
  json["ideal_bits"] = response.statistics().ideal_bits();
  json["model"] = "exact";
  if (exact.steps_size() > 0) {
    json["steps"] = Json::array();
    for (const v1::ExactStep& step : exact.steps()) {
      json["steps"].push_back({{"symbol", step.symbol()},
                               {"low", RationalJson(step.low())},
                               {"high", RationalJson(step.high())}});
    }
  }
  json["elapsed_ms"] = elapsed_ms;
  return json;
}

// Characters, not bytes, so that columns line up.
size_t Width(const std::string& text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

std::string Pad(const std::string& text, size_t width) {
  return text + std::string(width - std::min(width, Width(text)), ' ');
}

void PrintSteps(const Session& session, const v1::ExactCode& exact) {
  if (exact.steps_size() == 0) return;
  size_t symbol_width = 6;
  size_t low_width = 3;
  size_t high_width = 4;
  for (const v1::ExactStep& step : exact.steps()) {
    symbol_width = std::max(symbol_width, Width(step.symbol()));
    low_width = std::max(low_width, Width(step.low().decimal()));
    high_width = std::max(high_width, Width(step.high().decimal()));
  }
  session.PrintStatus(absl::StrCat("step  ", Pad("symbol", symbol_width), "  ",
                                   Pad("low", low_width), "  ", Pad("high", high_width),
                                   "  interval as fractions"));
  int number = 1;
  for (const v1::ExactStep& step : exact.steps()) {
    session.PrintStatus(absl::StrCat(
        absl::StrFormat("%4d", number++), "  ", Pad(step.symbol(), symbol_width), "  ",
        Pad(step.low().decimal(), low_width), "  ", Pad(step.high().decimal(), high_width), "  [",
        step.low().fraction(), ", ", step.high().fraction(), ")"));
  }
  if (exact.symbols() > static_cast<uint64_t>(exact.steps_size())) {
    session.PrintStatus(absl::StrCat(
        "  ... and ", exact.symbols() - static_cast<uint64_t>(exact.steps_size()), " more steps"));
  }
}

std::string CodeText(const std::string& bits) {
  return absl::StrCat(bits.empty() ? "(empty)" : bits, "  (", bits.size(), " bits)");
}

absl::Status RunEncode(const Args& args, const v1::ProbabilityTable& table, Session* session) {
  const Stopwatch watch;
  v1::EncodeRequest request;
  request.set_message(args.message);
  request.mutable_options()->set_model(v1::CODING_MODEL_EXACT);
  *request.mutable_options()->mutable_table() = table;
  if (args.steps) request.mutable_options()->set_max_steps(kMaxSteps);
  TRINE_ASSIGN_OR_RETURN(client::Client* const client, session->Connect());
  TRINE_ASSIGN_OR_RETURN(const v1::EncodeResponse response, client->Encode(request));
  const v1::ExactCode& exact = response.exact();
  PrintSteps(*session, exact);
  session->PrintStatus(absl::StrCat("interval     ", IntervalText(exact.low(), exact.high())));
  session->PrintStatus(
      absl::StrCat("             [", exact.low().fraction(), ", ", exact.high().fraction(), ")"));
  session->PrintStatus(absl::StrCat("shortest     ", CodeText(exact.shortest())));
  session->PrintStatus(absl::StrCat("prefix-free  ", CodeText(exact.prefix_free())));
  session->PrintStatus(absl::StrFormat("information  %.6g bits for %d symbols",
                                       response.statistics().ideal_bits(), exact.symbols()));
  session->PrintResult(ToJson(args.message, response, watch.ms()));
  return absl::OkStatus();
}

absl::Status RunDecode(const Args& args, const v1::ProbabilityTable& table, Session* session) {
  const Stopwatch watch;
  v1::DecodeRequest request;
  request.mutable_exact()->set_bits(args.decode);
  request.mutable_exact()->set_count(static_cast<uint64_t>(args.count));
  *request.mutable_exact()->mutable_table() = table;
  TRINE_ASSIGN_OR_RETURN(client::Client* const client, session->Connect());
  TRINE_ASSIGN_OR_RETURN(const v1::DecodeResponse response, client->Decode(request));
  // The form that encodes to the same codeword again.
  const bool characters = std::all_of(table.text().begin(), table.text().end(),
                                      [](const std::string& symbol) { return Width(symbol) == 1; });
  const std::string message = absl::StrJoin(response.message(), characters ? "" : " ");
  session->PrintStatus(message);
  Json json;
  json["message"] = message;
  json["symbols"] = std::vector<std::string>(response.message().begin(), response.message().end());
  json["model"] = "exact";
  json["elapsed_ms"] = watch.ms();
  session->PrintResult(json);
  return absl::OkStatus();
}

absl::Status RunExact(const Args& args, Session* session) {
  const bool decode = args.decode_given->count() > 0;
  if (decode == (args.message_given->count() > 0)) {
    return UsageError("exact needs either a MESSAGE or --decode BITS");
  }
  if (decode != (args.count_given->count() > 0)) {
    return UsageError("--decode BITS and --count N need each other");
  }
  if (decode && args.steps) return UsageError("--steps is for a MESSAGE");
  TRINE_RETURN_IF_ERROR(CheckTold(session->globals(), {{"--steps", args.steps, true}}));
  TRINE_ASSIGN_OR_RETURN(const v1::ProbabilityTable table,
                         ReadTableFile(args.table, IntegerSymbols::kDigits));
  return decode ? RunDecode(args, table, session) : RunEncode(args, table, session);
}

}  // namespace

void AddExactCommand(Command app, Run* run) {
  auto args = std::make_shared<Args>();
  Command command = app->add_subcommand(
      "exact", "The textbook's coder: a message's interval and codewords, in exact rationals");
  args->message_given = command->add_option(
      "MESSAGE", args->message,
      "Up to 4096 symbols: characters, or parts between single spaces where a symbol is longer");
  command
      ->add_option("--table", args->table,
                   "{\"symbols\": [...], \"probabilities\" or \"counts\": [...]}; numbers are "
                   "read by their decimal text; probabilities must sum to exactly 1")
      ->required()
      ->type_name("FILE");
  command->add_flag("--steps", args->steps, "Show the interval after each symbol, up to 256");
  args->decode_given =
      command->add_option("--decode", args->decode, "Decode this codeword of 0 and 1 instead")
          ->may_be_empty()
          ->type_name("BITS");
  args->count_given =
      command->add_option("--count", args->count, "Symbols of the message to decode")
          ->check(NotNegative())
          ->type_name("N");
  command->callback(
      [args, run] { *run = [args](Session* session) { return RunExact(*args, session); }; });
}

}  // namespace trine::cli
