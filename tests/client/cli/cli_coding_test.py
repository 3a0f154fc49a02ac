"""encode, decode, inspect and exact as processes, with the embedded server."""

import io
import itertools
import json
import math
import subprocess

import numpy

import support

STATISTICS = {"raw_bytes", "coded_bytes", "ratio", "bits_per_symbol", "entropy_bits_per_symbol",
              "huffman_bits_per_symbol", "model", "elapsed_ms"}


class RoundTrip(support.CliTest):
    def round_trip(self, raw, *options):
        source = self.path("in", raw)
        coded, back = self.path("coded"), self.path("back")
        statistics = self.json("encode", source, "-o", coded, "-f", *options)
        self.assertLessEqual(STATISTICS, statistics.keys())
        self.assertEqual(statistics["raw_bytes"], len(raw))
        self.assertEqual(statistics["coded_bytes"], coded.stat().st_size)
        decoded = self.json("decode", coded, "-o", back, "-f")
        self.assertEqual(decoded["raw_bytes"], len(raw))
        self.assertEqual(back.read_bytes(), raw)
        return statistics

    def test_models_and_sizes(self):
        for size in (0, 1, 70_000):
            raw = support.some_bytes(size)
            self.round_trip(raw)
            self.assertEqual(self.round_trip(raw, "--model", "static")["model"], "static")
            for order in ("0", "1", "2"):
                statistics = self.round_trip(raw, "--model", "adaptive", "--order", order)
                self.assertEqual(statistics["model"], "adaptive")
                self.assertEqual(statistics["order"], int(order))

    def test_statistics(self):
        statistics = self.round_trip(b"ab" * 5000, "--model", "static")
        self.assertEqual(statistics["entropy_bits_per_symbol"], 1)
        self.assertEqual(statistics["huffman_bits_per_symbol"], 1)
        self.assertAlmostEqual(statistics["ratio"], 10000 / statistics["coded_bytes"])
        self.assertAlmostEqual(statistics["bits_per_symbol"], statistics["coded_bytes"] * 8 / 10000)

    def test_block_size(self):
        self.assertEqual(self.round_trip(support.some_bytes(100_000), "--block-size", "64KiB")["blocks"], 2)

    def test_table(self):
        table = self.path("t.json", '{"symbols": ["a", "b"], "probabilities": ["0.9", 0.1]}')
        statistics = self.round_trip(b"aab" * 100, "--model", "table", "--table", table)
        self.assertEqual(statistics["model"], "table")
        self.assertAlmostEqual(statistics["ideal_bits"],
                               -200 * math.log2(0.9) - 100 * math.log2(0.1))
        error = self.fails(1, "encode", self.path("other", "aabc"), "-o", self.path("o"), "--model",
                           "table", "--table", table)
        self.assertIn("c", error)
        self.assertFalse(self.path("o").exists())

    def test_table_of_byte_values(self):
        table = self.path("t.json", '{"symbols": [0, 255], "counts": [9, 1]}')
        self.round_trip(b"\0" * 90 + b"\xff" * 10, "--model", "table", "--table", table)

    def test_human_text(self):
        text = self.ok("encode", self.path("a.txt", "hello " * 100), "-o", self.path("c")).decode()
        self.assertIn("a.txt: 600 -> ", text)
        self.assertIn("order-0 entropy", text)
        self.assertEqual(self.ok("-q", "decode", self.path("c"), "-o", self.path("d")), b"")

    def test_efforts(self):
        source = self.path("in", support.some_bytes(40_000))
        sizes = {}
        for effort in ("fast", "balanced", "best"):
            told = self.json("encode", source, "-o", self.path("c"), "-f", "--effort", effort)
            sizes[effort] = told["coded_bytes"]
            self.assertEqual(self.ok("decode", self.path("c"), "-o", "-"), source.read_bytes())
        self.assertLessEqual(sizes["best"], sizes["balanced"])
        self.assertLessEqual(sizes["best"], sizes["fast"])
        self.fails(2, "encode", source, "-o", self.path("c"), "-f", "--effort", "most")

    def test_a_range_beyond_the_end_is_quoted_as_it_was_given(self):
        self.ok("encode", self.path("in", support.some_bytes(5000)), "-o", self.path("c"))
        for given in ("0:99999999999", "1KiB:99999999999", "0:5001", "6000:1"):
            for more in ([], ["--recover"]):
                error = self.fails(1, "decode", self.path("c"), "-o", self.path("d"), "--range", given,
                                   *more)
                shown = given.replace("1KiB", "1024") if more else given
                self.assertIn(f"--range: is {shown}; the stream has 5000 raw bytes", error)

    def test_efforts_that_change_nothing(self):
        table = self.path("t.json", json.dumps({"symbols": list(range(256)), "counts": [1] * 256}))
        source, out = self.path("in", support.some_bytes(1000)), self.path("c")
        for flags, efforts in ((["static"], ["fast", "balanced", "best"]),
                               (["table", "--table", table], ["fast", "balanced", "best"]),
                               (["adaptive"], ["fast"])):
            self.ok("encode", source, "-o", out, "-f", "--model", *flags)
            for effort in efforts:
                error = self.fails(2, "encode", source, "-o", out, "-f", "--effort", effort,
                                   "--model", *flags)
                self.assertIn(f"does not go with --model {flags[0]}", error)
        for effort in ("balanced", "best"):
            self.ok("encode", source, "-o", out, "-f", "--effort", effort, "--model", "adaptive")

    def test_full_statistics(self):
        source = self.path("in", b"ab" * 5000)
        told = self.json("encode", source, "-o", self.path("c"))
        self.assertNotIn("order1_entropy_bits_per_byte", told)
        told = self.json("encode", source, "-o", self.path("c"), "-f", "--stats")
        self.assertEqual(told["order1_entropy_bits_per_byte"], 0)
        text = self.ok("encode", source, "-o", self.path("c"), "-f", "--stats").decode()
        self.assertRegex(text, r"order-1 entropy: 0\.0000 bits per byte")
        for part in ("symbols", "tables", "container"):
            self.assertRegex(text, rf"(?m)^  {part} +\d+ bits +\d+\.\d\d %$")

    def test_inspect_tells_the_parts(self):
        self.ok("encode", self.path("in", support.some_bytes(40_000)), "-o", self.path("c"), "--block-size",
                "9000", "--model", "static")
        told = self.json("inspect", self.path("c"))
        self.assertEqual(told["model_bytes"] + told["side_bytes"] + told["container_bytes"],
                         told["coded_bytes"])
        self.assertGreater(told["side_bytes"], 0)
        self.assertEqual(sum(mode["blocks"] for mode in told["modes"]), 5)
        self.assertFalse(told["is_compact"])
        short = self.path("s", self.ok("encode", "-", "-o", "-", stdin=b"abc"))
        self.assertTrue(self.json("inspect", short)["is_compact"])


class Kinds(support.CliTest):
    def test_tensor_becomes_npy_again(self):
        array = numpy.arange(-30, 30, dtype="<f4").reshape(3, 4, 5)
        numpy.save(self.path("a.npy"), array)
        self.ok("encode", self.path("a.npy"), "--as", "tensor", "-o", self.path("c"))
        told = self.json("decode", self.path("c"), "-o", self.path("b.npy"))
        self.assertEqual(told["content"], {"kind": "tensor", "dtype": "float32",
                                           "shape": [3, 4, 5]})
        self.assertEqual(told["written_as"], "npy")
        numpy.testing.assert_array_equal(numpy.load(self.path("b.npy")), array)
        self.ok("decode", self.path("c"), "-o", self.path("b.raw"))
        self.assertEqual(self.path("b.raw").read_bytes(), array.tobytes())

    def test_npy_in_other_orders_and_from_a_pipe(self):
        array = numpy.arange(6, dtype=">i2").reshape(2, 3)
        for stored in (array, numpy.asfortranarray(array)):
            held = io.BytesIO()
            numpy.save(held, stored)
            coded = self.ok("encode", "-", "--as", "tensor", "-o", "-", stdin=held.getvalue())
            self.ok("decode", "-", "-o", self.path("b.npy"), "-f", stdin=coded)
            back = numpy.load(self.path("b.npy"))
            numpy.testing.assert_array_equal(back, array)
            self.assertEqual(back.dtype, numpy.dtype("<i2"))

    def test_image_becomes_a_picture_again(self):
        pixels = numpy.arange(5 * 4 * 3, dtype=numpy.uint8)
        ppm = b"P6\n4 5\n255\n" + pixels.tobytes()
        told = self.json("encode", self.path("p.ppm", ppm), "--as", "image", "-o", self.path("c"))
        self.assertEqual(told["raw_bytes"], 60)
        self.ok("decode", self.path("c"), "-o", self.path("q.ppm"))
        self.assertEqual(self.path("q.ppm").read_bytes()[-60:], pixels.tobytes())
        self.ok("decode", self.path("c"), "-o", self.path("q.npy"))
        self.assertEqual(numpy.load(self.path("q.npy")).shape, (5, 4, 3))
        self.ok("decode", self.path("c"), "-o", self.path("q.png"))
        self.assertEqual(self.path("q.png").read_bytes()[:4], b"\x89PNG")
        self.fails(2, "decode", self.path("c"), "-o", self.path("q.jpg"))

    def test_a_files_bytes_stay_themselves(self):
        ppm = b"P6\n1 1\n255\nabc"
        self.ok("encode", self.path("p.ppm", ppm), "-o", self.path("c"))
        self.ok("decode", self.path("c"), "-o", self.path("q.png"))  # bytes: no conversion
        self.assertEqual(self.path("q.png").read_bytes(), ppm)

    def test_bits(self):
        packed = bytes([0b10101010, 0b10000000, 0b01010101, 0])
        self.ok("encode", self.path("b", packed), "--as", "bits", "--shape", "2,9", "-o",
                self.path("c"))
        self.ok("decode", self.path("c"), "-o", self.path("b2"))
        self.assertEqual(self.path("b2").read_bytes(), packed)
        self.ok("decode", self.path("c"), "-o", self.path("b.pgm"))
        self.assertIn(self.path("b.pgm").read_bytes()[:2], (b"P4", b"P5"))

    def test_raw(self):
        raw = numpy.arange(6, dtype="<u2").tobytes()
        self.ok("encode", self.path("r", raw), "--as", "raw", "--dtype", "uint16", "--shape", "2,3",
                "-o", self.path("c"))
        self.assertEqual(self.json("inspect", self.path("c"))["content"]["dtype"], "uint16")
        self.fails(1, "encode", self.path("r"), "--as", "raw", "--dtype", "uint16", "--shape", "7",
                   "-o", self.path("d"))
        self.fails(2, "encode", self.path("r"), "--as", "raw", "--dtype", "u16", "--shape", "6",
                   "-o", self.path("d"))
        self.fails(2, "encode", self.path("r"), "--as", "raw", "-o", self.path("d"))


class Inspect(support.CliTest):
    def test_text(self):
        self.ok("encode", self.path("in", support.some_bytes(20 * 1024)), "-o", self.path("c"),
                "--block-size", "1KiB", "--model", "static")
        text = self.ok("inspect", self.path("c")).decode()
        self.assertIn("trine stream 1.0, bytes", text)
        self.assertIn("20 of 1024 raw bytes", text)
        self.assertIn("... and 10 more", text)
        piped = self.json("inspect", "-", stdin=self.path("c").read_bytes())
        self.assertEqual(piped["blocks_total"], 20)
        self.assertEqual(len(self.json("inspect", self.path("c"), "--max-blocks", "3")["blocks"]),
                         3)


    def test_several_are_a_table(self):
        names = []
        for i, model in enumerate(["static", "adaptive", "auto"]):
            names.append(self.path(f"{i}.trine"))
            self.ok("encode", self.path("in", support.some_bytes(3000 * (i + 1))), "-o", names[-1],
                    "--block-size", "1000", "--model", model)
        lines = self.ok("inspect", *names).decode().splitlines()
        self.assertEqual(len(lines), 4)
        self.assertEqual(lines[0].split(), ["raw", "bytes", "coded", "bytes", "ratio", "blocks",
                                            "model", "content", "file"])
        for i, line in enumerate(lines[1:]):
            self.assertEqual(line.split()[0], str(3000 * (i + 1)))
            self.assertEqual(line.split()[1], str(names[i].stat().st_size))
            self.assertTrue(line.endswith(str(names[i])), line)
        done = support.run("--json", "inspect", *names, self.path("none"), self.path("in"))
        self.assertEqual(done.returncode, 2)  # the first failure's
        told = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual([one["blocks_total"] for one in told[:3]], [3, 6, 9])
        self.assertEqual([one["input"] for one in told],
                         [str(name) for name in (*names, self.path("none"), self.path("in"))])
        self.assertEqual(["error" in one for one in told], [False] * 3 + [True] * 2)


class Exact(support.CliTest):
    # Witten, Neal, Cleary: "Arithmetic coding for data compression", 1987, table I and section 2.
    TABLE = ('{"symbols": ["a", "e", "i", "o", "u", "!"],'
             ' "probabilities": [0.2, 0.3, 0.1, 0.2, 0.1, 0.1]}')

    def test_the_textbooks_example(self):
        table = self.path("t.json", self.TABLE)
        told = self.json("exact", "eaii!", "--table", table, "--steps")
        self.assertEqual(told["low"]["decimal"], "0.23354")
        self.assertEqual(told["high"]["decimal"], "0.2336")
        steps = [(s["symbol"], s["low"]["decimal"], s["high"]["decimal"]) for s in told["steps"]]
        self.assertEqual(steps, [("e", "0.2", "0.5"), ("a", "0.2", "0.26"), ("i", "0.23", "0.236"),
                                 ("i", "0.233", "0.2336"), ("!", "0.23354", "0.2336")])
        for word in ("shortest", "prefix_free"):
            value = int(told[word], 2) / 2 ** len(told[word])
            self.assertTrue(0.23354 <= value < 0.2336)
            back = self.ok("exact", "--decode", told[word], "--count", "5", "--table", table)
            self.assertEqual(back, b"eaii!\n")

    def test_the_table_of_steps_lines_up(self):
        text = self.ok("exact", "eaii!", "--table", self.path("t.json", self.TABLE), "--steps")
        lines = text.decode().splitlines()
        self.assertEqual(lines[0].split()[:4], ["step", "symbol", "low", "high"])
        column = lines[0].index("high")
        for line, high in zip(lines[1:6], ("0.5", "0.26", "0.236", "0.2336", "0.2336")):
            self.assertTrue(line[column:].startswith(high + " "), line)
        self.assertIn("interval     [0.23354, 0.2336)", text.decode())

    def test_decimals_are_decimals(self):
        # As binary doubles the first three sum to 0.9999999999999999, and the others to 1.
        good = self.path("good.json", '{"symbols": ["a", "b", "c"], '
                                      '"probabilities": [0.7, 0.1, 0.2]}')
        self.assertEqual(self.json("exact", "abc", "--table", good)["symbols"], 3)
        bad = self.path("bad.json", '{"symbols": ["a", "b"], '
                                    '"probabilities": [0.5, 0.50000000000000000000001]}')
        self.assertIn("sum", self.fails(1, "exact", "ab", "--table", bad))

    def test_long_symbols_and_numbers(self):
        table = self.path("t.json", '{"symbols": ["red", "green"], "counts": [3, 1]}')
        told = self.json("exact", "red green red", "--table", table)
        self.assertEqual(told["symbols"], 3)
        back = self.json("exact", "--decode", told["shortest"], "--count", "3", "--table", table)
        self.assertEqual(back["message"], "red green red")
        self.assertEqual(back["symbols"], ["red", "green", "red"])
        digits = self.path("d.json", '{"symbols": [0, 1], "counts": [3, 1]}')
        self.assertEqual(self.json("exact", "0010", "--table", digits)["symbols"], 4)

    def test_usage(self):
        table = self.path("t.json", self.TABLE)
        self.fails(2, "exact", "--table", table)
        self.fails(2, "exact", "e", "--decode", "0", "--count", "1", "--table", table)
        self.fails(2, "exact", "--decode", "0", "--table", table)
        self.fails(2, "exact", "e")
        self.fails(1, "exact", "e", "--table", self.path("broken.json", "{"))
        self.assertIn("x", self.fails(1, "exact", "ex", "--table", table))


class Arguments(support.CliTest):
    def test_wrong_models(self):
        source = self.path("in", "abc")
        error = self.fails(2, "encode", source, "-o", self.path("o"), "--model", "best")
        self.assertIn("'best' is not one of auto, static", error)
        self.assertIn("trine exact", self.fails(2, "encode", source, "-o", self.path("o"),
                                                "--model", "exact"))
        self.fails(2, "encode", source, "-o", self.path("o"), "--model", "table")
        # Messages name flags, not fields of requests.
        self.assertIn("in: --order: is 9;", self.fails(2, "encode", source, "-o", self.path("o"),
                                                      "--model", "adaptive", "--order", "9"))
        self.fails(2, "encode", source, "-o", self.path("o"), "--block-size", "big")
        self.assertFalse(self.path("o").exists())

    def test_files_may_be_named_like_commands(self):
        self.path("info", "abc")
        self.ok("encode", "info", "-o", "health", cwd=self.dir)
        self.assertEqual(self.ok("decode", "health", "-o", "-", cwd=self.dir), b"abc")

    def test_stdout_may_close_early(self):
        coded = self.path("c", self.ok("encode", "-", "-o", "-", stdin=support.some_bytes(2_000_000)))
        process = support.start("-q", "decode", coded, "-o", "-", stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE)
        process.stdout.read(10)
        process.stdout.close()
        process.stderr.read()
        process.stderr.close()
        self.assertNotEqual(process.wait(support.WAIT_SECONDS), 0)


class Joined(support.CliTest):
    """Streams one after the other: what is told of them is the same on every path, also where some
    are empty, and no shape of one is given to the bytes of several."""

    def setUp(self):
        super().setUp()
        arrays = {"small": numpy.arange(6, dtype="u1").reshape(2, 3), "none": numpy.zeros((0, 40), "u2"),
                  "long": numpy.random.default_rng(1).integers(0, 9, (50, 40)).astype("u2")}
        self.raw, self.coded = {"empty": b""}, {}
        for name, array in arrays.items():
            numpy.save(self.path("a.npy"), array)
            self.raw[name] = array.tobytes()
            self.coded[name] = self.ok("encode", self.path("a.npy"), "--as", "tensor", "--block-size",
                                       "1000", "-o", "-")
        self.coded["empty"] = self.ok("encode", "-", "-o", "-")

    def told(self, source, stdin, *flags):
        done = support.run("--json", *flags, source, stdin=stdin if source == "-" else b"")
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def test_by_every_path(self):
        out = self.path("out")
        for names in itertools.product(self.coded, repeat=2):
            coded = b"".join(self.coded[name] for name in names)
            raw = b"".join(self.raw[name] for name in names)
            file = self.path("j.trine", coded)
            typed = names != ("empty", "empty")
            for source in (file, "-"):
                with self.subTest(names=names, source=source):
                    for flags, expected in (
                            ([], raw), (["--recover"], raw),
                            *([(["--range", f"{at}:{n}"], raw[at:at + n])
                               for at, n in ((0, 3), (4, 2), (len(raw) - 5, 5), (100, 50))
                               if 0 <= at and at + n <= len(raw)])):
                        told = self.told(source, coded, "decode", "-f", "-o", out, *flags)
                        self.assertEqual(out.read_bytes(), expected, flags)
                        self.assertEqual(told["content"], {"kind": "bytes"}, flags)
                        self.assertEqual([w for w in told["warnings"] if "cut off" in w], [])
                        several = [w for w in told["warnings"] if "of several streams" in w]
                        self.assertEqual(len(several), typed, (flags, told["warnings"]))
                    for command in ("verify", "inspect"):
                        told = self.told(source, coded, command)
                        self.assertEqual((told["content"], told["raw_bytes"], told["streams"]),
                                         ({"kind": "bytes"}, len(raw), 2))
                    # An array's file holds one of them.
                    if typed:
                        done = support.run("decode", source, "-f", "-o", self.path("o.npy"),
                                           stdin=coded if source == "-" else b"")
                        self.assertEqual(done.returncode, 1)
                        self.assertIn(b"holds several streams, and one NPY file", done.stderr)
            # The shape of each would be gone with the input.
            done = support.run("decode", file, "--rm", "-f", "-o", out)
            self.assertEqual((done.returncode, file.exists()), (1, True) if typed else (0, False))
            if typed:
                self.assertIn(b"--rm needs an output that holds all of it", done.stderr)
        # One alone is what it was.
        for name in ("small", "none", "long"):
            told = self.told("-", self.coded[name], "decode", "-f", "-o", self.path("o.npy"))
            self.assertEqual((told["content"]["kind"], told["written_as"]), ("tensor", "npy"))
            self.assertEqual(numpy.load(self.path("o.npy")).tobytes(), self.raw[name])

    def test_a_lost_end_is_told_still(self):
        file = self.path("c.trine", self.coded["long"] + b"no stream")
        done = support.run("decode", file, "--range", "100:50", "-o", "-")
        self.assertEqual((done.returncode, done.stdout), (0, self.raw["long"][100:150]))
        self.assertIn(b"the end of the stream is cut off or damaged", done.stderr)


if __name__ == "__main__":
    support.main()
