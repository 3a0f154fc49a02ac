"""What segment does with what people bring: pages, flags, labels, dtypes, values that are not finite.
"""

import itertools
import json
import pathlib
import re

import numpy

import picture_files
from pictures import palette_png, pgm, tiff
import support


def noise(shape, seed=5, high=256):
    return numpy.random.RandomState(seed).randint(0, high, shape).astype(numpy.uint8)


class Pages(support.CliTest):
    def setUp(self):
        super().setUp()
        self.pages = [numpy.array([[10 + n, 90 + n], [90 + n, 90 + n]], numpy.uint8)
                      for n in range(3)]
        self.stack = self.path("s.tif", tiff(*self.pages))

    def test_the_first_with_a_warning(self):
        done = support.run("--json", "segment", self.stack)
        self.assertEqual(done.returncode, 0)
        said = "it has 3 pages, and page 0 was taken; --page N or --page all takes others"
        self.assertIn(f"trine: warning: {self.stack}: {said}", done.stderr.decode())
        told = json.loads(done.stdout)
        self.assertEqual(told["threshold"], 10)
        self.assertEqual(told["warnings"], [f"{self.stack}: {said}"])
        self.assertNotIn("page", told)
        # The same where the pixels are decoded here, for an overlay, and said once only.
        done = support.run("segment", self.stack, "--overlay", self.path("o.ppm"))
        self.assertEqual(done.stderr.decode().count("warning"), 1)
        self.assertEqual(support.run("-q", "segment", self.stack).stderr, b"")
        one = support.run("segment", self.path("one.tif", tiff(self.pages[0])))
        self.assertEqual(one.stderr, b"")

    def test_one(self):
        for page in range(3):
            done = support.run("--json", "segment", self.stack, "--page", page)
            self.assertEqual(done.stderr, b"")
            told = json.loads(done.stdout)
            self.assertEqual((told["threshold"], told["page"]), (10 + page, page))
            self.assertEqual(told["warnings"], [])
        self.assertIn("--page: is 3; ", self.fails(1, "segment", self.stack, "--page", "3"))

    def test_all(self):
        out = self.path("out")
        out.mkdir()
        lines = self.ok("--json", "segment", self.stack, "--page", "all", "-o", out / "m.npy",
                        "--labels", out / "l.npy", "--csv", out / "r.csv", "--overlay",
                        out / "o.ppm", "--contours", out / "c.json").decode().splitlines()
        told = [json.loads(line) for line in lines]
        self.assertEqual([t["page"] for t in told], [0, 1, 2])
        self.assertEqual([t["threshold"] for t in told], [10, 11, 12])
        self.assertEqual(told[1]["outputs"]["mask"], str(out / "m-page1.npy"))
        names = {f"{stem}-page{n}.{end}" for n in range(3)
                 for stem, end in (("m", "npy"), ("l", "npy"), ("o", "ppm"), ("c", "json"))}
        self.assertEqual({p.name for p in out.iterdir()}, names | {"r.csv"})
        rows = (out / "r.csv").read_text().splitlines()
        self.assertEqual([row.split(",")[-1] for row in rows[1:]],
                         [f"{self.stack} page {n}" for n in range(3)])
        for n, pixels in enumerate(self.pages):
            numpy.testing.assert_array_equal(numpy.load(out / f"m-page{n}.npy"),
                                             (pixels > 50) * numpy.uint8(255))
        self.assertIn("s.tif page 2", self.ok("segment", self.stack, "--page", "all").decode())

    def test_a_page_that_fails_is_named(self):
        """The pages before it are told and written; a page of one value has no two classes."""
        self.pages[1][:] = 7
        stack = self.path("f.tif", tiff(*self.pages))
        command = ["segment", "--page", "all", "--steps", "multi_otsu:classes=2", "--out-dir",
                   self.path("out")]
        for inputs in ([stack], [stack, self.stack]):
            done = support.run("--json", *command, "-f", *inputs)
            self.assertEqual(done.returncode, 2)  # of the flag, classes
            told = [json.loads(line) for line in done.stdout.splitlines()]
            self.assertEqual([(t["input"], t["page"], "error" in t) for t in told],
                             [(str(stack), 0, False), (str(stack), 1, True)] +
                             [(str(self.stack), n, False) for n in range(3) if len(inputs) > 1])
            self.assertIn("elapsed_ms", told[1])
            self.assertIn("f.tif page 1: ", told[1]["error"])
            self.assertIn(told[1]["error"], done.stderr.decode())
            self.assertIn(f"{stack}: 1 page after page 1 was not segmented", done.stderr.decode())
        # Of a page that was asked for alone, as of any single input.
        done = support.run("--json", *command[:2], "1", *command[3:], "-f", stack)
        self.assertEqual(done.returncode, 2)
        told = json.loads(done.stdout)
        self.assertEqual((told["input"], told["error"] in done.stderr.decode()), (str(stack), True))

    def test_all_to_a_folder(self):
        out = self.path("out")
        out.mkdir()
        other = self.path("p.pgm", pgm(self.pages[1]))
        lines = self.ok("--json", "segment", self.stack, other, "--page", "all", "--out-dir",
                        out).decode().splitlines()
        self.assertEqual([json.loads(line)["threshold"] for line in lines], [10, 11, 12, 11])
        self.assertEqual(sorted(p.name for p in out.iterdir()),
                         ["p.mask.png", "s-page0.mask.png", "s-page1.mask.png",
                          "s-page2.mask.png"])
        self.assertIn("-o -", self.fails(2, "segment", self.stack, "--page", "all", "-o", "-"))

    def test_of_mask_and_markers(self):
        # Page n of the mask leaves out pixel n, the one mask of all the last.
        masks = [numpy.ones((2, 2), numpy.uint8) for _ in range(3)]
        for n, mask in enumerate(masks):
            mask.flat[n] = 0
        many = self.path("m.tif", tiff(*masks))
        lines = self.ok("--json", "segment", self.stack, "--page", "all", "--mask", many, "--method",
                        "threshold", "--threshold", "0").decode().splitlines()
        means = [json.loads(line)["classes"][1]["mean"] for line in lines]
        self.assertEqual(means, [90, (10 + 90 + 90 + 3) / 3, (10 + 90 + 90 + 6) / 3])
        done = support.run("--json", "segment", self.path("one.tif", tiff(self.pages[0])), "--mask",
                           many)
        self.assertIn(f"warning: {many}: it has 3 pages", done.stderr.decode())
        self.assertEqual(len(json.loads(done.stdout)["warnings"]), 1)
        self.assertIn("--mask", self.fails(
            1, "segment", self.stack, "--page", "2", "--mask", self.path("n.tif", tiff(*masks[:2]))))

    def test_a_warning_of_several_pages_is_said_once(self):
        pages = [numpy.full((4, 4), 100, numpy.uint8) for _ in range(4)]
        for page, dark in zip(pages, (0, 97, 0, 0)):
            page[0, 0] = dark
        stack = self.path("w.tif", tiff(*pages))
        few = ["--method", "sauvola", "--r", "0.9"]  # of a range above 90
        unused = ["--steps", "otsu,triangle"]
        for flags, which, of in ((few, " pages 0 and 2 to 3", (1, 0, 1, 1)),
                                 (unused, "", (1, 1, 1, 1))):
            done = support.run("--json", "segment", stack, "--page", "all", *flags)
            self.assertEqual(done.returncode, 0, done.stderr)
            said = done.stderr.decode().splitlines()
            self.assertEqual(len(said), 1, said)
            told = [json.loads(line)["warnings"] for line in done.stdout.splitlines()]
            self.assertEqual(tuple(map(len, told)), of)
            self.assertEqual(said[0], f"trine: warning: {stack}{which}: {told[0][0]}")
        # Also of the pages before one that fails.
        broken = self.path("b.tif", tiff(pages[0], pages[1], numpy.full((4, 4), 7, numpy.uint8)))
        done = support.run("segment", broken, "--page", "all", "--steps",
                           "sauvola:r=0.9,multi_otsu:classes=2")
        self.assertEqual(done.returncode, 2)
        self.assertRegex(done.stderr.decode(), r"warning: .*b\.tif page 0: Sauvola's r")

    def test_what_is_advised_of_pages_can_be_done(self):
        one = self.path("one.pgm", pgm(self.pages[0]))
        ones = numpy.ones((2, 2), numpy.uint8) * 255
        many = self.path("m.tif", tiff(ones, ones, ones))
        for flag in ("--mask", "--ground-truth", "--markers"):
            steps = ["--steps", "otsu,watershed:markers=given"] if flag == "--markers" else []
            warning, = self.json("segment", one, flag, many, *steps)["warnings"]
            self.assertIn("it has 3 pages, and page 0 was taken", warning)
            self.assertIn(f"{flag}-page N takes another; --page N or --page all takes others of "
                          "pictures that have as many", warning)
            told = self.json("segment", self.stack, flag, many, "--page", "1", *steps)
            self.assertEqual(told["warnings"], [])
            for page in "012":
                told = self.json("segment", one, flag, many, flag + "-page", page, *steps)
                self.assertEqual(told["warnings"], [])
            for picture in (one, self.stack):
                error = self.fails(2, "--server", "127.0.0.1:1", "segment", picture, flag, many,
                                   flag + "-page", "3", *steps)
                self.assertIn(f"{flag}-page: is 3; {many} has pages 0 to 2", error)
            self.assertIn(f"{flag}-page: is 1; {one} has page 0 only", self.fails(
                2, "segment", one, flag, one, flag + "-page", "1", *steps))
            self.assertIn(f"{flag}-page says which page of {flag}, which is not given",
                          self.fails(2, "segment", one, flag + "-page", "0"))

    def test_a_page_of_the_mask_for_every_page(self):
        masks = [numpy.ones((2, 2), numpy.uint8) for _ in range(3)]
        for n, mask in enumerate(masks):
            mask.flat[n] = 0
        many = self.path("m.tif", tiff(*masks))
        for n in range(3):
            command = ["--json", "segment", self.stack, "--page", "all", "--method", "threshold",
                       "--threshold", "0", "--mask"]
            named = self.ok(*command, many, "--mask-page", n).decode().splitlines()
            alone = self.ok(*command, self.path("alone.tif", tiff(masks[n]))).decode().splitlines()
            for one, other in zip(named, alone, strict=True):
                one, other = json.loads(one), json.loads(other)
                self.assertEqual((one["classes"], one["warnings"]), (other["classes"], []))

    def test_lossy_masks_are_told(self):
        """A JPEG has values between: of a mask that is said, labels it cannot hold."""
        golden = pathlib.Path(__file__).parents[2] / "golden" / "image"
        jpeg, pixels = golden / "gray.jpg", numpy.load(golden / "gray.jpg.npy")
        between = int(((pixels != 0) & (pixels != pixels.max())).sum())
        self.assertGreater(between, 1)
        said = f"its file is lossy: {between} pixels are neither 0 nor the largest value"
        picture = self.path("p.pgm", pgm(pixels))
        for flag in ("--mask", "--ground-truth"):
            told = self.json("segment", picture, flag, jpeg)["warnings"]
            self.assertEqual(len(told), 1, told)
            self.assertTrue(told[0].startswith(f"{flag}: {said}"), told)
            self.assertEqual(self.json("segment", picture, flag, picture)["warnings"], [])
        told = self.json("compare-masks", picture, jpeg)["warnings"]
        self.assertEqual(len(told), 1, told)
        self.assertTrue(told[0].startswith(f"{jpeg}: {said}"), told)
        error = self.fails(1, "segment", picture, "--markers", jpeg, "--method", "watershed")
        self.assertIn("--markers: is a lossy file; it changes the numbers of labels", error)
        # As JPEG within a TIFF is.
        told = self.json("compare-masks", golden / "jpeg.tif", golden / "jpeg.tif")["warnings"]
        self.assertEqual(len(told), 2, told)
        self.assertIn("its file is lossy", told[0])

    def test_values_of_no_data_are_told(self):
        pixels, value = self.pages[0], b"-9999 \0"
        page = self.path("n.tif", picture_files.tiff(
            (pixels, picture_files.GRAY, 8, {42113: (2, list(value))})))
        said = "its value of no data (GDAL_NODATA -9999) was not applied"
        for command in (["segment", page], ["segment", page, "--overlay", self.path("o.png")],
                        ["normalize", page, "-f", "-o", self.path("o.npy")],
                        ["compare-masks", page, page]):
            done = support.run("--json", *command)
            self.assertEqual(done.returncode, 0, done.stderr)
            warnings = json.loads(done.stdout)["warnings"]
            self.assertIn(said, "".join(warnings), command)
            self.assertIn(said, done.stderr.decode())

    def test_pages_of_mask_and_markers_that_the_input_lacks(self):
        ones = numpy.ones((2, 2), numpy.uint8)
        three = self.path("m.tif", tiff(ones, ones, ones))
        one, two = self.path("one.tif", tiff(self.pages[0])), self.path("two.tif", tiff(*self.pages[:2]))
        png = self.path("one.pgm", pgm(self.pages[0]))
        for flag, flags in (("--mask", []), ("--markers", ["--steps", "otsu,watershed"])):
            for picture, which in ((one, "page 0 was"), (png, "page 0 was"), (two, "pages 0 to 1 were")):
                done = support.run("--json", "segment", picture, "--page", "all", flag, three, *flags)
                self.assertEqual(done.returncode, 0, done.stderr)
                said = f"{three}: it has 3 pages, and only {which} taken: {picture} has no more"
                for line in done.stdout.decode().splitlines():
                    self.assertIn(said, json.loads(line)["warnings"])
                self.assertIn(f"warning: {said}\n", done.stderr.decode())
            for picture in (self.stack, one):
                told = self.json("segment", picture, "--page", "0", flag, three, *flags)
                self.assertEqual([w for w in told["warnings"] if "pages" in w], [])


class EveryFlag(support.CliTest):
    """Each flag with each method changes what comes out, or is refused by name."""

    # A value that changes something wherever the flag counts.
    VALUES = {"--classes": "4", "--threshold": "150", "--window": "5", "--offset": "9",
              "--k": "0.9", "--r": "20", "--sigma": "0.8", "--marker-height": "2.5", "--lines": None,
              "--invert": None, "--channel": "2", "--profile": "skimage", "--page": "1",
              "--fill-holes": None, "--components": None, "--min-area": "180",
              "--connectivity": None, "--nan": "ignore", "--plot": None,
              "--before": "smooth:sigma=3", "--border": "mirror", "--contrast": "90",
              "--fraction": "0.2", "--high": "190", "--low": "60", "--neighbours": "4",
              "--p": "6", "--q": "3", "--valley-emphasis": None}
    # Of files; what is no part of the result.
    FILES = {"--output": "o.npy", "--labels": "l.npy", "--overlay": "v.ppm", "--contours": "c.json",
             "--csv": "r.csv", "--histogram": "h.png", "--cutout": "u.npy"}
    OTHERS = {"--help", "--help-all", "--version", "--steps", "--help-steps", "--method", "--force",
              "--mask", "--markers", "--out-dir", "--emit", "--summary", "--recursive", "--fill",
              "--ground-truth", "--dark-truth", "--mask-page", "--markers-page",
              "--ground-truth-page"}

    def setUp(self):
        super().setUp()
        # All but the one that makes no mask.
        offered = re.search(r"--method NAME:\{([^}]*)\}", self.ok("segment", "--help").decode())
        self.methods = [name for name in offered[1].split(",") if name != "all"]
        y, x = numpy.mgrid[:40, :50]
        pixels = noise((40, 50, 3)) // 3
        for cy, cx, r in ((12, 12, 8), (14, 22, 8), (30, 38, 7)):
            squares = (y - cy) ** 2 + (x - cx) ** 2
            pixels[(squares <= r * r) & (squares > 3)] += 140
        pixels[25:35, 8:18, 2] += 140  # what only this channel has
        self.pixels = pixels
        floats = pixels.astype(numpy.float32)
        floats[0, 0] = numpy.nan
        self.picture = self.path("p.tif", tiff(pixels, noise((40, 50, 3), seed=6)))
        self.array = self.path("f.npy", "")
        numpy.save(self.array, floats)
        markers = numpy.zeros((40, 50), numpy.uint8)
        markers[5, 5], markers[30, 30], markers[10, 40] = 1, 2, 3
        self.markers = self.path("k.pgm", pgm(markers))
        mask = numpy.ones((40, 50), numpy.uint8)
        mask[:, 20:] = 0
        self.mask = self.path("m.pgm", pgm(mask))

    def result(self, *arguments):
        """What a run says and its mask; None where the flag is refused by name."""
        out = self.path("out.npy")
        flag = re.match(r"--[\w-]+", arguments[-1] if arguments[-1].startswith("--") else
                        next(a for a in reversed(arguments) if str(a).startswith("--"))).group()
        done = support.run("-q", "--json", "segment", *arguments, "-f", "-o", out)
        if done.returncode == 0:
            told = json.loads(done.stdout)
            del told["elapsed_ms"], told["outputs"]
            told.pop("page", None)
            return told, numpy.load(out).tobytes()
        self.assertEqual(done.returncode, 2, f"{arguments}: {done.stderr.decode()}")
        self.assertRegex(done.stderr.decode(), "profile" if flag == "--profile" else flag,
                         arguments)
        return None

    def method(self, name):
        needed = {"threshold": ["--threshold", "100"], "hysteresis": ["--low=80", "--high=150"]}
        return ["--method", name] + needed.get(name, [])

    def test_is_used_or_refused(self):
        used, plain = {}, {}
        for name, (flag, value) in support.walk(itertools.product(self.methods,
                                                                  self.VALUES.items())):
            with self.subTest(method=name, flag=flag):
                base = [self.picture, *self.method(name)]
                if flag == "--connectivity":
                    value = "8" if name == "watershed" else "4"
                if flag == "--nan":
                    before = support.run("segment", self.array, *self.method(name), "-q")
                    self.assertEqual(before.returncode, 1)
                    after = self.json("segment", self.array, *self.method(name), flag, value)
                    self.assertEqual(after["ignored_pixels"], 1)
                    continue
                if any(needed.startswith(flag) for needed in self.method(name)):
                    continue
                # Of peaks so well apart the threshold is the same (a test below has others); a
                # profile's gray parts ink from paper as another's.
                if (name, flag) in (("otsu", "--valley-emphasis"), ("document", "--profile")):
                    continue
                if name not in plain:
                    plain[name] = self.result(*base, "--page", "0")
                given = [flag] if value is None else [f"{flag}={value}"]
                page = [] if flag == "--page" else ["--page=0"]
                changed = self.result(*base, *page, *given)
                used[name, flag] = changed is not None
                if changed is not None:
                    self.assertTrue(changed != plain[name], "nothing changed")
        for name in self.methods:
            self.assertTrue(used.get((name, "--min-area"), True), name)
        for name, flag in (("watershed", "--fill-holes"), ("watershed", "--components"),
                           ("otsu", "--connectivity"), ("otsu", "--lines"), ("otsu", "--k"),
                           ("sauvola", "--offset"), ("mean", "--sigma")):
            self.assertFalse(used.get((name, flag), False), (name, flag))
        for name, flag in (("watershed", "--connectivity"), ("watershed", "--invert"),
                           ("watershed", "--marker-height"), ("sauvola", "--invert")):
            self.assertTrue(used.get((name, flag), True), (name, flag))

    def test_valley_emphasis(self):
        rng = numpy.random.default_rng(1)
        values = rng.normal(90, 25, (60, 80))
        values[:10, :20] = rng.normal(210, 6, (10, 20))  # a small bright peak, far away
        spread = self.path("peaks.pgm", pgm(values.clip(0, 255).astype(numpy.uint8)))
        plain, emphasised = (self.json("segment", spread, *flag)["threshold"]
                             for flag in ((), ("--valley-emphasis",)))
        self.assertLess(plain + 10, emphasised)

    def test_with_a_file(self):
        for name in support.walk(self.methods):
            base = ["segment", self.picture, "--page", "0", *self.method(name)]
            for flag, file in self.FILES.items():
                with self.subTest(method=name, flag=flag):
                    self.ok(*base, flag, self.path(f"{name}-{file}"))
                    self.assertGreater(self.path(f"{name}-{file}").stat().st_size, 0)
            masked, plain = (self.json(*base, *extra) for extra in (("--mask", self.mask), ()))
            self.assertNotEqual(masked["foreground_fraction"], plain["foreground_fraction"])
            if name == "watershed":
                self.assertEqual(self.json(*base, "--markers", self.markers)["label_count"], 3)
            else:
                self.assertIn("--markers", self.fails(2, *base, "--markers", self.markers))
            self.assertIn("--emit", self.fails(2, *base, "--emit", "labels"))

    def test_what_others_make_useless(self):
        given = ["segment", self.picture, "--page", "0", "--method", "watershed", "--markers",
                 self.markers]
        for flags in (["--marker-height", "2"], ["--invert"], ["--fill-holes"], ["--components"]):
            self.assertIn(flags[0], self.fails(2, *given, *flags))
        for flags in (["--min-area", "500"], ["--lines"], ["--connectivity", "8"]):
            self.assertNotEqual(self.json(*given, *flags)["regions"], self.json(*given)["regions"])
        otsu = ["segment", self.picture, "--page", "0"]
        for extra in (["--components"], ["--min-area", "9"], ["--csv", self.path("a.csv")],
                      ["--labels", self.path("a.npy")]):
            self.json(*otsu, "--connectivity", "4", *extra, "-f")
        self.assertIn("--connectivity", self.fails(2, *otsu, "--method", "multi-otsu",
                                                   "--connectivity", "4", "--labels",
                                                   self.path("b.npy")))

    def test_of_steps(self):
        steps = ["segment", self.picture, "--page", "0", "--steps"]
        for flag, value in self.VALUES.items():
            if flag in ("--channel", "--profile", "--page", "--nan", "--invert", "--plot"):
                continue
            given = [flag, "4"] if flag == "--connectivity" else [flag] + [value] * bool(value)
            with self.subTest(flag=flag):
                self.assertIn(flag, self.fails(2, *steps, "otsu,components,measure", *given))
        self.assertIn("--invert", self.fails(2, *steps, "watershed", "--markers", self.markers,
                                             "--invert"))
        self.json(*steps, "otsu", "--invert")
        for listed in ("otsu", "otsu,distance,watershed:markers=distance"):
            self.assertIn("--markers", self.fails(2, *steps, listed, "--markers", self.markers))
        for listed in ("otsu,components:min_area=3:min-area=5", "mean:window=5:window=7",
                       "mean:method=gaussian", "otsu,fill-holes:max_area=3:max_area=3"):
            self.assertIn(" is given twice", self.fails(2, *steps, listed))
        self.json(*steps, "threshold:thresholds=50:thresholds=100")
        done = support.run(*steps, "watershed:marker_height=3", "--markers", self.markers)
        self.assertIn("does not use marker_height", done.stderr.decode())

    def test_none_is_left_out(self):
        text = self.ok("segment", "--help").decode()
        flags = set(re.findall(r"^  +(?:-\w,)?(--[\w-]+)", text, re.M))
        of_all = set(re.findall(r"^  +(?:-\w,)?(--[\w-]+)", self.ok("--help").decode(), re.M))
        self.assertEqual(flags - of_all - self.OTHERS, set(self.VALUES) | set(self.FILES))


class Labels(support.CliTest):
    def test_markers_below_zero(self):
        pixels = self.path("p.pgm", pgm(numpy.zeros((1, 6), numpy.uint8)))
        numpy.save(self.path("k.npy"), numpy.array([[-4, 0, 0, 0, 0, 7]]))
        flood = ["segment", pixels, "--method", "watershed", "--markers", self.path("k.npy")]
        self.assertIn("--markers[0][0]: is -4; ", self.fails(1, *flood))
        told = self.json(*flood, "--profile", "skimage", "--labels", self.path("l.npy"))
        numpy.testing.assert_array_equal(numpy.load(self.path("l.npy")), [[-4, -4, -4, 7, 7, 7]])
        self.assertEqual([r["label"] for r in told["regions"]], [-4, 7])
        error = self.fails(1, *flood, "--profile", "skimage", "--labels", self.path("l.png"))
        self.assertIn("name the label map .tif or .npy", error)
        self.assertNotIn("TENSOR", error)

    def test_palettes_are_label_maps(self):
        labels = numpy.array([[3, 0, 0, 0, 0, 1]], numpy.uint8)
        pixels = self.path("p.pgm", pgm(numpy.zeros((1, 6), numpy.uint8)))
        for palette in ([[0, 0, 0], [128, 0, 0], [0, 128, 0], [128, 128, 0]],
                        [[200] * 3, [100] * 3, [50] * 3, [25] * 3]):
            for name, file in (("k.png", palette_png(labels, palette)),
                               ("k.tif", tiff(labels, palette=palette))):
                markers = self.path(name, file)
                self.ok("segment", pixels, "--method", "watershed", "--markers", markers, "--labels",
                        self.path("l.npy"), "-f")
                numpy.testing.assert_array_equal(numpy.load(self.path("l.npy")),
                                                 [[3, 3, 3, 1, 1, 1]])
                told = self.json("segment", pixels, "--mask", markers, "--method", "threshold",
                                 "--threshold", "-1", "-o", self.path("m.npy"), "-f")
                self.assertEqual(told["foreground_fraction"], 1)
                numpy.testing.assert_array_equal(numpy.load(self.path("m.npy")),
                                                 (labels > 0) * numpy.uint8(255))

    def test_gray_of_few_bits_is_a_label_map(self):
        pixels = self.path("p.pgm", pgm(numpy.zeros((1, 6), numpy.uint8)))
        for depth in (1, 2, 4, 8):
            label = 2 ** depth - 1
            labels = numpy.array([[label, 0, 0, 0, 0, 1]], numpy.uint8)
            for name, file in (
                    ("k.png", picture_files.png(labels, 0, depth)),
                    ("k.tif", picture_files.tiff((labels, picture_files.GRAY, depth, {}))),
                    ("w.tif", picture_files.tiff((labels, picture_files.GRAY_WHITE, depth, {})))):
                with self.subTest(name, depth=depth):
                    markers = self.path(name, file)
                    self.ok("segment", pixels, "--method", "watershed", "--markers", markers,
                            "--labels", self.path("l.npy"), "-f")
                    flooded = numpy.load(self.path("l.npy"))
                    self.assertEqual((flooded[0, 0], flooded[0, 5]), (label, 1))
                    self.assertEqual(set(flooded.ravel()) - {0}, {label, 1})
                    self.ok("segment", pixels, "--mask", markers, "--method", "threshold",
                            "--threshold", "-1", "-o", self.path("m.npy"), "-f")
                    numpy.testing.assert_array_equal(numpy.load(self.path("m.npy")),
                                                     (labels > 0) * numpy.uint8(255))


class Values(support.CliTest):
    def test_arrays_of_every_dtype(self):
        for dtype, low, high in (("?", 0, 1), ("i1", -100, 100), ("i2", -30000, 2000),
                                 ("u2", 5, 65000), ("i4", -2**31, 2**31 - 1), ("u4", 0, 2**32 - 1),
                                 ("i8", -2**53, 2**53), ("u8", 3, 2**63), ("f2", -1.5, 2),
                                 ("f4", -1e30, 1e-30), ("f8", -1e100, 1 + 2**-52)):
            with self.subTest(dtype=dtype):
                array = numpy.full((6, 7), low, dtype)
                array[2:4, 3:6] = high
                numpy.save(self.path("a.npy"), array)
                told = self.json("segment", self.path("a.npy"), "--components", "-o",
                                 self.path("m.npy"), "--overlay", self.path("o.ppm"), "-f")
                low, high = float(array[0, 0]), float(array[2, 3])
                self.assertEqual(told["threshold"], low)
                self.assertEqual([r["mean_intensity"] for r in told["regions"]], [high])
                numpy.testing.assert_array_equal(numpy.load(self.path("m.npy")) > 0,
                                                 array == array[2, 3])
        numpy.save(self.path("a.npy"), numpy.array([[0, 2**53 + 1]]))
        self.assertIn("the input[0][1]: is 9007199254740993; ",
                      self.fails(1, "segment", self.path("a.npy")))

    def test_not_finite(self):
        pixels = numpy.array([[numpy.nan, 1, 9], [9, numpy.inf, 1]])
        mask = self.path("m.pgm", pgm(numpy.array([[0, 1, 1], [1, 0, 1]], numpy.uint8)))
        for dtype in ("f2", "f4", "f8"):
            numpy.save(self.path("f.npy"), pixels.astype(dtype))
            error = self.fails(1, "segment", self.path("f.npy"))
            self.assertRegex(error, r"the input\[0\]\[0\]: is nan; .*--mask or --nan ignore leaves")
            numpy.save(self.path("n.npy"), numpy.full((2, 3), numpy.nan, dtype))
            error = self.fails(1, "segment", self.path("n.npy"), "--nan", "ignore")
            self.assertIn("the input: is finite nowhere; ", error)
            self.assertNotIn("--mask", error)
            told = self.json("segment", self.path("f.npy"), "--nan", "ignore")
            self.assertEqual((told["threshold"], told["ignored_pixels"]), (1, 2))
            self.assertEqual(told["foreground_fraction"], 0.5)
            text = self.ok("segment", self.path("f.npy"), "--nan", "ignore").decode()
            self.assertIn("ignored      2 pixels", text)
            masked = self.json("segment", self.path("f.npy"), "--mask", mask)
            self.assertEqual((masked["threshold"], masked["ignored_pixels"]), (1, 0))

    def test_masks_that_are_not_finite(self):
        pixels = self.path("p.pgm", pgm(noise((4, 5))))
        for value in (numpy.nan, numpy.inf):
            mask = numpy.ones((4, 5), "f4")
            mask[1, 2] = value
            numpy.save(self.path("m.npy"), mask)
            for nan in ([], ["--nan", "ignore"]):
                error = self.fails(1, "segment", pixels, "--mask", self.path("m.npy"), *nan)
                self.assertRegex(error, r"--mask\[1\]\[2\]: is (nan|inf); .*must be finite")

    def test_advice_names_flags(self):
        numpy.save(self.path("five.npy"), noise((9, 9, 5)))
        self.assertIn("name one with --channel", self.fails(1, "segment", self.path("five.npy")))
        numpy.save(self.path("f.npy"), noise((9, 9)))
        error = self.fails(2, "segment", self.path("f.npy"), "--steps", "local-threshold:sigma=2")
        self.assertIn("--steps local-threshold:", error)
        self.assertNotIn("unspecified", error)
        none = self.path("zero.pgm", pgm(numpy.zeros((9, 9), numpy.uint8)))
        self.assertIn("--mask: is 0 everywhere",
                      self.fails(1, "segment", self.path("f.npy"), "--mask", none))

    def test_local_thresholds_say_what_they_used(self):
        numpy.save(self.path("f.npy"), noise((9, 9)).astype(numpy.float32))
        low, high = noise((9, 9)).min(), noise((9, 9)).max()
        told = self.json("segment", self.path("f.npy"), "--method", "sauvola")
        self.assertEqual(told["local_threshold"], {"method": "sauvola", "window": 51, "k": 0.2,
                                                   "r": (int(high) - int(low)) / 2,
                                                   "border": "clip"})
        text = self.ok("segment", self.path("f.npy"), "--method", "gaussian", "--window", "7",
                       "--offset", "2").decode()
        self.assertIn("local        gaussian, window 7, offset 2, sigma 1, border clip", text)
        done = support.run("--json", "segment", self.path("f.npy"), "--method", "sauvola", "--r",
                           "0.5")
        self.assertIn("warning: ", done.stderr.decode())
        self.assertIn("Sauvola's r, 0.5, is less than a hundredth",
                      json.loads(done.stdout)["warnings"][0])


if __name__ == "__main__":
    support.main()
