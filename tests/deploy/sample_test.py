"""The quick start's data through the command line: every touching cell must come apart.

Usage: sample_test.py SOURCE_DIR TRINE
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

import numpy as np

SOURCE, TRINE = pathlib.Path(sys.argv[1]), sys.argv[2]


def run(*args):
    return subprocess.run(args, check=True, capture_output=True, text=True).stdout


class SampleTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.dir = pathlib.Path(cls.folder.name)
        run("/usr/bin/python3", SOURCE / "deploy/make_sample.py", cls.dir)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def segment(self, steps):
        return json.loads(run(TRINE, "segment", self.dir / "cells.pgm", "--steps", steps, "--json"))

    def test_watershed_parts_the_touching_cells(self):
        script = (SOURCE / "deploy/quickstart.sh").read_text()
        steps = re.search(r"--steps (\S+)", script).group(1)
        truth = json.loads((self.dir / "truth.json").read_text())["cells"]
        self.assertEqual(len(self.segment(steps)["regions"]), truth)
        # Without the watershed they stay together: the picture does ask for it.
        joined = steps.split(",distance")[0] + ",measure"
        self.assertLess(len(self.segment(joined)["regions"]), truth - 10)

    def test_normalization_matches_float64(self):
        run(TRINE, "normalize", self.dir / "features.npy", "-o", self.dir / "out.npy")
        got = np.load(self.dir / "out.npy")
        want = np.load(self.dir / "normalized.npy")
        self.assertEqual(got.dtype, np.float32)
        np.testing.assert_allclose(got, want, rtol=1e-6)
        self.assertTrue((got > 0).any())


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
