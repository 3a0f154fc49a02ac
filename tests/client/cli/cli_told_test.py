"""What is told of a result, and of its outputs: no flag is without effect, no error without its flag."""

import contextlib
import itertools
import json
import os
import re
import subprocess

import numpy

import support
from pictures import pgm, tiff


def noise(shape, seed=1):
    return numpy.random.default_rng(seed).integers(0, 200, shape).astype(numpy.uint8)


class Told(support.CliTest):
    def setUp(self):
        super().setUp()
        picture = noise((40, 50))
        self.picture = self.path("p.pgm", pgm(picture))
        # Of two pages the first is taken, with a warning.
        self.stack = self.path("s.tif", tiff(picture, noise((40, 50), 2)))
        self.truth = self.path("t.pgm", pgm((picture > 99).astype(numpy.uint8) * 255))
        self.table = self.path("t.json", '{"symbols": ["a", "b"], "counts": [1, 3]}')
        self.coded, self.other = self.path("c.trine"), self.path("d.trine")
        for coded, seed in ((self.coded, 1), (self.other, 2)):
            self.ok("encode", self.path("raw", support.some_bytes(20000, seed)), "-o", coded,
                    "--block-size", "1000")

    def result(self, command, *flags):
        """What is told, without times; None where a flag is refused by name."""
        done = support.run(*command, *(part for flag in flags for part in flag))
        error = done.stderr.decode()
        if done.returncode == 2:
            self.assertTrue(any(flag[0] in error or (flag[0] == "-q" and "--quiet" in error)
                                for flag in flags), error)
            return None
        self.assertEqual(done.returncode, 0, error)
        return re.sub(rb'"(elapsed_ms|order1[a-z_]*)":[^,}]*', rb"\1", done.stdout), error

    # What prints text for people, and the flags of the command that say what of it.
    def commands(self):
        return (
            (["segment", self.stack], [["--plot"], ["--summary"], ["--ground-truth", self.truth]]),
            (["segment", self.picture, self.stack], [["--ground-truth", self.truth]]),
            (["segment", self.picture], [["--help-steps"]]),
            (["segment", self.picture], [["--steps-markdown"]]),
            (["encode", self.path("raw"), "-f"], [["--stats"]]),
            (["exact", "abba", "--table", self.table], [["--steps"]]),
            (["inspect", self.coded], [["--max-blocks", "3"]]),
            (["inspect", self.coded, self.other], [["--max-blocks", "3"]]),
        )

    # What is computed and where it goes, of each command's flags; all others say what is told of it.
    RESULT = {
        "segment": "recursive output out-dir emit labels overlay fill cutout histogram contours csv force "
                   "method steps before border classes contrast fraction high k low neighbours offset p q "
                   "r sigma threshold valley-emphasis window markers marker-height lines invert channel "
                   "mask dark-truth profile nan page mask-page markers-page ground-truth-page fill-holes components min-area connectivity",
        "encode": "output out-dir recursive rm keep force model order effort block-size table table-index "
                  "table-ids as page shape dtype",
        "decode": "output out-dir recursive rm keep force range recover skip-lost table table-index",
        "inspect": "recursive", "verify": "recursive table table-index", "exact": "table decode count",
        "normalize": "output page force preset mode layout size depth-radius alpha beta bias "
                     "alpha-scaling even-window activation scale",
        "normalize-gradient": "output force preset mode layout size depth-radius alpha beta bias "
                              "alpha-scaling even-window activation scale",
        "compare-masks": "page invert", "compare-labels": "page", "info": "", "health": "service",
        "bench": "rpc size seconds concurrency"}

    def test_no_flag_of_what_is_told_is_left_out(self):
        commands = re.findall(r"(?m)^  ([a-z][a-z-]*) {2,}[A-Z]", self.ok("--help").decode())
        self.assertEqual(set(commands) - {"help"}, set(self.RESULT))
        for name, result in self.RESULT.items():
            walked = {flag[0] for command, flags in self.commands() if command[0] == name
                      for flag in flags} - {"--steps-markdown"}  # which no help lists
            listed = re.findall(r"(?m)^  +(?:-\w,)?(--[\w-]+)", self.ok(name, "--help").decode())
            self.assertEqual(set(listed) - {"--help"}, walked | {"--" + f for f in result.split()}, name)

    def test_each_of_two_flags_has_an_effect_or_is_refused(self):
        refused = set()
        for command, own in self.commands():
            for one, other in itertools.combinations([["--json"], ["-q"], *own], 2):
                # Beside --json there are warnings for -q to leave out, where there are any.
                if (one, other) == (["--json"], ["-q"]) and self.stack not in command:
                    continue
                with self.subTest(command=command[:2], flags=(one, other)):
                    both = self.result(command, one, other)
                    if both is None:
                        refused.add((command[0], one[0], other[0]))
                        continue
                    for alone in (one, other):
                        self.assertNotEqual(both, self.result(command, alone), f"beside {alone}")
        for pair in (("segment", "-q", "--plot"), ("segment", "-q", "--summary"),
                     ("segment", "--json", "--summary"), ("segment", "-q", "--help-steps"),
                     ("inspect", "-q", "--max-blocks"), ("encode", "-q", "--stats"),
                     ("exact", "-q", "--steps")):
            self.assertIn(pair, refused)
        for pair in (("segment", "--json", "--plot"), ("inspect", "--json", "--max-blocks")):
            self.assertNotIn(pair, refused)

    def test_a_bar_is_drawn_or_refused(self):
        numpy.save(self.path("a.npy"), numpy.ones((2, 3, 4, 4), numpy.float32))
        index = self.path("i", bytes(4))
        bytes_of = self.path("b.json", json.dumps({"symbols": list(range(256)), "counts": [1] * 256}))
        tables = ["--model", "table", "--table", bytes_of, "--table", bytes_of]
        self.path("abba", "abba")
        self.ok("encode", self.path("abba"), *tables, "--table-index", index, "-o", self.path("ti"))
        commands = {
            "encode": [[self.path("raw")], [self.path("abba"), *tables, "--table-index", index]],
            "decode": [[self.coded], [self.coded, "--range", "5:900"],
                       [self.path("ti"), "--table-index", index]],
            "verify": [[self.coded], [self.path("ti"), "--table-index", index]],
            "normalize": [[self.path("a.npy")]], "normalize-gradient": [[self.path("a.npy")] * 2],
            "inspect": [[self.coded]], "exact": [["abba", "--table", self.table]],
            "segment": [[self.picture], [self.picture, self.stack]],
            "compare-masks": [[self.truth, self.truth]],
            "compare-labels": [[self.truth, self.truth]], "info": [[]],
            "health": [["--server", "127.0.0.1:1"]], "bench": [["--seconds", "20ms"]]}
        listed = re.findall(r"(?m)^  ([a-z][a-z-]*) {2,}[A-Z]", self.ok("--help").decode())
        self.assertEqual(set(listed) - {"help"}, set(commands))
        environment = support.clean_environment(TRINE_PROGRESS="always")
        drawn = set()
        for command, arguments in commands.items():
            for given in arguments:
                out = ["-f", "-o", self.path("out.npy" if "norm" in command else "out")]
                given = [command, *given, *(out if command in ("encode", "decode", "normalize",
                                                               "normalize-gradient") else [])]
                with self.subTest(command=given[:2]):
                    done = support.run(*given, "--progress", "always")
                    if done.returncode == 2:
                        self.assertRegex(done.stderr.decode(), f"error: --progress always: {command} "
                                         "draws no bar; encode, .* do\n")
                    else:
                        self.assertEqual(done.returncode, 0, done.stderr)
                        self.assertIn(b"\r\x1b[K", done.stderr)
                        drawn.add(command)
                    # A variable is for all commands.
                    done = support.run(*given, env=environment)
                    self.assertEqual(done.returncode, 3 if command == "health" else 0, done.stderr)
                    self.assertEqual(b"\r\x1b[K" in done.stderr, command in drawn)
        told = self.ok("--help").decode()
        for command in drawn:
            self.assertRegex(told, rf"bar on stderr, of [a-z,\s-]*\b{command}\b")

    def test_blocks_are_listed_as_asked(self):
        def lines(*flags):
            text = self.ok("inspect", self.coded, *flags).decode()
            return len(re.findall(r"(?m)^ +\d+ +\d+ +\d+ +\d+  ", text))
        self.assertEqual([lines(), lines("--max-blocks", "0"), lines("--max-blocks", "3"),
                          lines("--max-blocks", "15"), lines("--max-blocks", "500")],
                         [10, 0, 3, 15, 20])
        self.assertIn("... and 5 more\n", self.ok("inspect", self.coded, "--max-blocks",
                                                  "15").decode())
        self.assertIn("--max-blocks", self.fails(2, "inspect", self.coded, self.other,
                                                 "--max-blocks", "3"))


class Outputs(support.CliTest):
    """Errors of the files that segment writes."""

    NAMES = {"-o": ".png", "--labels": ".png", "--overlay": ".png", "--cutout": ".png",
             "--histogram": ".png", "--contours": ".json", "--csv": ".csv"}

    def setUp(self):
        super().setUp()
        self.picture = self.path("p.pgm", pgm(noise((40, 50))))

    def test_names_control_no_terminal(self):
        """They are whole in files alone."""
        name = "e\x1b[31m\nb\u202ec\x9b.pgm"
        shown = "e\\x1b[31m\\nb\\u202ec\\u009b.pgm"
        self.path(name, self.picture.read_bytes())
        flags = ("segment", name, "--steps", "otsu,components,measure")
        for more in ((), ("--summary",)):
            told = self.ok(*flags, *more, cwd=self.dir).decode()
            self.assertIn(shown, told)
            self.assertNotRegex(told, "[\x1b\u202e\x9b]")
        error = support.run("segment", os.fsdecode(b"\xff\x1b.pgm"), cwd=self.dir).stderr
        self.assertIn(b"\\xff\\x1b.pgm", error)
        self.assertNotIn(b"\x1b", error)
        line = self.ok("--json", *flags, cwd=self.dir).decode()
        self.assertNotRegex(line, "[\x1b\u202e\x9b]")
        self.assertEqual(json.loads(line)["input"], name)
        # Of a table the whole name, but on a terminal.
        self.ok(*flags, "--csv", "t.csv", cwd=self.dir)
        piped = self.ok(*flags, "--csv", "-", cwd=self.dir)
        self.assertEqual(self.path("t.csv").read_bytes(), piped)
        self.assertIn(f'"{name}"', piped.decode())
        master, slave = os.openpty()
        done = support.start(*flags, "--csv", "-", cwd=self.dir, stdout=slave, stderr=subprocess.DEVNULL)
        os.close(slave)
        drawn = b""
        with contextlib.suppress(OSError):  # at its end
            while part := os.read(master, 4096):
                drawn += part
        self.assertEqual(done.wait(support.WAIT_SECONDS), 0)
        os.close(master)
        self.assertIn(shown, drawn.decode())
        self.assertNotIn(b"\x1b", drawn)

    def test_errors_name_the_flag(self):
        for flag, end in self.NAMES.items():
            old = self.path("old" + end, "old")
            full = self.path("full" + end)
            full.symlink_to("/dev/full")
            for code, name in ((1, full), (2, self.path("none") / ("x" + end)), (2, old),
                               (2, self.path("x.gif")), (2, self.dir)):
                with self.subTest(flag=flag, name=name.name):
                    error = self.fails(code, "segment", self.picture, flag, name)
                    self.assertRegex(error, f"error: {flag}: .*'{re.escape(str(name))}'")
            full.unlink()
            self.assertEqual(old.read_text(), "old")
        # What a kind of file does not hold.
        numpy.save(self.path("f.npy"), noise((40, 50)).astype(numpy.float32))
        error = self.fails(1, "segment", self.path("f.npy"), "--cutout", self.path("x.png"))
        self.assertIn("f.npy: --cutout: is float32; PNG holds", error)
        error = self.fails(1, "segment", self.path("f.npy"), "--cutout", self.path("x.png"), "-o",
                           self.path("m.png"), "--labels", self.path("l.png"))
        self.assertIn("f.npy: --cutout: is float32; PNG holds", error)
        error = self.fails(1, "segment", self.path("f.npy"), "--emit", "cutout", "--out-dir",
                           self.path("out"))
        self.assertIn("f.npy: the output: is float32; PNG holds", error)
        # The name is the folder's, where that gives the names.
        (self.path("out") / "p.mask.png").mkdir(parents=True)
        error = self.fails(2, "segment", self.picture, "--out-dir", self.path("out"))
        self.assertIn("error: --out-dir: ", error)

    def test_the_names_that_are_advised_are_written(self):
        for flag in ("-o", "--labels", "--overlay", "--cutout", "--histogram"):
            error = self.fails(2, "segment", self.picture, flag, self.path("x.jpg"))
            self.assertRegex(error, r": name it \.png, .* or \.npy")
            names = re.findall(r"\.[a-z]+", error.split("name it")[1])
            self.assertGreater(len(names), 3)
            help_text = self.ok("segment", "--help").decode()
            for end in names:
                if flag == "--cutout" and end == ".ppm":
                    continue  # of colour, which the picture is not
                self.assertIn(end, help_text)
                with self.subTest(flag=flag, end=end):
                    self.ok("segment", self.picture, flag, self.path("y" + end), "-f")
        numpy.save(self.path("f.npy"), noise((40, 50)).astype(numpy.float32))
        error = self.fails(1, "segment", self.path("f.npy"), "--cutout", self.path("x.png"))
        self.assertIn("TIFF and NPY hold float32", error)
        for end in (".tif", ".npy"):
            self.ok("segment", self.path("f.npy"), "--cutout", self.path("y" + end), "-f")

    def test_text_is_not_written_under_the_name_of_another_kind(self):
        for flag, own in (("--contours", ".json"), ("--csv", ".csv")):
            for end in (".png", ".tif", ".npy", ".gif", ".geojson", ".xml",
                        ".csv" if own == ".json" else ".json"):
                name = self.path("x" + end)
                error = self.fails(2, "segment", self.picture, flag, name)
                self.assertIn(f"{flag}: '{name}': name it {own} or .txt", error)
                self.assertFalse(name.exists())
            for end in (own, own.upper(), ".txt", ""):
                self.ok("segment", self.picture, flag, self.path("y" + end), "-f")
            self.ok("segment", self.picture, flag, "/dev/null")
            self.ok("segment", self.picture, flag, self.path(".hidden"), "-f")

    def test_steps_without_effect(self):
        for steps, said in (("otsu,triangle", ["the mask of otsu"]),
                            ("triangle,sauvola", ["the mask of triangle"]),
                            ("otsu,stretch", ["the gray picture of stretch"]),
                            ("smooth,otsu,smooth", ["the gray picture of smooth (step 3)"]),
                            ("otsu,distance", ["the distance map of distance"]),
                            ("otsu,otsu,otsu", ["the mask of otsu (step 1)", "the mask of otsu (step 2)"]),
                            ("smooth,otsu,fill_holes,components,measure", [])):
            done = support.run("--json", "segment", self.picture, "--steps", steps)
            self.assertEqual(done.returncode, 0, done.stderr)
            warnings = json.loads(done.stdout)["warnings"]
            self.assertEqual([w.split(" has no effect: ")[0] for w in warnings], said, steps)
            for warning in warnings:
                self.assertIn(warning, done.stderr.decode())
        # A histogram is of the gray picture as the last step leaves it.
        done = support.run("segment", self.picture, "--steps", "otsu,stretch", "--histogram",
                           self.path("h.png"))
        self.assertEqual(done.stderr, b"")

    def test_numbers_that_are_not_found(self):
        told = self.json("segment", self.picture, "--method", "multi-otsu", "--classes", "2")
        self.assertIn("threshold", told)
        self.assertNotIn("plateau", told)
        self.assertIn("plateau", self.json("segment", self.picture))
        for threshold, labels in ((300, 0), (10, 1)):
            command = ["segment", self.picture, "--method", "threshold", "--threshold", threshold]
            self.assertEqual(self.json(*command)["label_count"], labels)
            self.assertEqual("labels" in self.ok(*command).decode(), labels == 1)

    def test_steps_that_make_no_mask(self):
        """What is of a mask is refused with its flag; else what was made is told."""
        truth = self.path("t.pgm", pgm(noise((40, 50)) // 100 * 255))
        for flag, value in {**{flag: self.path("x" + end) for flag, end in self.NAMES.items()},
                            "--out-dir": self.path("out"), "--ground-truth": truth,
                            "--summary": None}.items():
            given = [flag] if value is None else [flag, value]
            for steps in ("smooth", "smooth,equalize", "all-thresholds"):
                if flag == "--histogram":
                    self.ok("segment", self.picture, "--steps", steps, *given, "-f")
                    continue
                error = self.fails(2, "segment", self.picture, "--steps", steps, *given)
                self.assertIn(f"error: {flag} is of a mask, and --steps {steps} makes none; add a step "
                              "that parts the picture, such as otsu\n", error)
        self.assertFalse(self.path("out").exists())
        self.ok("segment", self.picture, "--steps", "smooth", "--out-dir", self.path("out"), "--emit",
                "histogram")
        text = self.ok("segment", self.picture, "--steps", "smooth,equalize").decode()
        self.assertNotIn("foreground", text)
        self.assertIn("  no mask      the gray picture after smooth,equalize is not parted", text)
        self.assertNotIn("no mask", self.ok("segment", self.picture, "--steps", "all-thresholds").decode())
        lines = self.ok("segment", self.picture, truth, "--steps", "smooth").decode().splitlines()
        self.assertEqual([line.split()[-3:] for line in lines[1:3]], [["-", "-", "-"]] * 2)
        for flags in (["--steps", "smooth"], ["--method", "all"]):
            self.assertIsNone(self.json("segment", self.picture, *flags)["foreground_fraction"])
        # Nothing is in a mask of nothing, which is no lack of one.
        told = self.json("segment", self.picture, "--method", "threshold", "--threshold", "250")
        self.assertEqual(told["foreground_fraction"], 0)


if __name__ == "__main__":
    support.main()
