"""What segment writes beside the mask is of the mask, with every method and flag."""

import csv
import io
import itertools
import json

import numpy

from pictures import disks, pgm
import support


def regions_of(mask, connectivity):
    """The areas of the connected regions of a mask, by flooding."""
    left = {(int(y), int(x)) for y, x in zip(*numpy.nonzero(mask))}
    near = [(y, x) for y in (-1, 0, 1) for x in (-1, 0, 1)
            if (y, x) != (0, 0) and (connectivity == 8 or 0 in (y, x))]
    areas = []
    while left:
        front, area = [left.pop()], 0
        while front:
            y, x = front.pop()
            area += 1
            for place in ((y + dy, x + dx) for dy, dx in near):
                if place in left:
                    left.remove(place)
                    front.append(place)
        areas.append(area)
    return sorted(areas)


class EveryOutput(support.CliTest):
    """Labels, table, contours and numbers are those of the mask that is written, whatever the
    method and the flags; or one of the flags is refused by name."""

    TWO = (["--method", "otsu"], ["--method", "multi-otsu", "--classes", "2"],
           ["--method", "threshold", "--threshold", "100"], ["--method", "mean"],
           ["--method", "gaussian"], ["--method", "sauvola", "--window", "9"])
    CLASSES = (["--method", "multi-otsu"], ["--method", "threshold", "--threshold", "60,150"])
    FLAGS = (["--invert"], ["--fill-holes"], ["--min-area", "30"], ["--connectivity", "4"])

    def setUp(self):
        super().setUp()
        pixels = disks((15, 15, 11), (40, 60, 8), (25, 60, 3))
        pixels[disks((15, 15, 4), (42, 60, 1)) == 200] = 30  # holes
        pixels[50:54, 10:14] = pixels[54:58, 14:18] = 200  # they touch by their corners
        pixels[45:55, 30:40] = 90
        pixels[2, 70] = 200
        self.pixels = pixels
        self.picture = self.path("p.pgm", pgm(pixels))
        markers = numpy.zeros(pixels.shape, numpy.uint8)
        markers[2, 2], markers[15, 6], markers[40, 60] = 7, 2, 4
        self.watersheds = (["--method", "watershed"],
                           ["--method", "watershed", "--markers",
                            str(self.path("k.pgm", pgm(markers)))])

    def files(self, *arguments):
        """The mask, the labels, the table's rows and what was said; or the error."""
        done = support.run(
            "--json", "segment", self.picture, *arguments, "-f", "-o", self.path("m.npy"),
            "--labels", self.path("l.npy"), "--csv", self.path("t.csv"), "--contours",
            self.path("c.json"))
        if done.returncode != 0:
            self.assertEqual(done.returncode, 2, done.stderr)
            return done.stderr.decode()
        self.assertEqual(done.stderr, b"")
        rows = list(csv.DictReader(io.StringIO(self.path("t.csv").read_text())))
        return (numpy.load(self.path("m.npy")) > 0, numpy.load(self.path("l.npy")), rows,
                json.loads(done.stdout))

    def check(self, method, flags):
        """One mask and all that is told of it; None where a flag was refused."""
        given = [word for flag in flags for word in flag]
        answer = self.files(*method, *given)
        if isinstance(answer, str):
            self.assertIn(next((f[0] for f in flags if f[0] in answer), "a flag"), answer)
            return None
        mask, labels, rows, told = answer
        numpy.testing.assert_array_equal(labels != 0, mask)
        areas = {int(row["label"]): int(row["area"]) for row in rows}
        values, counts = numpy.unique(labels[labels != 0], return_counts=True)
        self.assertEqual(areas, dict(zip(values.tolist(), counts.tolist())))
        self.assertEqual({r["label"]: r["area"] for r in told["regions"]}, areas)
        self.assertEqual(told["label_count"], max(areas, default=0))
        self.assertAlmostEqual(told["foreground_fraction"], mask.mean())
        for row in rows:
            at = labels == int(row["label"])
            self.assertAlmostEqual(float(row["mean_intensity"]), self.pixels[at].mean())
            self.assertAlmostEqual(float(row["centroid_y"]), numpy.nonzero(at)[0].mean())
            self.assertAlmostEqual(float(row["std_intensity"]), self.pixels[at].std())
            self.assertAlmostEqual(float(row["moment_xx"]), numpy.nonzero(at)[1].var())
            edges = numpy.concatenate([at[0], at[-1], at[:, 0], at[:, -1]])
            self.assertEqual(row["touches_border"], "1" if edges.any() else "0")
        contours = json.loads(self.path("c.json").read_text())["contours"]
        # Of regions that may touch each label has outlines of its own.
        touching = method[:2] == ["--method", "watershed"] or ["--connectivity", "4"] in flags
        parts = labels if touching else mask.astype(int)
        padded = numpy.pad(parts, 1)
        around = (padded[:-2, 1:-1], padded[2:, 1:-1], padded[1:-1, :-2], padded[1:-1, 2:])
        inner = numpy.all([side == parts for side in around], axis=0)
        outlined = numpy.zeros_like(mask)
        for contour in contours:
            for x, y in contour["points"]:
                outlined[y, x] = True
                if contour["label"] != 0:
                    self.assertEqual(labels[y, x], contour["label"])
        numpy.testing.assert_array_equal(outlined, mask & ~inner)
        outer = [c for c in contours if not c["is_hole"]]
        self.assertEqual(len(outer), sum(len(regions_of(parts == part, 8))
                                         for part in numpy.unique(parts[parts != 0])))
        if ["--min-area", "30"] in flags:
            self.assertGreaterEqual(min(areas.values(), default=30), 30)
        if ["--fill-holes"] in flags:
            self.assertEqual(len(outer), len(contours))
        return mask, sorted(areas.values())

    def subsets(self, of):
        return itertools.chain.from_iterable(
            itertools.combinations(of, n) for n in range(len(of) + 1))

    def test_methods_of_two_classes(self):
        for method in self.TWO:
            for flags in self.subsets(self.FLAGS):
                with self.subTest(method=method, flags=flags):
                    mask, areas = self.check(method, flags)
                    neighbours = 4 if ["--connectivity", "4"] in flags else 8
                    self.assertEqual(areas, regions_of(mask, neighbours))
            plain, inverted = (self.check(method, flags)[0] for flags in ([], [["--invert"]]))
            numpy.testing.assert_array_equal(inverted, ~plain)
            filled = self.check(method, [["--fill-holes"]])[0]
            self.assertGreater(filled.sum(), plain.sum())

    def test_methods_of_more_classes(self):
        for method in self.CLASSES:
            for flags in self.subsets((*self.FLAGS, ["--components"])):
                with self.subTest(method=method, flags=flags):
                    made = self.check(method, flags)
                    regions = ["--components"] in flags or ["--min-area", "30"] in flags
                    if regions:
                        neighbours = 4 if ["--connectivity", "4"] in flags else 8
                        self.assertEqual(made[1], regions_of(made[0], neighbours))
                    else:
                        self.assertEqual(made is None, bool(flags))
            error = self.files(*method, "--invert")
            self.assertIn("--invert changes the mask, and not the classes", error)
            # The mask alone.
            for name, flags in (("a", []), ("b", ["--invert"])):
                self.ok("segment", self.picture, *method, *flags, "-o", self.path(f"{name}.npy"),
                        "-f")
            numpy.testing.assert_array_equal(numpy.load(self.path("a.npy")),
                                             255 - numpy.load(self.path("b.npy")))

    def test_watersheds(self):
        for method in self.watersheds:
            for flags in self.subsets((*self.FLAGS, ["--lines"])):
                with self.subTest(method=method, flags=flags):
                    made = self.check(method, flags)
                    refused = ["--fill-holes"] in flags or (
                        "--markers" in method and ["--invert"] in flags)
                    self.assertEqual(made is None, refused)

    def test_listed_steps_are_warned_of(self):
        for listed, told in (
                ("otsu,components,measure,fill-holes", "labels are those of the mask before"),
                ("threshold:thresholds=100", ""),
                ("otsu,contours,invert,components", "contours are those of the mask before")):
            warnings = self.json("segment", self.picture, "--steps", listed, "--csv",
                                 self.path("t.csv"), "--labels", self.path("l.npy"),
                                 "-f")["warnings"]
            self.assertEqual(any(told in w for w in warnings), bool(told), (listed, warnings))
        told = self.json("segment", self.picture, "--steps", "threshold:thresholds=100",
                         "--invert", "--csv", self.path("t.csv"), "-f")
        self.assertIn("which --invert does not swap", told["warnings"][0])

    def test_the_number_of_labels(self):
        """Labels of markers are as they were given, and may have gaps."""
        flood = ["segment", self.picture, *self.watersheds[1]]
        told = self.json(*flood)
        self.assertEqual((told["label_count"], len(told["regions"])), (7, 3))
        self.assertRegex(self.ok(*flood).decode(), r"(?m)^  labels       3, the largest 7$")
        self.assertRegex(self.ok(*flood, "--summary").decode(), r" 3\n$")
        text = self.ok("segment", self.picture, "--labels", self.path("l.npy")).decode()
        count = len(self.json("segment", self.picture, "--components")["regions"])
        self.assertRegex(text, rf"(?m)^  labels       {count}$")
        unmeasured = ["segment", self.picture, "--steps", "watershed", *self.watersheds[1][2:]]
        self.assertRegex(self.ok(*unmeasured).decode(), r"(?m)^  labels       up to 7$")
        self.assertRegex(self.ok(*unmeasured, "--summary").decode(), r" up to 7\n$")


if __name__ == "__main__":
    support.main()
