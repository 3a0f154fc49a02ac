"""normalize, normalize-gradient and segment as processes, with the embedded server."""

import csv
import io
import json
import pathlib
import re
import unittest

import numpy

import support


def pgm(pixels):
    maximum = 255 if pixels.dtype == numpy.uint8 else 65535
    big = pixels.astype(">u2") if maximum > 255 else pixels
    return b"P5\n%d %d\n%d\n" % (pixels.shape[1], pixels.shape[0], maximum) + big.tobytes()


def read_pnm(path):
    """Gray or colour pixels of a binary PNM file."""
    data = path.read_bytes()
    kind, width, height = re.match(rb"P([456])\s+(\d+)\s+(\d+)\s", data).groups()
    width, height = int(width), int(height)
    if kind == b"4":
        start = re.match(rb"P4\s+\d+\s+\d+\s", data).end()
        rows = numpy.frombuffer(data[start:], numpy.uint8).reshape(height, -1)
        return (1 - numpy.unpackbits(rows, axis=1)[:, :width]) * numpy.uint8(255)
    head = re.match(rb"P[56]\s+\d+\s+\d+\s+(\d+)\s", data)
    dtype = numpy.uint8 if int(head.group(1)) < 256 else numpy.dtype(">u2")
    pixels = numpy.frombuffer(data[head.end():], dtype)
    return pixels.reshape((height, width) if kind == b"5" else (height, width, 3))


def disks(*circles, shape=(60, 80)):
    """Bright disks (cy, cx, r) of 200 on 30."""
    y, x = numpy.mgrid[:shape[0], :shape[1]]
    pixels = numpy.full(shape, 30, numpy.uint8)
    for cy, cx, r in circles:
        pixels[(y - cy) ** 2 + (x - cx) ** 2 <= r * r] = 200
    return pixels


def lrn(x, n=5, alpha=1e-4, beta=0.75, k=2.0):
    """Across channels of [N,C,...], in float64."""
    x = x.astype(numpy.float64)
    total = numpy.zeros_like(x)
    channels = x.shape[1]
    for c in range(channels):
        low, high = max(0, c - n // 2), min(channels, c + n // 2 + 1)
        total[:, c] = (x[:, low:high] ** 2).sum(axis=1)
    return x * (k + alpha * total) ** -beta


class Normalize(support.CliTest):
    def setUp(self):
        super().setUp()
        self.array = numpy.random.default_rng(1).standard_normal((2, 9, 5, 4)).astype("<f4") * 20
        numpy.save(self.path("a.npy"), self.array)

    def test_an_array(self):
        told = self.json("normalize", self.path("a.npy"), "-o", self.path("b.npy"))
        numpy.testing.assert_allclose(numpy.load(self.path("b.npy")), lrn(self.array), rtol=1e-6)
        self.assertEqual(told["dtype"], "float32")
        self.assertEqual(told["shape"], [2, 9, 5, 4])
        expected = {"preset": "alexnet", "mode": "across-channels", "layout": "nchw",
                    "activation": "none", "size": 5, "lo": 2, "hi": 2, "a": 1e-4, "beta": 0.75,
                    "k": 2.0, "scale": 1.0, "input_dtype": "float32"}
        self.assertLessEqual(expected.items(), told["resolved"].items())
        self.assertIn("elapsed_ms", told)

    def test_options_reach_the_server(self):
        told = self.json("normalize", self.path("a.npy"), "-o", self.path("b.npy"), "--preset",
                         "pytorch", "--size", "3", "--alpha", "0.3", "--beta", "0.5", "--bias",
                         "1.5", "--alpha-scaling", "sum", "--activation", "relu")
        expected = {"preset": "pytorch", "size": 3, "lo": 1, "hi": 1, "a": 0.3, "beta": 0.5,
                    "k": 1.5, "activation": "relu"}
        self.assertLessEqual(expected.items(), told["resolved"].items())
        x = numpy.maximum(self.array, 0)
        numpy.testing.assert_allclose(numpy.load(self.path("b.npy")),
                                      lrn(x, 3, 0.3, 0.5, 1.5), rtol=1e-6)
        for options, key, value in (
                (["--depth-radius", "4"], "size", 9), (["--mode", "within-channel"], "mode",
                                                       "within-channel"),
                (["--size", "4", "--even-window", "low"], "lo", 2),
                (["--preset", "tensorflow"], "layout", "nhwc")):
            told = self.json("normalize", self.path("a.npy"), "-o", self.path("c.npy"), "-f",
                             *options)
            self.assertEqual(told["resolved"][key], value, options)

    def test_a_negative_number_as_value(self):
        told = self.json("normalize", self.path("a.npy"), "-o", self.path("b.npy"), "--beta",
                         "-0.5")
        self.assertEqual(told["resolved"]["beta"], -0.5)

    def test_a_picture_is_hwc_and_float32(self):
        pixels = numpy.random.default_rng(2).integers(0, 256, (6, 7, 3), dtype=numpy.uint8)
        ppm = self.path("p.ppm", b"P6\n7 6\n255\n" + pixels.tobytes())
        told = self.json("normalize", ppm, "-o", self.path("b.npy"), "--scale", "0.5", "--alpha",
                         "0.01")
        self.assertEqual(told["resolved"]["layout"], "hwc")
        self.assertEqual(told["resolved"]["scale"], 0.5)
        self.assertEqual(told["resolved"]["input_dtype"], "uint8")
        x = pixels.transpose(2, 0, 1)[None] * 0.5
        numpy.testing.assert_allclose(numpy.load(self.path("b.npy")),
                                      lrn(x, alpha=0.01)[0].transpose(1, 2, 0), rtol=1e-6)

    def test_a_picture_to_a_picture(self):
        pixels = numpy.arange(1, 43, dtype=numpy.uint8).reshape(6, 7)
        told = self.json("normalize", self.path("p.pgm", pgm(pixels)), "-o", self.path("q.pgm"))
        out = read_pnm(self.path("q.pgm")).astype(float)
        self.assertEqual(out.max(), 65535)
        expected = lrn(pixels[None, None])[0, 0] * told["resolved"]["output_scale"]
        numpy.testing.assert_allclose(out, expected, atol=0.6)
        self.ok("normalize", self.path("p.pgm"), "-o", self.path("q.tif"))
        self.assertIn(self.path("q.tif").read_bytes()[:2], (b"II", b"MM"))
        self.fails(2, "normalize", self.path("p.pgm"), "-o", self.path("q.jpg"))
        self.fails(2, "normalize", self.path("a.npy"), "-o", self.path("a.png"))

    def test_integers_in_arrays(self):
        numpy.save(self.path("i.npy"), numpy.arange(8, dtype=numpy.int16).reshape(1, 8))
        told = self.json("normalize", self.path("i.npy"), "-o", self.path("b.npy"))
        self.assertEqual(told["resolved"]["input_dtype"], "int16")
        self.assertEqual(numpy.load(self.path("b.npy")).dtype, numpy.float32)
        numpy.save(self.path("l.npy"), numpy.arange(8).reshape(1, 8))
        self.assertIn("int64", self.fails(2, "normalize", self.path("l.npy"), "-o",
                                          self.path("c.npy")))

    def test_gradient(self):
        dy = numpy.random.default_rng(3).standard_normal(self.array.shape).astype("<f4")
        numpy.save(self.path("dy.npy"), dy)
        told = self.json("normalize-gradient", self.path("a.npy"), self.path("dy.npy"), "-o",
                         self.path("dx.npy"), "--alpha", "0.01")
        self.assertEqual(told["resolved"]["a"], 0.01)
        dx = numpy.load(self.path("dx.npy"))
        # Against the difference quotient of the sum of y * dy at some elements.
        x, h = self.array.astype(float), 1e-4
        for index in [(0, 0, 0, 0), (1, 4, 2, 3), (0, 8, 4, 1)]:
            above, below = x.copy(), x.copy()
            above[index] += h
            below[index] -= h
            quotient = ((lrn(above, alpha=0.01) - lrn(below, alpha=0.01)) * dy).sum() / (2 * h)
            self.assertAlmostEqual(dx[index], quotient, places=4)
        numpy.save(self.path("short.npy"), dy[:1])
        self.fails(1, "normalize-gradient", self.path("a.npy"), self.path("short.npy"), "-o",
                   self.path("o.npy"))

    def test_longer_than_a_message(self):
        array = numpy.random.default_rng(4).random((40, 8, 32, 32), dtype=numpy.float32)
        numpy.save(self.path("long.npy"), array)
        self.ok("normalize", self.path("long.npy"), "-o", self.path("whole.npy"))
        told = self.json("normalize", self.path("long.npy"), "-o", self.path("parts.npy"),
                         "--max-message-bytes", "300kB")
        self.assertTrue(told["streamed"])
        self.assertEqual(told["shape"], [40, 8, 32, 32])
        self.assertEqual(told["resolved"]["k"], 2.0)
        self.assertEqual(self.path("parts.npy").read_bytes(), self.path("whole.npy").read_bytes())
        error = self.fails(1, "normalize", self.path("long.npy"), "-o", self.path("o.npy"),
                           "--max-message-bytes", "10kB")
        self.assertIn("max_message_bytes", error)

    def test_integers_longer_than_a_message(self):
        random = numpy.random.default_rng(5)
        for dtype in ("u1", "i1", "u2", "i2", "?"):
            array = random.integers(0, 2 if dtype == "?" else 100, (40, 8, 32, 32)).astype(dtype)
            numpy.save(self.path("long.npy"), array)
            flags = ["--scale", "0.25", "-f", "-o"]
            self.ok("normalize", self.path("long.npy"), *flags, self.path("whole.npy"))
            # 320 KiB of uint8 fit the message; sent as float32 they are 1.25 MiB.
            told = self.json("normalize", self.path("long.npy"), *flags, self.path("parts.npy"),
                             "--max-message-bytes", "900kB")
            self.assertTrue(told["streamed"], dtype)
            self.assertEqual(told["dtype"], "float32")
            self.assertEqual(told["resolved"]["input_dtype"], numpy.dtype(dtype).name)
            self.assertEqual(self.path("parts.npy").read_bytes(),
                             self.path("whole.npy").read_bytes())

    def test_refusals_and_broken_files(self):
        error = self.fails(2, "--json", "normalize", self.path("a.npy"), "-o", self.path("o.npy"),
                           "--preset", "caffe", "--size", "4")
        self.assertIn("a.npy: --size: is 4; ", error)
        self.fails(4, "normalize", self.path("bad.npy", self.path("a.npy").read_bytes()[:-1]),
                   "-o", self.path("o.npy"))
        self.fails(4, "normalize", self.path("text", "hello"), "-o", self.path("o.npy"))
        self.fails(2, "normalize", self.path("a.npy"), "-o", self.path("o.npy"), "--preset", "mine")
        self.fails(2, "normalize", self.path("a.npy"), "-o", self.path("o.npy"), "--size", "3",
                   "--depth-radius", "1")
        self.fails(2, "normalize", self.path("a.npy"))
        self.assertFalse(self.path("o.npy").exists())


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
                               ("multi-otsu:classes=17", "2 to 16"),
                               ("sauvola:window=4", "odd, 3 to 65535"),
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
        self.assertEqual(len(steps), 11)
        self.assertEqual(steps["multi_otsu"]["parameters"],
                         [{"name": "classes", "range": "2 to 16", "default": "3",
                           "about": "Classes to part the pixels into"}])
        self.assertEqual(steps["components"]["writes"], ["mask", "labels"])
        page = pathlib.Path(__file__).parents[2] / "docs" / "segment-steps.md"
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
        told = self.json("segment", self.picture, "--components")["regions"]
        self.assertEqual([{k: float(v) for k, v in row.items()} for row in rows], told)
        self.ok("segment", self.picture, "--csv", self.path("r.csv"))
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
        self.ok("segment", self.picture, "--method", "watershed", "--overlay", self.path("w.ppm"))
        split = read_pnm(self.path("w.ppm"))
        self.assertTrue((split[20, 25:31].max(axis=1) != split[20, 25:31].min(axis=1)).any())

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
        self.fails(2, "segment", self.picture, other)
        self.fails(2, "segment", self.picture, other, "--out-dir", out, "--csv", self.path("c"))

    def test_broken_pictures(self):
        for broken in (self.picture.read_bytes()[:-5], b"", b"hello", b"\x89PNG\r\n\x1a\n"):
            self.fails(4, "segment", self.path("bad", broken), "-o", self.path("m.png"))
        self.assertFalse(self.path("m.png").exists())


if __name__ == "__main__":
    support.main()
