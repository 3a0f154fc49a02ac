// The parts of the command line that need no server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <tuple>

#include "client/cli/errors.h"
#include "client/cli/files/file_identity.h"
#include "client/cli/files/input_file.h"
#include "client/cli/files/outputs.h"
#include "client/cli/files/overlay.h"
#include "client/cli/files/table_file.h"
#include "client/cli/flags/enum_text.h"
#include "client/cli/flags/message_text.h"
#include "client/cli/flags/step_names.h"
#include "client/cli/path_names.h"
#include "client/cli/printable.h"
#include "client/cli/progress.h"
#include "client/cli/quantity.h"
#include "client/cli/suggest.h"
#include "client/status.h"
#include "core/base/error.h"
#include "trine/v1/segmentation.pb.h"

namespace trine::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;

TEST(Quantity, ErrorsNameTheFlagAndTheUnits) {
  EXPECT_EQ(*ParseSize("64KiB", "-x"), 65536u);
  EXPECT_EQ(ParseDuration("500ms", "-x")->count(), 500);
  EXPECT_EQ(ParseDuration("5", "--seconds", "s")->count(), 5000);
  const absl::Status size = ParseSize("1M", "--size").status();
  EXPECT_EQ(ExitCodeOf(size), kExitUsage);
  EXPECT_THAT(size.message(), HasSubstr("--size: '1M' is not a size"));
  for (const char* wrong : {"", "30", "0ms", "-5s", "never"}) {
    const absl::Status time = ParseDuration(wrong, "--timeout").status();
    EXPECT_EQ(ExitCodeOf(time), kExitUsage) << wrong;
    EXPECT_THAT(time.message(), HasSubstr("--timeout: '")) << wrong;
  }
  EXPECT_THAT(ParseDuration("30", "--timeout").status().message(), HasSubstr("(ms, s, m or h)"));
}

TEST(Quantity, RangesAndShapes) {
  const Range range = *ParseRange("1MiB:100", "-x");
  EXPECT_EQ(range.offset, 1048576u);
  EXPECT_EQ(range.length, 100u);
  for (const char* wrong : {"", ":", "1", "1:", ":1", "1:2:3"}) {
    EXPECT_EQ(ExitCodeOf(ParseRange(wrong, "-x").status()), kExitUsage) << wrong;
  }
  EXPECT_THAT(*ParseShape("2,3,4", "-x"), ElementsAre(2, 3, 4));
  EXPECT_THAT(*ParseShape("16x96", "-x"), ElementsAre(16, 96));
  EXPECT_FALSE(ParseShape("2,,3", "-x").ok());
  EXPECT_FALSE(ParseShape("2,-3", "-x").ok());
  EXPECT_EQ(SizeText(1023), "1023 bytes");
  EXPECT_EQ(SizeText(1536), "1.5 KiB");
  EXPECT_EQ(SizeText(uint64_t{1} << 30), "1.0 GiB");
}

TEST(Progress, RawBytesRateAndTimeLeft) {
  constexpr uint64_t kMib = uint64_t{1} << 20;
  EXPECT_EQ(ProgressText("book", kMib, 4 * kMib, 2),
            "book [######..................]  25 % 1.0 MiB of 4.0 MiB, 512.0 KiB/s, 6 s left");
  // What a terminal has no room for: first the bar, then the start of the name.
  EXPECT_EQ(ProgressText("book.txt", kMib, 4 * kMib, 2, 79),
            "book.txt  25 % 1.0 MiB of 4.0 MiB, 512.0 KiB/s, 6 s left");
  EXPECT_EQ(ProgressText("a-long-name.txt", kMib, 4 * kMib, 2, 60),
            "...name.txt  25 % 1.0 MiB of 4.0 MiB, 512.0 KiB/s, 6 s left");
  EXPECT_EQ(ProgressText("a-long-name.txt", kMib, std::nullopt, 2, 30),
            "...name.txt 1.0 MiB, 512.0 KiB/s");
  EXPECT_EQ(ProgressText("-", kMib, std::nullopt, 2), "- 1.0 MiB, 512.0 KiB/s");
  EXPECT_THAT(ProgressText("x", kMib, 126 * kMib, 1), EndsWith(", 2 min 05 s left"));
  EXPECT_THAT(ProgressText("x", kMib, 3721 * kMib, 1), EndsWith(", 1 h 02 min left"));
  EXPECT_THAT(ProgressText("x", kMib, kMib, 1), EndsWith(", 0 s left"));
  EXPECT_THAT(ProgressText("x", kMib - 1, kMib, 1), EndsWith(", 1 s left"));
  EXPECT_THAT(ProgressText("x", 2 * kMib, kMib, 1),
              EndsWith("100 % 2.0 MiB of 1.0 MiB, 2.0 MiB/s, 0 s left"));
  EXPECT_THAT(ProgressText("x", 0, kMib, 1), EndsWith("  0 % 0 bytes of 1.0 MiB, 0 bytes/s"));
  EXPECT_THAT(ProgressText("x", 0, 0, 0), EndsWith("100 % 0 bytes of 0 bytes, 0 bytes/s"));
}

TEST(Printable, EscapesWhatControlsATerminal) {
  EXPECT_EQ(Printable("a\x1b[31m\x07\x7f.png"), "a\\x1b[31m\\x07\\x7f.png");
  EXPECT_EQ(Printable("nl\nFAKE\t\r: ok"), "nl\\nFAKE\\t\\r: ok");
  EXPECT_EQ(Printable(std::string_view("\0 ", 2)), "\\x00 ");
  // The first and the last of C1, and what lies around them.
  EXPECT_EQ(Printable("~\xc2\x80\xc2\x9b\xc2\x9f\xc2\xa0"), "~\\u0080\\u009b\\u009f\xc2\xa0");
  EXPECT_EQ(Printable("\xe2\x80\xa7\xe2\x80\xa8\xe2\x80\xae\xe2\x80\xaf"),
            "\xe2\x80\xa7\\u2028\\u202e\xe2\x80\xaf");
  EXPECT_EQ(Printable("\xe2\x81\xa5\xe2\x81\xa6\xe2\x81\xa9\xe2\x81\xaa"),
            "\xe2\x81\xa5\\u2066\\u2069\xe2\x81\xaa");
  // No UTF-8: a byte alone, a sequence cut off, a surrogate.
  EXPECT_EQ(Printable("\xff\xc3"), "\\xff\\xc3");
  EXPECT_EQ(Printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");
  const std::string plain = "caf\xc3\xa9 \xf0\x9f\x98\x80 a\\b '\"'";
  EXPECT_EQ(Printable(plain), plain);
  EXPECT_EQ(Printable(""), "");
  EXPECT_EQ(PrintableLines("a\nb\x1b\n"), "a\nb\\x1b\n");
  EXPECT_EQ(PrintableJson("{\"a\": \"\xe2\x80\xae\xc2\x9b\x7f\xc3\xa9\\n\"}"),
            "{\"a\": \"\\u202e\\u009b\\u007f\xc3\xa9\\n\"}");
  EXPECT_EQ(DisplayName("-"), "stdin");
  EXPECT_EQ(DisplayName("a\nb"), "a\\nb");
}

TEST(EnumNames, AreShortAndReadBack) {
  EXPECT_EQ(EnumText(v1::CODING_MODEL_ADAPTIVE), "adaptive");
  EXPECT_EQ(EnumText(v1::MARKER_SOURCE_GIVEN), "given");
  EXPECT_EQ(EnumText(*v1::CodingModel_descriptor(), 99), "99");
  EXPECT_EQ(ParseEnumText<v1::LocalMethod>("sauvola"), v1::LOCAL_METHOD_SAUVOLA);
  EXPECT_EQ(ParseEnumText<v1::Connectivity>("8"), v1::CONNECTIVITY_8);
  EXPECT_FALSE(ParseEnumText<v1::LocalMethod>("unspecified").has_value());
  EXPECT_FALSE(ParseEnumText<v1::LocalMethod>("").has_value());
  EXPECT_THAT(EnumNames<v1::MarkerSource>(), ElementsAre("given", "distance"));
}

TEST(MessageText, SetsFieldsByName) {
  v1::WatershedStep step;
  EXPECT_TRUE(SetFieldFromText("marker-height=2.5", &step).ok());
  EXPECT_TRUE(SetFieldFromText("lines", &step).ok());
  EXPECT_TRUE(SetFieldFromText("connectivity=8", &step).ok());
  EXPECT_EQ(step.marker_height(), 2.5);
  EXPECT_TRUE(step.lines());
  EXPECT_EQ(step.connectivity(), v1::CONNECTIVITY_8);
  for (const char* wrong : {"", "lines=maybe", "marker_height", "marker_height=high",
                            "marker_height=inf", "connectivity=6", "height=3"}) {
    EXPECT_EQ(ExitCodeOf(SetFieldFromText(wrong, &step)), kExitUsage) << wrong;
  }
  v1::ThresholdStep thresholds;
  EXPECT_TRUE(SetFieldFromText("thresholds=1", &thresholds).ok());
  EXPECT_TRUE(SetFieldFromText("thresholds=2", &thresholds).ok());
  EXPECT_THAT(thresholds.thresholds(), ElementsAre(1, 2));
}

TEST(Table, NumbersKeepTheirDecimalText) {
  const auto table = ParseTable(
      R"({"symbols": ["a", "b", "c", "d"], "probabilities": [0.1, "1/5", 7e-1, 0.10000000000000000000001]})",
      "t", IntegerSymbols::kBytes);
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_THAT(table->decimals(), ElementsAre("0.1", "1/5", "7e-1", "0.10000000000000000000001"));
  EXPECT_THAT(table->text(), ElementsAre("a", "b", "c", "d"));
  EXPECT_EQ(table->kind(), v1::SYMBOL_KIND_TEXT);
}

TEST(Table, CountsAndIntegerSymbols) {
  const std::string json = R"({"counts": [1, 9223372036854775807], "symbols": [0, 255]})";
  const auto bytes = ParseTable(json, "t", IntegerSymbols::kBytes);
  ASSERT_TRUE(bytes.ok()) << bytes.status();
  EXPECT_THAT(bytes->integers(), ElementsAre(0, 255));
  EXPECT_THAT(bytes->counts(), ElementsAre(1, 9223372036854775807u));
  EXPECT_EQ(bytes->kind(), v1::SYMBOL_KIND_BYTES);
  EXPECT_EQ(ParseTable(json, "t", IntegerSymbols::kElements)->kind(), v1::SYMBOL_KIND_INTEGERS);
  const auto digits = ParseTable(json, "t", IntegerSymbols::kDigits);
  EXPECT_THAT(digits->text(), ElementsAre("0", "255"));
  EXPECT_EQ(digits->integers_size(), 0);
}

TEST(Table, RefusesWhatIsNone) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "byte"},
      {"[1]", "one object"},
      {"{", "byte"},
      {R"({"symbols": ["a"]})", "either probabilities or counts"},
      {R"({"symbols": [], "counts": []})", "needs symbols"},
      {R"({"symbols": ["a"], "counts": [1], "probabilities": [1]})", "has both"},
      {R"({"symbols": ["a", "b"], "counts": [1]})", "2 symbols and 1 counts"},
      {R"({"symbols": ["a", 1], "counts": [1, 1]})", "not both"},
      {R"({"symbols": ["a"], "counts": [-1]})", "-1"},
      {R"({"symbols": ["a"], "counts": [1.5]})", "1.5"},
      {R"({"symbols": ["a"], "counts": [null]})", "null"},
      {R"({"symbols": "a", "counts": [1]})", "array"},
      {R"({"symbols": [["a"]], "counts": [1]})", "arrays"},
      {R"({"symbols": ["a"], "count": [1]})", "unknown key \"count\""},
      {R"({"symbols": ["a"], "symbols": ["b"], "counts": [1]})", "twice"},
      {R"({"symbols": ["a"], "counts": [1]} x)", "byte"},
  };
  for (const auto& [json, expected] : cases) {
    const absl::Status status = ParseTable(json, "t.json", IntegerSymbols::kBytes).status();
    EXPECT_EQ(ExitCodeOf(status), kExitFailed) << json;
    EXPECT_THAT(status.message(), HasSubstr(expected)) << json;
    EXPECT_THAT(status.message(), HasSubstr("t.json")) << json;
  }
}

TEST(ExitCodes, FollowTheReason) {
  EXPECT_EQ(ExitCodeOf(absl::OkStatus()), 0);
  EXPECT_EQ(ExitCodeOf(InvalidField("a", "b", "c")), 1);
  EXPECT_EQ(ExitCodeOf(absl::InternalError("x")), 1);
  EXPECT_EQ(ExitCodeOf(FileError("cannot write", "f", ENOSPC)), 1);
  EXPECT_EQ(ExitCodeOf(FileError("cannot open", "f", ENOENT, true)), 2);
  EXPECT_EQ(ExitCodeOf(UsageError("x")), 2);
  EXPECT_EQ(ExitCodeOf(client::Unreachable("x")), 3);
  EXPECT_EQ(ExitCodeOf(CorruptStream(1, 2, "x")), 4);
  EXPECT_EQ(ExitCodeOf(CorruptImage("f", "x")), 4);
}

TEST(ExitCodes, AFlagThatIsWrongAloneIsWrongUsage) {
  EXPECT_EQ(ExitCodeOf(WithFlags(InvalidField("options.size", int64_t{0}, "1 to 9"))), 2);
  EXPECT_EQ(ExitCodeOf(WithFlags(InvalidField("header.options.order", int64_t{9}, "0 to 2"))), 2);
  EXPECT_EQ(ExitCodeOf(InvalidField("--steps mean:window", int64_t{4}, "odd")), 2);
  EXPECT_EQ(ExitCodeOf(InvalidField("--threshold[1]", int64_t{4}, "more")), 2);
  // The input or a file's content could be right instead, or the server's limit higher.
  EXPECT_EQ(ExitCodeOf(WithFlags(InvalidField("channel", int64_t{3}, "0 to 2"))), 1);
  EXPECT_EQ(ExitCodeOf(WithFlags(InvalidField("table_index", "short", "5 bytes"))), 1);
  EXPECT_EQ(ExitCodeOf(WithFlags(InvalidField("tensor.shape", "5", "rank 2 to 5"))), 1);
  EXPECT_EQ(ExitCodeOf(WithFlags(LimitExceeded("options.block_bytes", 9, "max_block_bytes", 8))),
            1);
}

TEST(WithFlags, NamesWhatAPersonGave) {
  const std::pair<const char*, const char*> cases[] = {
      {"options.alpha_scaling", "--alpha-scaling"},
      {"item.options.size", "--size"},
      {"header.options.block_bytes", "--block-size"},
      {"options.tables[1].counts[7]", "--table[1] counts[7]"},
      {"options.table.decimals[3]", "--table probabilities[3]"},
      {"exact.table.text", "--table symbols"},
      {"header.range", "--range"},
      {"table_index[12]", "--table-index[12]"},
      {"tensor.shape", "the input's shape"},
      {"image.tensor.data[3][5]", "the input[3][5]"},
      {"markers.encoded", "--markers"},
      {"chunk", "the input"},
      {"max_threads", "max_threads"},
  };
  for (const auto& [field, name] : cases) {
    const absl::Status named = WithFlags(InvalidField(field, "v", "l"));
    EXPECT_EQ(GetErrorDetail(named)->field, name);
    EXPECT_EQ(named.message(), std::string(name) + ": is v; l");
    EXPECT_EQ(WithFlags(named), named);
  }
}

TEST(WithStepFlags, NamesTheMethodsFlagOrTheListedStep) {
  v1::SegmentRequest request;
  request.add_steps()->mutable_otsu();
  v1::LocalThresholdStep* local = request.add_steps()->mutable_local_threshold();
  local->set_method(v1::LOCAL_METHOD_GAUSSIAN);
  request.add_steps()->mutable_fill_holes();
  request.add_steps()->mutable_threshold();
  const std::tuple<const char*, const char*, const char*> cases[] = {
      {"steps[1].local_threshold.window", "--window", "--steps gaussian:window"},
      {"steps[2]", "--fill-holes", "--steps fill-holes"},
      {"steps[0]", "--method", "--steps otsu"},
      {"steps[3].threshold.thresholds[1]", "--threshold[1]", "--steps threshold:thresholds[1]"},
      {"steps[4].otsu", "steps[4].otsu", "steps[4].otsu"},
      {"steps", "steps", "steps"},
      {"mask.encoded", "mask.encoded", "mask.encoded"},
  };
  for (const auto& [field, flag, listed] : cases) {
    const absl::Status status = InvalidField(field, "v", "l");
    EXPECT_EQ(GetErrorDetail(WithStepFlags(status, request, ""))->field, flag);
    const std::string_view steps = "otsu,gaussian:window=4,fill-holes,threshold:thresholds=1";
    EXPECT_EQ(GetErrorDetail(WithStepFlags(status, request, steps))->field, listed);
  }
}

TEST(WithFile, NamesTheFileAndKeepsTheDetail) {
  const absl::Status named = WithFile(InvalidField("options.size", int64_t{0}, "1 to 9"), "a.npy");
  EXPECT_EQ(named.message(), "a.npy: --size: is 0; 1 to 9");
  EXPECT_EQ(GetErrorDetail(named)->field, "--size");
  EXPECT_EQ(GetErrorDetail(named)->value, "0");
  EXPECT_EQ(GetErrorDetail(named)->limit, "1 to 9");
  EXPECT_EQ(WithFile(UsageError("no"), "a.npy").message(), "no");
  EXPECT_TRUE(WithFile(absl::OkStatus(), "a.npy").ok());
}

TEST(InputFile, NamesTheLimitThatIsMet) {
  const std::string path = ::testing::TempDir() + "/input_file_test";
  std::ofstream(path) << "12345";
  EXPECT_EQ(*InputFile::Open(path)->ReadAll({"max_output_bytes", 5}), "12345");
  const absl::Status longer = InputFile::Open(path)->ReadAll({"max_output_bytes", 4}).status();
  EXPECT_EQ(longer.message(), "the input: is 5, more than the limit max_output_bytes = 4");
  std::remove(path.c_str());
}

std::string SameName(const Input&) { return "x"; }
std::string OwnName(const Input& input) { return input.name + ".out"; }

TEST(OutputPaths, OneAnInput) {
  const Input a = {"in/a", "a"};
  const Input b = {"in/b", "x/b"};
  const Input piped = {"-", "-"};
  const std::string dir = ::testing::TempDir() + "/trine-outputs";
  const Outputs to_dir = {"", dir};
  const Naming own = {OwnName, [](const std::string& path) -> absl::StatusOr<std::string> {
                        return path + ".out";
                      }};
  EXPECT_EQ(*OutputPath(a, to_dir, own), dir + "/a.out");
  EXPECT_EQ(*OutputPath(b, to_dir, own), dir + "/x/b.out");
  EXPECT_EQ(*OutputPath(a, {"o", ""}, own), "o");
  EXPECT_EQ(*OutputPath(a, {}, own), "in/a.out");
  EXPECT_EQ(*OutputPath(piped, {}, own), "-");
  EXPECT_EQ(*OutputPath(a, {}, {OwnName}), "");
  std::filesystem::remove_all(dir);
  {
    const auto folders = PrepareOutputs({a, b}, to_dir, own);
    EXPECT_TRUE(folders.ok());
    EXPECT_TRUE(std::filesystem::is_directory(dir + "/x"));
  }
  EXPECT_FALSE(std::filesystem::exists(dir)) << "nothing was put there";
  EXPECT_TRUE(PrepareOutputs({a, b}, {}, own).ok());
  EXPECT_FALSE(PrepareOutputs({a, b}, {"o", ""}, own).ok());
  EXPECT_FALSE(PrepareOutputs({a}, {"o", dir}, own).ok());
  EXPECT_FALSE(PrepareOutputs({piped}, to_dir, own).ok());
  EXPECT_TRUE(CheckStdinOnce({"a", "-", "b"}).ok());
  EXPECT_FALSE(CheckStdinOnce({"-", "a", "/dev/stdin"}).ok());
  EXPECT_FALSE(PrepareOutputs({a, piped}, {}, own).ok());
  EXPECT_FALSE(PrepareOutputs({a, b}, to_dir, {SameName}).ok());
  EXPECT_TRUE(WritesStdout({piped}, {}, own));
  EXPECT_TRUE(WritesStdout({a}, {"-", ""}, own));
  EXPECT_FALSE(WritesStdout({piped}, {}, {OwnName}));
  EXPECT_FALSE(WritesStdout({piped}, {"o", ""}, own));
  std::filesystem::remove_all(dir);
}

TEST(OutputPaths, NamesAreKeptApart) {
  const Naming by_stem = {[](const Input& input) {
    return input.keeps_name ? input.name : input.name.substr(0, input.name.rfind('.'));
  }};
  const auto kept = [&](std::vector<std::string> names, const std::string& out_dir = "d") {
    Inputs inputs;
    for (const std::string& name : names) inputs.list.push_back({"in/" + name, name});
    KeepNamesApart({"", out_dir}, by_stem, &inputs);
    std::vector<std::string> out;
    for (const Input& input : inputs.list) {
      if (input.keeps_name) out.push_back(input.name);
    }
    EXPECT_EQ(inputs.names_kept.empty(), out.empty());
    return out;
  };
  using Names = std::vector<std::string>;
  EXPECT_EQ(kept({}), Names{});
  EXPECT_EQ(kept({"a.x", "b.x"}), Names{});
  EXPECT_EQ(kept({"a.x", "b.x", "a.y"}), (Names{"a.x", "a.y"}));
  EXPECT_EQ(kept({"a.y", "b.x", "a.x"}), (Names{"a.y", "a.x"}));
  EXPECT_EQ(kept({"a.x", "a.y"}, ""), Names{});
  // Nothing tells these apart, and what one of them keeps may be another's.
  EXPECT_EQ(kept({"a.x", "a.x"}), Names{});
  EXPECT_EQ(kept({"a.x.z", "a.x", "c.x", "a.y"}), (Names{"a.x.z", "a.x", "a.y"}));
}

TEST(Removal, OnlyOfWhatDidNotChange) {
  const std::string path = ::testing::TempDir() + "/trine-removal";
  std::ofstream(path) << "abc";
  FileStamp stamp;
  ASSERT_TRUE(StampForRemoval(path, &stamp).ok());
  std::ofstream(path, std::ios::app) << "d";
  EXPECT_THAT(RemoveInput(path, stamp).message(), HasSubstr("it is not removed"));
  ASSERT_TRUE(StampForRemoval(path, &stamp).ok());
  EXPECT_TRUE(RemoveInput(path, stamp).ok());
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(Suggest, TheNearestWord) {
  const std::vector<std::string> commands = {"encode", "decode", "inspect", "segment", "info"};
  const std::pair<const char*, const char*> cases[] = {
      {"segmnet", "segment"},  {"segmen", "segment"}, {"Segment", "segment"},
      {"encoed", "encode"},    {"dcode", "decode"},   {"inspekt", "inspect"},
      {"inof", "info"},        {"fly", ""},           {"", ""},
      {"completely other", ""}};
  for (const auto& [word, expected] : cases) EXPECT_EQ(Nearest(word, commands), expected) << word;
  // What begins like one.
  EXPECT_EQ(Nearest("--overl", {"--output", "--overlay"}), "--overlay");
  EXPECT_EQ(Nearest("--metod", {"--method", "--mode"}), "--method");
  EXPECT_EQ(Nearest("--o", {}), "");
  // Of a single letter nothing would be left.
  EXPECT_EQ(Nearest("5", {"4", "8"}), "");
  EXPECT_EQ(Nearest("O", {"o"}), "o");
  EXPECT_EQ(DidYouMean("inof", commands), "; did you mean 'info'?");
  EXPECT_EQ(DidYouMean("fly", commands), "");
}

// A 3 x 3 block in a 5 x 5 picture: its border is drawn, its middle pixel is not.
TEST(Overlay, DrawsTheOutlineOfAMask) {
  Tensor picture = Tensor::Zeros(DType::kUint8, {5, 5});
  for (uint8_t& v : picture.data) v = 7;
  Tensor mask = Tensor::Zeros(DType::kUint8, {5, 5});
  for (size_t y = 1; y < 4; ++y) {
    for (size_t x = 1; x < 4; ++x) mask.data[y * 5 + x] = 255;
  }
  const auto drawn = DrawOverlay(picture.view(), mask.view(), false);
  ASSERT_TRUE(drawn.ok()) << drawn.status();
  EXPECT_THAT(drawn->shape, ElementsAre(5, 5, 3));
  std::string seen;
  for (size_t i = 0; i < 25; ++i) {
    const uint8_t* p = &drawn->data[i * 3];
    seen += p[0] == 7 && p[1] == 7 && p[2] == 7 ? '.' : p[0] > 200 && p[1] < 64 ? 'R' : '?';
  }
  EXPECT_EQ(seen, "......RRR..R.R..RRR......");
}

TEST(Overlay, AreasAreHalfOfTheirColour) {
  Tensor picture = Tensor::Zeros(DType::kUint8, {5, 5});
  Tensor mask = Tensor::Zeros(DType::kUint8, {5, 5});
  std::fill(picture.data.begin(), picture.data.end(), uint8_t{101});
  for (const size_t y : {1, 2, 3}) std::fill_n(&mask.data[y * 5 + 1], 3, uint8_t{255});
  const auto drawn = DrawOverlay(picture.view(), mask.view(), true);
  ASSERT_TRUE(drawn.ok()) << drawn.status();
  const auto pixel = [&](size_t y, size_t x) {
    const uint8_t* const p = &drawn->data[(y * 5 + x) * 3];
    return std::vector<int>(p, p + 3);
  };
  EXPECT_THAT(pixel(0, 0), ElementsAre(101, 101, 101));
  EXPECT_THAT(pixel(1, 1), ElementsAre(255, 32, 32));
  EXPECT_THAT(pixel(2, 2), ElementsAre(178, 67, 67));
}

TEST(Overlay, LabelsThatTouchGetTwoColours) {
  Tensor picture = Tensor::Zeros(DType::kUint16, {1, 4});
  Tensor labels = Tensor::Zeros(DType::kInt32, {1, 4});
  for (int32_t x = 0; x < 4; ++x) {
    StoreLE(&labels.data[static_cast<size_t>(x) * 4], x < 2 ? int32_t{1} : int32_t{2});
  }
  const auto drawn = DrawOverlay(picture.view(), labels.view(), false);
  ASSERT_TRUE(drawn.ok()) << drawn.status();
  const auto pixel = [&](size_t x) {
    return std::vector<int>(&drawn->data[x * 3], &drawn->data[x * 3] + 3);
  };
  EXPECT_THAT(pixel(0), ElementsAre(0, 0, 0));
  EXPECT_NE(pixel(1), pixel(0));
  EXPECT_NE(pixel(2), pixel(0));
  EXPECT_NE(pixel(1), pixel(2));
  EXPECT_THAT(pixel(3), ElementsAre(0, 0, 0));
  const Tensor other = Tensor::Zeros(DType::kInt32, {2, 2});
  EXPECT_FALSE(DrawOverlay(picture.view(), other.view(), true).ok());
}

}  // namespace
}  // namespace trine::cli
