"""The histogram of segment: drawn, in the terminal, in JSON."""

import numpy

from pictures import disks, pgm, read_pnm
import support


class Histogram(support.CliTest):
    def setUp(self):
        super().setUp()
        self.pixels = disks((20, 20, 10), (20, 34, 9), (45, 60, 8))  # 30 and 200
        self.picture = self.path("p.pgm", pgm(self.pixels))

    def test_json(self):
        told = self.json("segment", self.picture, "--plot")["histogram"]
        values, counts = numpy.unique(self.pixels, return_counts=True)
        self.assertEqual(told["low"], values[0])
        self.assertEqual(told["bin_width"], 1)
        self.assertEqual(len(told["counts"]), values[-1] - values[0] + 1)
        for value, count in zip(values, counts):
            self.assertEqual(told["counts"][value - values[0]], count)
        self.assertNotIn("histogram", self.json("segment", self.picture))

    def test_drawn(self):
        self.ok("segment", self.picture, "--method", "threshold", "--threshold", "115",
                "--histogram", self.path("h.ppm"))
        drawn = read_pnm(self.path("h.ppm")).astype(int)
        self.assertEqual(drawn.shape, (360, 640, 3))
        red = (drawn[..., 0] > 200) & (drawn[..., 1] < 64)
        blue = (drawn[..., 2] > drawn[..., 0] + 64)
        columns = numpy.flatnonzero(red.sum(axis=0) > 250)
        # Halfway between the two bars, which are at the ends of the axis.
        bars = numpy.flatnonzero(blue.any(axis=0))
        self.assertAlmostEqual(columns.mean(), (bars[0] + bars[-1]) / 2, delta=4)
        # The dark bar is the higher one: there are more such pixels.
        heights = blue.sum(axis=0)
        share = (self.pixels == 200).sum() / (self.pixels == 30).sum()
        self.assertAlmostEqual(heights[bars[-1]] / heights[bars[0]], share, delta=0.02)

    def test_in_the_terminal(self):
        lines = self.ok("segment", self.picture, "--plot").decode().splitlines()
        at = next(i for i, line in enumerate(lines) if line.startswith("  ---"))
        self.assertEqual(lines[at - 1][2], "#")  # the bar of 30
        self.assertEqual(lines[at + 1].rstrip(), "  ^")  # Otsu's threshold is 30
        self.assertRegex(lines[at + 2], r"^  30 +200$")

    def drawn(self, *flags):
        """The columns of red lines, and how many rows each has."""
        self.ok("segment", self.picture, *flags, "--histogram", self.path("h.ppm"), "-f")
        drawn = read_pnm(self.path("h.ppm")).astype(int)
        return ((drawn[..., 0] > 200) & (drawn[..., 1] < 64)).sum(axis=0)

    def marks(self, *flags):
        lines = self.ok("segment", self.picture, *flags, "--plot").decode().splitlines()
        at = next(i for i, line in enumerate(lines) if line.startswith("  ---"))
        end = next(i for i, line in enumerate(lines) if i > at and line.split()[:1] == ["30"])
        self.assertLessEqual(max(map(len, lines[at:end])), 66)
        return lines, lines[at + 1:end]

    def test_all_methods_are_marked(self):
        shades = numpy.arange(self.pixels.size).reshape(self.pixels.shape) % 71
        shades[self.pixels == 200] += 90
        self.picture = self.path("s.pgm", pgm((30 + shades).astype(numpy.uint8)))
        found = [method for method in
                 self.json("segment", self.picture, "--method", "all")["method_thresholds"]
                 if "threshold" in method]
        distinct = {method["threshold"] for method in found}
        self.assertGreater(len(distinct), 2)
        red = self.drawn("--method", "all")
        # A line is two columns wide; those of one threshold are one.
        lines = numpy.flatnonzero(numpy.diff((red > 150).astype(int)) == 1)
        self.assertGreaterEqual(len(lines), len({round(value / 5) for value in distinct}))
        lines, marks = self.marks("--method", "all")
        self.assertGreaterEqual(marks[0].count("^"), len({round(value / 8) for value in distinct}))
        words = " ".join(marks).split()
        for method in found:
            self.assertIn(method["name"], words)

    def test_both_thresholds_of_hysteresis_are_marked(self):
        flags = ["--method", "hysteresis", "--low", "64", "--high", "132.5"]
        red = self.drawn(*flags)
        columns = numpy.flatnonzero(red > 250)
        self.assertEqual(len(columns), 4)
        lines, marks = self.marks(*flags)
        self.assertIn("  hysteresis   low 64, high 132.5", lines)
        self.assertEqual(marks[0].count("^"), 2)
        self.assertEqual(marks[0].index("^"), marks[1].index("low"))
        self.assertEqual(marks[0].rindex("^"), marks[1].index("high"))
        steps = ["--steps", "hysteresis:low=64:high=132.5"]
        self.assertEqual(self.marks(*steps)[1], marks)
        # Of a step that another one follows there is nothing left.
        self.assertEqual(self.marks("--steps", "hysteresis:low=64:high=132.5,otsu")[1],
                         self.marks("--method", "otsu")[1])

    def test_a_mark_beyond_the_axis_is_an_arrow(self):
        for threshold, sign in (("400", ">"), ("3", "<")):
            flags = ["--method", "threshold", "--threshold", threshold]
            red = self.drawn(*flags)
            self.assertGreater(red.sum(), 20)
            self.assertLess(red.max(), 50)
            self.assertEqual(self.marks(*flags)[1][0].strip(), sign)

    def test_no_pixels(self):
        nothing = self.path("m.pgm", pgm(numpy.zeros_like(self.pixels)))
        flags = ["--method", "threshold", "--threshold", "90", "--mask", nothing]
        text = self.ok("segment", self.picture, *flags, "--plot").decode()
        self.assertIn("\n  no pixels\n", text)
        self.ok("segment", self.picture, *flags, "--histogram", self.path("h.ppm"))
        drawn = read_pnm(self.path("h.ppm")).astype(int)
        self.assertGreater((drawn[..., 0] < 64).sum(), 50)
        self.assertEqual((drawn[..., 0] > drawn[..., 1] + 64).sum(), 0)

    def test_a_narrow_range_is_told_apart(self):
        pixels = numpy.full((8, 8), 1e6 + 0.125, numpy.float64)
        pixels[:4] += 0.5
        array = self.path("n.npy", "")
        numpy.save(array, pixels)
        lines = self.ok("segment", array, "--plot").decode().splitlines()
        low, high = lines[-2].split() if lines[-1].startswith("  foreground") else lines[-1].split()
        self.assertAlmostEqual(float(low), 1e6 + 0.125, delta=0.01)
        self.assertAlmostEqual(float(high), 1e6 + 0.625, delta=0.01)
        means = [float(line.split("mean ")[1]) for line in lines if "  class" in line]
        self.assertAlmostEqual(means[1] - means[0], 0.5, delta=0.01)

    def test_a_constant_picture_and_a_mask_of_nothing_much(self):
        flat = self.path("flat.pgm", pgm(numpy.full((5, 5), 7, numpy.uint8)))
        self.assertEqual(self.json("segment", flat, "--plot")["histogram"],
                         {"low": 7, "bin_width": 1, "counts": [25]})
        self.assertIn("#", self.ok("segment", flat, "--plot", "--histogram",
                                   self.path("flat.ppm")).decode())

    def test_several_inputs(self):
        other = self.path("q.pgm", pgm(self.pixels))
        self.assertIn("--plot", self.fails(2, "segment", self.picture, other, "--plot"))
        self.assertIn("--histogram", self.fails(2, "segment", self.picture, other, "--histogram",
                                                self.path("h.png")))
        out = self.path("out")
        self.ok("segment", self.picture, other, "--out-dir", out, "--emit", "histogram")
        self.assertEqual(sorted(file.name for file in out.iterdir()),
                         ["p.histogram.png", "q.histogram.png"])


if __name__ == "__main__":
    support.main()
