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
