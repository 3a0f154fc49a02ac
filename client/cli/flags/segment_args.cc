#include "client/cli/flags/segment_args.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/types/span.h"
#include "client/cli/flags/enum_text.h"
#include "client/cli/flags/file_flags.h"
#include "client/cli/flags/named_steps.h"
#include "client/cli/spelling.h"
#include "core/segment/steps.h"
#include "trine/v1/segmentation.pb.h"

namespace trine::cli {
namespace {

void AddFiles(Command c, SegmentArgs* a) {
  const std::string group = "Outputs";
  c->add_option(
       "-o,--output", a->outputs.output,
       absl::StrCat("Mask, 0 and 255: ", kSegmentOutputNames[kMask], "; - for stdout as PNG"))
      ->type_name("OUT")
      ->group(group);
  c->add_option("--out-dir", a->outputs.out_dir,
                "Write each input's --emit to DIR/NAME.EMIT.png, NAME without its ending where no "
                "two inputs share the rest; DIR is made")
      ->type_name("DIR")
      ->group(group);
  const std::vector<std::string> pictures(kSegmentOutputs.begin(),
                                          kSegmentOutputs.begin() + kContours);
  a->emit_given = c->add_option("--emit", a->emit,
                                absl::StrCat("With --out-dir: ", absl::StrJoin(pictures, ", "),
                                             ". Default: ", a->emit))
                      ->check(IsMember(pictures))
                      ->type_name("WHAT")
                      ->group(group);
  c->add_option(
       "--labels", a->labels,
       "Label map of the mask's regions; with more than two classes and without "
       "--components, of the classes: .png or .pgm (to 65535 labels), .tif or .npy (32 bits)")
      ->type_name("FILE")
      ->group(group);
  c->add_option("--overlay", a->overlay,
                absl::StrCat("The picture with the outlines of the mask or the labels in colour: ",
                             kSegmentOutputNames[kOverlay]))
      ->type_name("FILE")
      ->group(group);
  c->add_flag("--fill", a->fill, "Colour the areas in the overlay too. Default: outlines only")
      ->group(group);
  c->add_option(
       "--cutout", a->cutout,
       absl::StrCat("The picture in gray or colour, of an array all channels, with 0 outside the "
                    "mask: ",
                    kSegmentOutputNames[kCutout]))
      ->type_name("FILE")
      ->group(group);
  c->add_option("--histogram", a->histogram,
                absl::StrCat("The histogram drawn, with axes and the thresholds: ",
                             kSegmentOutputNames[kHistogram]))
      ->type_name("FILE")
      ->group(group);
  c->add_flag("--plot", a->plot, "Show the histogram and the thresholds in the terminal")
      ->group(group);
  c->add_option("--contours", a->contours, "Outlines with their hierarchy, as JSON: .json or .txt")
      ->type_name("FILE")
      ->group(group);
  c->add_option("--csv", a->csv,
                "Measurements of the regions of all inputs, as CSV: .csv or .txt; - for stdout")
      ->type_name("FILE")
      ->group(group);
  c->add_flag("--summary", a->summary,
              "A line an input on the terminal. Default: of one input more, of several a line")
      ->group(group);
  c->add_flag("-f,--force", a->force, "Overwrite; write to a terminal. Default: never")
      ->group(group);
}

// The list of the steps, for which no picture is needed.
void AddStepsHelp(Command c, SegmentArgs* a) {
  const auto help = [a] { a->help_steps = true; };
  c->get_option("--steps")->each([help](const std::string& list) {
    if (list == "help") help();
  });
  c->add_flag_callback("--help-steps", help,
                       "List the steps with their parameters, ranges and defaults, and exit")
      ->group("Method");
  c->add_flag_callback(
       "--steps-markdown",
       [help, a] {
         help();
         a->steps_markdown = true;
       },
       "The same as the documentation's table")
      ->group("");
}

// What the rows say of a parameter that one or more of them have.
struct MethodFlag {
  segment::ParameterKind kind = segment::ParameterKind::kFlag;
  absl::Span<const std::string_view> choices;
  std::vector<std::string> about;
};

// By name, of the steps that part the picture; but "method", which --method says.
std::map<std::string, MethodFlag> MethodFlags() {
  std::map<std::string, MethodFlag> flags;
  for (const segment::StepSpec& spec : segment::AllSteps()) {
    if (!IsMethod(spec)) continue;
    const bool has_methods = !MethodsOf(spec).empty();
    for (const segment::Parameter& parameter : spec.parameters) {
      if (has_methods && parameter.name == "method") continue;
      MethodFlag& flag = flags[std::string(parameter.name)];
      flag.kind = parameter.kind;
      flag.choices = parameter.choices;
      const std::string about = segment::AboutText(parameter);
      flag.about.push_back(absl::StrCat(has_methods ? "" : absl::StrCat(Dashed(spec.name), ": "),
                                        about, ", ", segment::RangeText(parameter),
                                        ". Default: ", segment::DefaultText(spec, parameter)));
    }
  }
  return flags;
}

void AddMethodFlag(Command c, const std::string& group, const std::string& name,
                   const MethodFlag& flag, SegmentArgs* a) {
  const std::string names = absl::StrCat("--", Dashed(name));
  const std::string about = absl::StrJoin(flag.about, "; ");
  switch (flag.kind) {
    case segment::ParameterKind::kFlag:
      c->add_flag(names, a->switches[name], about)->group(group);
      return;
    case segment::ParameterKind::kReals:
      c->add_option("--threshold", a->thresholds,
                    "threshold: 1 to 15 gray values, increasing; comma-separated or repeated")
          ->delimiter(',')
          ->type_name("V")
          ->allow_extra_args(false)
          ->group(group);
      return;
    default:
      break;
  }
  const Flag added = c->add_option(names, a->parameters[name], about)->group(group);
  if (flag.kind == segment::ParameterKind::kInteger) {
    added.type_name("N").check(IsWholeNumber());
  } else if (flag.kind == segment::ParameterKind::kReal) {
    added.type_name("X").check(IsNumber());
  } else {
    std::vector<std::string> choices;
    for (const std::string_view choice : flag.choices) choices.push_back(Dashed(choice));
    added.type_name("NAME").check(IsMember(choices));
  }
}

void AddMethod(Command c, SegmentArgs* a) {
  const std::string group = "Method";
  std::vector<std::string> methods = MethodNames();
  methods.emplace_back("watershed");
  auto method = c->add_option("--method", a->method,
                              "What parts the picture (trine segment --help-steps says how each "
                              "does); all: the thresholds of every method, without a mask; "
                              "watershed: otsu, fill-holes, distance, watershed, measure; "
                              "with --markers: of the gray picture from these. Default: otsu")
                    ->check(IsMember(methods))
                    ->type_name("NAME")
                    ->group(group);
  c->add_option("--steps", a->steps,
                "Instead: steps in order, parameters after colons, such as "
                "otsu,fill-holes,components:min_area=20:connectivity=4,measure; help lists them")
      ->type_name("LIST")
      ->excludes(method)
      ->group(group);
  c->add_option("--before", a->before,
                "Steps that change the gray picture before the method, written as in --steps")
      ->type_name("LIST")
      ->group(group);
  for (const auto& [name, flag] : MethodFlags()) AddMethodFlag(c, group, name, flag, a);
  c->add_option(
       "--markers", a->markers,
       "watershed: picture of labels to flood from, 0 for none; keep-overlap: what components "
       "must overlap. Default: maxima of the distance")
      ->type_name("FILE")
      ->group(group);
  c->add_option("--marker-height", a->marker_height,
                "watershed: how far a maximum of the distance rises above its saddle [pixels]. "
                "Default: 1")
      ->type_name("X")
      ->group(group);
  c->add_flag("--lines", a->lines, "watershed: lines between basins become 0. Default: no")
      ->group(group);
}

void AddRest(Command c, SegmentArgs* a) {
  const std::string group = "Picture and regions";
  c->add_flag("--invert", a->invert, "Objects are dark. Default: bright")->group(group);
  c->add_option("--channel", a->channel, "Channel from 0 instead of the gray of all. Default: gray")
      ->check(NotNegative())
      ->type_name("N")
      ->group(group);
  c->add_option(
       "--mask", a->mask,
       "Picture whose pixels of 0 belong to nothing; its values must be finite. Default: none")
      ->type_name("FILE")
      ->group(group);
  c->add_option("--ground-truth", a->ground_truth,
                "The right mask: tells F-measure, pseudo-F-measure, PSNR, DRD, Dice and IoU. "
                "Foreground is what is brighter than half of its largest value")
      ->type_name("FILE")
      ->group(group);
  c->add_flag("--dark-truth", a->dark_truth,
              "Foreground of the ground truth is what is dark, as the ink of pages. Default: no")
      ->group(group);
  c->add_option("--profile", a->profile, "Whose conventions hold. Default: exact")
      ->check(IsMember(EnumNames<v1::SegmentProfile>()))
      ->type_name("NAME")
      ->group(group);
  c->add_option("--nan", a->nan,
                "What NaN and infinite pixels inside the mask do: refuse, or ignore: they belong "
                "to nothing. Default: refuse")
      ->check(IsMember(EnumNames<v1::NanPolicy>()))
      ->type_name("WHAT")
      ->group(group);
  c->add_option("--page", a->page,
                "Page of a TIFF, from 0, or all: one result a page, in files NAME-pageN; also of "
                "a --mask, --markers and --ground-truth of several pages, but where their own "
                "flags name one. Default: 0, with a "
                "warning where there "
                "are more")
      ->type_name("N|all")
      ->group(group);
  for (const Companion& row : kCompanions) {
    c->add_option(row.page_flag, a->*row.page,
                  absl::StrCat("Page of ", row.flag,
                               ", from 0, for every page of every input. Default: the input's own"))
        ->check(NotNegative())
        ->type_name("N")
        ->group(group);
  }
  c->add_flag("--fill-holes", a->fill_holes, "Fill holes of the mask. Default: no")->group(group);
  c->add_flag("--components", a->components, "Label and measure connected regions. Default: no")
      ->group(group);
  c->add_option("--min-area", a->min_area,
                "Remove smaller regions [pixels]; implies --components but with --method "
                "watershed. Default: 0")
      ->type_name("N")
      ->group(group);
  c->add_option("--connectivity", a->connectivity,
                "Neighbours of a pixel, 4 or 8. Default: components 8, watershed 4")
      ->check(IsMember({4, 8}))
      ->type_name("N")
      ->group(group);
}

}  // namespace

void AddSegmentFlags(Command command, SegmentArgs* args) {
  command->add_option(
      "IN", args->inputs,
      "PNG, JPEG, TIFF, BMP, PNM, PAM, PFM, WebP pictures or .npy, .npz arrays; - for "
      "stdin. Default: stdin");
  AddRecursiveFlag(command, &args->outputs);
  AddFiles(command, args);
  AddMethod(command, args);
  AddStepsHelp(command, args);
  AddRest(command, args);
}

}  // namespace trine::cli
