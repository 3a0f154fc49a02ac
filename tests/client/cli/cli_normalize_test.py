"""normalize and normalize-gradient as processes, with the embedded server."""

import json
import re

import numpy

from pictures import pgm, read_pnm, tiff
import support


def lrn(x, n=5, alpha=1e-4, beta=0.75, k=2.0):
    """Across channels of [N,C,...], in float64."""
    x = x.astype(numpy.float64)
    total = numpy.zeros_like(x)
    channels = x.shape[1]
    for c in range(channels):
        low, high = max(0, c - n // 2), min(channels, c + n // 2 + 1)
        total[:, c] = (x[:, low:high] ** 2).sum(axis=1)
    return x * (k + alpha * total) ** -beta


class Normalize(support.CliTest):
    def setUp(self):
        super().setUp()
        self.array = numpy.random.default_rng(1).standard_normal((2, 9, 5, 4)).astype("<f4") * 20
        numpy.save(self.path("a.npy"), self.array)

    def test_an_array(self):
        told = self.json("normalize", self.path("a.npy"), "-o", self.path("b.npy"))
        numpy.testing.assert_allclose(numpy.load(self.path("b.npy")), lrn(self.array), rtol=1e-6)
        self.assertEqual(told["dtype"], "float32")
        self.assertEqual(told["shape"], [2, 9, 5, 4])
        expected = {"preset": "alexnet", "mode": "across-channels", "layout": "nchw",
                    "activation": "none", "size": 5, "lo": 2, "hi": 2, "a": 1e-4, "beta": 0.75,
                    "k": 2.0, "scale": 1.0, "input_dtype": "float32"}
        self.assertLessEqual(expected.items(), told["resolved"].items())
        self.assertIn("elapsed_ms", told)

    def test_options_reach_the_server(self):
        told = self.json("normalize", self.path("a.npy"), "-o", self.path("b.npy"), "--preset",
                         "pytorch", "--size", "3", "--alpha", "0.3", "--beta", "0.5", "--bias",
                         "1.5", "--alpha-scaling", "sum", "--activation", "relu")
        expected = {"preset": "pytorch", "size": 3, "lo": 1, "hi": 1, "a": 0.3, "beta": 0.5,
                    "k": 1.5, "activation": "relu"}
        self.assertLessEqual(expected.items(), told["resolved"].items())
        x = numpy.maximum(self.array, 0)
        numpy.testing.assert_allclose(numpy.load(self.path("b.npy")),
                                      lrn(x, 3, 0.3, 0.5, 1.5), rtol=1e-6)
        for options, key, value in (
                (["--depth-radius", "4"], "size", 9), (["--mode", "within-channel"], "mode",
                                                       "within-channel"),
                (["--size", "4", "--even-window", "low"], "lo", 2),
                (["--preset", "tensorflow"], "layout", "nhwc")):
            told = self.json("normalize", self.path("a.npy"), "-o", self.path("c.npy"), "-f",
                             *options)
            self.assertEqual(told["resolved"][key], value, options)

    def test_a_negative_number_as_value(self):
        told = self.json("normalize", self.path("a.npy"), "-o", self.path("b.npy"), "--beta",
                         "-0.5")
        self.assertEqual(told["resolved"]["beta"], -0.5)

    def test_a_scale_beyond_the_type_is_refused(self):
        out = self.path("b.npy")
        for dtype, scale in (("f4", "2e38"), ("u1", "2e38"), ("f8", "1e308")):
            # In one message, and in parts.
            for shape in ((1, 3, 4, 4), (40, 3, 100, 100)):
                x = numpy.ones(shape, dtype)
                x[0, 0, 0, 0] = 3 if dtype == "f8" else 2
                numpy.save(self.path("a.npy"), x)
                error = self.fails(1, "normalize", self.path("a.npy"), "-o", out, "--scale", scale)
                self.assertIn(f"--scale {scale.replace('e', 'e+')}: elements would be beyond", error)
                self.assertFalse(out.exists())
        # What is infinite as it came is not the scale's.
        numpy.save(self.path("a.npy"), numpy.full((1, 2, 2, 2), numpy.inf, "f4"))
        self.ok("normalize", self.path("a.npy"), "-o", out, "--scale", "0.5")

    def test_a_picture_is_hwc_and_float32(self):
        pixels = numpy.random.default_rng(2).integers(0, 256, (6, 7, 3), dtype=numpy.uint8)
        ppm = self.path("p.ppm", b"P6\n7 6\n255\n" + pixels.tobytes())
        told = self.json("normalize", ppm, "-o", self.path("b.npy"), "--scale", "0.5", "--alpha",
                         "0.01")
        self.assertEqual(told["resolved"]["layout"], "hwc")
        self.assertEqual(told["resolved"]["scale"], 0.5)
        self.assertEqual(told["resolved"]["input_dtype"], "uint8")
        x = pixels.transpose(2, 0, 1)[None] * 0.5
        numpy.testing.assert_allclose(numpy.load(self.path("b.npy")),
                                      lrn(x, alpha=0.01)[0].transpose(1, 2, 0), rtol=1e-6)

    def test_an_array_that_looks_like_a_picture(self):
        """[H,W,C] is a batch unless said otherwise: a warning says what it was taken as."""
        picture, out = self.path("p.npy"), self.path("o.npy")
        numpy.save(picture, self.array.reshape(10, 12, 3))

        def told(*flags, command=("normalize", picture)):
            done = support.run("--json", *command, "-o", out, "-f", *flags)
            self.assertEqual(done.returncode, 0, done.stderr)
            warnings = json.loads(done.stdout)["warnings"]
            of = f"{command[1]}: " if command[0] == "normalize" else ""
            self.assertEqual(done.stderr.decode(),
                             "".join(f"trine: warning: {of}{w}\n" for w in warnings))
            return warnings

        (warning,) = told()
        self.assertIn("[N,C,W] with 12 channels", warning)
        self.assertIn("--layout hwc", warning)
        numpy.testing.assert_allclose(numpy.load(out), lrn(numpy.load(picture)), rtol=1e-6)
        self.assertEqual(told(command=("normalize-gradient", picture, picture)), [warning])
        # In parts of a few samples each, once.
        self.assertEqual(told("--max-message-bytes", "1300"), [warning])
        for flags in (["--layout", "hwc"], ["--layout", "nchw"], ["--preset", "tensorflow"]):
            self.assertEqual(told(*flags), [], flags)
        (within,) = told("--preset", "tensorflow", "--mode", "within-channel")
        self.assertIn("[N,W,C] with 3 channels", within)
        self.assertEqual(told(command=("normalize", self.path("a.npy"))), [])
        done = support.run("-q", "normalize", picture, "-o", out, "-f")
        self.assertEqual((done.returncode, done.stderr), (0, b""))

    def test_arrays_of_other_pictures(self):
        """Of gray, of channels that come first, of more than four and of batches it is said, too."""
        array, out = self.path("p.npy"), self.path("o.npy")
        for shape, flags, texts in (
                ((20, 30), [], ["[N,C] with 30 channels", "must be reshaped to [H,W,1]",
                                "which --layout hwc"]),
                ((3, 20, 30), [], ["[N,C,W] with 20 channels", "must be reshaped to [1,C,H,W]"]),
                ((3, 20, 30), ["--preset", "tensorflow"], ["[N,W,C] with 30 channels", "[1,C,H,W]"]),
                ((20, 30, 5), [], ["[N,C,W] with 30 channels", "--layout hwc"]),
                ((2, 20, 30, 3), [], ["[N,C,H,W] with 20 channels", "--layout nhwc"]),
                ((2, 3, 20, 30), ["--preset", "tensorflow"], ["[N,H,W,C] with 30 channels",
                                                                "--layout nchw"]),
                ((2, 3, 20, 30), [], []), ((2, 20, 30, 3), ["--preset", "tensorflow"], []),
                ((2, 64, 4, 3), [], []), ((1, 30), [], []), ((30, 4), [], []), ((2, 4, 30), [], []),
                ((20, 30), ["--layout", "nchw"], []), ((2, 20, 30, 3), ["--layout", "nchw"], []),
                ((3, 20, 30), ["--layout", "hwc"], [])):
            with self.subTest(f"{shape} {flags}"):
                numpy.save(array, numpy.ones(shape, numpy.float32))
                told = self.json("normalize", array, "-o", out, "-f", *flags)
                self.assertEqual(len(told["warnings"]), 1 if texts else 0, told["warnings"])
                for text in texts:
                    self.assertIn(text, told["warnings"][0])

    def test_what_is_advised_can_be_done(self):
        """With flags alone, or after the reshaping that is asked for; then nothing is left to say."""
        array, out = self.path("p.npy"), self.path("o.npy")
        for shape, flags in (((20, 30), []), ((3, 20, 30), []), ((20, 30, 5), []),
                             ((2, 20, 30, 3), []), ((2, 3, 20, 30), ["--preset", "tensorflow"])):
            pixels = numpy.ones(shape, numpy.float32)
            numpy.save(array, pixels)
            (warning,) = self.json("normalize", array, "-o", out, "-f", *flags)["warnings"]
            layout = re.search(r"layout (\w+)", warning)[1].lower()
            if "must be reshaped to [H,W,1]" in warning:
                numpy.save(array, pixels[..., None])
            elif "must be reshaped to [1,C,H,W]" in warning:
                numpy.save(array, pixels[None])
            told = self.json("normalize", array, "-o", out, "-f", "--layout", layout, *flags)
            self.assertEqual(told["warnings"], [], warning)

    def test_a_picture_to_a_picture(self):
        pixels = numpy.arange(1, 43, dtype=numpy.uint8).reshape(6, 7)
        told = self.json("normalize", self.path("p.pgm", pgm(pixels)), "-o", self.path("q.pgm"))
        out = read_pnm(self.path("q.pgm")).astype(float)
        self.assertEqual(out.max(), 65535)
        expected = lrn(pixels[None, None])[0, 0] * told["resolved"]["output_scale"]
        numpy.testing.assert_allclose(out, expected, atol=0.6)
        self.ok("normalize", self.path("p.pgm"), "-o", self.path("q.tif"))
        self.assertIn(self.path("q.tif").read_bytes()[:2], (b"II", b"MM"))
        self.fails(2, "normalize", self.path("p.pgm"), "-o", self.path("q.jpg"))
        self.fails(2, "normalize", self.path("a.npy"), "-o", self.path("a.png"))

    def test_what_integers_do_not_hold_is_counted(self):
        values = numpy.full((4, 6, 1), 7, "<f4")
        values[0, :3], values[1, 0], values[2, 0] = -1, numpy.nan, numpy.inf
        numpy.save(self.path("odd.npy"), values)
        # As it is: nothing of the neighbours, and a base of 1.
        flags = ["--alpha", "0", "--beta", "1", "--bias", "1", "--layout", "hwc", "-f"]
        for command in (["normalize", self.path("odd.npy")],
                        ["normalize-gradient", self.path("odd.npy"), self.path("odd.npy")]):
            self.ok(*command, "-o", self.path("out.npy"), *flags)
            out = numpy.load(self.path("out.npy"))
            counts = ((out < 0).sum(), numpy.isnan(out).sum(), numpy.isposinf(out).sum())
            self.assertGreater(counts[0], 1)
            self.assertGreater(counts[1] + counts[2], 0)
            done = support.run("--json", *command, "-o", self.path("out.pgm"), *flags)
            self.assertEqual(done.returncode, 0, done.stderr)
            warnings = json.loads(done.stdout)["warnings"]
            for count, which, instead in zip(
                    counts, ("below 0", "that are NaN", "that are infinite"), (0, 0, 65535)):
                verb = "was" if count == 1 else "were"
                said = f"{count} of 24 values {which} {verb} written as {instead}"
                self.assertEqual(sum(said in w for w in warnings), int(count > 0), (said, warnings))
                self.assertEqual(done.stderr.decode().count(said), int(count > 0))
            kept = read_pnm(self.path("out.pgm"))
            self.assertEqual(kept[0, 0], 0)
            # What is told of the factor.
            text = self.ok(*command, "-o", self.path("out.pgm"), *flags).decode()
            self.assertIn("16-bit integers, times ", text)

    def test_the_first_of_several_pages(self):
        pixels = numpy.arange(1, 13, dtype=numpy.uint8).reshape(3, 4)
        stack = self.path("s.tif", tiff(pixels, pixels))
        for command, others in ((["normalize", stack], "normalize --page N takes another"),
                                (["normalize-gradient", stack, stack],
                                 "normalize-gradient takes no other")):
            told = self.json(*command, "-f", "-o", self.path("o.npy"))
            said = f"it has 2 pages, and page 0 was taken; {others}"
            self.assertEqual([w.endswith(said) for w in told["warnings"]],
                             [True] * (len(command) - 1), told)

    def test_an_odd_window_has_no_extra_tap(self):
        for flags in (["--size", "5"], ["--depth-radius", "2"], [], ["--preset", "tensorflow"]):
            for command in (["normalize", "a.npy"], ["normalize-gradient", "a.npy", "a.npy"]):
                error = self.fails(2, *command, "-o", "o.npy", "--even-window", "low", *flags,
                                   cwd=self.dir)
                self.assertIn("--even-window", error)
                self.assertIn("odd", error)
                self.assertFalse(self.path("o.npy").exists())

    def test_integers_in_arrays(self):
        numpy.save(self.path("i.npy"), numpy.arange(8, dtype=numpy.int16).reshape(1, 8))
        told = self.json("normalize", self.path("i.npy"), "-o", self.path("b.npy"))
        self.assertEqual(told["resolved"]["input_dtype"], "int16")
        self.assertEqual(numpy.load(self.path("b.npy")).dtype, numpy.float32)
        numpy.save(self.path("l.npy"), numpy.arange(8).reshape(1, 8))
        self.assertIn("int64", self.fails(1, "normalize", self.path("l.npy"), "-o",
                                          self.path("c.npy")))

    def test_gradient(self):
        dy = numpy.random.default_rng(3).standard_normal(self.array.shape).astype("<f4")
        numpy.save(self.path("dy.npy"), dy)
        told = self.json("normalize-gradient", self.path("a.npy"), self.path("dy.npy"), "-o",
                         self.path("dx.npy"), "--alpha", "0.01")
        self.assertEqual(told["resolved"]["a"], 0.01)
        dx = numpy.load(self.path("dx.npy"))
        # Against the difference quotient of the sum of y * dy at some elements.
        x, h = self.array.astype(float), 1e-4
        for index in [(0, 0, 0, 0), (1, 4, 2, 3), (0, 8, 4, 1)]:
            above, below = x.copy(), x.copy()
            above[index] += h
            below[index] -= h
            quotient = ((lrn(above, alpha=0.01) - lrn(below, alpha=0.01)) * dy).sum() / (2 * h)
            self.assertAlmostEqual(dx[index], quotient, places=4)
        numpy.save(self.path("short.npy"), dy[:1])
        self.fails(1, "normalize-gradient", self.path("a.npy"), self.path("short.npy"), "-o",
                   self.path("o.npy"))

    def test_longer_than_a_message(self):
        array = numpy.random.default_rng(4).random((40, 8, 32, 32), dtype=numpy.float32)
        numpy.save(self.path("long.npy"), array)
        self.ok("normalize", self.path("long.npy"), "-o", self.path("whole.npy"))
        told = self.json("normalize", self.path("long.npy"), "-o", self.path("parts.npy"),
                         "--max-message-bytes", "300kB")
        self.assertTrue(told["streamed"])
        self.assertEqual(told["shape"], [40, 8, 32, 32])
        self.assertEqual(told["resolved"]["k"], 2.0)
        self.assertEqual(self.path("parts.npy").read_bytes(), self.path("whole.npy").read_bytes())
        # A sample alone is longer: each goes in chunks; without a batch axis the whole does.
        self.ok("normalize", self.path("long.npy"), "-o", self.path("chunks.npy"),
                "--max-message-bytes", "10kB")
        self.assertEqual(self.path("chunks.npy").read_bytes(), self.path("whole.npy").read_bytes())
        numpy.save(self.path("one.npy"), array[:1])
        for limit, name in (("1GiB", "whole.npy"), ("10kB", "chunks.npy")):
            told = self.json("normalize", self.path("one.npy"), "-f", "-o", self.path(name),
                             "--max-message-bytes", limit)
            self.assertFalse(told["streamed"])
        self.assertEqual(self.path("chunks.npy").read_bytes(), self.path("whole.npy").read_bytes())

    def test_results_that_the_type_does_not_hold_are_told(self):
        """Also of a part of a streamed array that is not the last, and once."""
        array = numpy.ones((40, 8, 32, 32), numpy.float32)
        array[3:5, 2] = 1e30
        numpy.save(self.path("long.npy"), array)
        flags = ["--preset", "onnx", "--size", "3", "--alpha", "0", "--beta", "1", "-f", "-o",
                 self.path("o.npy")]
        for bias, limit, infinite in (("1e-6", "64MiB", 0), ("1e-9", "64MiB", 2048),
                                      ("1e-9", "300kB", 2048)):
            done = support.run("--json", "normalize", self.path("long.npy"), "--bias", bias,
                               "--max-message-bytes", limit, *flags)
            self.assertEqual(done.returncode, 0, done.stderr)
            told = json.loads(done.stdout)
            self.assertEqual(told["streamed"], limit == "300kB")
            self.assertEqual(numpy.isinf(numpy.load(self.path("o.npy"))).sum(), infinite)
            self.assertEqual(len(told["warnings"]), int(infinite > 0))
            for warning in told["warnings"]:
                self.assertIn("holds nothing as large", warning)
                self.assertIn(warning, done.stderr.decode())

    def test_integers_longer_than_a_message(self):
        random = numpy.random.default_rng(5)
        for dtype in ("u1", "i1", "u2", "i2", "?"):
            array = random.integers(0, 2 if dtype == "?" else 100, (40, 8, 32, 32)).astype(dtype)
            numpy.save(self.path("long.npy"), array)
            flags = ["--scale", "0.25", "-f", "-o"]
            self.ok("normalize", self.path("long.npy"), *flags, self.path("whole.npy"))
            # 320 KiB of uint8 fit the message; sent as float32 they are 1.25 MiB.
            told = self.json("normalize", self.path("long.npy"), *flags, self.path("parts.npy"),
                             "--max-message-bytes", "900kB")
            self.assertTrue(told["streamed"], dtype)
            self.assertEqual(told["dtype"], "float32")
            self.assertEqual(told["resolved"]["input_dtype"], numpy.dtype(dtype).name)
            self.assertEqual(self.path("parts.npy").read_bytes(),
                             self.path("whole.npy").read_bytes())

    def test_refusals_and_broken_files(self):
        error = self.fails(2, "--json", "normalize", self.path("a.npy"), "-o", self.path("o.npy"),
                           "--preset", "caffe", "--size", "4")
        self.assertIn("a.npy: --size: is 4; ", error)
        self.fails(4, "normalize", self.path("bad.npy", self.path("a.npy").read_bytes()[:-1]),
                   "-o", self.path("o.npy"))
        self.fails(4, "normalize", self.path("text", "hello"), "-o", self.path("o.npy"))
        self.fails(2, "normalize", self.path("a.npy"), "-o", self.path("o.npy"), "--preset", "mine")
        self.fails(2, "normalize", self.path("a.npy"), "-o", self.path("o.npy"), "--size", "3",
                   "--depth-radius", "1")
        self.fails(2, "normalize", self.path("a.npy"))
        self.assertFalse(self.path("o.npy").exists())


if __name__ == "__main__":
    support.main()
