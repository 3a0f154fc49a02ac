#include "client/cli/flags/segment_args.h"

#include "client/cli/flags/enum_text.h"
#include "client/cli/flags/file_flags.h"
#include "trine/v1/segmentation.pb.h"

namespace trine::cli {
namespace {

void AddFiles(Command c, SegmentArgs* a) {
  const std::string group = "Outputs";
  c->add_option("-o,--output", a->outputs.output,
                "Mask, 0 and 255: .png, .tif, .pgm or .npy, or .pbm; - for stdout as PNG")
      ->check(NotEmpty("a name"))
      ->type_name("OUT")
      ->group(group);
  c->add_option("--out-dir", a->outputs.out_dir,
                "Write each input's --emit to DIR/NAME.EMIT.png; DIR is made")
      ->check(NotEmpty("a name"))
      ->type_name("DIR")
      ->group(group);
  a->emit_given =
      c->add_option("--emit", a->emit, "With --out-dir: mask, labels or overlay. Default: mask")
          ->check(IsMember({"mask", "labels", "overlay"}))
          ->type_name("WHAT")
          ->group(group);
  c->add_option("--labels", a->labels,
                "Label map of the mask's regions; with more than two classes and without "
                "--components, of the classes: .png (to 65535 labels), .tif or .npy (32 bits)")
      ->type_name("FILE")
      ->group(group);
  c->add_option("--overlay", a->overlay,
                "The picture with the outlines of the mask or the labels in colour: .png, .ppm")
      ->type_name("FILE")
      ->group(group);
  c->add_option("--contours", a->contours, "Outlines with their hierarchy, as JSON")
      ->type_name("FILE")
      ->group(group);
  c->add_option("--csv", a->csv, "Measurements of the regions of all inputs, as CSV; - for stdout")
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

void AddMethod(Command c, SegmentArgs* a) {
  const std::string group = "Method";
  auto method =
      c->add_option("--method", a->method,
                    "otsu, multi-otsu, threshold (given), mean, gaussian, sauvola (local), or "
                    "watershed (otsu, fill-holes, distance, watershed, measure; with --markers: "
                    "of the gray picture from these). Default: otsu")
          ->check(IsMember(
              {"otsu", "multi-otsu", "threshold", "mean", "gaussian", "sauvola", "watershed"}))
          ->type_name("NAME")
          ->group(group);
  c->add_option("--steps", a->steps,
                "Instead: steps in order, parameters after colons, such as "
                "otsu,fill-holes,components:min_area=20:connectivity=4,measure; help lists them")
      ->check(NotEmpty("one step"))
      ->type_name("LIST")
      ->excludes(method)
      ->group(group);
  c->add_option("--classes", a->classes, "multi-otsu: classes, 2 to 16. Default: 3")
      ->type_name("K")
      ->group(group);
  c->add_option("--threshold", a->thresholds,
                "threshold: 1 to 15 gray values, increasing; comma-separated or repeated")
      ->delimiter(',')
      ->type_name("V")
      ->allow_extra_args(false)
      ->group(group);
  c->add_option("--window", a->window,
                "mean, gaussian, sauvola: side, odd [pixels]. Default: 51 (profile skimage's "
                "sauvola 15)")
      ->type_name("N")
      ->group(group);
  c->add_option("--offset", a->offset,
                "mean, gaussian: subtracted from the mean [gray values]. Default: 0")
      ->type_name("X")
      ->group(group);
  c->add_option("--k", a->k, "sauvola: weight of the deviation. Default: 0.2")
      ->type_name("X")
      ->group(group);
  c->add_option("--r", a->r,
                "sauvola: range of the deviation [gray values]. Default: half the dtype's, of "
                "floats and integers above 16 bits half the picture's (profile skimage's half the "
                "dtype's of all integers, 1 of floats)")
      ->type_name("X")
      ->group(group);
  c->add_option("--sigma", a->sigma, "gaussian: [pixels]. Default: (window - 1) / 6")
      ->type_name("X")
      ->group(group);
  c->add_option("--markers", a->markers,
                "watershed: picture of labels to flood from, 0 for none. Default: maxima of the "
                "distance")
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
  c->add_option("--mask", a->mask, "Picture whose pixels of 0 belong to nothing. Default: none")
      ->type_name("FILE")
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
                "a --mask and --markers of several pages. Default: 0, with a warning where there "
                "are more")
      ->type_name("N|all")
      ->group(group);
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
