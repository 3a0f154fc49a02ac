"""compare-labels: metrics of a label map against the right one."""

import pathlib

import numpy

import picture_files
from pictures import pgm, tiff
import support


class CompareLabels(support.CliTest):
    def setUp(self):
        super().setUp()
        truth = numpy.zeros((8, 12), "u2")
        truth[1:4, 1:4] = 1
        truth[1:4, 6:10] = 700
        truth[6, 2:9] = 3
        labels = truth.copy()
        labels[truth == 1] = 9  # another number of the same object
        labels[6, 5:9] = 4  # one is split: 3 of 7 pixels, and 4
        labels[7, 0] = 5  # and one is false
        self.truth, self.labels = truth, labels
        self.truth_file = self.path("truth.npy")
        self.labels_file = self.path("labels.npy")
        numpy.save(self.truth_file, truth)
        numpy.save(self.labels_file, labels)

    def test_numbers(self):
        told = self.json("compare-labels", self.labels_file, self.truth_file)
        self.assertEqual((told["objects"], told["true_objects"], told["splits"], told["merges"]),
                         (5, 3, 1, 0))
        self.assertAlmostEqual(told["f1"], 2 * 3 / 8)
        self.assertEqual(told["by_threshold"][0], {"iou": 0.5, "matches": 3, "average_precision": 0.6})
        self.assertEqual([step["matches"] for step in told["by_threshold"]], [3, 3] + [2] * 8)
        self.assertAlmostEqual(told["mean_average_precision"], (2 * 3 / 5 + 8 * 2 / 6) / 10)
        self.assertEqual(told["warnings"], [])
        text = self.ok("compare-labels", self.labels_file, self.truth_file).decode()
        self.assertIn("F1 at IoU .5       0.7500", text)
        self.assertIn("5, 3 true, 3 matched, 1 split, 0 merged", text)
        same = self.json("compare-labels", self.truth_file, self.truth_file)
        self.assertEqual((same["f1"], same["vi_split"], same["rand_index"]), (1, 0, 1))

    def test_pictures_by_their_numbers(self):
        """What segment --labels writes, and a palette's indices."""
        small = numpy.where(self.truth == 700, 2, self.truth).astype("u1")
        numpy.save(self.path("small.npy"), small)
        picture = self.path("small.pgm", pgm(small))
        self.assertEqual(self.json("compare-labels", picture, self.path("small.npy"))["f1"], 1)
        pages = self.path("pages.tif", tiff(small, small * 0))
        told = self.json("compare-labels", pages, picture)
        self.assertEqual((told["f1"], len(told["warnings"])), (1, 1))
        self.assertIn("compare-labels --page N takes another", told["warnings"][0])
        self.assertEqual(self.json("compare-labels", pages, picture, "--page", "1")["f1"], 0)
        mask = self.path("m.pgm", pgm(numpy.where(small > 0, 200, 10).astype("u1")))
        for name in ("l.png", "l.tif", "l.npy"):
            self.ok("segment", mask, "--components", "--labels", self.path(name))
            self.assertEqual(self.json("compare-labels", self.path(name), picture)["f1"], 1, name)

    def test_what_is_refused(self):
        floats = self.path("floats.npy")
        numpy.save(floats, self.truth.astype("f4"))
        negative = self.path("negative.npy")
        numpy.save(negative, -self.truth.astype("i4"))
        other = self.path("other.pgm", pgm(numpy.zeros((8, 11), "u1")))
        colour = self.path("colour.png", picture_files.png(numpy.zeros((8, 12, 3), "u1"), 2, 8))
        golden = pathlib.Path(__file__).parents[2] / "golden"
        for code, files, said in (
                (1, [floats, self.truth_file], "labels are integers"),
                (1, [self.truth_file, negative], "labels are from 0 to 2147483647"),
                (1, [self.truth_file, other], "of one size"),
                (1, [colour, self.truth_file], "one number a pixel"),
                (2, [self.truth_file], "TRUTH"),
                (2, ["-", "-"], ""),
                (2, [self.truth_file, self.truth_file, "--page", "1"], "--page"),
                (4, [self.truth_file, self.path("bad.png", b"\x89PNG\r\n\x1a\nxx")], "bad.png")):
            with self.subTest(files=files):
                self.assertIn(said, self.fails(code, "compare-labels", *files))
        for lossy in sorted(golden.rglob("*.jpg"))[:1]:
            self.assertIn("changes numbers", self.fails(1, "compare-labels", lossy, lossy))


if __name__ == "__main__":
    support.main()
