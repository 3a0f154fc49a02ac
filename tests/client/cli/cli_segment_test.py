"""segment as a process, with the embedded server."""

import csv
import io
import json
import pathlib

import numpy

from pictures import disks, pgm, ppm, read_pnm
import support


class Segment(support.CliTest):
    def setUp(self):
        super().setUp()
        self.pixels = disks((20, 20, 10), (20, 34, 9), (45, 60, 8))
        self.picture = self.path("p.pgm", pgm(self.pixels))
        self.mask = (self.pixels > 100) * numpy.uint8(255)

    def test_otsu(self):
        told = self.json("segment", self.picture, "-o", self.path("m.pgm"))
        self.assertEqual(told["threshold"], 30)
        self.assertEqual(told["thresholds"], [30])
        self.assertAlmostEqual(told["separability"], 1)
        self.assertAlmostEqual(told["foreground_fraction"], (self.mask > 0).mean())
        self.assertEqual(told["plateau"], [30, 199])
        self.assertEqual(told["regions"], [])
        numpy.testing.assert_array_equal(read_pnm(self.path("m.pgm")), self.mask)

    def test_text(self):
        text = self.ok("segment", self.picture, "--components").decode()
        self.assertRegex(text, r"(?m)^  threshold +30 \(the same from 30 to 199\)$")
        self.assertIn("foreground", text)
        self.assertIn("labels       2", text)
        many = disks(*[(5 + 10 * i, 5 + 10 * j, 3) for i in range(4) for j in range(5)])
        text = self.ok("segment", self.path("many.pgm", pgm(many)), "--components").decode()
        self.assertIn("... and 10 more regions", text)

    def test_mask_formats(self):
        for name in ("m.png", "m.tif", "m.pgm", "m.npy"):
            self.ok("segment", self.picture, "-o", self.path(name))
        numpy.testing.assert_array_equal(numpy.load(self.path("m.npy")), self.mask)
        # PNG and TIFF through trine's own reader: as a mask that leaves only the foreground.
        for name in ("m.png", "m.tif"):
            self.ok("segment", self.picture, "--mask", self.path(name), "--method", "threshold",
                    "--threshold", "0", "-o", self.path("again.npy"), "-f")
            numpy.testing.assert_array_equal(numpy.load(self.path("again.npy")), self.mask)
        png = self.ok("segment", self.picture, "-o", "-")
        self.assertEqual(png, self.path("m.png").read_bytes())
        self.fails(2, "segment", self.picture, "-o", self.path("m.jpg"))
        self.fails(2, "--json", "segment", self.picture, "-o", "-")

    def test_labels_and_regions(self):
        told = self.json("segment", self.picture, "--labels", self.path("l.npy"), "--components")
        labels = numpy.load(self.path("l.npy"))
        self.assertEqual(labels.dtype, numpy.int32)
        self.assertEqual(told["label_count"], 2)
        for region in told["regions"]:
            at = labels == region["label"]
            y, x = numpy.nonzero(at)
            self.assertEqual(region["area"], at.sum())
            self.assertEqual([region["min_y"], region["max_y"]], [y.min(), y.max() + 1])
            self.assertEqual([region["min_x"], region["max_x"]], [x.min(), x.max() + 1])
            self.assertAlmostEqual(region["centroid_y"], y.mean())
            self.assertAlmostEqual(region["centroid_x"], x.mean())
            self.assertEqual(region["mean_intensity"], 200)
        # Label maps of another format than the mask's.
        self.ok("segment", self.picture, "--labels", self.path("l.pgm"), "-o", self.path("m.png"))
        numpy.testing.assert_array_equal(read_pnm(self.path("l.pgm")), labels)

    def test_watershed_splits_what_touches(self):
        told = self.json("segment", self.picture, "--method", "watershed", "--labels",
                         self.path("l.npy"))
        self.assertEqual(told["label_count"], 3)
        self.assertEqual(len(told["regions"]), 3)
        labels = numpy.load(self.path("l.npy"))
        numpy.testing.assert_array_equal(labels > 0, self.mask > 0)
        self.assertNotEqual(labels[20, 20], labels[20, 34])
        lined = self.json("segment", self.picture, "--method", "watershed", "--lines")
        self.assertLess(lined["foreground_fraction"], told["foreground_fraction"])

    def test_watershed_from_markers(self):
        markers = numpy.zeros(self.pixels.shape, numpy.uint8)
        markers[0, 0], markers[45, 60] = 1, 2
        told = self.json("segment", self.picture, "--method", "watershed", "--markers",
                         self.path("k.pgm", pgm(markers)), "--labels", self.path("l.npy"))
        self.assertEqual(told["label_count"], 2)
        self.assertTrue((numpy.load(self.path("l.npy")) > 0).all())

    def test_components_that_overlap_markers(self):
        markers = numpy.zeros(self.pixels.shape, numpy.uint8)
        markers[0, 0], markers[45, 60], markers[45, 61] = 1, 1, 2
        flags = ("segment", self.picture, "--markers", self.path("k.pgm", pgm(markers)), "-o",
                 self.path("m.pgm"), "--steps")
        alone = self.mask.copy()
        alone[:, :50] = 0
        told = self.json(*flags, "otsu,keep-overlap")
        numpy.testing.assert_array_equal(read_pnm(self.path("m.pgm")), alone)
        self.assertEqual(told.get("warnings", []), [])
        self.json(*flags, "otsu,keep-overlap:share=0.5", "--force")
        self.assertFalse(read_pnm(self.path("m.pgm")).any())
        self.assertIn("--markers", self.fails(2, *flags, "otsu,keep-overlap:other=gray"))

    def test_edges_are_a_method(self):
        told = self.json("segment", self.picture, "--method", "edges", "--high", "400", "-o",
                         self.path("m.pgm"))
        edges = read_pnm(self.path("m.pgm")) > 0
        self.assertEqual(told["foreground_fraction"], edges.mean())
        # On both sides of the border, nowhere else.
        padded = numpy.pad(self.mask > 0, 1, mode="edge")
        near = numpy.zeros_like(edges)
        for dy in (0, 1, 2):
            for dx in (0, 1, 2):
                near |= (self.mask > 0) != padded[dy:dy + near.shape[0], dx:dx + near.shape[1]]
        self.assertTrue(near[edges].all())
        self.assertGreater(edges.sum(), 100)
        self.assertIn("--low", self.fails(2, "segment", self.picture, "--method", "edges", "--low",
                                          "-1"))

    def test_steps(self):
        told = self.json("segment", self.picture, "--steps",
                         "otsu,components:min_area=300:connectivity=4,measure")
        self.assertEqual([r["area"] for r in told["regions"]],
                         [int((self.mask[:, :50] > 0).sum())])
        same = self.json("segment", self.picture, "--min-area", "300")
        self.assertEqual(same["regions"], told["regions"])
        two = self.json("segment", self.picture, "--steps",
                        "threshold:thresholds=50:thresholds=100")
        self.assertEqual(two["thresholds"], [50, 100])
        self.assertNotIn("threshold", two)
        local = self.json("segment", self.picture, "--steps", "sauvola:window=15:k=0.3")
        flags = self.json("segment", self.picture, "--method", "sauvola", "--window", "15", "--k",
                          "0.3")
        self.assertEqual(local["foreground_fraction"], flags["foreground_fraction"])
        for wrong in ("otsu,nonsense", "otsu,,measure", "components:area=3", "otsu:x",
                      "components:min_area=few", "components:connectivity=6"):
            self.fails(2, "segment", self.picture, "--steps", wrong)
        # What no server takes is wrong usage, and the message says what is allowed.
        for wrong, allowed in (("components:min_area=-1", "at least 0"),
                               ("multi-otsu:classes=17", "must be 2 to 16"),
                               ("sauvola:window=4", "must be odd, 3 to 65535"),
                               ("", "is empty"),
                               ("gaussian:sigma=0", "above 0")):
            self.assertIn(allowed, self.fails(2, "segment", self.picture, "--steps", wrong))
        self.assertIn("--steps measure: ",
                      self.fails(2, "segment", self.picture, "--steps", "measure"))
        self.fails(2, "segment", self.picture, "--steps", "otsu", "--method", "otsu")

    def test_the_list_of_steps(self):
        listed = self.ok("segment", "--help-steps").decode()
        self.assertEqual(self.ok("segment", "--steps", "help").decode(), listed)
        for word in ("fill-holes", "min_area", "2 to 16", "odd, 3 to 65535", "local-threshold"):
            self.assertIn(word, listed)
        told = self.json("segment", "--help-steps")
        steps = {step["name"]: step for step in told["steps"]}
        self.assertGreaterEqual(steps.keys(), {"smooth", "otsu", "document", "measure"})
        self.assertEqual(steps["multi_otsu"]["parameters"],
                         [{"name": "classes", "range": "2 to 16", "default": "3",
                           "about": "Classes to part the pixels into"}])
        self.assertEqual(steps["components"]["writes"], ["mask", "labels"])
        page = pathlib.Path(__file__).parents[3] / "docs" / "segment-steps.md"
        self.assertEqual(self.ok("segment", "--steps-markdown").decode(), page.read_text())

    def test_methods_and_their_flags(self):
        levels = self.path("l.pgm", pgm(numpy.repeat(numpy.array([[10, 90, 200]], numpy.uint8), 4)
                                        .reshape(3, 4)))
        told = self.json("segment", levels, "--method", "multi-otsu", "--classes", "3")
        self.assertEqual(told["thresholds"], [10, 90])
        self.assertEqual(len(told["classes"]), 3)
        told = self.json("segment", self.picture, "--method", "threshold", "--threshold", "10,120")
        self.assertEqual(told["thresholds"], [10, 120])
        for method in ("mean", "gaussian"):
            told = self.json("segment", self.picture, "--method", method, "--window", "31",
                             "--offset", "-5")
            self.assertEqual(told["thresholds"], [])
        inverted = self.json("segment", self.picture, "--invert")
        self.assertAlmostEqual(inverted["foreground_fraction"], (self.mask == 0).mean())
        for wrong in (["--k", "0.2"], ["--classes", "3"], ["--method", "threshold"],
                      ["--method", "mean", "--sigma", "2"], ["--lines"], ["--connectivity", "5"],
                      ["--method", "kmeans"], ["--profile", "gimp"]):
            self.fails(2, "segment", self.picture, *wrong)
        self.fails(2, "segment", self.picture, "--method", "mean", "--window", "4")

    def test_what_needs_a_mask_does_not_go_with_all(self):
        """The flag that was given is named, and not what it would have led to."""
        out = self.path("out")
        for flags, blamed in ((["-o", f"{out}.png"], "-o"), (["--out-dir", out], "--out-dir"),
                              (["--out-dir", out, "--emit", "labels"], "--emit"),
                              (["--labels", f"{out}.png"], "--labels"),
                              (["--overlay", f"{out}.png"], "--overlay"),
                              (["--contours", f"{out}.json"], "--contours"),
                              (["--csv", f"{out}.csv"], "--csv"), (["--invert"], "--invert"),
                              (["--fill-holes"], "--fill-holes"), (["--components"], "--components"),
                              (["--min-area", "5"], "--min-area"),
                              (["--min-area", "5", "--connectivity", "4"], "--min-area"),
                              (["--connectivity", "4"], "--connectivity")):
            with self.subTest(flags=flags):
                error = self.fails(2, "segment", self.picture, "--method", "all", *flags)
                self.assertIn(f"trine: error: {blamed} does not go with --method all, which makes no "
                              "mask", error)
        self.ok("segment", self.picture, "--method", "all", "--out-dir", out, "--emit", "histogram")

    def test_profiles_and_channels(self):
        # The thresholds from 30 to 199 are equally good: libraries choose differently.
        for profile, threshold in (("exact", 30), ("opencv", 30), ("skimage", 30),
                                   ("imagej", 199), ("matlab", 114.5)):
            told = self.json("segment", self.picture, "--profile", profile)
            self.assertEqual(told["threshold"], threshold, profile)
        colour = numpy.stack([numpy.full_like(self.pixels, 9), self.pixels, 255 - self.pixels], 2)
        ppm = self.path("c.ppm", b"P6\n80 60\n255\n" + colour.tobytes())
        told = self.json("segment", ppm, "--channel", "1", "-o", self.path("m.npy"))
        numpy.testing.assert_array_equal(numpy.load(self.path("m.npy")), self.mask)
        self.assertEqual(told["threshold"], 30)
        self.fails(1, "segment", ppm, "--channel", "3")

    def test_holes(self):
        ring = disks((30, 40, 20))
        ring[disks((30, 40, 8)) == 200] = 30
        picture = self.path("ring.pgm", pgm(ring))
        filled = self.json("segment", picture, "--fill-holes")["foreground_fraction"]
        self.assertAlmostEqual(filled, (disks((30, 40, 20)) == 200).mean())

    def test_contours(self):
        told = self.json("segment", self.picture, "--contours", self.path("c.json"))
        self.assertEqual(told["contour_count"], 2)
        file = json.loads(self.path("c.json").read_text())
        self.assertEqual((file["height"], file["width"]), (60, 80))
        for contour in file["contours"]:
            for x, y in contour["points"]:
                self.assertEqual(self.mask[y, x], 255)
            self.assertEqual(contour["parent"], -1)

    def test_csv(self):
        text = self.ok("segment", self.picture, "--csv", "-").decode()
        rows = list(csv.DictReader(io.StringIO(text)))
        told = self.json("segment", self.picture, "--components", "--csv", self.path("r.csv"))["regions"]
        self.assertEqual([row.pop("file") for row in rows], [str(self.picture)] * 2)
        self.assertGreater(told[0]["perimeter"], 0)
        self.assertEqual([{k: float(v) for k, v in row.items()} for row in rows], told)
        # Without the shape its columns are empty, and the keys are left out.
        short = ["segment", self.picture, "--steps", "otsu,components,measure"]
        rows = csv.DictReader(io.StringIO(self.ok(*short, "--csv", "-").decode()))
        self.assertEqual([row["perimeter"] for row in rows], ["", ""])
        self.assertNotIn("perimeter", self.json(*short)["regions"][0])
        self.ok("segment", self.picture, "--csv", self.path("again.csv"))
        self.assertEqual(self.path("r.csv").read_text(), text)
        self.fails(2, "--json", "segment", self.picture, "--csv", "-")
        self.fails(2, "segment", self.picture, "--csv", "-", "-o", "-")

    def test_overlay(self):
        self.ok("segment", self.picture, "--overlay", self.path("o.ppm"))
        drawn = read_pnm(self.path("o.ppm"))
        coloured = (drawn.max(axis=2) != drawn.min(axis=2))
        inside = self.mask > 0
        edge = numpy.zeros_like(inside)
        edge[1:, :] |= inside[1:, :] & ~inside[:-1, :]
        edge[:-1, :] |= inside[:-1, :] & ~inside[1:, :]
        edge[:, 1:] |= inside[:, 1:] & ~inside[:, :-1]
        edge[:, :-1] |= inside[:, :-1] & ~inside[:, 1:]
        numpy.testing.assert_array_equal(coloured, edge)
        numpy.testing.assert_array_equal(drawn[~edge][:, 0], self.pixels[~edge])
        # Of classes that a flag does not change, the mask is drawn.
        self.ok("segment", self.picture, "--method", "threshold", "--threshold", "100,210",
                "--invert", "--overlay", self.path("i.ppm"))
        drawn = read_pnm(self.path("i.ppm"))
        self.assertFalse((drawn.max(axis=2) != drawn.min(axis=2))[inside].any())
        self.assertTrue((drawn.max(axis=2) != drawn.min(axis=2)).any())
        self.ok("segment", self.picture, "--method", "watershed", "--overlay", self.path("w.ppm"))
        split = read_pnm(self.path("w.ppm"))
        self.assertTrue((split[20, 25:31].max(axis=1) != split[20, 25:31].min(axis=1)).any())

    def test_overlay_with_areas(self):
        self.ok("segment", self.picture, "--overlay", self.path("o.ppm"))
        self.ok("segment", self.picture, "--overlay", self.path("f.ppm"), "--fill")
        lines, areas = (read_pnm(self.path(name)).astype(int) for name in ("o.ppm", "f.ppm"))
        inside, drawn = self.mask > 0, lines.max(axis=2) != lines.min(axis=2)
        numpy.testing.assert_array_equal(areas[~inside | drawn], lines[~inside | drawn])
        core = inside & ~drawn
        red = numpy.array([255, 32, 32])
        numpy.testing.assert_array_equal(areas[core], (lines[core] + red + 1) // 2)
        self.assertIn("--overlay", self.fails(2, "segment", self.picture, "--fill"))
        self.ok("segment", self.picture, "--out-dir", self.path("out"), "--emit", "overlay", "--fill")

    def test_cutout(self):
        """All channels, every dtype; 0 where the mask is."""
        colour = numpy.stack([self.pixels, self.pixels // 2, 255 - self.pixels // 3], axis=2)
        self.ok("segment", self.path("c.ppm", ppm(colour)), "--channel", "0", "--cutout",
                self.path("k.ppm"), "-o", self.path("m.pgm"))
        inside = read_pnm(self.path("m.pgm")) > 0
        self.assertTrue(inside.any() and not inside.all())
        numpy.testing.assert_array_equal(read_pnm(self.path("k.ppm")), colour * inside[..., None])
        floats = self.pixels.astype(numpy.float32) / 7
        numpy.save(self.path("f.npy"), floats)
        told = self.json("segment", self.path("f.npy"), "--cutout", self.path("k.npy"))
        self.assertEqual(told["outputs"], {"cutout": str(self.path("k.npy"))})
        numpy.testing.assert_array_equal(numpy.load(self.path("k.npy")), floats * (self.mask > 0))
        self.ok("segment", self.picture, "--cutout", self.path("k.png"), "-o", self.path("m.png"))
        self.ok("segment", self.path("k.png"), "--cutout", self.path("again.pgm"))
        numpy.testing.assert_array_equal(read_pnm(self.path("again.pgm")),
                                         self.pixels * (self.mask > 0))
        self.fails(1, "segment", self.path("f.npy"), "--cutout", self.path("no.png"))
        self.assertFalse(self.path("no.png").exists())
        self.assertIn("--cutout", self.fails(2, "segment", self.picture, "--method", "all",
                                             "--cutout", self.path("no.png")))

    def test_ground_truth(self):
        """The figures of compare-masks."""
        truth = numpy.roll(self.mask, 2, axis=1)
        bright, dark = self.path("t.pgm", pgm(truth)), self.path("d.pgm", pgm(255 - truth))
        self.ok("segment", self.picture, "-o", self.path("m.pgm"))
        right = self.json("compare-masks", self.path("m.pgm"), bright)
        for flags in (["--ground-truth", bright], ["--ground-truth", dark, "--dark-truth"]):
            told = self.json("segment", self.picture, *flags)["mask_metrics"]
            self.assertEqual(told, {key: right[key] for key in told})
            self.assertEqual(len(told), 14)
        text = self.ok("segment", self.picture, "--ground-truth", bright).decode()
        self.assertIn(f"  F-measure          {right['f_measure']:.3f} %\n", text)
        same = self.json("segment", self.picture, "--ground-truth", self.path("m.pgm"))
        self.assertEqual((same["mask_metrics"]["psnr"], same["mask_metrics"]["iou"]), (None, 1))
        small = self.path("s.pgm", pgm(truth[1:]))
        self.assertIn("--ground-truth", self.fails(1, "segment", self.picture, "--ground-truth", small))
        self.assertIn("--ground-truth", self.fails(2, "segment", self.picture, "--dark-truth"))
        self.assertIn("--ground-truth", self.fails(2, "segment", self.picture, "--method", "all",
                                                   "--ground-truth", bright))

    def test_ground_truth_of_several(self):
        other = self.path("q.pgm", pgm(self.pixels))
        self.ok("segment", self.picture, "-o", self.path("m.pgm"))
        text = self.ok("segment", self.picture, other, "--ground-truth", self.path("m.pgm")).decode()
        lines = text.splitlines()
        self.assertTrue(lines[0].endswith("  F-measure"))
        self.assertTrue(all(line.endswith("  100.000 %") for line in lines[1:3]), text)
        text = self.ok("segment", self.picture, other, "--method", "all").decode()
        self.assertEqual(text.count("triangle"), 2)
        self.assertIn("--summary", self.fails(2, "segment", self.picture, "--method", "all",
                                              "--summary"))

    def test_cutout_is_no_label_map(self):
        numpy.save(self.path("i.npy"), self.pixels.astype(numpy.int32))
        error = self.fails(1, "segment", self.path("i.npy"), "--cutout", self.path("no.png"))
        self.assertIn("int32", error)
        self.assertFalse(self.path("no.png").exists())

    def test_arrays_in(self):
        array = self.pixels.astype(numpy.float32) / 255
        numpy.save(self.path("f.npy"), array)
        self.ok("segment", self.path("f.npy"), "-o", self.path("m.npy"))
        numpy.testing.assert_array_equal(numpy.load(self.path("m.npy")), self.mask)
        piped = self.json("segment", "-", stdin=self.picture.read_bytes())
        self.assertEqual(piped["input"], "-")

    def test_many_inputs(self):
        other = self.path("q.pgm", pgm(disks((30, 30, 5))))
        out = self.path("out")
        out.mkdir()
        lines = self.ok("--json", "segment", self.picture, other, "--out-dir", out).decode()
        self.assertEqual([json.loads(line)["threshold"] for line in lines.splitlines()], [30, 30])
        self.ok("segment", self.picture, other, "--out-dir", out, "--emit", "labels")
        self.ok("segment", self.picture, other, "--out-dir", out, "--emit", "overlay")
        self.assertEqual(sorted(p.name for p in out.iterdir()),
                         ["p.labels.png", "p.mask.png", "p.overlay.png", "q.labels.png",
                          "q.mask.png", "q.overlay.png"])

    def test_broken_pictures(self):
        for broken in (self.picture.read_bytes()[:-5], b"", b"hello", b"\x89PNG\r\n\x1a\n"):
            self.fails(4, "segment", self.path("bad", broken), "-o", self.path("m.png"))
        self.assertFalse(self.path("m.png").exists())


if __name__ == "__main__":
    support.main()
