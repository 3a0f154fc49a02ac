"""Usage: help, words that nobody knows, and flags that would be left out in silence."""

import fcntl
import os
import pty
import struct
import subprocess
import termios

import numpy

from pictures import disks, pgm
import support


class Help(support.CliTest):
    def test_help_is_as_wide_as_the_terminal(self):
        def lines(*args, **extra):
            return self.ok(*args, env=support.clean_environment(**extra)).decode().splitlines()

        for args in (["--help"], ["segment", "--help"], ["help", "encode"], ["segment", "--help-steps"],
                     ["normalize", "--help"]):
            whole = "".join("".join(lines(*args)).split())
            for columns, most in (("72", 72), ("100", 100), ("20", 60), ("", 80), ("wide", 80)):
                told = lines(*args, COLUMNS=columns)
                self.assertLessEqual(max(map(len, told)), most, (args, columns))
                self.assertFalse([line for line in told if line.endswith(" ")])
                if "--help-steps" not in args:
                    self.assertEqual("".join("".join(told).split()), whole, (args, columns))
        # A terminal of its own, where nothing else says it.
        parent, child = pty.openpty()
        fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 66, 0, 0))
        env = support.clean_environment()
        del env["COLUMNS"]
        done = subprocess.Popen([support.OPTIONS.trine, "help", "health"], stdout=child, env=env)
        os.close(child)
        text = b""
        try:
            while part := os.read(parent, 4096):
                text += part
        except OSError:  # its end, as Linux tells it
            pass
        os.close(parent)
        self.assertEqual(done.wait(), 0)
        widths = [len(line) for line in text.decode().splitlines()]
        self.assertLessEqual(max(widths), 66)
        self.assertGreater(max(widths), 50)

    def test_the_parsers_errors(self):
        for args, said in ((["segment", "x.png", "--before", "smooth", "--before", "stretch"],
                            "--before: is given 2 times; must be given once"),
                           (["segment", "x.png", "--mask"], "--mask: needs a value: FILE"),
                           (["segment", "x.png", "--method"], "--method: needs a value: NAME"),
                           (["segment", "x.png", "--steps", "otsu", "--method", "li"],
                            "--method does not go with --steps")):
            self.assertIn("trine: error: " + said + "\n", self.fails(2, *args))

    def test_help_is_help(self):
        whole = self.ok("--help")
        self.assertEqual(self.ok("help"), whole)
        for command in ("encode", "segment", "help"):
            self.assertEqual(self.ok("help", command), self.ok(command, "--help"))
        self.assertIn(b"--method", self.ok("help", "segment"))

    def test_unknown_topics(self):
        error = self.fails(2, "help", "segmnet")
        self.assertIn("'segmnet' is no command", error)
        self.assertIn("did you mean 'segment'?", error)


class DidYouMean(support.CliTest):
    def test_commands(self):
        for typed, meant in (("segmnet", "segment"), ("encod", "encode"), ("Decode", "decode"),
                             ("normalise", "normalize"), ("inpsect", "inspect"), ("hlep", "help")):
            error = self.fails(2, typed, self.path("p.pgm"), "--flag", "x")
            self.assertIn(f"'{typed}' is no command", error)
            self.assertIn(f"did you mean '{meant}'?", error)
        error = self.fails(2, "fly")
        self.assertNotIn("did you mean", error)
        self.assertIn("trine help", error)

    def test_flags(self):
        picture = self.path("p.pgm", pgm(numpy.arange(64, dtype=numpy.uint8).reshape(8, 8)))
        for args, flag, meant in (
                (["segment", picture, "--metod", "otsu"], "--metod", "--method"),
                (["segment", picture, "--metod=otsu"], "--metod", "--method"),
                (["segment", picture, "--fill-hole"], "--fill-hole", "--fill-holes"),
                (["segment", picture, "--jsn"], "--jsn", "--json"),
                (["--jsn", "segment", picture], "--jsn", "--json"),
                (["encode", picture, "--ouput", "x"], "--ouput", "--output"),
                (["exact", "ab", "--tabel", "t.json"], "--tabel", "--table")):
            with self.subTest(args=args):
                error = self.fails(2, *args)
                self.assertIn(f"{flag} is no option of trine", error)
                self.assertIn(f"did you mean '{meant}'?", error)
                self.assertIn(f"'trine help {args[0]}'" if args[0] != "--jsn" else "trine help",
                              error)
        error = self.fails(2, "info", "--sharpen-everything")
        self.assertNotIn("did you mean", error)
        # Hidden ones are offered to nobody.
        self.assertNotIn("--steps-markdown", self.fails(2, "segment", "--steps-markdow"))

    def test_values(self):
        """Of every kind of choice: the nearest, beside all that are known."""
        picture = self.path("p.pgm", pgm(numpy.arange(64, dtype=numpy.uint8).reshape(8, 8)))
        numpy.save(self.path("a.npy"), numpy.ones((1, 5, 2, 2), "f4"))
        out, array = self.path("o"), self.path("a.npy")
        for args, meant, known in (
                (["segment", picture, "--method", "otzu"], "otsu", "sauvola"),
                (["segment", picture, "--method", "OTSU"], "otsu", "sauvola"),
                (["segment", picture, "--profile", "opencb"], "opencv", "imagej"),
                (["segment", picture, "--nan", "ignor"], "ignore", "refuse"),
                (["segment", picture, "--steps", "otsu,fil-holes"], "fill-holes", "watershed"),
                (["segment", picture, "--before", "smoth"], "smooth", "stretch"),
                (["segment", picture, "--steps", "sauvola:windw=3"], "window", "offset"),
                (["segment", picture, "--steps", "smooth:method=gausian"], "gaussian", "median"),
                (["encode", picture, "-o", out, "--model", "adaptve"], "adaptive", "static"),
                (["encode", picture, "-o", out, "--effort", "bst"], "best", "balanced"),
                (["encode", picture, "-o", out, "--as", "imgae"], "image", "tensor"),
                (["encode", picture, "-o", out, "--as", "raw", "--dtype", "flot32"], "float32",
                 "bfloat16"),
                (["normalize", array, "-o", out, "--preset", "alexnt"], "alexnet", "caffe"),
                (["--progress", "alwys", "info"], "always", "never")):
            with self.subTest(args=args):
                error = self.fails(2, *args)
                self.assertIn(f"; did you mean '{meant}'?", error)
                self.assertIn(known, error)
        for args in (["segment", picture, "--method", "xyzzy"],
                     ["segment", picture, "--connectivity", "5"],
                     ["encode", picture, "-o", out, "--model", "zip"]):
            self.assertNotIn("did you mean", self.fails(2, *args))

    def test_words_too_many(self):
        error = self.fails(2, "info", "extra")
        self.assertIn("'extra' was not expected", error)
        self.assertIn("trine help info", error)


class LeftOutInSilence(support.CliTest):
    def setUp(self):
        super().setUp()
        self.path("raw", bytes(24))
        self.path("p.pgm", pgm(numpy.arange(64, dtype=numpy.uint8).reshape(8, 8)))
        numpy.save(self.path("a.npy"), numpy.ones((1, 8, 4, 4), numpy.float32))
        self.path("ca.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
        self.path("token", "a-token-of-some-length\n")

    def test_refused_by_name(self):
        for flag, *args in (
                ("--shape", "encode", "raw", "-o", "o", "--shape", "2,3"),
                ("--shape", "encode", "p.pgm", "-o", "o", "--as", "image", "--shape", "8,8"),
                ("--dtype", "encode", "raw", "-o", "o", "--dtype", "uint8"),
                ("--dtype", "encode", "raw", "-o", "o", "--as", "bits", "--shape", "8,8",
                 "--dtype", "uint8"),
                ("--skip-lost", "decode", "raw", "-o", "o", "--skip-lost"),
                ("--emit", "segment", "p.pgm", "--emit", "mask"),
                ("--size", "bench", "--rpc", "info", "--size", "1KiB"),
                ("--size", "bench", "--rpc", "health", "--size", "1KiB"),
                ("--tls", "info", "--tls"),
                ("--tls-ca", "info", "--tls-ca", "ca.pem"),
                ("--tls-cert", "encode", "raw", "-o", "o", "--tls-cert", "ca.pem"),
                ("--tls-key", "segment", "p.pgm", "--tls-key", "ca.pem"),
                ("--token-file", "info", "--token-file", "token")):
            with self.subTest(args=args):
                self.assertRegex(self.fails(2, *args, cwd=self.dir), rf"{flag}\b")
                self.assertFalse(self.path("o").exists())

    def test_the_environment_is_for_many_calls(self):
        environment = support.clean_environment(
            TRINE_TOKEN_FILE=str(self.path("token")), TRINE_TLS_CA=str(self.path("ca.pem")))
        self.ok("info", env=environment)
        # A flag that says the same is no mistake worth an error.
        self.ok("info", "--token-file", self.path("token"), env=environment)
        self.assertIn("--token-file", self.fails(2, "info", "--token-file", self.path("raw"),
                                                 env=environment))

    def test_variables_of_files_that_are_empty(self):
        """Refused as their flags are: a call must not go out in plain text, or without its token."""
        for name, flag, file in (("TRINE_TLS_CA", "--tls-ca", "ca.pem"),
                                 ("TRINE_TLS_CLIENT_CERT", "--tls-cert", "ca.pem"),
                                 ("TRINE_TLS_CLIENT_KEY", "--tls-key", "ca.pem"),
                                 ("TRINE_TOKEN_FILE", "--token-file", "token")):
            environment = support.clean_environment(**{name: ""})
            for server in ([], ["--server", "127.0.0.1:1"]):
                error = self.fails(2, "info", *server, env=environment)
                self.assertIn(f"error: {name}: is empty; unset it, or name a file\n", error)
            # The flag wins.
            error = self.fails(2, "info", flag, self.path(file), env=environment)
            self.assertIn(f"{flag} is for a server", error)
            self.ok("help", env=environment)
        # Others have values that mean nothing.
        self.ok("info", env=support.clean_environment(TRINE_SERVER="", TRINE_TIMEOUT="",
                                                      TRINE_PROGRESS="",
                                                      TRINE_CLIENT_MAX_MESSAGE_BYTES=""))

    def test_values_of_variables_are_blamed_on_these(self):
        for name, flag, value in (
                ("TRINE_TIMEOUT", "--timeout", "5"), ("TRINE_PROGRESS", "--progress", "x"),
                ("TRINE_CLIENT_MAX_MESSAGE_BYTES", "--max-message-bytes", "abc"),
                ("TRINE_CLIENT_MAX_MESSAGE_BYTES", "--max-message-bytes", "12"),
                ("TRINE_SERVER", "--server", "localhost:99999")):
            for flags, blamed in (([], name), ([flag, value + "0"], flag)):
                error = self.fails(2, "info", *flags, env=support.clean_environment(**{name: value}))
                self.assertIn(f"error: {blamed}: ", error)
        for name, flag, file in (("TRINE_TLS_CA", "--tls-ca", "raw"),
                                 ("TRINE_TOKEN_FILE", "--token-file", "raw")):
            environment = support.clean_environment(TRINE_SERVER="127.0.0.1:1",
                                                    **{name: str(self.path(file))})
            self.assertIn(f"error: {name}: '", self.fails(2, "info", env=environment))
            self.path("other", self.path(file).read_bytes())
            self.assertIn(f"error: {flag}: '",
                          self.fails(2, "info", flag, self.path("other"), env=environment))

    def test_ports_that_are_none(self):
        for server in ("127.0.0.1:0", "127.0.0.1:65536", "[::1]:99999999999", "dns:///a:70000"):
            with self.subTest(server=server):
                self.assertIn("must be 1 to 65535", self.fails(2, "info", "--server", server))

    def test_credentials_that_are_none(self):
        target = ["--server", "127.0.0.1:1"]
        for content in (b"", b"hello"):
            for flag in ("--tls-ca",):
                error = self.fails(2, "info", *target, flag, self.path("none", content))
                self.assertIn(f"{flag}: '{self.path('none')}' is no PEM file", error)
        error = self.fails(2, "info", *target, "--tls-cert", self.path("none"), "--tls-key",
                           self.path("none"))
        self.assertIn("--tls-cert", error)
        error = self.fails(2, "info", *target, "--token-file", self.path("t", "two words\n"))
        self.assertIn("--token-file", error)

    def test_names_that_are_not_written(self):
        for command in (["normalize", "a.npy"], ["normalize-gradient", "a.npy", "a.npy"]):
            for name in ("out.xyz", "out.npz", "out.jpg", "out.bmp", "out.csv"):
                error = self.fails(2, *command, "-o", name, cwd=self.dir)
                self.assertIn("." + name.split(".")[1], error)
                self.assertIn(".npy", error)
                self.assertFalse(self.path(name).exists())
            for name in ("out", "sub.d/out", ".out", "/dev/null"):
                self.path("sub.d").mkdir(exist_ok=True)
                self.ok(*command, "-f", "-o", name, cwd=self.dir)

    def test_what_the_input_makes_impossible(self):
        """Not wrong usage: of another input it would work."""
        self.fails(2, "normalize", "a.npy", "-o", "a.png", cwd=self.dir)
        numpy.save(self.path("l.npy"), numpy.zeros((1, 8), numpy.int64))
        self.assertIn("l.npy", self.fails(1, "normalize", "l.npy", "-o", "b.npy", cwd=self.dir))
        numpy.save(self.path("h.npy"), numpy.zeros((1, 8), numpy.float16))
        self.assertIn("--scale", self.fails(1, "normalize", "h.npy", "-o", "b.npy", "--scale", "2",
                                            cwd=self.dir))


class Spelling(support.CliTest):
    def setUp(self):
        super().setUp()
        self.picture = self.path("p.pgm", pgm(disks((20, 20, 10), (45, 60, 8))))

    def test_dashes_and_underscores_are_the_same(self):
        """In the names of steps, methods and choices, whichever of the two is listed."""
        for one, other in ((["--method", "max-entropy"], ["--method", "max_entropy"]),
                           (["--steps", "auto-threshold:method=global-mean"],
                            ["--steps", "auto_threshold:method=global_mean"]),
                           (["--steps", "background:method=rolling-ball,otsu"],
                            ["--steps", "background:method=rolling_ball,otsu"]),
                           (["--method", "multi-otsu", "--classes", "2"],
                            ["--method", "multi_otsu", "--classes", "2"]),
                           (["--before", "background:method=top-hat"],
                            ["--before", "background:method=top_hat"])):
            told = []
            for flags in (one, other):
                told.append(self.json("segment", self.picture, *flags))
                del told[-1]["elapsed_ms"]
            self.assertEqual(*told)
        # A list of classes of two is one of the mask, however the method is spelt.
        self.assertIn("--invert changes the mask",
                      self.fails(2, "segment", self.picture, "--method", "multi_otsu", "--invert",
                                 "--labels", self.path("l.png")))
        self.assertIn("rolling-ball", self.fails(2, "segment", self.picture, "--steps",
                                                 "background:method=rolling_bal,otsu"))
        self.assertIn("must be", self.fails(2, "segment", self.picture, "--method", "max_entropie"))

    def test_choices_have_one_spelling_in_json(self):
        told = self.json("segment", self.picture, "--method", "all")
        names = [method["name"] for method in told["method_thresholds"]]
        self.assertIn("max-entropy", names)
        self.assertFalse([name for name in names if "_" in name])
        steps = {step["name"]: step for step in self.json("segment", "--help-steps")["steps"]}
        ranges = {(step["name"], parameter["name"]): parameter["range"]
                  for step in steps.values() for parameter in step["parameters"]}
        self.assertEqual(ranges["background", "method"], "top-hat, rolling-ball, polynomial, closing")
        # Each can be typed.
        for method in told["method_thresholds"]:
            if "threshold" in method:
                self.json("segment", self.picture, "--method", method["name"])


if __name__ == "__main__":
    support.main()
