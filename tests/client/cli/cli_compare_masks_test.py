"""compare-masks: metrics of a mask against the right one."""

import json

import numpy

import picture_files
from pictures import pgm, tiff
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

    def test_what_is_said_of_the_files(self):
        """As segment says it of a mask, on stderr and in --json."""
        told = self.json("compare-masks", self.mask_file, self.truth_file)
        self.assertEqual(told["warnings"], [])
        pages = self.path("pages.tif", tiff(self.mask, self.truth, self.truth))
        alpha = self.path("alpha.png", picture_files.png(
            numpy.stack([self.truth, numpy.full_like(self.truth, 9)], axis=2), 4, 8))
        trailer = self.path("trailer.pgm", pgm(self.truth) + b"xyz")
        for mask, truth, said in (
                (pages, self.truth_file, [f"{pages}: it has 3 pages, and page 0 was taken; "
                                          "compare-masks --page N takes another"]),
                (self.mask_file, alpha, [f"{alpha}: its transparency was left out"]),
                (pages, trailer, [f"{pages}: it has 3 pages, and ",
                                  f"{trailer}: 3 bytes behind the PNM picture were not read"])):
            with self.subTest(said=said):
                done = support.run("--json", "compare-masks", mask, truth)
                self.assertEqual(done.returncode, 0, done.stderr)
                told = json.loads(done.stdout)
                self.assertEqual(len(told["warnings"]), len(said), told["warnings"])
                for text, warning in zip(said, told["warnings"]):
                    self.assertIn(text, warning)
                    self.assertIn(f"trine: warning: {warning}\n", done.stderr.decode())
                self.assertEqual(told["iou"], 23 / 25)
                self.assertEqual(support.run("-q", "compare-masks", mask, truth).stderr, b"")

    def test_a_page_of_several(self):
        pages = self.path("pages.tif", tiff(self.truth, self.mask))
        told = self.json("compare-masks", pages, self.truth_file, "--page", "1")
        self.assertEqual((told["iou"], told["warnings"]), (23 / 25, []))
        self.assertIn("--page", self.fails(1, "compare-masks", pages, self.truth_file, "--page", "2"))
        for wrong in ("-1", "all"):
            self.assertIn("--page", self.fails(2, "compare-masks", pages, pages, "--page", wrong))
        # Every file has page 0, and files of one page no other.
        plain = self.json("compare-masks", self.mask_file, self.truth_file)
        told = self.json("compare-masks", self.mask_file, self.truth_file, "--page", "0")
        del plain["elapsed_ms"], told["elapsed_ms"]
        self.assertEqual(told, plain)
        error = self.fails(2, "compare-masks", self.mask_file, self.truth_file, "--page", "1")
        self.assertIn("--page is for files of several pages", error)

    def test_values_that_are_not_finite(self):
        for value in (numpy.nan, numpy.inf, -numpy.inf):
            array = (self.mask > 0).astype("f4")
            array[3, 4] = value
            numpy.save(self.path("f.npy"), array)
            for masks in ((self.path("f.npy"), self.truth_file),
                          (self.truth_file, self.path("f.npy"))):
                error = self.fails(1, "compare-masks", *masks)
                self.assertRegex(error, r"f\.npy: pixel\[3\]\[4\]: is -?(nan|inf); .*must be finite")

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
