"""compare-masks: metrics of a mask against the right one."""

import numpy

from pictures import pgm
import support


class CompareMasks(support.CliTest):
    def setUp(self):
        super().setUp()
        truth = numpy.zeros((8, 10), "u1")
        truth[2:6, 2:8] = 255
        mask = truth.copy()
        mask[2, 2] = 0  # one of 24 is missing
        mask[0, 0] = 255  # and one false
        self.truth, self.mask = truth, mask
        self.truth_file = self.path("truth.pgm", pgm(truth))
        self.mask_file = self.path("mask.pgm", pgm(mask))

    def test_numbers(self):
        told = self.json("compare-masks", self.mask_file, self.truth_file)
        self.assertEqual(
            [told[name] for name in ("true_positives", "false_positives", "false_negatives",
                                     "true_negatives")], [23, 1, 1, 55])
        self.assertAlmostEqual(told["f_measure"], 100 * 46 / 48)
        self.assertAlmostEqual(told["iou"], 23 / 25)
        self.assertAlmostEqual(told["psnr"], 10 * numpy.log10(80 / 2))
        text = self.ok("compare-masks", self.mask_file, self.truth_file).decode()
        self.assertIn("F-measure          95.833 %", text)

    def test_equal_masks_and_what_is_infinite(self):
        told = self.json("compare-masks", self.mask_file, self.mask_file)
        self.assertEqual((told["f_measure"], told["psnr"], told["drd"]), (100, None, 0))
        self.assertIn("infinite", self.ok("compare-masks", self.mask_file, self.mask_file).decode())

    def test_dark_foreground_and_arrays(self):
        right = self.json("compare-masks", self.mask_file, self.truth_file)
        numpy.save(self.path("mask.npy"), (self.mask == 0).astype("u1"))
        dark = self.path("dark.pgm", pgm(255 - self.truth))
        told = self.json("compare-masks", self.path("mask.npy"), dark, "--invert")
        for name in ("f_measure", "pseudo_f_measure", "drd", "iou", "true_negatives"):
            self.assertEqual(told[name], right[name], name)

    def test_refusals(self):
        other = self.path("other.pgm", pgm(self.truth[:, 1:]))
        error = self.fails(1, "compare-masks", self.mask_file, other)
        self.assertIn("8x9", error)
        self.assertIn("8x10", error)
        self.fails(2, "compare-masks", self.mask_file)
        self.fails(2, "compare-masks", "-", "-")
        self.fails(2, "compare-masks", self.mask_file, self.path("none.pgm"))
        self.fails(4, "compare-masks", self.mask_file, self.path("bad.png", b"\x89PNG\r\n\x1a\n"))


if __name__ == "__main__":
    support.main()
