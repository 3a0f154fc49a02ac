"""encode and decode with several tables and an index, and with tables by their ids."""

import io
import json
import random

import numpy

import support


class Tables(support.CliTest):
    """Several tables with an index, and tables by their ids."""

    def table(self, name, likely, symbols=range(256)):
        counts = [2000 if s == likely else 9 for s in symbols]
        return self.path(name, json.dumps({"symbols": list(symbols), "counts": counts}))

    def test_numbers_below_zero_code_signed_tensors(self):
        symbols = list(range(-5, 6))
        table = self.table("t.json", 0, symbols)
        coded, back = self.path("coded"), self.path("back.npy")
        for dtype in ("int8", "int16", "int32", "int64"):
            array = numpy.random.default_rng(3).integers(-5, 6, (40, 30)).astype(dtype)
            numpy.save(self.path("a.npy"), array)
            told = self.json("encode", self.path("a.npy"), "--as", "tensor", "--model", "table",
                             "--table", table, "-o", coded, "-f")
            self.assertEqual(told["symbols"], 1200)
            self.ok("decode", coded, "-o", back, "-f")
            numpy.testing.assert_array_equal(numpy.load(back), array)
            self.assertEqual(numpy.load(back).dtype, array.dtype)
            self.ok("verify", coded)
        array[3, 4] = 6
        numpy.save(self.path("a.npy"), array)
        flags = ["--as", "tensor", "--model", "table", "--table"]
        error = self.fails(1, "encode", self.path("a.npy"), *flags, table, "-o", coded, "-f")
        self.assertIn("byte 752 is not in the table", error)
        # A probability of 0 says that it does not come.
        zero = self.path("zero.json", json.dumps({"symbols": symbols + [6],
                                                  "counts": [1] * 11 + [0]}))
        error = self.fails(1, "encode", self.path("a.npy"), *flags, zero, "-o", coded, "-f")
        self.assertIn("byte 752 has probability 0 in the table", error)
        array[3, 4] = 5
        numpy.save(self.path("a.npy"), array)
        self.ok("encode", self.path("a.npy"), *flags, zero, "-o", coded, "-f", "--table-ids")
        self.ok("decode", coded, "--table", zero, "-o", back, "-f")
        numpy.testing.assert_array_equal(numpy.load(back), array)
        self.assertIn("signed", self.fails(1, "encode", self.path("in", b"abc"), "--model", "table",
                                           "--table", table, "-o", coded, "-f"))

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
        array = io.BytesIO()
        numpy.save(array, numpy.frombuffer(index, numpy.uint8))
        self.ok("decode", coded, "-o", back, "-f", "--table-index", self.path("i.npy", array.getvalue()))
        error = self.fails(1, "decode", coded, "-o", back, "-f", "--table-index",
                           self.path("long.npy", array.getvalue() + b"x"))
        self.assertIn("--table-index", error)
        self.assertIn("1 byte behind the NPY array", error)
        told = self.json("inspect", coded)
        self.assertEqual([t["symbols"] for t in told["tables"]], [256, 256])
        self.assertEqual([t["by_id"] for t in told["tables"]], [False, False])

    def test_what_is_coded_without_tables_takes_the_index_too(self):
        flags, _, _ = self.indexed()
        side, coded, back = self.path("index", bytes(64)), self.path("coded"), self.path("back")
        self.ok("encode", self.path("zeros", bytes(64)), "-o", coded, *flags, "--table-index", side)
        self.ok("decode", coded, "-o", back, "--table-index", side)
        self.assertEqual(back.read_bytes(), bytes(64))

    def test_joined_arrays_are_told_as_bytes_of_several(self):
        flags, raw, index = self.indexed()
        side, array, out = self.path("index", index), self.path("a.npy"), self.path("out")
        numpy.save(array, numpy.frombuffer(raw, "u1").reshape(50, 100))
        one = self.ok("encode", array, "--as", "tensor", "-o", "-", *flags, "--table-index", side)
        bytes_too = self.ok("encode", "-", "-o", "-", *flags, "--table-index", side, stdin=raw)
        for other, typed in ((one, "the first"), (bytes_too, "1 of 2"), (b"", "")):
            with self.subTest(typed=typed):
                both = self.path("both", index + (index if other else b""))
                source = self.path("j.trine", other + one)
                told = self.json("decode", source, "-f", "-o", out, "--table-index", both)
                self.assertEqual(out.read_bytes(), raw + (raw if other else b""))
                several = [w for w in told["warnings"] if "of several streams" in w]
                self.assertEqual(len(several), 1 if other else 0, told["warnings"])
                self.assertEqual(told["content"]["kind"], "bytes" if other else "tensor")
                told = self.json("verify", source, "--table-index", both)
                self.assertEqual(told["streams"], 2 if other else 1)
                named = self.path("o.npy")
                if other:
                    error = self.fails(1, "decode", source, "-f", "-o", named, "--table-index", both)
                    self.assertIn("holds several streams, and one NPY file", error)
                    error = self.fails(1, "decode", source, "--rm", "-f", "-o", out, "--table-index",
                                       both)
                    self.assertIn("--rm needs an output that holds all of it", error)
                    self.assertTrue(source.exists())
                else:
                    self.ok("decode", source, "-f", "-o", named, "--table-index", both)
                    self.assertEqual(numpy.load(named).shape, (50, 100))

    def test_without_the_index_nothing_is_called_damaged(self):
        flags, raw, index = self.indexed()
        raw, coded, back = raw[:2000] + bytes(1000) + raw[3000:], self.path("c"), self.path("o")
        for short in (b"", raw[:20]):
            data = short or raw
            self.ok("encode", self.path("in", data), "-o", coded, *flags, "--table-index",
                    self.path("index", index[:len(data)]), "--block-size", "1000", "-f")
            for more in ([], ["--recover"], ["--recover", "--skip-lost"], ["--range", "3:5"],
                         ["--recover", "--range", "3:5"]):
                with self.subTest(size=len(data), flags=more):
                    error = self.fails(1, "decode", coded, "-o", back, *more)
                    self.assertIn("--table-index: is not given, and the stream has 2 tables", error)
                    self.assertFalse(back.exists())
            self.assertIn("--table-index", self.fails(1, "verify", coded))

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
        self.assertIn("uint8", self.fails(1, "decode", coded, "-o", back, "-f", *flags,
                                          "--table-index", side))

    def test_files_that_are_no_tables(self):
        """One exit code, of a flag's file, whatever is wrong in it."""
        text = self.path("in", b"ab")
        for table, said in (('{"symbols": [97, 98], "counts": [1e30, 1]}',
                             "no whole number from 0 to 18446744073709551615"),
                            ('{"symbols": [97, 1e30], "counts": [1, 1]}',
                             "no whole number from -9223372036854775808 to 18446744073709551615"),
                            ('{"symbols": [97, 98], "counts": [1, 1', "broken JSON"),
                            ('{"symbols": [97], "counts": [1, 1]}', "must be the same"),
                            ("[]", "expected")):
            file = self.path("t.json", table)
            for command in (["encode", text, "-o", self.path("c"), "--model", "table"],
                            ["decode", text, "-o", self.path("d")], ["exact", "ab"]):
                error = self.fails(1, *command, "--table", file)
                self.assertIn(said, error)
                self.assertIn("t.json", error)

    def test_what_brings_the_input_back_is_not_lost_with_it(self):
        table = self.table("t.json", 97)
        text = self.path("in", b"abc" * 100)
        flags = ["--model", "table", "--rm"]
        error = self.fails(2, "encode", text, *flags, "--table-ids", "--table", "-",
                           stdin=table.read_bytes())
        self.assertIn("--rm needs --table of a file", error)
        other = self.table("u.json", 98)
        error = self.fails(2, "encode", text, *flags, "--table", table, "--table", other,
                           "--table-index", "-", stdin=bytes(300))
        self.assertIn("--rm needs --table-index of a file", error)
        self.assertEqual(text.read_bytes(), b"abc" * 100)
        # A table of a file stays there, and one that the stream holds is not needed.
        for more, given in ((["--table-ids", "--table", table], ["--table", table]),
                            (["--table", "-"], [])):
            self.ok("encode", text, *flags, *more, stdin=table.read_bytes())
            self.assertFalse(text.exists())
            self.ok("decode", self.path("in.trine"), *given, "--rm")
            self.assertEqual(text.read_bytes(), b"abc" * 100)

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

    def test_tables_are_given_again_where_a_header_is_lost(self):
        """Of bytes and of elements; a file's numbers do not say of which."""
        right, wrong = self.table("t.json", 7), self.table("u.json", 8)
        raw = bytes(random.Random(5).choices((7, 8, 9), weights=(80, 10, 10), k=9000))
        array = numpy.frombuffer(raw, "u1").reshape(90, 100)
        coded, back = self.path("coded"), self.path("back")
        for dtype in (None, "u1", "i2"):
            if dtype is None:
                source, flags, held = self.path("in", raw), [], raw
            else:
                source, flags, held = self.path("in.npy"), ["--as", "tensor"], array.astype(dtype)
                numpy.save(source, held)
                held = held.tobytes()
            self.ok("encode", source, *flags, "-o", coded, "-f", "--model", "table", "--table",
                    right, "--block-size", "1000")
            damaged = bytearray(coded.read_bytes())
            damaged[0:8] = bytes(8)
            broken = self.path("broken", bytes(damaged))
            for given in ([right], [wrong, right]):
                with self.subTest(dtype=dtype, tables=len(given)):
                    flags = [flag for table in given for flag in ("--table", table)]
                    done = support.run("decode", broken, "--recover", *flags, "-o", back, "-f")
                    self.assertEqual(done.returncode, 4, done.stderr)
                    self.assertEqual(back.read_bytes(), held)
                    done = support.run("decode", "-", "--recover", *flags, "-o", "-",
                                       stdin=bytes(damaged))
                    self.assertEqual(done.stdout, held)
            for flags in ([], ["--table", wrong]):
                done = support.run("decode", broken, "--recover", *flags, "-o", back, "-f")
                self.assertEqual(done.returncode, 4, done.stderr)
                self.assertEqual(back.read_bytes(), bytes(len(held)))

    def unused(self, *args, code=0):
        """The tables that warnings call unused, which are the same in words and in JSON."""
        done = support.run("--json", *args)
        self.assertEqual(done.returncode, code, done.stderr)
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        told = [w for line in lines for w in line.get("warnings", []) if "was not used" in w]
        said = [line.split("warning: ", 1)[1] for line in done.stderr.decode().splitlines()
                if "was not used" in line]
        self.assertEqual([w.split("--table: ")[-1] for w in said],
                         [w.split("--table: ")[-1] for w in told])
        # In the object of the last input, where it is known.
        self.assertEqual(told, [w for w in lines[-1].get("warnings", []) if "was not used" in w])
        return [w.split("'")[1] for w in told]

    def test_a_table_that_is_not_used_is_said(self):
        raw = bytes(random.Random(3).choices((7, 8, 200), weights=(80, 10, 10), k=9000))
        source, back = self.path("in", raw), self.path("back")
        right, wrong = self.table("t.json", 7), self.table("u.json", 8)
        plain, value, named = self.path("plain"), self.path("value"), self.path("named")
        flags = ["--model", "table", "--table", right]
        self.ok("encode", source, "-o", plain)
        self.ok("encode", source, "-o", value, *flags)
        self.ok("encode", source, "-o", named, *flags, "--table-ids")
        both = ["--table", wrong, "--table", right]
        for coded, given, unused in ((plain, both, [wrong, right]), (value, both[2:], [right]),
                                     (named, both, [wrong]), (named, both[2:], [])):
            unused = [str(path) for path in unused]
            with self.subTest(coded=coded.name, given=len(given)):
                for command in (["verify", coded], ["decode", coded, "-f", "-o", back],
                                ["decode", coded, "-f", "-o", back, "--recover"],
                                ["decode", coded, "-f", "-o", back, "--range", "100:5000"]):
                    self.assertEqual(self.unused(*command, *given), unused, command)
                done = support.run("decode", "-", "-o", "-", *given, stdin=coded.read_bytes())
                self.assertEqual(done.stdout, raw)
                self.assertEqual(done.stderr.count(b"was not used"), len(unused))
                done = support.run("-q", "verify", coded, *given)
                self.assertEqual(done.stderr, b"")
        # Of several files one that uses it is enough.
        self.assertEqual(self.unused("verify", named, plain, *both), [str(wrong)])
        self.assertEqual(self.unused("verify", plain, named, *both), [str(wrong)])
        self.assertEqual(self.unused("decode", plain, value, "--out-dir", self.path("o"), *both),
                         [str(wrong), str(right)])
        # One that failed might have.
        self.assertEqual(self.unused("verify", plain, self.path("none"), *both, code=2), [])
        # Numbers of a file are tried as bytes and as elements: either is a use.
        array = self.path("in.npy")
        numpy.save(array, numpy.frombuffer(raw, "u1").astype("i2"))
        self.ok("encode", array, "--as", "tensor", "-o", named, "-f", *flags, "--table-ids")
        self.assertEqual(self.unused("verify", named, *both), [str(wrong)])
        # Two files of one table are both of use.
        again = self.path("again.json", right.read_bytes())
        self.assertEqual(self.unused("verify", named, "--table", again, *both[2:]), [])
        # A table that serves blocks whose header is lost is used.
        damaged = bytearray(value.read_bytes())
        damaged[0:8] = bytes(8)
        broken = self.path("broken", bytes(damaged))
        self.assertEqual(self.unused("decode", broken, "--recover", "-f", "-o", back, *both, code=4),
                         [str(wrong)])
        # With an index of several tables, too.
        flags, raw, index = self.indexed()
        side = self.path("index", index)
        self.ok("encode", self.path("in", raw), "-o", named, "-f", *flags, "--table-index", side,
                "--table-ids")
        for command in (["verify", named], ["decode", named, "-f", "-o", back]):
            self.assertEqual(self.unused(*command, "--table-index", side, *flags[2:], *both),
                             [str(wrong)])

    def test_no_count_of_tables_that_were_not_given(self):
        """A file's numbers go as bytes and as elements, which is one --table all the same."""
        raw = bytes(random.Random(5).choices((7, 8, 9), weights=(80, 10, 10), k=9000))
        coded = self.path("coded")
        self.ok("encode", self.path("in", raw), "-o", coded, "--model", "table", "--table",
                self.table("t.json", 7), "--block-size", "1000")
        broken = self.path("broken", bytes(8) + coded.read_bytes()[8:])
        done = support.run("--json", "decode", broken, "--recover", "-o", self.path("b"), "--table",
                           self.table("u.json", 8))
        self.assertEqual(done.returncode, 4, done.stderr)
        self.assertEqual({d["reason"] for d in json.loads(done.stdout)["damages"][1:]},
                         {"none of the tables that are given decodes it"})

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


if __name__ == "__main__":
    support.main()
