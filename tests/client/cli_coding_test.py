"""encode, decode, inspect and exact as processes, with the embedded server."""

import io
import json
import math
import os
import random
import subprocess
import unittest

import numpy

import support

STATISTICS = {"raw_bytes", "coded_bytes", "ratio", "bits_per_symbol", "entropy_bits_per_symbol",
              "huffman_bits_per_symbol", "model", "elapsed_ms"}


def some_bytes(size, seed=1):
    return bytes(random.Random(seed).choices(range(64), weights=range(64, 0, -1), k=size))


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
            raw = some_bytes(size)
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
        self.assertEqual(self.round_trip(some_bytes(100_000), "--block-size", "64KiB")["blocks"], 2)

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


class Files(support.CliTest):
    def test_pipes(self):
        raw = some_bytes(300_000)
        coded = self.ok("encode", "-", "-o", "-", stdin=raw)
        self.assertEqual(self.ok("decode", "-", "-o", "-", stdin=coded), raw)

    def test_text_goes_to_stderr_when_stdout_is_data(self):
        done = support.run("encode", "-", "-o", "-", stdin=b"abc")
        self.assertEqual(done.returncode, 0)
        self.assertIn(b"stdin: 3 -> ", done.stderr)

    def test_json_and_data_both_want_stdout(self):
        self.fails(2, "--json", "encode", "-", "-o", "-", stdin=b"abc")
        self.fails(2, "--json", "decode", "-", "-o", "-", stdin=b"abc")

    def test_never_overwrites_without_force(self):
        out = self.path("out", "precious")
        error = self.fails(2, "encode", self.path("in", "abc"), "-o", out)
        self.assertIn("--force", error)
        self.assertEqual(out.read_bytes(), b"precious")
        self.ok("encode", self.path("in"), "-o", out, "--force")
        self.assertNotEqual(out.read_bytes(), b"precious")

    def test_a_failure_leaves_the_old_file_and_nothing_else(self):
        out = self.path("out", "precious")
        self.fails(4, "decode", self.path("in", "no stream"), "-o", out, "--force")
        self.assertEqual(out.read_bytes(), b"precious")
        self.assertEqual(sorted(p.name for p in self.dir.iterdir()), ["in", "out"])

    def test_symbolic_links_and_permissions_are_kept(self):
        out = self.path("real", "old")
        out.chmod(0o600)
        self.path("link").symlink_to("real")
        self.ok("encode", self.path("in", "abc"), "-o", self.path("link"), "--force")
        self.assertTrue(self.path("link").is_symlink())
        self.assertNotEqual(out.read_bytes(), b"old")
        self.assertEqual(out.stat().st_mode & 0o777, 0o600)

    def test_new_files_have_the_usual_permissions(self):
        self.ok("encode", self.path("in", "abc"), "-o", self.path("out"))
        mask = os.umask(0)
        os.umask(mask)
        self.assertEqual(self.path("out").stat().st_mode & 0o777, 0o666 & ~mask)

    def test_devices_are_written_directly(self):
        self.ok("encode", self.path("in", "abc"), "-o", "/dev/null")

    def test_a_full_disk(self):
        if not os.path.exists("/dev/full"):
            self.skipTest("no /dev/full")
        self.assertIn("No space", self.fails(1, "encode", self.path("in", "abc"), "-o", "/dev/full"))

    def test_wrong_names(self):
        self.assertIn("absent", self.fails(2, "encode", self.path("absent"), "-o", self.path("o")))
        self.fails(2, "encode", self.dir, "-o", self.path("o"))
        self.fails(2, "encode", self.path("in", "abc"), "-o", self.dir)
        self.fails(2, "encode", self.path("in"), "-o", self.path("no/such/folder/o"))
        self.fails(2, "encode", self.path("in"))

    def test_many_inputs(self):
        names = ["a.txt", "b.txt", "c.txt"]
        for name in names:
            self.path(name, name * 100)
        out = self.path("out")
        out.mkdir()
        inputs = [self.path(name) for name in names]
        self.fails(2, "encode", *inputs, "-o", self.path("x"))
        lines = self.ok("--json", "encode", *inputs, "--out-dir", out).decode().splitlines()
        told = [json.loads(line) for line in lines]
        self.assertEqual([t["input"] for t in told], [str(i) for i in inputs])
        back = self.path("back")
        back.mkdir()
        coded = sorted(out.iterdir())
        self.assertEqual([c.name for c in coded], [n + ".trine" for n in names])
        self.ok("decode", *coded, "--out-dir", back)
        for name in names:
            self.assertEqual((back / name).read_bytes(), self.path(name).read_bytes())

    def test_many_inputs_go_on_behind_a_failure(self):
        good = self.path("good.trine", self.ok("encode", "-", "-o", "-", stdin=b"abc"))
        bad = self.path("bad.trine", "no stream")
        out = self.path("out")
        out.mkdir()
        done = support.run("--json", "decode", bad, good, self.path("none"), "--out-dir", out)
        self.assertEqual(done.returncode, 4)  # the first failure's
        self.assertEqual(done.stderr.decode().count("trine: error: "), 2)
        self.assertEqual(len(done.stdout.splitlines()), 1)
        self.assertEqual((out / "good").read_bytes(), b"abc")

    def test_corrupt_streams(self):
        coded = self.ok("encode", "-", "-o", "-", stdin=some_bytes(5000))
        flipped = bytearray(coded)
        flipped[len(coded) // 2] ^= 1
        for broken in (b"", coded[:-1], coded + b"x", bytes(flipped), b"hello"):
            self.fails(4, "decode", self.path("bad", broken), "-o", self.path("o"))
            self.fails(4, "decode", "-", "-o", self.path("o"), stdin=broken)
            self.assertFalse(self.path("o").exists())
        self.fails(4, "inspect", self.path("bad", coded[:-1]))

    def test_recover(self):
        raw = some_bytes(5000)
        self.ok("encode", self.path("in", raw), "-o", self.path("c"), "--block-size", "1000",
                "--model", "static")
        coded = self.path("c").read_bytes()
        told = self.json("decode", self.path("c"), "--recover", "-o", self.path("all"))
        self.assertEqual((told["damages"], told["damages_total"]), ([], 0))
        self.assertEqual(self.path("all").read_bytes(), raw)
        blocks = self.json("inspect", self.path("c"))["blocks"]
        broken = bytearray(coded)
        broken[blocks[2]["coded_offset"] + 40] ^= 1  # in the payload
        broken[blocks[3]["coded_offset"] + 1] ^= 1  # in the head
        bad, out = self.path("bad", bytes(broken)), self.path("out")
        done = support.run("--json", "decode", bad, "--recover", "-o", out)
        self.assertEqual(done.returncode, 4)
        told = json.loads(done.stdout)
        self.assertEqual(out.read_bytes(), raw[:2000] + bytes(2000) + raw[4000:])
        self.assertEqual(told["blocks_decoded"], 3)
        self.assertEqual(told["raw_bytes_lost"], 2000)
        self.assertEqual([d["raw_offset"] for d in told["damages"]], [2000, 3000])
        self.assertEqual([d["raw_bytes"] for d in told["damages"]], [1000, 1000])
        self.assertIn("lost", done.stderr.decode())
        done = support.run("decode", bad, "--recover", "--skip-lost", "-o", out, "-f")
        self.assertEqual(done.returncode, 4)
        self.assertIn("1000 bytes lost at raw offset 2000", done.stdout.decode())
        self.assertEqual(out.read_bytes(), raw[:2000] + raw[4000:])
        self.assertIn("error: ", done.stderr.decode())
        self.assertIn(": corrupt stream: damaged in 2 places; 2000 raw bytes", done.stderr.decode())
        cut = self.path("cut", coded[:-600])
        # To stdout goes what comes whole before the cut, however it comes.
        done = support.run("decode", cut, "-o", "-")
        self.assertEqual(done.returncode, 4)
        self.assertEqual(done.stdout, raw[:4000])
        self.assertIn("cut off", done.stderr.decode())
        self.assertIn("--recover", self.fails(4, "decode", cut, "-o", out, "-f"))
        done = support.run("decode", cut, "--recover", "-o", out, "-f")
        self.assertEqual(done.returncode, 4)
        self.assertIn("cut off", done.stdout.decode())
        self.assertTrue(raw.startswith(out.read_bytes()))
        self.fails(2, "decode", bad, "--recover", "--range", "0:1", "-o", out, "-f")
        self.fails(2, "decode", bad, "--skip-lost", "-o", out, "-f")

    def test_efforts(self):
        source = self.path("in", some_bytes(40_000))
        sizes = {}
        for effort in ("fast", "balanced", "best"):
            told = self.json("encode", source, "-o", self.path("c"), "-f", "--effort", effort)
            sizes[effort] = told["coded_bytes"]
            self.assertEqual(self.ok("decode", self.path("c"), "-o", "-"), source.read_bytes())
        self.assertLessEqual(sizes["best"], sizes["balanced"])
        self.assertLessEqual(sizes["best"], sizes["fast"])
        self.fails(2, "encode", source, "-o", self.path("c"), "-f", "--effort", "most")

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
        self.ok("encode", self.path("in", some_bytes(40_000)), "-o", self.path("c"), "--block-size",
                "9000", "--model", "static")
        told = self.json("inspect", self.path("c"))
        self.assertEqual(told["model_bytes"] + told["side_bytes"] + told["container_bytes"],
                         told["coded_bytes"])
        self.assertGreater(told["side_bytes"], 0)
        self.assertEqual(sum(mode["blocks"] for mode in told["modes"]), 5)
        self.assertFalse(told["is_compact"])
        short = self.path("s", self.ok("encode", "-", "-o", "-", stdin=b"abc"))
        self.assertTrue(self.json("inspect", short)["is_compact"])

    def test_several_streams_behind_each_other(self):
        coded = self.ok("encode", "-", "-o", "-", stdin=b"abc")
        other = self.ok("encode", "-", "-o", "-", stdin=b"defg")
        joined = self.path("joined", coded + other)
        self.assertEqual(self.ok("decode", joined, "-o", "-"), b"abcdefg")


class Ranges(support.CliTest):
    BLOCK = 1 << 20
    BLOCKS = 64

    def test_only_the_needed_blocks_are_read(self):
        base = random.Random(5).randbytes(self.BLOCK)
        # Each block another rotation: 64 MiB that differ everywhere, made quickly.
        raw = b"".join(base[i:] + base[:i] for i in range(self.BLOCKS))
        source, coded = self.path("raw", raw), self.path("coded")
        self.ok("encode", source, "-o", coded, "--model", "static")
        size = coded.stat().st_size
        cases = [(0, 1, 1), (self.BLOCK - 1, 2, 2), (10 * self.BLOCK, self.BLOCK, 1),
                 (20 * self.BLOCK + 5, 2 * self.BLOCK, 3), (len(raw) - 7, 7, 1),
                 (len(raw), 0, 0), (5, 0, 0)]
        for offset, length, blocks in cases:
            out = self.path("out")
            told = self.json("decode", coded, "--range", f"{offset}:{length}", "-o", out, "-f")
            self.assertEqual(out.read_bytes(), raw[offset:offset + length], (offset, length))
            self.assertEqual(told["raw_bytes"], length)
            self.assertLessEqual(told["blocks_decoded"], blocks, (offset, length))
            self.assertLess(told["coded_bytes"], (blocks + 1) * (self.BLOCK + 1000))
            self.assertLess(told["coded_bytes"], size // 8)
        whole = self.json("decode", coded, "--range", f"0:{len(raw)}", "-o", self.path("all"))
        self.assertEqual(whole["blocks_decoded"], self.BLOCKS)
        self.assertEqual(self.path("all").read_bytes(), raw)
        self.fails(1, "decode", coded, "--range", f"{len(raw)}:1", "-o", self.path("o"))
        told = self.json("inspect", coded)
        self.assertEqual(told["blocks_total"], self.BLOCKS)
        self.assertEqual(len(told["blocks"]), self.BLOCKS)
        self.assertEqual(told["raw_bytes"], len(raw))
        self.assertEqual(told["coded_bytes"], size)

    def test_ranges_from_a_pipe(self):
        one = self.ok("encode", "-", "-o", "-", stdin=b"abcdef")
        self.assertEqual(self.ok("decode", "-", "--range", "2:3", "-o", "-", stdin=one), b"cde")

    def test_wrong_ranges(self):
        coded = self.path("c", self.ok("encode", "-", "-o", "-", stdin=b"abcdef"))
        self.fails(2, "decode", coded, "--range", "2", "-o", self.path("o"))
        self.assertIn("c", self.fails(1, "decode", coded, "--range", "2:5", "-o", self.path("o")))

    def test_a_broken_block_matters_only_where_it_is_needed(self):
        raw = some_bytes(1 << 16)
        self.ok("encode", self.path("in", raw), "-o", self.path("c"), "--block-size", "16KiB",
                "--model", "static")
        blocks = self.json("inspect", self.path("c"))["blocks"]
        broken = bytearray(self.path("c").read_bytes())
        broken[blocks[2]["coded_offset"] + blocks[2]["coded_bytes"] - 4] ^= 0x10
        self.path("c").write_bytes(broken)
        self.assertEqual(self.ok("decode", self.path("c"), "--range", "100:1000", "-o", "-"),
                         raw[100:1100])
        error = self.fails(4, "decode", self.path("c"), "--range", "40000:10", "-o", self.path("o"))
        self.assertIn("(block at raw offset 32768)", error)
        self.assertNotIn("byte offset", error)


class Inspect(support.CliTest):
    def test_text(self):
        self.ok("encode", self.path("in", some_bytes(20 * 1024)), "-o", self.path("c"),
                "--block-size", "1KiB", "--model", "static")
        text = self.ok("inspect", self.path("c")).decode()
        self.assertIn("trine stream 1.0, bytes", text)
        self.assertIn("20 of 1024 raw bytes", text)
        self.assertIn("... and 10 more", text)
        piped = self.json("inspect", "-", stdin=self.path("c").read_bytes())
        self.assertEqual(piped["blocks_total"], 20)
        self.assertEqual(len(self.json("inspect", self.path("c"), "--max-blocks", "3")["blocks"]),
                         3)


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
        self.fails(2, "exact", "e", "--table", self.path("broken.json", "{"))
        self.assertIn("x", self.fails(1, "exact", "ex", "--table", table))


class Tables(support.CliTest):
    """Several tables with an index, and tables by their ids."""

    def table(self, name, likely, symbols=range(256)):
        counts = [2000 if s == likely else 9 for s in symbols]
        return self.path(name, json.dumps({"symbols": list(symbols), "counts": counts}))

    def indexed(self):
        """Flags, raw bytes and index of two tables that take turns."""
        chosen = random.Random(2)
        index = bytes(chosen.randrange(2) for _ in range(5000))
        raw = bytes((7, 200)[i] if chosen.randrange(9) else chosen.randrange(256) for i in index)
        flags = ["--model", "table", "--table", self.table("a.json", 7),
                 "--table", self.table("b.json", 200)]
        return flags, raw, index

    def test_an_index_chooses_among_tables(self):
        flags, raw, index = self.indexed()
        source, side = self.path("in", raw), self.path("index", index)
        coded, back = self.path("coded"), self.path("back")
        told = self.json("encode", source, "-o", coded, *flags, "--table-index", side,
                         "--block-size", "1000")
        self.assertEqual(told["symbols"], 5000)
        self.assertEqual(len(set(told["table_ids"])), 2)
        self.assertLess(told["model_bits"], 5000 * told["entropy_bits_per_symbol"])
        self.assertEqual(told["coded_bytes"], coded.stat().st_size)
        self.json("decode", coded, "-o", back, "--table-index", side)
        self.assertEqual(back.read_bytes(), raw)
        # A range takes an excerpt to the server, and the whole index.
        told = self.json("decode", coded, "-o", back, "-f", "--table-index", side, "--range",
                         "1500:700")
        self.assertEqual(back.read_bytes(), raw[1500:2200])
        self.assertEqual(told["blocks_decoded"], 2)
        self.assertLess(told["coded_bytes"], coded.stat().st_size)
        # Without it, and with another one.
        self.fails(1, "decode", coded, "-o", back, "-f")
        error = self.fails(1, "decode", coded, "-o", back, "-f", "--table-index",
                           self.path("other", bytes(5000)))
        self.assertIn("--table-index", error)
        error = self.fails(1, "decode", coded, "-o", back, "-f", "--table-index",
                           self.path("short", index[1:]))
        self.assertIn("5000", error)
        told = self.json("inspect", coded)
        self.assertEqual([t["symbols"] for t in told["tables"]], [256, 256])
        self.assertEqual([t["by_id"] for t in told["tables"]], [False, False])

    def test_what_is_coded_without_tables_takes_the_index_too(self):
        flags, _, _ = self.indexed()
        side, coded, back = self.path("index", bytes(64)), self.path("coded"), self.path("back")
        self.ok("encode", self.path("zeros", bytes(64)), "-o", coded, *flags, "--table-index", side)
        self.ok("decode", coded, "-o", back, "--table-index", side)
        self.assertEqual(back.read_bytes(), bytes(64))

    def test_what_no_table_coded_is_recovered(self):
        flags, raw, index = self.indexed()
        raw, coded, back = raw[:2000] + bytes(1000) + raw[3000:], self.path("c"), self.path("o")
        self.ok("encode", self.path("in", raw), "-o", coded, *flags, "--table-index",
                self.path("index", index), "--block-size", "1000")
        done = support.run("decode", coded, "--recover", "-o", back)
        self.assertEqual(done.returncode, 4)
        self.assertEqual(back.read_bytes(), bytes(5000))
        self.assertIn("2 tables", done.stdout.decode())
        self.assertEqual(done.stdout.decode().count("1000 bytes lost"), 4)

    def test_an_array_with_an_array_of_its_tables(self):
        chosen = numpy.random.default_rng(3)
        index = chosen.integers(0, 2, (30, 40)).astype("u1")
        array = numpy.where(index == 1, 900, 5).astype("u2")
        array[chosen.integers(0, 9, array.shape) == 0] = 77
        source, side = self.path("in.npy"), self.path("index.npy")
        numpy.save(source, array)
        numpy.save(side, index)
        flags = ["--table", self.table("a.json", 5, (5, 77, 900)),
                 "--table", self.table("b.json", 900, (5, 77, 900))]
        coded, back = self.path("coded"), self.path("back.npy")
        told = self.json("encode", source, "-o", coded, "--as", "tensor", "--model", "table", *flags,
                         "--table-ids", "--table-index", side)
        self.assertEqual(told["symbols"], 1200)
        # Tables in another order: they are found by their ids.
        self.json("decode", coded, "-o", back, "--table-index", side, *flags[2:], *flags[:2])
        self.assertTrue((numpy.load(back) == array).all())
        text = self.ok("inspect", coded).decode()
        self.assertIn("2 tables", text)
        self.assertIn("by its id", text)
        self.assertIn(told["table_ids"][1], text)
        numpy.save(side, index.astype("u2"))
        self.assertIn("uint8", self.fails(2, "decode", coded, "-o", back, "-f", *flags,
                                          "--table-index", side))

    def test_ids_in_place_of_tables(self):
        raw = bytes(random.Random(4).choices((7, 8, 9), weights=(80, 10, 10), k=3000))
        table = self.table("t.json", 7)
        source, coded, back = self.path("in", raw), self.path("coded"), self.path("back")
        full = self.json("encode", source, "-o", coded, "--model", "table", "--table", table)
        told = self.json("encode", source, "-o", coded, "-f", "--model", "table", "--table", table,
                         "--table-ids")
        self.assertEqual(told["table_ids"], full["table_ids"])
        self.assertLess(told["coded_bytes"] + 400, full["coded_bytes"])
        self.assertIn(told["table_ids"][0], self.fails(1, "decode", coded, "-o", back))
        self.json("decode", coded, "-o", back, "--table", self.table("u.json", 8), "--table", table)
        self.assertEqual(back.read_bytes(), raw)
        self.json("decode", coded, "-o", back, "-f", "--table", table, "--range", "1000:50")
        self.assertEqual(back.read_bytes(), raw[1000:1050])
        # From a pipe, where the stream cannot be looked into before.
        run = support.run("decode", "-", "-o", "-", "--table", table, stdin=coded.read_bytes())
        self.assertEqual(run.stdout, raw)
        inspected = self.json("inspect", coded)
        self.assertEqual(inspected["tables"],
                         [{"id": told["table_ids"][0], "symbols": 0, "by_id": True}])

    def test_what_does_not_go_together(self):
        flags, raw, index = self.indexed()
        source, side, out = self.path("in", raw), self.path("index", index), self.path("o")
        self.fails(2, "encode", source, "-o", out, *flags)
        self.fails(2, "encode", source, "-o", out, *flags[:4], "--table-index", side)
        self.fails(2, "encode", source, "-o", out, "--table-ids")
        self.fails(2, "encode", source, side, "--out-dir", self.dir, *flags, "--table-index",
                   side)
        self.fails(2, "encode", source, "-o", out, *flags, "--table-index", self.path("none"))
        self.assertIn("--table-index: is 4999 bytes",
                      self.fails(1, "encode", source, "-o", out, *flags, "--table-index",
                                 self.path("short", index[1:])))
        self.assertFalse(out.exists())


class Arguments(support.CliTest):
    def test_wrong_models(self):
        source = self.path("in", "abc")
        error = self.fails(2, "encode", source, "-o", self.path("o"), "--model", "best")
        self.assertIn("'best' is not one of auto, static", error)
        self.assertIn("trine exact", self.fails(2, "encode", source, "-o", self.path("o"),
                                                "--model", "exact"))
        self.fails(2, "encode", source, "-o", self.path("o"), "--model", "table")
        # Messages name flags, not fields of requests.
        self.assertIn("in: --order: is 9;", self.fails(1, "encode", source, "-o", self.path("o"),
                                                      "--model", "adaptive", "--order", "9"))
        self.fails(2, "encode", source, "-o", self.path("o"), "--block-size", "big")
        self.assertFalse(self.path("o").exists())

    def test_files_may_be_named_like_commands(self):
        self.path("info", "abc")
        self.ok("encode", "info", "-o", "health", cwd=self.dir)
        self.assertEqual(self.ok("decode", "health", "-o", "-", cwd=self.dir), b"abc")

    def test_stdout_may_close_early(self):
        coded = self.path("c", self.ok("encode", "-", "-o", "-", stdin=some_bytes(2_000_000)))
        process = support.start("-q", "decode", coded, "-o", "-", stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE)
        process.stdout.read(10)
        process.stdout.close()
        process.stderr.read()
        process.stderr.close()
        self.assertNotEqual(process.wait(support.WAIT_SECONDS), 0)


if __name__ == "__main__":
    support.main()
