"""segment of many pictures: one table of all, a line a picture, JSON lines."""

import csv
import json

import numpy

from pictures import pgm
import support


def squares(count):
    """Bright squares of 4 x 4 in a row."""
    pixels = numpy.full((8, 8 * max(count, 1)), 30, numpy.uint8)
    for i in range(count):
        pixels[2:6, 8 * i + 2:8 * i + 6] = 200
    return pixels


class Many(support.CliTest):
    NAMES = ["none.pgm", "two.pgm", 'odd, "name".pgm']

    def setUp(self):
        super().setUp()
        for name, count in zip(self.NAMES, (0, 2, 3)):
            self.path(name, pgm(squares(count)))

    def rows(self, text):
        return list(csv.DictReader(text.splitlines()))

    def test_one_table_of_all(self):
        text = self.ok("segment", *self.NAMES, "--csv", "all.csv", cwd=self.dir).decode()
        rows = self.rows(self.path("all.csv").read_text())
        self.assertEqual([(r["file"], r["label"], r["area"]) for r in rows],
                         [("two.pgm", "1", "16"), ("two.pgm", "2", "16"),
                          *[(self.NAMES[2], str(i), "16") for i in (1, 2, 3)]])
        # The same columns, whatever the number of inputs.
        self.ok("segment", "two.pgm", "--csv", "one.csv", cwd=self.dir)
        self.assertEqual(self.rows(self.path("one.csv").read_text()), rows[:2])
        # The terminal: a line that names the columns, a line a picture, aligned.
        lines = text.splitlines()
        self.assertEqual(len(lines), 4)
        self.assertEqual(len({len(line) for line in lines}), 1, text)
        self.assertEqual(lines[0].split("  ")[0].strip(), "file")
        for line, name, labels in zip(lines[1:], self.NAMES, (0, 2, 3)):
            self.assertTrue(line.startswith(name), line)
            self.assertTrue(line.endswith(f" {labels}"), line)
        self.assertIn("16 x 8", lines[2])
        self.assertIn("25.0000 %", lines[2])

    def test_a_table_on_stdout(self):
        done = support.run("segment", *self.NAMES, "--csv", "-", cwd=self.dir)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(len(self.rows(done.stdout.decode())), 5)
        self.assertEqual(len(done.stderr.splitlines()), 4)
        self.fails(2, "--json", "segment", *self.NAMES, "--csv", "-", cwd=self.dir)

    def test_summary(self):
        long = self.ok("segment", "two.pgm", cwd=self.dir).splitlines()
        self.assertGreater(len(long), 4)
        short = self.ok("segment", "two.pgm", "--summary", cwd=self.dir).splitlines()
        self.assertEqual(len(short), 2)
        self.assertRegex(short[1].decode(), r"^two\.pgm +16 x 8 +30 +25\.0000 % +0$")

    def test_json_lines(self):
        lines = self.ok("--json", "segment", *self.NAMES, "--csv", "all.csv", cwd=self.dir)
        told = [json.loads(line) for line in lines.splitlines()]
        self.assertEqual([t["input"] for t in told], self.NAMES)
        self.assertEqual([t["label_count"] for t in told], [0, 2, 3])
        self.assertEqual([t["outputs"] for t in told], [{"csv": "all.csv"}] * 3)
        alone = self.json("segment", "two.pgm", "--csv", "one.csv", cwd=self.dir)
        self.assertEqual(alone["regions"], told[1]["regions"])

    def test_with_a_folder(self):
        self.ok("segment", *self.NAMES[:2], "--csv", "all.csv", "--out-dir", "new/masks",
                cwd=self.dir)
        self.assertEqual(len(self.rows(self.path("all.csv").read_text())), 2)
        self.assertEqual(sorted(p.name for p in self.path("new/masks").iterdir()),
                         ["none.mask.png", "two.mask.png"])

    def test_failures_keep_the_rest(self):
        self.path("bad.pgm", b"P5 no picture")
        done = support.run("--json", "segment", "two.pgm", "bad.pgm", "absent.pgm", cwd=self.dir)
        self.assertEqual(done.returncode, 4)
        told = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual([t["input"] for t in told], ["two.pgm", "bad.pgm", "absent.pgm"])
        self.assertEqual(["error" in t for t in told], [False, True, True])
        self.assertTrue(all("elapsed_ms" in t for t in told))
        self.assertIn(told[1]["error"], done.stderr.decode())
        self.path("good.trine", self.ok("encode", "-", "-o", "-", stdin=bytes(range(200)) * 9))
        self.path("cut.trine", self.path("good.trine").read_bytes()[:-9])
        for command in (["verify"], ["decode", "--recover", "--out-dir", "out"], ["inspect"]):
            done = support.run("--json", *command, "cut.trine", "good.trine", "none", cwd=self.dir)
            told = [json.loads(line) for line in done.stdout.splitlines()]
            self.assertEqual([t["input"] for t in told], ["cut.trine", "good.trine", "none"],
                             command)
            self.assertIn("error", told[2])
        done = support.run("segment", "bad.pgm", "two.pgm", "--csv", "all.csv", cwd=self.dir)
        self.assertEqual(done.returncode, 4)
        self.assertEqual([r["file"] for r in self.rows(self.path("all.csv").read_text())],
                         ["two.pgm"] * 2)
        self.fails(4, "segment", "bad.pgm", "--csv", "none.csv", cwd=self.dir)
        self.assertFalse(self.path("none.csv").exists())
        self.path("none.csv", "precious")
        self.assertIn("--force", self.fails(2, "segment", "two.pgm", "--csv", "none.csv",
                                            cwd=self.dir))

    def test_one_input_that_fails_is_told_as_one_of_several(self):
        self.path("bad.pgm", b"P5 no picture")
        self.path("good.trine", self.ok("encode", "-", "-o", "-", stdin=bytes(range(200)) * 9))
        self.path("cut.trine", self.path("good.trine").read_bytes()[:-9])
        for bad, good, *command in (("bad.pgm", "two.pgm", "segment"), ("none", "two.pgm", "segment"),
                                    ("bad.pgm", "two.pgm", "segment", "--page", "all"),
                                    (".", "two.pgm", "segment"), ("none", "two.pgm", "encode", "-f"),
                                    ("bad.pgm", "two.pgm", "encode", "--as", "image", "-f"),
                                    ("cut.trine", "good.trine", "decode", "-f"),
                                    ("cut.trine", "good.trine", "decode", "-f", "--recover"),
                                    ("cut.trine", "good.trine", "verify"),
                                    ("cut.trine", "good.trine", "inspect"),
                                    ("none", "good.trine", "inspect")):
            with self.subTest(bad=bad, command=command):
                one = support.run("--json", *command, bad, cwd=self.dir)
                (alone,) = map(json.loads, one.stdout.splitlines())
                self.assertEqual(alone["input"], bad)
                # What is lost of a stream that is recovered is listed.
                self.assertIn(alone["error"] if "--recover" not in command else "damaged",
                              one.stderr.decode())
                two = support.run("--json", *command, bad, good, cwd=self.dir)
                self.assertEqual(one.returncode, two.returncode)
                among = json.loads(two.stdout.splitlines()[0])
                for told in alone, among:
                    self.assertGreaterEqual(told.pop("elapsed_ms"), 0)
                self.assertEqual(alone, among)
                self.assertEqual(support.run("-q", *command, bad, cwd=self.dir).stdout, b"")

    def test_a_command_of_one_input_tells_its_failure(self):
        self.path("bad.npy", b"no array")
        for told, *command in (({"input": "bad.npy"}, "normalize", "bad.npy", "-o", "o.npy"),
                               ({"input": "none", "gradient": "bad.npy"}, "normalize-gradient", "none",
                                "bad.npy", "-o", "o.npy"),
                               ({"mask": "bad.npy", "ground_truth": "two.pgm"}, "compare-masks",
                                "bad.npy", "two.pgm"),
                               ({}, "exact", "ab", "--table", "none.json"),
                               ({}, "health", "--server", "127.0.0.1:1"),
                               ({}, "segment", "two.pgm", "--fill"),
                               ({}, "segment", "two.pgm", "--fil"), ({}, "segmnt", "two.pgm"),
                               ({}, "segment", "--window", "few"), ({}, "compare-masks", "two.pgm"),
                               ({}, "info", "more")):
            done = support.run("--json", *command, cwd=self.dir)
            self.assertGreater(done.returncode, 0)
            (line,) = map(json.loads, done.stdout.splitlines())
            self.assertIn(line.pop("error"), done.stderr.decode())
            del line["elapsed_ms"]
            self.assertEqual(line, told, command)
        # What all inputs write to.
        done = support.run("--json", "segment", "two.pgm", "--csv", "/dev/full", cwd=self.dir)
        (told,) = map(json.loads, done.stdout.splitlines())
        self.assertEqual((done.returncode, told["input"]), (1, "two.pgm"))
        self.assertIn("--csv: ", told["error"])

    def test_what_names_one_output(self):
        for flag in ("-o", "--labels", "--overlay", "--contours"):
            error = self.fails(2, "segment", *self.NAMES, flag, "x.pgm", cwd=self.dir)
            self.assertIn("--out-dir", error)
        self.assertIn("--emit", self.fails(2, "segment", "two.pgm", "--emit", "labels", "-o",
                                           "x.pgm", cwd=self.dir))


if __name__ == "__main__":
    support.main()
