"""Every flag of every command with a value that is wrong: the error names the flag and the program
ends with the code for wrong usage, whoever found out: the command line, a server in the process or
a server elsewhere.
"""

import json
import re
import tempfile

import numpy

import support

# {command: {flag: (values, other flags that it needs)}}. Values are wrong one by one.
WRONG = {
    "normalize": {
        "--preset": (["mine"], []),
        "--mode": (["sideways"], []),
        "--layout": (["cwh"], []),
        "--size": (["0", "65536", "-1", "five", "18446744073709551617", "9223372036854775808"], []),
        "--depth-radius": (["-1", "32768"], []),
        "--alpha": (["inf", "nan", "much"], []),
        "--beta": (["inf"], []),
        "--bias": (["nan"], []),
        "--alpha-scaling": (["none"], []),
        "--even-window": (["middle"], []),
        "--activation": (["gelu"], []),
        "--scale": (["inf", "nan"], []),
    },
    "encode": {
        "--model": (["best", "exact", "unspecified"], []),
        "--order": (["9", "-1"], ["--model", "adaptive"]),
        "--effort": (["much"], []),
        "--block-size": (["255", "1M", "1GB", "big"], []),
        "--as": (["text"], []),
        "--shape": (["2,-1", "2,,3", "4611686018427387904,4"], ["--as", "raw", "--dtype", "uint8"]),
        "--dtype": (["float7"], ["--as", "raw", "--shape", "2,3"]),
        "--page": (["-1", "last"], ["--as", "image"]),
    },
    "decode": {"--range": (["2", "1:", "0:1k"], [])},
    "inspect": {"--max-blocks": (["1000001", "-1"], [])},
    "exact": {
        "--decode": (["012"], ["--count", "1"]),
        "--count": (["-1", "many"], ["--decode", "0"]),
    },
    "segment": {
        "--method": (["best"], []),
        "--steps": (["otsu,sharpen", "mean:window=4", "otsu:size=3", "components:connectivity=6"],
                    []),
        "--classes": (["1", "17"], ["--method", "multi-otsu"]),
        "--threshold": (["5,3", "inf", "high"], ["--method", "threshold"]),
        "--window": (["4", "-1"], ["--method", "mean"]),
        "--offset": (["inf"], ["--method", "mean"]),
        "--k": (["inf"], ["--method", "sauvola"]),
        "--r": (["0", "-1"], ["--method", "sauvola"]),
        "--sigma": (["0", "nan"], ["--method", "gaussian"]),
        "--marker-height": (["-1", "nan"], ["--method", "watershed"]),
        "--channel": (["-1", "red", "18446744073709551616"], []),
        "--profile": (["mine"], []),
        "--page": (["-1", "last"], []),
        "--mask-page": (["-1", "all"], ["--mask", "m.pgm"]),
        "--markers-page": (["-1", "all"], ["--markers", "m.pgm"]),
        "--ground-truth-page": (["-1", "all"], ["--ground-truth", "m.pgm"]),
        "--min-area": (["-1", "18446744073709551617", "9223372036854775808"], []),
        "--connectivity": (["5"], []),
        "--emit": (["all"], ["--out-dir", "out"]),
        "--nan": (["drop"], []),
        "--before": (["sharpen", "otsu", "smooth:sigma=0"], []),
        "--border": (["wrap"], ["--method", "mean"]),
        "--contrast": (["-1"], ["--method", "bernsen"]),
        "--fraction": (["1.5"], ["--method", "percentile"]),
        "--high": (["inf"], ["--method", "hysteresis", "--low=1"]),
        "--low": (["nan"], ["--method", "hysteresis", "--high=1"]),
        "--neighbours": (["5"], ["--method", "hysteresis", "--low=1", "--high=2"]),
        "--p": (["inf"], ["--method", "phansalkar"]),
        "--q": (["many"], ["--method", "phansalkar"]),
    },
    "info": {},
    "health": {},
    "bench": {
        "--rpc": (["best"], []),
        "--size": (["0", "1M"], []),
        "--seconds": (["0", "soon"], []),
        "--concurrency": (["0", "257"], []),
    },
}
WRONG["normalize-gradient"] = dict(WRONG["normalize"])
WRONG["normalize"]["--page"] = (["-1", "last"], [])

# Of every command.
GLOBAL = {
    "--timeout": ["30", "0s", "never"],
    "--max-message-bytes": ["1", "3GiB", "64M"],
    "--progress": ["maybe"],
}

# Their values are names of files and servers, or any text: what is wrong with them has codes of its
# own, or they have no value.
NAMES = {"--output", "--out-dir", "--table", "--table-index", "--labels", "--overlay", "--contours",
         "--histogram", "--csv", "--markers", "--mask", "--cutout", "--ground-truth", "--service", "--server", "--tls-ca", "--tls-cert",
         "--tls-key", "--token-file"}
SWITCHES = {"--help", "--help-all", "--version", "--force", "--table-ids", "--stats", "--recover",
            "--skip-lost", "--lines", "--invert", "--fill-holes", "--components",
            "--help-steps", "--steps-markdown", "--tls", "--json", "--recursive", "--rm", "--keep",
            "--summary", "--quiet", "--verbose", "--plot", "--valley-emphasis", "--fill",
            "--dark-truth"}
SWITCHES_OF = {"exact": {"--steps"}}


class Flags(support.CliTest):
    def setUp(self):
        super().setUp()
        array = numpy.arange(3 * 8 * 4 * 4, dtype=numpy.float32).reshape(3, 8, 4, 4)
        numpy.save(self.path("a.npy"), array)
        pixels = bytes(range(192))
        picture = self.path("p.ppm", b"P6 8 8 255\n" + pixels)
        tiff = self.path("p.tif")
        numpy.save(self.path("p.npy"), numpy.frombuffer(pixels, "u1").reshape(8, 8, 3))
        table = self.path("t.json", '{"symbols": ["0", "1"], "counts": [3, 1]}')
        self.ok("segment", picture, "-o", tiff)
        self.ok("encode", self.path("raw", b"abcdef"), "-o", self.path("coded"))
        out = self.path("out")
        self.bases = {
            "normalize": [self.path("a.npy"), "-o", out],
            "normalize-gradient": [self.path("a.npy"), self.path("a.npy"), "-o", out],
            "encode": [self.path("raw"), "-o", out],
            "decode": [self.path("coded"), "-o", out],
            "inspect": [self.path("coded")],
            "verify": [self.path("coded")],
            "exact": ["--table", table],
            "segment": [picture],
            "info": [],
            "health": [],
            "bench": [],
        }
        self.tiff = tiff

    def check(self, server):
        for command, flag, value, others in support.walk(
                (command, flag, value, others) for command, flags in WRONG.items()
                for flag, (values, others) in flags.items() for value in values):
            with self.subTest(command=command, flag=flag, value=value):
                error = self.fails(2, command, *self.bases[command], *others, f"{flag}={value}",
                                   *server)
                self.assertRegex(error, rf"{flag}\b")
                self.assertNotRegex(error, "not in|Could not convert")  # CLI11's words
                self.assertNotRegex(error, r"options\.|steps\[|header\.|image\.")

    def test_in_this_process(self):
        self.check([])

    def test_at_a_server(self):
        with tempfile.TemporaryDirectory(prefix="trine-test-") as folder:
            with support.Server(folder) as server:
                self.check(["--server", server.address])

    def test_empty_texts(self):
        """Of a variable that is not set, mostly: refused by name, and not as if it were not there."""
        walked = [(command, flag) for command in self.bases
                  for flag in re.findall(r"^  +(?:-\w,)?(--[\w-]+) [A-Z]",
                                         self.ok(command, "--help").decode(), re.M)
                  if flag not in SWITCHES]
        self.assertIn(("segment", "--mask"), walked)
        self.assertIn(("encode", "--block-size"), walked)
        walked += [("info", flag) for flag in ("--tls-ca", "--tls-cert", "--token-file", "--server",
                                               "--timeout", "--max-message-bytes")]
        for command, flag in support.walk(walked):
            if (command, flag) in (("health", "--service"), ("exact", "--decode")):
                continue  # the server as a whole; the codeword of a certain message
            with self.subTest(command=command, flag=flag):
                error = self.fails(2, command, *self.bases[command], flag, "")
                self.assertRegex(error, rf"{flag}\b.* is (empty|'')")

    def test_of_every_command(self):
        for flag, values in GLOBAL.items():
            for value in values:
                with self.subTest(flag=flag, value=value):
                    self.assertIn(flag, self.fails(2, "info", f"{flag}={value}"))

    def test_no_flag_is_left_out(self):
        told = set(re.findall(r"^  +(?:-\w,)?(--[\w-]+)", self.ok("--help").decode(), re.M))
        self.assertEqual(told - SWITCHES - NAMES, GLOBAL.keys())
        for command, flags in WRONG.items():
            text = self.ok(command, "--help").decode()
            told = set(re.findall(r"^  +(?:-\w,)?(--[\w-]+)", text, re.M))
            told -= SWITCHES | SWITCHES_OF.get(command, set()) | NAMES | GLOBAL.keys()
            self.assertEqual(told, flags.keys(), command)

    def test_messages(self):
        """What a person reads, of one error of each kind."""
        picture = self.bases["segment"][0]
        for arguments, expected in (
                ((picture, "--method", "mean", "--window", "4"), "error: --window: is 4; "),
                ((picture, "--steps", "mean:window=4"), "--steps mean:window: is 4; "),
                ((picture, "--steps", "otsu,watershed:marker_height=-1"),
                 "--steps watershed:marker_height: is -1; "),
                ((picture, "--method", "threshold", "--threshold", "5,3"),
                 "error: --threshold[1]: is 3; "),
                ((picture, "--min-area", "-1"), "error: --min-area: is -1; "),
                ((picture, "--min-area", "-1", "--components"), "error: --min-area: is -1; ")):
            self.assertIn(expected, self.fails(2, "segment", *arguments))
        error = self.fails(2, "-v", "segment", picture, "--method", "mean", "--window", "4")
        self.assertIn("field --window, value 4, limit ", error)

    def test_what_no_picture_makes_right_is_wrong_usage(self):
        """Refused before a call, as a server would: none is asked here."""
        picture = self.bases["segment"][0]
        mask = self.path("m.pgm", b"P5 8 8 255\n" + b"\1" * 64)
        nobody = ["--server", "127.0.0.1:1"]
        for expected, *flags in (
                ("--method: of local thresholds the skimage profile has mean", "--method", "wolf",
                 "--profile", "skimage"),
                ("--profile: local thresholds have", "--method", "mean", "--profile", "matlab"),
                ("--border: is mirror; the libraries", "--method", "mean", "--border", "mirror",
                 "--profile", "opencv"),
                ("--steps local_threshold:border: is mirror; ", "--steps",
                 "local_threshold:method=mean:border=mirror", "--profile", "opencv"),
                ("--sigma: the opencv profile", "--method", "gaussian", "--sigma", "2", "--profile",
                 "opencv"),
                ("--sigma: is 16384; at most 16383", "--method", "gaussian", "--sigma", "16384",
                 "--profile", "skimage"),
                ("--profile: OpenCV has no method li", "--method", "li", "--profile", "opencv"),
                ("--profile: multi-Otsu has", "--method", "multi-otsu", "--profile", "matlab"),
                ("--profile: valley emphasis has", "--valley-emphasis", "--profile", "opencv"),
                ("--profile: equalize has", "--before", "equalize", "--profile", "matlab"),
                ("--profile: mean has", "--steps", "smooth:method=mean,otsu", "--profile", "matlab"),
                ("--steps smooth:radius: is 501", "--steps", "smooth:method=binomial:radius=501,otsu"),
                ("--steps hysteresis:low: is not given", "--steps", "hysteresis:high=3"),
                ("--steps edges:low: is 3", "--steps", "edges:low=3:high=2"),
                ("--steps stretch:high: is 1", "--steps", "stretch:low=2:high=1,otsu"),
                ("--steps li:fraction: ", "--steps", "li:fraction=0.5"),
                ("--steps watershed: is watershed; needs a distance", "--steps", "otsu,watershed"),
                ("--steps watershed:markers: is given; --markers is not", "--steps", "otsu,watershed:markers=given"),
                ("--steps keep_overlap:threshold: is not given", "--steps",
                 "edges,keep_overlap:other=gray"),
                ("--mask: the profile's filters take none", "--before", "smooth:method=median", "--profile", "imagej",
                 "--mask", mask)):
            with self.subTest(flags=flags):
                for server in [], nobody:
                    error = self.fails(2, "segment", picture, *flags, *server)
                    self.assertIn(f"trine: error: {expected}", error.replace("-overlap", "_overlap"))
        # What another picture makes right.
        numpy.save(self.path("f.npy"), numpy.arange(64, dtype="f4").reshape(8, 8))
        for flags in (["--profile", "opencv"], ["--method", "mean", "--profile", "opencv"],
                      ["--before", "equalize"], ["--method", "li", "--profile", "imagej"]):
            self.ok("segment", self.path("m.pgm"), *flags)
            self.fails(1, "segment", self.path("f.npy"), *flags)
            self.fails(3, "segment", picture, *flags, *nobody)
        # What another server may take.
        many = ["--steps", ",".join(["otsu"] * 65)]
        self.assertIn("--steps: is 65, more than the limit", self.fails(1, "segment", picture, *many))
        self.fails(3, "segment", picture, *many, *nobody)

    def test_no_message_names_what_only_the_protocol_has(self):
        picture, feature = self.bases["segment"][0], self.path("f.npy")
        numpy.save(feature, numpy.zeros((12, 16, 3), "f4"))
        numpy.save(self.path("n.npy"), numpy.zeros((2, 12, 16, 3), "f4"))
        numpy.save(self.path("c.npy"), numpy.zeros((3, 12, 16), "f4"))
        numpy.save(self.path("g.npy"), numpy.zeros((12, 16), "f4"))
        out = ["-f", "-o", self.path("o.npy")]
        for expected, *command in (
                ("--layout hwc takes it as one picture [H,W,C], --layout nchw says that", "normalize",
                 feature, *out),
                ("--layout nhwc takes it as pictures", "normalize", self.path("n.npy"), *out),
                ("which --layout nchw takes", "normalize", self.path("c.npy"), *out),
                ("which --layout hwc takes", "normalize", self.path("g.npy"), *out),
                ("which --layout hwc takes", "normalize-gradient", self.path("g.npy"),
                 self.path("g.npy"), *out),
                ("--layout hwc takes rank 3", "normalize", self.path("n.npy"), "--layout", "hwc", *out),
                ("must be that of the input, 12x16x3", "normalize-gradient", feature,
                 self.path("g.npy"), *out),
                ("otsu (step 1) has no effect: otsu (step 2) makes", "segment", picture, "--steps",
                 "otsu,otsu"),
                ("those of the mask before li", "segment", picture, "--steps",
                 "otsu,components,measure,li", "--csv", self.path("x.csv"), "-f"),
                ("which --invert does not swap", "segment", picture, "--steps", "multi-otsu", "--invert",
                 "--labels", self.path("l.png"), "-f"),
                ("markers: is given; --markers is not", "segment", picture, "--steps",
                 "otsu,watershed:markers=given"),
                ("'trine info' tells a server's limits", "segment", picture, "--steps",
                 ",".join(["otsu"] * 65))):
            with self.subTest(command=command):
                done = support.run(*command)
                said = done.stderr.decode()
                self.assertIn(expected, said)
                self.assertNotRegex(said, r"steps\[|\b[Ll]ayout [A-Z]|\bN(CHW|HWC)\b(?!\])|\bGIVEN\b|"
                                    r"that of tensor|options\.")
                if b"warning" in done.stderr:
                    told = json.loads(support.run("--json", *command).stdout)["warnings"]
                    self.assertTrue(any(expected in warning for warning in told), told)

    def test_what_the_input_makes_wrong_is_not_wrong_usage(self):
        picture = self.bases["segment"][0]
        for input_, flag, value in ((picture, "--channel", "3"), (self.tiff, "--page", "7"),
                                    (self.path("p.npy"), "--page", "0")):
            error = self.fails(1, "segment", input_, flag, value)
            self.assertIn(f"{input_}: {flag}: is {value}; ", error)
        numpy.save(self.path("one.npy"), numpy.zeros(5, "f4"))
        error = self.fails(1, "normalize", self.path("one.npy"), "-o", self.path("o"))
        self.assertIn("one.npy: the input's shape: is 5; ", error)
        odd = self.path("odd.json", '{"symbols": ["0", "1"], "probabilities": [0.5, 0.6]}')
        error = self.fails(1, "exact", "01", "--table", odd)
        self.assertIn("--table probabilities: ", error)
        small = self.path("small.pgm", b"P5 1 1 255\n\0")
        error = self.fails(1, "segment", picture, "--mask", small)
        self.assertIn("--mask: is 1x1; ", error)
        error = self.fails(1, "decode", self.path("coded"), "-o", self.path("o"), "--range", "5:9")
        self.assertIn("--range: ", error)


if __name__ == "__main__":
    support.main()
